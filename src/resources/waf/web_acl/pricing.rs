//! The monthly cost of a web ACL, without requests.

use crate::model::price::{PRICES, Part};
use serde_json::Value;

/// The managed rule group that is paid for by itself.
const BOT_CONTROL: &str = "AWSManagedRulesBotControlRuleSet";

/// The ACL itself, each rule, and Bot Control.
pub(super) fn web_acl(spec: &Value) -> Vec<Part> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Money;
    use serde_json::json;

    fn monthly(groups: &[&str]) -> Money {
        let rules: serde_json::Map<_, _> =
            groups.iter().map(|g| (g.to_string(), json!({"group": g}))).collect();
        web_acl(&json!({ "rules": rules })).iter().map(|part| part.monthly).sum()
    }

    #[test]
    fn a_web_acl_costs_itself_its_rules_and_bot_control() {
        assert_eq!(monthly(&[]), Money(5_000_000));
        assert_eq!(monthly(&["", "AWSManagedRulesCommonRuleSet"]), Money(7_000_000));
        let all = ["", "AWSManagedRulesCommonRuleSet", BOT_CONTROL];
        assert_eq!(monthly(&all), Money(18_000_000));
    }
}
