//! The monthly floor of each resource: what AWS charges for its being there, with no visitor and no
//! data.
//!
//! Prices stand in `prices.json`, with their date, units and sources. What is paid by use has no
//! floor, and is not here.

use crate::model::{Floor, Live, Money, Part, Step};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const TABLE: &str = "AWS::DynamoDB::Table";
const WEB_ACL: &str = "AWS::WAFv2::WebACL";
/// The managed rule group that is paid for by itself.
const BOT_CONTROL: &str = "AWSManagedRulesBotControlRuleSet";

/// The price list.
#[derive(Debug, Default, Deserialize)]
pub struct Prices {
    pub region: String,
    /// Month of the prices, `2026-06`.
    pub as_of: String,
    pub hours_per_month: i64,
    prices: BTreeMap<String, Price>,
    /// What the floor leaves out, in words.
    pub not_included: String,
    /// Types that cost nothing by being there, and what they are paid by.
    no_floor: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Price {
    usd: String,
    /// `month` or `hour`.
    per: String,
}

/// The embedded list; a test reads it, so that it is never the empty default.
pub static PRICES: LazyLock<Prices> =
    LazyLock::new(|| serde_json::from_str(include_str!("prices.json")).unwrap_or_default());

impl Prices {
    /// What one unit costs in a month; nothing where the list lacks it.
    fn monthly(&self, key: &str) -> Money {
        let Some(price) = self.prices.get(key) else {
            return Money::default();
        };
        let hours = if price.per == "hour" { self.hours_per_month } else { 1 };
        Money::parse(&price.usd).unwrap_or_default().times(hours)
    }

