//! Rules and settings of a web ACL between the SDK's shapes and the spec; whatever we never make
//! comes out as "other".

use super::spec::{WafRuleSpec, WebAclSpec};
use crate::model::CloudError;
use crate::model::spec::Tags;
use crate::resources::waf::incomplete;
use aws_sdk_wafv2::types::{
    AllowAction, AwsManagedRulesBotControlRuleSet, BlockAction, CountAction, DefaultAction,
    InspectionLevel, ManagedRuleGroupConfig, ManagedRuleGroupStatement, NoneAction, OverrideAction,
    RateBasedStatement, RateBasedStatementAggregateKeyType, Rule, RuleAction, RuleActionOverride,
    Statement, VisibilityConfig, WebAcl,
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// Seconds over which a rate rule counts; AWS's default, said openly so that the default may
/// change.
const WINDOW: i64 = 300;
/// Vendor of the managed groups.
const VENDOR: &str = "AWS";
/// The one managed group that wants a setting of its own: how closely it looks.
const BOT_CONTROL: &str = "AWSManagedRulesBotControlRuleSet";

/// True for the rule that Shield Advanced adds to an ACL by itself: never shown, always kept
/// (catalogue 9.4).
pub(super) fn is_shields(rule: &Rule) -> bool {
    rule.name.starts_with("ShieldMitigationRuleGroup_")
}

/// The spec of an ACL as AWS has it.
pub(super) fn spec_of(acl: &WebAcl, waf_scope: &str, tags: Tags) -> WebAclSpec {
    let mut rules: BTreeMap<String, WafRuleSpec> = acl
        .rules()
        .iter()
        .filter(|r| !is_shields(r))
        .map(|r| (r.name.clone(), rule_spec(r)))
        .collect();
    rules.extend(strange_settings(acl));
    WebAclSpec {
        tags,
        scope: waf_scope.to_string(),
        description: acl.description().unwrap_or_default().to_string(),
        default_action: default_action_spec(acl.default_action()),
        metric_name: acl.visibility_config().map(|v| v.metric_name.clone()).unwrap_or_default(),
        rules,
    }
}

fn default_action_spec(action: Option<&DefaultAction>) -> String {
    match action {
        Some(DefaultAction { allow: Some(allow), block: None, .. })
            if *allow == AllowAction::builder().build() =>
        {
            "ALLOW".into()
        }
        Some(DefaultAction { allow: None, block: Some(block), .. })
            if *block == BlockAction::builder().build() =>
        {
            "BLOCK".into()
        }
        other => format!("other {}", digest(&other)),
    }
}

/// Settings of the whole ACL that we never make, as rules of kind "other": so they are drift, and
/// an update, which replaces everything, removes them. No rule's name can hold a bracket.
fn strange_settings(acl: &WebAcl) -> impl Iterator<Item = (String, WafRuleSpec)> {
    let visibility = acl.visibility_config();
    let hidden =
        visibility.filter(|v| !(v.cloud_watch_metrics_enabled && v.sampled_requests_enabled));
    let bodies: BTreeMap<_, _> = acl.custom_response_bodies().into_iter().flatten().collect();
    let captcha = acl.captcha_config().filter(|c| c.immunity_time_property().is_some());
    let challenge = acl.challenge_config().filter(|c| c.immunity_time_property().is_some());
    let association =
        acl.association_config().filter(|a| a.request_body().is_some_and(|b| !b.is_empty()));
    let protection = acl.data_protection_config().filter(|d| !d.data_protections().is_empty());
    let bodies_of_association: Option<BTreeMap<String, String>> = association
        .and_then(|a| a.request_body())
        .map(|b| b.iter().map(|(k, v)| (k.as_str().to_string(), format!("{v:?}"))).collect());
    [
        hidden.map(|v| ("(visibility)", digest(v))),
        (!bodies.is_empty()).then(|| ("(custom response bodies)", digest(&bodies))),
        captcha.map(|c| ("(captcha)", digest(c))),
        challenge.map(|c| ("(challenge)", digest(c))),
        (!acl.token_domains().is_empty())
            .then(|| ("(token domains)", digest(&acl.token_domains()))),
        bodies_of_association.map(|b| ("(association)", digest(&b))),
        protection.map(|p| ("(data protection)", digest(p))),
    ]
    .into_iter()
    .flatten()
    .map(|(name, digest)| (name.to_string(), unmanaged_rule(0, digest, true, true)))
}

fn unmanaged_rule(priority: i32, group: String, metrics: bool, sampled: bool) -> WafRuleSpec {
    WafRuleSpec {
        priority,
        kind: "other".into(),
        group,
        limit: 0,
        action: String::new(),
        metrics,
        sampled,
        count: BTreeSet::new(),
    }
}

/// One rule. A shape that `rule_of` could not have made is "other", with a digest of all that is in
/// it.
fn rule_spec(rule: &Rule) -> WafRuleSpec {
    let (metrics, sampled) = rule
        .visibility_config()
        .map_or((false, false), |v| (v.cloud_watch_metrics_enabled, v.sampled_requests_enabled));
    let known = match rule.statement() {
        Some(Statement { managed_rule_group_statement: Some(group), .. }) => Some(WafRuleSpec {
            priority: rule.priority,
            kind: "managed".into(),
            group: group.name.clone(),
            limit: 0,
            action: if rule.override_action().is_some_and(|o| o.count.is_some()) {
                "count"
            } else {
                "none"
            }
            .into(),
            metrics,
            sampled,
            count: group.rule_action_overrides().iter().map(|o| o.name.clone()).collect(),
        }),
        Some(Statement { rate_based_statement: Some(rate), .. }) => Some(WafRuleSpec {
            priority: rule.priority,
            kind: "rate".into(),
            group: String::new(),
            limit: rate.limit,
            action: if rule.action().is_some_and(|a| a.count.is_some()) {
                "count"
            } else {
                "block"
            }
            .into(),
            metrics,
            sampled,
            count: BTreeSet::new(),
        }),
        _ => None,
    };
    let seen = plain(rule);
    known
        .filter(|spec| rule_of(&rule.name, spec).is_ok_and(|made| plain(&made) == seen))
        .unwrap_or_else(|| {
            let mut content = seen.clone();
            (content.name, content.priority) = (String::new(), 0);
            if let Some(visibility) = content.visibility_config.as_mut() {
                (visibility.cloud_watch_metrics_enabled, visibility.sampled_requests_enabled) =
                    (false, false);
            }
            unmanaged_rule(
                rule.priority,
                format!("{} {}", shape(&seen), digest(&content)),
                metrics,
                sampled,
            )
        })
}

/// A rule with what AWS fills in, or leaves away, brought to one form.
fn plain(rule: &Rule) -> Rule {
    let mut plain = rule.clone();
    plain.rule_labels = plain.rule_labels.filter(|labels| !labels.is_empty());
    if let Some(statement) = plain.statement.as_mut() {
        if let Some(rate) = statement.rate_based_statement.as_mut() {
            rate.evaluation_window_sec =
                if rate.evaluation_window_sec == 0 { WINDOW } else { rate.evaluation_window_sec };
            rate.custom_keys = rate.custom_keys.take().filter(|keys| !keys.is_empty());
        }
        if let Some(group) = statement.managed_rule_group_statement.as_mut() {
            group.excluded_rules = group.excluded_rules.take().filter(|rules| !rules.is_empty());
            let settings = group.managed_rule_group_configs.take().filter(|c| !c.is_empty());
            group.managed_rule_group_configs = settings.or_else(|| group_settings(&group.name));
            for config in group.managed_rule_group_configs.iter_mut().flatten() {
                // Machine learning belongs to the targeted level; on the common one AWS may fill in
                // either word.
                if let Some(bots) = config.aws_managed_rules_bot_control_rule_set.as_mut()
                    && bots.inspection_level == InspectionLevel::Common
                {
                    bots.enable_machine_learning = false;
                }
            }
            let overrides = group.rule_action_overrides.take().filter(|o| !o.is_empty());
            group.rule_action_overrides = overrides.map(|mut overrides| {
                overrides.sort_by(|a, b| a.name.cmp(&b.name));
                overrides
            });
        }
    }
    plain
}

/// The kind of a rule's statement in words.
fn shape(rule: &Rule) -> &'static str {
    let Some(statement) = rule.statement() else {
        return "no statement";
    };
    let shapes = [
        (
            statement.managed_rule_group_statement.is_some(),
            "managed group with settings of its own",
        ),
        (statement.rate_based_statement.is_some(), "rate limit with settings of its own"),
        (statement.byte_match_statement.is_some(), "byte match"),
        (statement.sqli_match_statement.is_some(), "SQL injection match"),
        (statement.xss_match_statement.is_some(), "XSS match"),
        (statement.size_constraint_statement.is_some(), "size constraint"),
        (statement.geo_match_statement.is_some(), "geo match"),
        (statement.rule_group_reference_statement.is_some(), "rule group"),
        (statement.ip_set_reference_statement.is_some(), "IP set"),
        (statement.label_match_statement.is_some(), "label match"),
    ];
    shapes.iter().find(|(is, _)| *is).map_or("statement", |(_, name)| name)
}

