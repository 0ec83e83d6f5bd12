//! Settings that decide who reaches what although they are no policy documents: public access
//! blocks, routes, firewalls, function settings.

use super::sides::{Pair, Side, sides};
use super::{Input, Kind};
use crate::model::{Address, template};
use serde_json::{Map, Value, json};

const STAGE: &str = "AWS::ApiGateway::Stage";
const ASSOCIATION: &str = "AWS::WAFv2::WebACLAssociation";
const AUTHORIZER: &str = "AWS::ApiGateway::Authorizer";

/// The switches of a public access block, as the specs and the report name them.
pub const BLOCKS: [&str; 4] =
    ["block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets"];

/// The fields of a table's spec that make up its settings.
pub const TABLE: [&str; 5] =
    ["point_in_time_recovery", "deletion_protection", "ttl", "stream", "extras"];

/// The fields of a distribution's spec that decide who reaches it, and how it reaches the bucket.
pub const ACCESS: [&str; 11] = [
    "enabled",
    "viewer_protocol_policy",
    "allowed_methods",
    "origin_domain",
    "origin_access_control_id",
    "response_headers_policy_id",
    "aliases",
    "certificate",
    "viewer_tls",
    "allowed_countries",
    "blocked_countries",
];

/// The fields of a type's spec that make up one surface.
struct Shape {
    type_name: &'static str,
    kind: Kind,
    pick: fn(&Value) -> Value,
}

const SHAPES: [Shape; 10] = [
    Shape {
        type_name: "AWS::S3::Bucket",
        kind: Kind::PublicAccessBlock,
        pick: |spec| picked(spec, &BLOCKS),
    },
    Shape {
        type_name: "AWS::S3::Bucket",
        kind: Kind::ObjectOwnership,
        pick: |spec| picked(spec, &["object_ownership"]),
    },
    Shape {
        type_name: "AWS::S3::Bucket",
        kind: Kind::BucketSettings,
        pick: |spec| picked(spec, &["versioning", "encryption", "lifecycle", "extras"]),
    },
    Shape { type_name: "AWS::DynamoDB::Table", kind: Kind::TableSettings, pick: table_settings },
    Shape {
        type_name: "AWS::Lambda::Function",
        kind: Kind::FunctionSettings,
        pick: |spec| picked(spec, &["reserved_concurrency", "tracing"]),
    },
    Shape {
        type_name: "AWS::Lambda::Function",
        kind: Kind::FunctionExtras,
        pick: |spec| filled(spec.get("extras")),
    },
    Shape { type_name: "AWS::ApiGateway::Resource", kind: Kind::Routes, pick: routes },
    Shape {
        type_name: "AWS::CloudFront::Distribution",
        kind: Kind::WebAcl,
        pick: |spec| match spec.get("web_acl_arn") {
            Some(Value::String(arn)) if !arn.is_empty() => json!(arn),
            _ => Value::Null,
        },
    },
    Shape {
        type_name: "AWS::CloudFront::Distribution",
        kind: Kind::DistributionAccess,
        pick: |spec| {
            let mut found = picked(spec, &ACCESS);
            let extras = filled(spec.get("extras"));
            if let Some(map) = found.as_object_mut().filter(|_| !extras.is_null()) {
                map.insert("extras".into(), extras);
            }
            found
        },
    },
    Shape {
        type_name: "AWS::WAFv2::WebACL",
        kind: Kind::WebAclRules,
        pick: |spec| picked(spec, &["default_action", "rules"]),
    },
];

/// The settings of everything that the stack wants or has.
pub(super) fn pairs(input: &Input<'_>) -> Vec<Pair> {
    let mut all = Vec::new();
    for shape in &SHAPES {
        for (id, side) in sides(shape.type_name, input) {
            let group = group_of(shape.type_name);
            let pick = |spec: Option<&Value>| spec.map_or(Value::Null, shape.pick);
            let pair = Pair::of_side(
                shape.kind,
                Address::new(group, &id),
                &side,
                pick(side.wanted_spec()),
                pick(side.live_spec()),
            );
            all.push(pair);
        }
    }
    all.extend(stages(input));
    let routes = all.iter_mut().filter(|pair| pair.kind == Kind::Routes);
    routes.for_each(|pair| name_authorizers(pair, input));
    all
}

