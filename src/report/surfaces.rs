//! Every policy of a stack as a pair, wanted and live: collected out of the specs of roles, buckets
//! and functions.

use super::sides::{Pair, Side, canonical, empty_side, sides};
use super::{
    Count, Coverage, Input, Kind, Population, Read, Status, Surface, Verdict, permission, rest,
    settings,
};
use crate::model::{Address, Owner};
use crate::policy::judge::Statement;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

const ROLE: &str = "AWS::IAM::Role";
const BUCKET: &str = "AWS::S3::Bucket";
const BUCKET_POLICY: &str = "AWS::S3::BucketPolicy";
const FUNCTION: &str = "AWS::Lambda::Function";
const PERMISSION: &str = "AWS::Lambda::Permission";
const API: &str = "AWS::ApiGateway::RestApi";
const TABLE: &str = "AWS::DynamoDB::Table";

/// All policies: of roles, then buckets, functions, APIs and tables, each by address. A resource
/// without one is there with null.
pub(super) fn pairs(input: &Input<'_>) -> Vec<Pair> {
    let scope = input.scope;
    let mut all = Vec::new();
    for (id, side) in sides(ROLE, input) {
        all.extend(role(&Address::new("role", &id), &side));
    }
    let buckets = sides(BUCKET, input);
    let policies = sides(BUCKET_POLICY, input);
    let nothing = empty_side(BUCKET_POLICY, input);
    for id in buckets.keys().chain(policies.keys()).collect::<BTreeSet<_>>() {
        let (bucket, policy) =
            (buckets.get(id).unwrap_or(&nothing), policies.get(id).unwrap_or(&nothing));
        let document = |spec: Option<&Value>| field(spec, "policy");
        all.push(attached_to(
            Kind::BucketPolicy,
            Address::new("bucket_policy", id),
            bucket,
            policy,
            &document,
        ));
    }
    let functions = sides(FUNCTION, input);
    let permissions = sides(PERMISSION, input);
    let nothing = empty_side(PERMISSION, input);
    for id in functions.keys().chain(permissions.keys()).collect::<BTreeSet<_>>() {
        let (function, policy) =
            (functions.get(id).unwrap_or(&nothing), permissions.get(id).unwrap_or(&nothing));
        let role = |spec: Option<&Value>| field(spec, "role_arn");
        let address = Address::new("function", id);
        all.push(attached_to(Kind::ExecutionRole, address, function, function, &role));
        let name = name_of(&[policy, function]);
        let document = |spec: Option<&Value>| {
            spec.map_or(Value::Null, |spec| permission::document(scope, &name, spec))
        };
        all.push(attached_to(
            Kind::FunctionPolicy,
            Address::new("permission", id),
            function,
            policy,
            &document,
        ));
    }
    for (id, api) in sides(API, input) {
        let document = |spec: Option<&Value>| canonical(field(spec, "policy"));
        all.push(attached_to(Kind::ApiPolicy, Address::new("api", &id), &api, &api, &document));
    }
    all.extend(settings::pairs(input));
    all.extend(rest::pairs(input));
    all.extend(input.observed.iter().map(Pair::of_observed));
    all.sort_by_cached_key(|pair| (carrier(&pair.address), pair.kind, pair.policy.clone()));
    all
}

/// The carrier of a policy or setting, in the order of the report, with its ID.
pub(crate) fn carrier(address: &Address) -> (usize, &'static str, String) {
    let (group, id) = address.as_str().split_once('.').unwrap_or((address.as_str(), ""));
    let (rank, noun) = match group {
        "role" => (0, "Role"),
        "function" | "permission" => (1, "Function"),
        "api" | "routes" | "stage" | "association" => return (2, "API", String::new()),
        "table" => (3, "Table"),
        "bucket" | "bucket_policy" => (4, "Bucket"),
        "distribution" => (5, "Distribution"),
        "web_acl" => (6, "Web ACL"),
        "log_group" => (7, "Log group"),
        "account" => (9, "Account"),
        _ => return (8, "Resource", address.to_string()),
    };
    (rank, noun, id.to_string())
}

fn field(spec: Option<&Value>, key: &str) -> Value {
    spec.and_then(|spec| spec.get(key)).cloned().unwrap_or_default()
}

