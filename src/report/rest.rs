//! Compares the settings that no other surface shows, and the existence of every resource.

use super::settings::{ACCESS, BLOCKS, TABLE};
use super::sides::{Pair, Side, empty_side, is_shared_role, sides};
use super::{Input, Kind};
use crate::model::{Address, Owner};
use crate::plan::secret::{Marks, SENSITIVE};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Fields of a type's spec that have surfaces of their own, in groups.
const SHOWN: &[(&str, &[&[&str]])] = &[
    ("AWS::IAM::Role", &[&["trust", "policies", "attached", "permissions_boundary"]]),
    (
        "AWS::S3::Bucket",
        &[&BLOCKS, &["object_ownership", "versioning", "encryption", "lifecycle", "extras"]],
    ),
    // Without a build it is not known what the code's hash should be.
    (
        "AWS::Lambda::Function",
        &[&["role_arn", "reserved_concurrency", "tracing", "extras", "code_sha256"]],
    ),
    ("AWS::ApiGateway::RestApi", &[&["policy"]]),
    // Shown with each route that it guards.
    (
        "AWS::ApiGateway::Authorizer",
        &[&["kind", "function_arn", "identity_source", "pattern", "user_pools"]],
    ),
    ("AWS::ApiGateway::Resource", &[&["routes"]]),
    ("AWS::DynamoDB::Table", &[&TABLE]),
    ("AWS::CloudFront::Distribution", &[&["web_acl_arn", "extras"], &ACCESS]),
    ("AWS::WAFv2::WebACL", &[&["default_action", "rules"]]),
];

/// Types of which other surfaces show everything.
const SHOWN_WHOLE: &[&str] =
    &["AWS::S3::BucketPolicy", "AWS::Lambda::Permission", "AWS::WAFv2::WebACLAssociation"];

/// Placeholder for a live secret that differs from the one in stack.yaml.
const ANOTHER: &str = "(sensitive, another value)";

/// Makes a pair for each resource that the stack wants or has, and for each type that could not be
/// read and has no wanted resource.
pub(super) fn pairs(input: &Input<'_>) -> Vec<Pair> {
    let wanted = input.desired.iter().map(|d| d.type_name.as_str());
    let live = input.live.iter().map(|l| l.type_name.as_str());
    let unread = input.unread.keys().map(String::as_str);
    let types: BTreeSet<&str> = wanted.chain(live).chain(unread).collect();
    let mut all = Vec::new();
    for type_name in types.into_iter().filter(|t| !SHOWN_WHOLE.contains(t)) {
        let sides = sides(type_name, input);
        if sides.is_empty() && input.unread.contains_key(type_name) {
            let side = empty_side(type_name, input);
            let address = Address::new("account", type_name);
            let mut pair = Pair::of_side(KIND, address, &side, Value::Null, Value::Null);
            pair.name = format!("resources of type {type_name}");
            pair.calls = calls(input, type_name);
            all.push(pair);
        }
        // Of the role that all stacks share only its policies are known.
        let own = |side: &Side<'_>| !side.live.is_some_and(is_shared_role);
        all.extend(sides.into_values().filter(own).filter_map(|side| pair(input, &side)));
    }
    all
}

const KIND: Kind = Kind::OtherSettings;

fn pair(input: &Input<'_>, side: &Side<'_>) -> Option<Pair> {
    // A shared resource belongs to the stack only if stack.yaml wants it.
    let live = side.live.filter(|live| side.wanted.is_some() || live.owner == Owner::Ours);
    let address = side.wanted.map(|d| &d.address).or(live.map(|l| &l.address))?;
    let (wanted, live) = without_secrets(side);
    let rest = |spec: Option<Value>| match spec {
        Some(spec) => without_shown(side.type_name, spec),
        None => Value::Null,
    };
    let mut pair = Pair::of_side(KIND, address.clone(), side, rest(wanted), rest(live));
    pair.calls = calls(input, side.type_name);
    Some(pair)
}

fn calls(input: &Input<'_>, type_name: &str) -> Vec<String> {
    input.read_calls.get(type_name).cloned().unwrap_or_default()
}

/// The spec without the fields that have surfaces of their own.
fn without_shown(type_name: &str, spec: Value) -> Value {
    let Value::Object(mut fields) = spec else { return spec };
    let shown = SHOWN.iter().find(|(name, _)| *name == type_name).map_or(&[][..], |(_, f)| f);
    fields.retain(|name, _| !shown.iter().any(|group| group.contains(&name.as_str())));
    Value::Object(fields)
}