/// Puts what an authorizer is in place of its id: a route is as open as what stands behind that.
fn name_authorizers(pair: &mut Pair, input: &Input<'_>) {
    let authorizers = sides(AUTHORIZER, input);
    let id_of = |side: &Side<'_>| side.live.and_then(|live| live.outputs.get("id").cloned());
    let name = |settings: &mut Value, spec_of: &dyn Fn(&Side<'_>) -> Option<Value>| {
        let Some(settings) = settings.as_object_mut() else { return };
        let Some(id) = settings.shift_remove("authorizer_id") else { return };
        let named = authorizers.iter().find(|(name, side)| {
            let reference = template::reference(&Address::new("authorizer", name), "id");
            id.as_str() == Some(&reference) || id_of(side).as_deref() == id.as_str()
        });
        let told = named.map_or(id.clone(), |(name, side)| {
            let spec = spec_of(side).unwrap_or_default();
            let mut told = picked(&spec, &["kind", "function_arn", "identity_source", "pattern"]);
            let pools = spec.get("user_pools").cloned().unwrap_or_default();
            if let Some(told) = told.as_object_mut() {
                told.retain(|_, value| value.as_str() != Some(""));
                told.shift_insert(0, "name".into(), name.clone().into());
                if pools.as_array().is_some_and(|pools| !pools.is_empty()) {
                    told.insert("user_pools".into(), pools);
                }
            }
            told
        });
        settings.insert("authorizer".into(), told);
    };
    let wanted = |side: &Side<'_>| side.wanted_spec().cloned();
    let live = |side: &Side<'_>| side.live_spec().cloned();
    for settings in pair.wanted.as_object_mut().into_iter().flat_map(Map::values_mut) {
        name(settings, &wanted);
    }
    for settings in pair.live.as_object_mut().into_iter().flat_map(Map::values_mut) {
        name(settings, &live);
    }
}

/// Backups, protection, expiry and where the items go; policies are surfaces of their own.
fn table_settings(spec: &Value) -> Value {
    let mut found = picked(spec, &TABLE);
    if let Some(extras) = found.get_mut("extras").and_then(Value::as_object_mut) {
        extras.retain(|name, _| !name.contains("policy"));
    }
    found
}

fn group_of(type_name: &str) -> &'static str {
    match type_name {
        "AWS::S3::Bucket" => "bucket",
        "AWS::DynamoDB::Table" => "table",
        "AWS::Lambda::Function" => "function",
        "AWS::ApiGateway::Resource" => "routes",
        "AWS::CloudFront::Distribution" => "distribution",
        _ => "web_acl",
    }
}

/// The firewall of each stage: a resource of its own at AWS, which vanishes when it is detached.
fn stages(input: &Input<'_>) -> Vec<Pair> {
    let acl = |spec: Option<&Value>| spec.and_then(|s| s.get("web_acl_arn")).cloned();
    let associations = sides(ASSOCIATION, input);
    let stages = sides(STAGE, input);
    let stage_there = stages.values().any(|side| side.live.is_some());
    let paired = associations.iter().map(|(id, side)| {
        let (wanted, live) = (acl(side.wanted_spec()), acl(side.live_spec()));
        let mut pair = Pair::of_side(
            Kind::WebAcl,
            Address::new("association", id),
            side,
            wanted.unwrap_or_default(),
            live.unwrap_or_default(),
        );
        pair.carried = stage_there;
        pair
    });
    let mut all: Vec<Pair> = paired.collect();
    if all.is_empty() {
        // A stage without any firewall, wanted or found, is a surface as well.
        all.extend(stages.iter().map(|(id, side)| {
            let address = Address::new("stage", id);
            Pair::of_side(Kind::WebAcl, address, side, Value::Null, Value::Null)
        }));
    }
    all
}

/// Each route with what decides who may call it.
fn routes(spec: &Value) -> Value {
    let keys = [
        "authorization",
        "authorizer_id",
        "scopes",
        "api_key_required",
        "integration",
        "function_arn",
    ];
    let listed = spec.get("routes").and_then(Value::as_object);
    let all: Map<String, Value> = listed
        .into_iter()
        .flatten()
        .map(|(route, spec)| (route.clone(), picked(spec, &keys)))
        .collect();
    if all.is_empty() { Value::Null } else { Value::Object(all) }
}

/// The spec's entries for `keys`; null if there are none.
fn picked(spec: &Value, keys: &[&str]) -> Value {
    let found: Map<String, Value> =
        keys.iter().filter_map(|key| Some(((*key).to_string(), spec.get(*key)?.clone()))).collect();
    if found.is_empty() { Value::Null } else { Value::Object(found) }
}

/// An object with something in it, else null.
fn filled(value: Option<&Value>) -> Value {
    match value {
        Some(Value::Object(map)) if !map.is_empty() => Value::Object(map.clone()),
        _ => Value::Null,
    }
}