/// Twelve hex digits that change when anything in `value` does.
fn digest(value: &impl Debug) -> String {
    let hash = Sha256::digest(format!("{value:?}").as_bytes());
    hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// All rules in the SDK's shape, by priority.
pub(super) fn rules_of(spec: &WebAclSpec) -> Result<Vec<Rule>, CloudError> {
    let mut rules =
        spec.rules.iter().map(|(name, rule)| rule_of(name, rule)).collect::<Result<Vec<_>, _>>()?;
    rules.sort_by_key(|rule| rule.priority);
    Ok(rules)
}

/// One rule in the SDK's shape; its metric is named as the rule.
fn rule_of(name: &str, spec: &WafRuleSpec) -> Result<Rule, CloudError> {
    let counts = spec.action == "count";
    let count = CountAction::builder().build();
    let rule = Rule::builder().name(name).priority(spec.priority).visibility_config(visibility(
        name,
        spec.metrics,
        spec.sampled,
    )?);
    let rule = match spec.kind.as_str() {
        "managed" => {
            let group = ManagedRuleGroupStatement::builder()
                .vendor_name(VENDOR)
                .name(&spec.group)
                .set_managed_rule_group_configs(group_settings(&spec.group))
                .set_rule_action_overrides(counting(&spec.count)?)
                .build();
            let group = Statement::builder()
                .managed_rule_group_statement(group.map_err(incomplete)?)
                .build();
            let keep = OverrideAction::builder();
            let action =
                if counts { keep.count(count) } else { keep.none(NoneAction::builder().build()) };
            rule.statement(group).override_action(action.build())
        }
        "rate" => {
            let rate = RateBasedStatement::builder()
                .limit(spec.limit)
                .evaluation_window_sec(WINDOW)
                .aggregate_key_type(RateBasedStatementAggregateKeyType::Ip)
                .build();
            let action = RuleAction::builder();
            let action = if counts {
                action.count(count)
            } else {
                action.block(BlockAction::builder().build())
            };
            let statement =
                Statement::builder().rate_based_statement(rate.map_err(incomplete)?).build();
            rule.statement(statement).action(action.build())
        }
        kind => {
            return Err(CloudError::ours(
                crate::model::ErrorKind::Other,
                format!("the WAF rule `{name}` is of kind `{kind}`, which cannot be made"),
                "make the plan again with this version of shopstack",
            ));
        }
    };
    rule.build().map_err(incomplete)
}

/// Overrides that make single rules of a group count; none where none does.
fn counting(rules: &BTreeSet<String>) -> Result<Option<Vec<RuleActionOverride>>, CloudError> {
    let count = RuleAction::builder().count(CountAction::builder().build()).build();
    let one = |rule: &String| {
        RuleActionOverride::builder().name(rule).action_to_use(count.clone()).build()
    };
    let all: Vec<_> = rules.iter().map(one).collect::<Result<_, _>>().map_err(incomplete)?;
    Ok((!all.is_empty()).then_some(all))
}

/// The settings of a managed group: Bot Control's common level, said openly; the others have none.
fn group_settings(group: &str) -> Option<Vec<ManagedRuleGroupConfig>> {
    let level = AwsManagedRulesBotControlRuleSet::builder()
        .inspection_level(InspectionLevel::Common)
        .build()
        .ok()?;
    let config =
        ManagedRuleGroupConfig::builder().aws_managed_rules_bot_control_rule_set(level).build();
    (group == BOT_CONTROL).then(|| vec![config])
}

/// Metrics and samples of a rule or of a whole ACL.
pub(super) fn visibility(
    metric: &str,
    metrics: bool,
    sampled: bool,
) -> Result<VisibilityConfig, CloudError> {
    VisibilityConfig::builder()
        .metric_name(metric)
        .cloud_watch_metrics_enabled(metrics)
        .sampled_requests_enabled(sampled)
        .build()
        .map_err(incomplete)
}

/// The action on requests that no rule decided.
pub(super) fn default_action_of(spec: &WebAclSpec) -> DefaultAction {
    match spec.default_action.as_str() {
        "BLOCK" => DefaultAction::builder().block(BlockAction::builder().build()).build(),
        _ => DefaultAction::builder().allow(AllowAction::builder().build()).build(),
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