/// Both specs as they may be shown; two secrets that differ still do.
fn without_secrets(side: &Side<'_>) -> (Option<Value>, Option<Value>) {
    let (mut wanted, mut live) = (side.wanted_spec().cloned(), side.live_spec().cloned());
    let marks = Marks::of_specs(wanted.iter().chain(&live));
    let names: BTreeSet<String> = [&wanted, &live]
        .into_iter()
        .flatten()
        .filter_map(|spec| spec.get("environment")?.as_object())
        .flatten()
        .filter(|(name, value)| marks.is_secret(name, value))
        .map(|(name, _)| name.clone())
        .collect();
    for name in names {
        let ours = variables(&mut wanted).and_then(|all| all.get_mut(&name));
        let theirs = variables(&mut live).and_then(|all| all.get_mut(&name));
        let differ = ours.is_some() && ours != theirs;
        if let Some(theirs) = theirs {
            *theirs = if differ { ANOTHER } else { SENSITIVE }.into();
        }
        if let Some(ours) = variables(&mut wanted).and_then(|all| all.get_mut(&name)) {
            *ours = SENSITIVE.into();
        }
    }
    (wanted, live)
}

fn variables(spec: &mut Option<Value>) -> Option<&mut Map<String, Value>> {
    spec.as_mut()?.get_mut("environment")?.as_object_mut()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Shop, shop};
    use super::super::{Failure, Report, Status, Surface, Verdict};
    use super::*;
    use serde_json::json;

    fn surface<'a>(report: &'a Report, address: &str) -> &'a Surface {
        let of = |s: &&Surface| s.surface == KIND && s.address.as_str() == address;
        report.surfaces.iter().find(of).unwrap()
    }

    fn rules(shop: &Shop) -> Vec<(String, String)> {
        let findings = shop.report().findings;
        findings.into_iter().map(|f| (f.rule, f.address.to_string())).collect()
    }

    #[test]
    fn drift_of_any_setting_is_told() {
        let mut shop = shop();
        shop.spec("function.createOrder")["memory"] = json!(3008);
        assert_eq!(rules(&shop), [("changed-setting".into(), "function.createOrder".into())]);
        assert_eq!(shop.report().exit_code, 2);
    }

    #[test]
    fn a_resource_that_only_one_side_has_is_told() {
        let mut lost = shop();
        lost.lose("stage.main");
        let missing = ("missing-resource".to_string(), "stage.main".to_string());
        assert!(rules(&lost).contains(&missing), "{:?}", rules(&lost));
        let mut left = shop();
        left.desired.retain(|d| d.address.as_str() != "stage.main");
        assert_eq!(rules(&left), [("excess-resource".into(), "stage.main".into())]);
    }

    #[test]
    fn secrets_that_differ_are_drift_and_stay_secret() {
        let mut shop = shop();
        let place = |d: &crate::model::Desired| d.address.as_str() == "function.createOrder";
        let at = shop.desired.iter().position(place).unwrap();
        let variables = |pin: &str| json!({"PIN": pin, "CURRENCY": "USD"});
        shop.desired[at].spec["environment"] = variables("1234");
        shop.spec("function.createOrder")["environment"] = variables("1234");
        assert_eq!(surface(&shop.report(), "function.createOrder").status, Status::Same);
        shop.spec("function.createOrder")["environment"] = variables("9876");
        let report = shop.report();
        let found = surface(&report, "function.createOrder");
        assert_eq!(found.differences.len(), 1);
        assert_eq!(found.differences[0].path, "environment.PIN");
        let text = serde_json::to_string(&report).unwrap();
        assert!(!text.contains("1234\"") && !text.contains("9876"), "{text}");
    }

    #[test]
    fn a_type_that_could_not_be_read_is_a_line_although_nothing_of_it_is_wanted() {
        let mut shop = shop();
        let failure = Failure {
            operation: "cloudwatch:DescribeAlarms".into(),
            code: "AccessDenied".into(),
            message: "no".into(),
            missing_right: Some("cloudwatch:DescribeAlarms".into()),
        };
        shop.unread.insert("AWS::CloudWatch::Alarm".into(), failure);
        let report = shop.report();
        assert_eq!((report.coverage.unread, report.exit_code), (1, 1));
        assert!(report.reads.iter().any(|read| read.verdict == Verdict::Denied));
    }
}
