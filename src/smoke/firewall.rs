//! Finds the rule of a web ACL that refused a request, by WAF's own log.

use super::http::Context;
use super::target::Firewall;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// How long a refusal may take to be in the log. It is read only after a check has failed.
const DELIVERY: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_secs(2);

/// The message of a failed check; where an answer was the firewall's refusal and its log names the
/// rule, with that rule. Nothing is added where the log cannot be read, or tells nothing.
pub(super) async fn explained(context: &Context<'_>, message: String) -> String {
    let target = context.target;
    if !target.waf || !target.waf_evaluated {
        return message;
    }
    let api = (target.api_url.as_deref(), 403, &target.api_firewall);
    let site = (target.site_url.as_deref(), target.site_blocked_status, &target.site_firewall);
    for (url, blocked, firewall) in [api, site] {
        let here = url.is_some_and(|url| message.contains(url.trim_end_matches('/')));
        let words = [format!("got {blocked}"), format!("status {blocked}")];
        if here && words.iter().any(|words| message.contains(words)) {
            return match rule_of(context, firewall, &message).await {
                Some(rule) => format!("{message}; the firewall refused it: {rule}, says its log"),
                None => message,
            };
        }
    }
    message
}

/// The rule that blocked a request of this run whose address `message` names.
async fn rule_of(context: &Context<'_>, firewall: &Firewall, message: &str) -> Option<String> {
    let give_up = Instant::now() + DELIVERY.min(context.target.budget);
    let mut token: Option<String> = None;
    loop {
        let region = firewall.log_region.as_deref();
        let page = context
            .backend
            .log_page(region, &firewall.log_group, context.began(), token.as_deref())
            .await
            .ok()?;
        let mut lines = page.lines.iter().filter(|line| line.contains(&context.nonce));
        if let Some(rule) = lines.find_map(|line| blocked_by(line, message)) {
            return Some(rule);
        }
        token = page.next;
        if token.is_none() && Instant::now() >= give_up {
            return None;
        }
        tokio::time::sleep(PAUSE.min(context.target.budget)).await;
    }
}

/// The rule that a line of WAF's log says ended a request, if `message` is about its address.
fn blocked_by(line: &str, message: &str) -> Option<String> {
    let record: Value = serde_json::from_str(line).ok()?;
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
    let uri = text("/httpRequest/uri")?;
    if text("/action") != Some("BLOCK") || !message.contains(uri) {
        return None;
    }
    let rule = text("/terminatingRuleId")?;
    let groups = record.get("ruleGroupList").and_then(Value::as_array);
    let ended = groups.into_iter().flatten().find_map(|group| {
        let inner = group.pointer("/terminatingRule/ruleId").and_then(Value::as_str)?;
        Some((inner, group.get("ruleGroupId").and_then(Value::as_str).unwrap_or_default()))
    });
    Some(match ended {
        Some((inner, group)) => {
            let group = group.rsplit('#').next().unwrap_or(group);
            format!("the rule {inner} of AWS's managed group {group}")
        }
        None => format!("the rule {rule}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_managed_groups_own_rule_is_named_and_a_rule_of_the_acl_too() {
        let mut record = json!({"action": "BLOCK", "terminatingRuleId": "CommonRuleSet",
            "terminatingRuleType": "MANAGED_RULE_GROUP",
            "ruleGroupList": [
                {"ruleGroupId": "AWS#AWSManagedRulesSQLiRuleSet", "terminatingRule": null},
                {"ruleGroupId": "AWS#AWSManagedRulesCommonRuleSet",
                 "terminatingRule": {"ruleId": "SizeRestrictions_BODY", "action": "BLOCK"}}],
            "httpRequest": {"uri": "/v1/orders", "httpMethod": "POST"}});
        let message = "POST https://a.example/v1/orders: expected 201, got 403";
        assert_eq!(
            blocked_by(&record.to_string(), message).unwrap(),
            "the rule SizeRestrictions_BODY of AWS's managed group AWSManagedRulesCommonRuleSet"
        );
        assert_eq!(blocked_by(&record.to_string(), "GET https://a.example/v1/products"), None);
        record["ruleGroupList"] = json!([]);
        record["terminatingRuleId"] = json!("rate-per-ip");
        assert_eq!(blocked_by(&record.to_string(), message).unwrap(), "the rule rate-per-ip");
        record["action"] = json!("ALLOW");
        assert_eq!(blocked_by(&record.to_string(), message), None);
        assert_eq!(blocked_by("no JSON", message), None);
    }
}