fn role(address: &Address, side: &Side<'_>) -> Vec<Pair> {
    let (wanted, live) = (side.wanted_spec(), side.live_spec());
    let pair = |kind: Kind, policy: Option<String>, wanted: Value, live: Value| Pair {
        policy,
        ..Pair::of_side(kind, address.clone(), side, wanted, live)
    };
    let mut all = vec![pair(Kind::Trust, None, field(wanted, "trust"), field(live, "trust"))];
    let (wanted_policies, live_policies) = (field(wanted, "policies"), field(live, "policies"));
    let names = [&wanted_policies, &live_policies]
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(Map::keys);
    for name in names.collect::<BTreeSet<_>>() {
        let of = |policies: &Value| policies.get(name).cloned().unwrap_or_default();
        all.push(pair(
            Kind::InlinePolicy,
            Some(name.clone()),
            of(&wanted_policies),
            of(&live_policies),
        ));
    }
    let list = |spec| match field(spec, "attached") {
        Value::Array(arns) if !arns.is_empty() => Value::Array(arns),
        _ => Value::Null,
    };
    all.push(pair(Kind::ManagedPolicies, None, list(wanted), list(live)));
    let boundary = |spec| field(spec, "permissions_boundary");
    all.push(pair(Kind::PermissionsBoundary, None, boundary(wanted), boundary(live)));
    all
}

/// A resource policy, which is a resource of its own here, with the bucket or function that carries
/// it.
fn attached_to(
    kind: Kind,
    address: Address,
    carrier: &Side<'_>,
    policy: &Side<'_>,
    document: &dyn Fn(Option<&Value>) -> Value,
) -> Pair {
    let (wanted, live) = (document(policy.wanted_spec()), document(policy.live_spec()));
    let pair = Pair::of_side(kind, address, policy, wanted, live);
    Pair {
        name: name_of(&[policy, carrier]),
        foreign: policy.foreign_owner().or_else(|| carrier.foreign_owner()),
        not_emulated: policy.not_emulated() || carrier.not_emulated(),
        carried: carrier.live.is_some() || policy.live.is_some(),
        shared: false,
        ..pair
    }
}

fn name_of(sides: &[&Side<'_>]) -> String {
    sides.iter().map(|side| side.name()).find(|name| !name.is_empty()).unwrap_or_default()
}

/// Source ARNs that wanted permissions name: one for each route.
pub(super) fn wanted_sources(pairs: &[Pair]) -> BTreeSet<String> {
    let permissions = pairs.iter().filter(|pair| pair.kind == Kind::FunctionPolicy);
    let statements = permissions.flat_map(|pair| Statement::parse_all(&pair.wanted));
    statements
        .flat_map(|(_, s)| s.condition_values("aws:sourcearn").cloned().collect::<Vec<_>>())
        .collect()
}

/// The result of reading one pair.
pub(super) fn read(pair: &Pair) -> Read {
    let verdict = match &pair.unread {
        Some(failure) if failure.missing_right.is_some() => Verdict::Denied,
        Some(_) => Verdict::Failed,
        None if pair.not_emulated => Verdict::NotEmulated,
        None if pair.live.is_null() => Verdict::Absent,
        None => Verdict::Read,
    };
    Read {
        surface: pair.kind,
        address: pair.address.clone(),
        name: pair.name.clone(),
        policy: pair.policy.clone(),
        calls: pair.calls.clone(),
        at: pair.at.clone(),
        verdict,
        failure: pair.unread.clone(),
    }
}

pub(super) fn coverage(reads: &[Read]) -> Coverage {
    let mut coverage = Coverage::default();
    for read in reads {
        match read.verdict {
            Verdict::Read | Verdict::Absent => coverage.read += 1,
            Verdict::Denied | Verdict::Failed => coverage.unread += 1,
            Verdict::NotEmulated => coverage.not_emulated += 1,
        }
    }
    coverage
}

pub(super) fn population(input: &Input<'_>, surfaces: &[Surface]) -> Population {
    let (desired, live) = (input.desired, input.live);
    let resources = |type_name: &str| Count {
        wanted: desired.iter().filter(|d| d.type_name == type_name).count(),
        live: live
            .iter()
            .filter(|l| l.type_name == type_name && !l.not_emulated && l.owner != Owner::Stray)
            .count(),
    };
    let items = |kind: Kind, size: &dyn Fn(&Value) -> usize| {
        let of_kind = || surfaces.iter().filter(|s| s.surface == kind);
        Count {
            wanted: of_kind().map(|s| size(&s.wanted)).sum(),
            live: of_kind().map(|s| size(&s.live)).sum(),
        }
    };
    let rows = || surfaces.iter().flat_map(|s| &s.statements);
    let mut by_status: BTreeMap<Status, usize> = BTreeMap::new();
    for surface in surfaces {
        *by_status.entry(surface.status).or_default() += 1;
    }
    Population {
        roles: resources(ROLE),
        buckets: resources(BUCKET),
        functions: resources(FUNCTION),
        apis: resources(API),
        tables: resources(TABLE),
        inline_policies: items(Kind::InlinePolicy, &|document| usize::from(!document.is_null())),
        managed_policies: items(Kind::ManagedPolicies, &|arns| arns.as_array().map_or(0, Vec::len)),
        statements: Count {
            wanted: rows().filter(|r| r.wanted).count(),
            live: rows().filter(|r| r.live).count(),
        },
        surfaces: by_status,
    }
}