    /// True where the list says something of a resource type: its price, or that it has no floor.
    pub fn knows(&self, type_name: &str) -> bool {
        [TABLE, WEB_ACL].contains(&type_name) || self.no_floor.contains_key(type_name)
    }
}

/// The floors of all resources that have one before or after the plan, in the order of their
/// addresses.
pub fn floors(steps: &[Step], unchanged: &[Live]) -> Vec<Floor> {
    let mut all: Vec<Floor> = steps
        .iter()
        .map(|step| Floor {
            address: step.address.clone(),
            before: step
                .live
                .as_ref()
                .map(|live| parts(&step.type_name, &live.spec))
                .unwrap_or_default(),
            after: parts(&step.type_name, &step.wanted),
        })
        .collect();
    all.extend(unchanged.iter().map(|live| {
        let parts = parts(&live.type_name, &live.spec);
        Floor { address: live.address.clone(), before: parts.clone(), after: parts }
    }));
    all.retain(|floor| floor.before() != Money::default() || floor.after() != Money::default());
    all.sort_by(|a, b| a.address.cmp(&b.address));
    all
}

/// What is paid for in one normalised spec; nothing where the spec is absent.
fn parts(type_name: &str, spec: &Value) -> Vec<Part> {
    match type_name {
        _ if !spec.is_object() => vec![],
        WEB_ACL => web_acl(spec),
        TABLE => table(spec),
        _ => vec![],
    }
}

fn web_acl(spec: &Value) -> Vec<Part> {
    let rules: Vec<&Value> =
        spec.get("rules").and_then(Value::as_object).into_iter().flat_map(|r| r.values()).collect();
    let bots =
        rules.iter().any(|rule| rule.get("group").and_then(Value::as_str) == Some(BOT_CONTROL));
    let count = i64::try_from(rules.len()).unwrap_or(i64::MAX);
    let mut parts = vec![Part { what: "web ACL".into(), monthly: PRICES.monthly("web_acl") }];
    if count > 0 {
        let what = if count == 1 { "1 rule".into() } else { format!("{count} rules") };
        parts.push(Part { what, monthly: PRICES.monthly("waf_rule").times(count) });
    }
    if bots {
        parts.push(Part { what: "Bot Control".into(), monthly: PRICES.monthly("bot_control") });
    }
    parts
}

/// Provisioned units are paid by the hour, for the table and again for each index; on demand costs
/// nothing unused.
fn table(spec: &Value) -> Vec<Part> {
    let billing = spec.get("billing");
    if billing.and_then(|b| b.get("mode")).and_then(Value::as_str) != Some("PROVISIONED") {
        return vec![];
    }
    let indexes = spec.get("indexes").and_then(Value::as_object).map_or(0, serde_json::Map::len);
    let copies = i64::try_from(indexes).unwrap_or(i64::MAX).saturating_add(1);
    [("read", "table_read"), ("write", "table_write")]
        .into_iter()
        .filter_map(|(key, price)| {
            let units = billing?.get(key)?.as_i64()?.saturating_mul(copies);
            Some(Part {
                what: format!("{units} {key} units"),
                monthly: PRICES.monthly(price).times(units),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Cause, Op};
    use serde_json::json;

    fn acl(groups: &[&str]) -> Value {
        let mut rules = serde_json::Map::new();
        for group in groups {
            rules.insert((*group).into(), json!({"kind": "managed", "group": group}));
        }
        rules.insert("rate".into(), json!({"kind": "rate", "group": "", "limit": 2000}));
        json!({ "rules": rules })
    }

    fn monthly(type_name: &str, spec: &Value) -> Money {
        parts(type_name, spec).iter().map(|p| p.monthly).sum()
    }

    #[test]
    fn the_list_is_whole() {
        assert_eq!((PRICES.region.as_str(), PRICES.hours_per_month), ("us-east-1", 730));
        assert!(PRICES.as_of.len() == 7 && !PRICES.not_included.is_empty());
        for (key, usd) in [
            ("web_acl", "5"),
            ("waf_rule", "1"),
            ("bot_control", "10"),
            ("table_read", "0.0949"),
            ("table_write", "0.4745"),
        ] {
            assert_eq!(Some(PRICES.monthly(key)), Money::parse(usd), "{key}");
        }
        assert_eq!(PRICES.prices.len(), 5, "a price that nothing uses, or a test that misses one");
    }

    /// A new type is either priced or said to have no floor: what is forgotten here would be free
    /// by mistake.
    #[test]
    fn every_resource_type_is_in_the_list() {
        let types: Vec<&str> = crate::resources::TYPES.iter().map(|r| r.info().type_name).collect();
        let missing: Vec<&&str> = types.iter().filter(|t| !PRICES.knows(t)).collect();
        assert!(missing.is_empty(), "src/plan/prices.json says nothing of {missing:?}");
        let gone: Vec<&String> =
            PRICES.no_floor.keys().filter(|t| !types.contains(&t.as_str())).collect();
        assert!(gone.is_empty(), "no such types: {gone:?}");
    }

    #[test]
    fn a_web_acl_costs_itself_its_rules_and_bot_control() {
        assert_eq!(monthly(WEB_ACL, &json!({"rules": {}})), Money(5_000_000));
        assert_eq!(monthly(WEB_ACL, &acl(&["AWSManagedRulesCommonRuleSet"])), Money(7_000_000));
        assert_eq!(
            monthly(WEB_ACL, &acl(&["AWSManagedRulesCommonRuleSet", BOT_CONTROL])),
            Money(18_000_000)
        );
    }

    #[test]
    fn a_table_costs_its_provisioned_units_once_more_for_each_index() {
        let mut spec =
            json!({"billing": {"mode": "PROVISIONED", "read": 10, "write": 5}, "indexes": {}});
        assert_eq!(monthly(TABLE, &spec).to_string(), "$3.32");
        spec["indexes"] = json!({"byUser": {}, "byDay": {}});
        assert_eq!(monthly(TABLE, &spec), Money(3 * (949_000 + 2_372_500)));
        spec["billing"] =
            json!({"mode": "PAY_PER_REQUEST", "read": null, "write": null, "max_read": 10});
        assert_eq!(monthly(TABLE, &spec), Money(0));
    }

    #[test]
    fn before_and_after_follow_the_operation() {
        let live = Live::new(Address::new("web_acl", "api"), WEB_ACL, "n", acl(&[]));
        let step = |op: Op, live: Option<Live>, wanted: Value| Step {
            address: Address::new("web_acl", "cdn"),
            type_name: WEB_ACL.into(),
            name: "n".into(),
            op,
            cause: Cause::Change,
            fields: vec![],
            wanted,
            context: Value::Null,
            payload: None,
            live,
            after: vec![],
            loses: None,
        };
        for (op, was, wanted, before, after) in [
            (Op::Create, None, acl(&[]), 0, 6),
            (Op::Update, Some(live.clone()), acl(&[BOT_CONTROL]), 6, 17),
            (Op::Delete, Some(live.clone()), Value::Null, 6, 0),
        ] {
            let all = floors(&[step(op, was, wanted)], std::slice::from_ref(&live));
            let shown: Vec<_> =
                all.iter().map(|f| (f.address.as_str(), f.before().0, f.after().0)).collect();
            let million = 1_000_000;
            assert_eq!(
                shown,
                [
                    ("web_acl.api", 6 * million, 6 * million),
                    ("web_acl.cdn", before * million, after * million)
                ],
                "{op:?}"
            );
        }
        let free = Live::new(Address::new("bucket", "site"), "AWS::S3::Bucket", "n", json!({}));
        assert!(floors(&[], &[free]).is_empty());
    }
}
