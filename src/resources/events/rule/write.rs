//! Writes of rules: the rule, its targets, its tags; targets go before the rule does.

use super::read;
use super::spec::RuleSpec;
use crate::aws::Writer;
use crate::model::cloud_error::optional;
use crate::model::spec::Tags;
use crate::model::{CloudError, ErrorKind, Outputs, Owner, Step};
use crate::resources::common::{FRESH, foreign_error, tag_changes};
use crate::resources::events::EventBridge;
use aws_sdk_eventbridge::error::BuildError;
use aws_sdk_eventbridge::types::{RuleState, Tag, Target};
use std::collections::BTreeMap;

/// PutRule overwrites whatever has the name, so whose it is is asked first.
pub(super) async fn create(
    writer: &Writer,
    step: &Step,
    wanted: &RuleSpec,
) -> Result<Outputs, CloudError> {
    let (name, reader) = (&step.name, &writer.reader);
    if let Some(mut there) = read::read_rule(reader, name).await? {
        there.spec.tags = read::own_tags(reader, &there.arn).await?;
        if let Owner::Foreign(says) = writer.scope.owner(&there.spec.tags) {
            return Err(foreign_error("rule", step, &says));
        }
        change(writer, name, &there.arn, &there.spec, wanted).await?;
        return Ok(read::outputs(&there.arn, name));
    }
    let arn = put_rule(writer, name, wanted, Some(&wanted.tags)).await?;
    put_targets(writer, name, &BTreeMap::new(), wanted).await?;
    Ok(read::outputs(&arn, name))
}

/// Changes what differs.
pub(super) async fn change(
    writer: &Writer,
    name: &str,
    arn: &str,
    before: &RuleSpec,
    wanted: &RuleSpec,
) -> Result<(), CloudError> {
    let RuleSpec { tags: _, targets: _, description, schedule, event_pattern, enabled } = wanted;
    let differs = (description, schedule) != (&before.description, &before.schedule)
        || (event_pattern, enabled) != (&before.event_pattern, &before.enabled);
    if differs {
        put_rule(writer, name, wanted, None).await?;
    }
    put_targets(writer, name, &before.targets, wanted).await?;
    bring_tags(writer, arn, &before.tags, &wanted.tags).await
}

/// PutRule says everything at once: what is left out, such as a pattern, is gone. Tags count for a
/// new rule alone.
async fn put_rule(
    writer: &Writer,
    name: &str,
    wanted: &RuleSpec,
    tags: Option<&Tags>,
) -> Result<String, CloudError> {
    let events = &writer.client::<EventBridge>();
    let tags = tags.map(sent).transpose()?;
    let state = if wanted.enabled { RuleState::Enabled } else { RuleState::Disabled };
    let made = writer
        .caller
        .call("events:PutRule", || {
            events
                .put_rule()
                .name(name)
                .description(&wanted.description)
                .schedule_expression(&wanted.schedule)
                .state(state.clone())
                .set_tags(tags.clone())
                .send()
        })
        .await?;
    Ok(made.rule_arn.unwrap_or_default())
}

async fn put_targets(
    writer: &Writer,
    name: &str,
    before: &BTreeMap<String, String>,
    wanted: &RuleSpec,
) -> Result<(), CloudError> {
    let events = &writer.client::<EventBridge>();
    let gone: Vec<String> =
        before.keys().filter(|id| !wanted.targets.contains_key(*id)).cloned().collect();
    remove_targets(writer, name, gone).await?;
    let set = wanted.targets.iter().filter(|(id, arn)| before.get(*id) != Some(arn));
    let set: Vec<Target> = set
        .map(|(id, arn)| Target::builder().id(id).arn(arn).build().map_err(refused))
        .collect::<Result<_, _>>()?;
    if set.is_empty() {
        return Ok(());
    }
    let answer = writer
        .caller
        .call_with("events:PutTargets", FRESH, || {
            events.put_targets().rule(name).set_targets(Some(set.clone())).send()
        })
        .await?;
    match answer.failed_entries().first() {
        None => Ok(()),
        Some(entry) => Err(CloudError {
            operation: "events PutTargets".into(),
            code: entry.error_code().unwrap_or_default().into(),
            ..CloudError::ours(
                ErrorKind::Other,
                format!(
                    "the rule `{name}` does not take its target: {}",
                    entry.error_message().unwrap_or("AWS gives no reason")
                ),
                "run the same command again",
            )
        }),
    }
}

async fn remove_targets(writer: &Writer, name: &str, ids: Vec<String>) -> Result<(), CloudError> {
    if ids.is_empty() {
        return Ok(());
    }
    let events = &writer.client::<EventBridge>();
    let removed = writer
        .caller
        .call("events:RemoveTargets", || {
            events.remove_targets().rule(name).set_ids(Some(ids.clone())).send()
        })
        .await;
    optional(removed).map(|_| ())
}

async fn bring_tags(
    writer: &Writer,
    arn: &str,
    before: &Tags,
    wanted: &Tags,
) -> Result<(), CloudError> {
    let events = &writer.client::<EventBridge>();
    let (set, unset) = tag_changes(before, wanted);
    if !set.is_empty() {
        let set = sent(&set)?;
        writer
            .caller
            .call("events:TagResource", || {
                events.tag_resource().resource_arn(arn).set_tags(Some(set.clone())).send()
            })
            .await?;
    }
    if !unset.is_empty() {
        writer
            .caller
            .call("events:UntagResource", || {
                events.untag_resource().resource_arn(arn).set_tag_keys(Some(unset.clone())).send()
            })
            .await?;
    }
    Ok(())
}

/// A rule with targets cannot be deleted.
pub(super) async fn delete(
    writer: &Writer,
    name: &str,
    before: &RuleSpec,
) -> Result<(), CloudError> {
    remove_targets(writer, name, before.targets.keys().cloned().collect()).await?;
    let events = &writer.client::<EventBridge>();
    let gone =
        writer.caller.call("events:DeleteRule", || events.delete_rule().name(name).send()).await;
    optional(gone).map(|_| ())
}

fn sent(tags: &Tags) -> Result<Vec<Tag>, CloudError> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(refused))
        .collect()
}

fn refused(error: BuildError) -> CloudError {
    CloudError::ours(
        ErrorKind::Other,
        format!("a rule cannot be sent: {error}"),
        "make the plan again with this version of shopstack",
    )
}
