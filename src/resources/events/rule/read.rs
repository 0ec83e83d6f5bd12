//! Reads of rules: by name for those that are wanted, else by the tag index, the record of the last
//! `up` and, when all is looked through, the listing.

use super::INFO;
use super::spec::RuleSpec;
use crate::aws::Reader;
use crate::model::cloud_error::optional;
use crate::model::spec::{Tags, field, to_value};
use crate::model::{CloudError, ErrorKind, Live, Outputs, Query, Scope, tag};
use crate::resources::common::{or_not_emulated, paged};
use crate::resources::events::EventBridge;
use aws_sdk_eventbridge::operation::describe_rule::DescribeRuleOutput;
use aws_sdk_eventbridge::types::{RuleState, Target};
use futures_util::future::{try_join, try_join_all};
use std::collections::{BTreeMap, BTreeSet};

/// How the ARNs of rules on the default bus begin.
pub(super) fn prefix(scope: &Scope) -> String {
    format!("arn:aws:events:{}:{}:rule/", scope.region, scope.account)
}

pub(super) async fn discover(reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
    let wanted = try_join_all(query.wanted.iter().map(|desired| async move {
        or_not_emulated(describe(reader, query, &desired.name).await, Some(desired))
    }));
    let (wanted, others) = try_join(wanted, other_names(reader, query)).await?;
    let others = try_join_all(others.iter().map(|name| describe(reader, query, name))).await?;
    Ok(wanted.into_iter().chain(others).flatten().collect())
}

async fn other_names(reader: &Reader, query: &Query<'_>) -> Result<BTreeSet<String>, CloudError> {
    let (scope, prefix) = (query.scope, prefix(query.scope));
    let index = reader.index(scope).await?;
    let indexed = index.arns(&prefix).filter_map(|arn| arn.strip_prefix(&prefix));
    // A slash follows the name of another event bus, which no stack uses.
    let mut names: BTreeSet<String> =
        indexed.filter(|name| !name.contains('/')).map(str::to_string).collect();
    if query.thorough {
        names.extend(list(reader, &scope.prefix()).await?);
    }
    names.retain(|name| !query.wanted.iter().any(|desired| desired.name == *name));
    Ok(names)
}

async fn list(reader: &Reader, name_prefix: &str) -> Result<Vec<String>, CloudError> {
    let rules = paged(|token| async move {
        let page = reader
            .caller
            .call("events:ListRules", || {
                let request = reader.client::<EventBridge>().list_rules();
                request.name_prefix(name_prefix).set_next_token(token.clone()).send()
            })
            .await;
        let page = match page {
            Err(error) if error.kind == ErrorKind::NotEmulated => return Ok((vec![], None)),
            other => other?,
        };
        Ok((page.rules.unwrap_or_default(), page.next_token.filter(|t| !t.is_empty())))
    });
    Ok(rules.await?.into_iter().filter_map(|rule| rule.name).collect())
}

/// Turns a rule into a live resource; `None` when there is none, or it is neither wanted nor ours.
async fn describe(
    reader: &Reader,
    query: &Query<'_>,
    name: &str,
) -> Result<Option<Live>, CloudError> {
    let Some(mut seen) = read_rule(reader, name).await? else {
        return Ok(None);
    };
    let desired = query.wanted.iter().find(|d| d.name == name).copied();
    let indexed = reader.index(query.scope).await?.tags(&seen.arn);
    seen.spec.tags = match (indexed, desired) {
        (Some(indexed), Some(d)) if to_value(indexed) == *field(&d.spec, "tags") => indexed.clone(),
        _ => own_tags(reader, &seen.arn).await?,
    };
    let derived = |id: &str| query.scope.name(id) == name;
    let claim = query.claim(INFO.group, name, desired, &seen.spec.tags, derived);
    let Some((address, owner)) = claim else {
        return Ok(None);
    };
    let mut live = Live::new(address, INFO.type_name, name, to_value(&seen.spec));
    live.outputs = outputs(&seen.arn, name);
    live.owner = owner;
    Ok(Some(live))
}

/// A rule without its tags.
pub(super) struct Seen {
    pub(super) arn: String,
    pub(super) spec: RuleSpec,
}

pub(super) async fn read_rule(reader: &Reader, name: &str) -> Result<Option<Seen>, CloudError> {
    let rule = reader.caller.call("events:DescribeRule", || {
        reader.client::<EventBridge>().describe_rule().name(name).send()
    });
    let Some(rule) = optional(rule.await)? else {
        return Ok(None);
    };
    let targets = paged(|token| async move {
        let page = reader
            .caller
            .call("events:ListTargetsByRule", || {
                let request = reader.client::<EventBridge>().list_targets_by_rule();
                request.rule(name).set_next_token(token.clone()).send()
            })
            .await;
        let Some(page) = optional(page)? else {
            return Ok((vec![], None));
        };
        Ok((page.targets.unwrap_or_default(), page.next_token.filter(|t| !t.is_empty())))
    });
    let targets = targets.await?;
    let arn = rule.arn().unwrap_or_default().to_string();
    Ok(Some(Seen { arn, spec: spec_of(&rule, &targets) }))
}

pub(super) async fn own_tags(reader: &Reader, arn: &str) -> Result<Tags, CloudError> {
    let answer = reader.caller.call("events:ListTagsForResource", || {
        reader.client::<EventBridge>().list_tags_for_resource().resource_arn(arn).send()
    });
    let listed = optional(answer.await)?.and_then(|answer| answer.tags).unwrap_or_default();
    Ok(tag::without_aws_tags(listed.iter().map(|t| (t.key(), t.value()))))
}

fn spec_of(rule: &DescribeRuleOutput, targets: &[Target]) -> RuleSpec {
    RuleSpec {
        tags: Tags::new(),
        description: rule.description().unwrap_or_default().to_string(),
        schedule: rule.schedule_expression().unwrap_or_default().to_string(),
        event_pattern: rule.event_pattern().filter(|p| !p.is_empty()).map(str::to_string),
        enabled: rule.state() != Some(&RuleState::Disabled),
        targets: targets.iter().map(|t| (t.id().to_string(), describe_target(t))).collect(),
    }
}

/// The target's ARN, and behind it what no target of ours says.
fn describe_target(target: &Target) -> String {
    let mut text = target.arn().to_string();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            text.push_str(&format!(" {name}={value}"));
        }
    };
    add("role", target.role_arn().map(str::to_string));
    add("input", target.input().map(str::to_string));
    add("input_path", target.input_path().map(str::to_string));
    add("input_transformer", target.input_transformer().map(|t| t.input_template().to_string()));
    let letters = target.dead_letter_config().and_then(|config| config.arn());
    add("dead_letters", letters.map(str::to_string));
    let retries = target.retry_policy().and_then(|policy| policy.maximum_retry_attempts());
    add("retries", retries.filter(|n| *n != 185).map(|n| n.to_string()));
    let age = target.retry_policy().and_then(|policy| policy.maximum_event_age_in_seconds());
    add("age", age.filter(|seconds| *seconds != 86_400).map(|seconds| seconds.to_string()));
    text
}

pub(super) fn outputs(arn: &str, name: &str) -> Outputs {
    BTreeMap::from([("arn".to_string(), arn.to_string()), ("name".to_string(), name.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_eventbridge::types::{DeadLetterConfig, InputTransformer, RetryPolicy};

    #[test]
    fn what_strangers_say_of_a_target_shows() {
        let plain = Target::builder().id("function").arn("arn:f").build().unwrap();
        assert_eq!(describe_target(&plain), "arn:f");
        let usual =
            RetryPolicy::builder().maximum_retry_attempts(185).maximum_event_age_in_seconds(86_400);
        let usual = Target::builder().id("function").arn("arn:f").retry_policy(usual.build());
        assert_eq!(describe_target(&usual.build().unwrap()), "arn:f");

        let transformer = InputTransformer::builder().input_template("<x>").build().unwrap();
        let other = Target::builder()
            .id("function")
            .arn("arn:f")
            .input("{}")
            .role_arn("arn:r")
            .input_path("$.x")
            .input_transformer(transformer)
            .dead_letter_config(DeadLetterConfig::builder().arn("arn:q").build())
            .retry_policy(
                RetryPolicy::builder()
                    .maximum_retry_attempts(0)
                    .maximum_event_age_in_seconds(60)
                    .build(),
            );
        assert_eq!(
            describe_target(&other.build().unwrap()),
            "arn:f role=arn:r input={} input_path=$.x input_transformer=<x> dead_letters=arn:q \
             retries=0 age=60"
        );
    }
}
