//! Writes on web ACLs: every one but the creation shows a lock token, and gives way to others once.

use super::spec::WebAclSpec;
use super::{Handle, get, list, outputs, read_tags, rules};
use crate::aws::{CallOptions, Writer};
use crate::model::cloud_error::optional;
use crate::model::spec::Tags;
use crate::model::{CloudError, ErrorKind, Outputs, Owner, Step};
use crate::resources::common::{FRESH, contested};
use crate::resources::waf::waf_client;
use crate::resources::waf::{caller_of, incomplete};
use aws_sdk_wafv2::types::{Scope as WafScope, Tag};

/// WAF's error for a lock token that is not the newest.
const STALE: &str = "WAFOptimisticLockException";

/// Makes the ACL with its tags, or goes on with the one that an earlier run of ours made.
pub(super) async fn create(
    writer: &Writer,
    step: &Step,
    wanted: &WebAclSpec,
) -> Result<Outputs, CloudError> {
    let waf = waf_client(writer, &wanted.scope);
    let rules = rules::rules_of(wanted)?;
    let tags = sdk_tags(&wanted.tags)?;
    let visibility = rules::visibility(&wanted.metric_name, true, true)?;
    let made = caller_of(&writer.caller, &wanted.scope)
        .call("wafv2:CreateWebACL", || {
            waf.create_web_acl()
                .name(&step.name)
                .scope(WafScope::from(wanted.scope.as_str()))
                .set_description(description(wanted))
                .default_action(rules::default_action_of(wanted))
                .visibility_config(visibility.clone())
                .set_rules(Some(rules.clone()))
                .set_tags(Some(tags.clone()))
                .send()
        })
        .await;
    match made {
        Ok(answer) => {
            let summary = answer
                .summary()
                .ok_or_else(|| CloudError::shape("wafv2 CreateWebACL", "Summary"))?;
            let (id, arn) = (summary.id().unwrap_or_default(), summary.arn().unwrap_or_default());
            if id.is_empty() || arn.is_empty() {
                return Err(CloudError::shape("wafv2 CreateWebACL", "Id and ARN"));
            }
            Ok(outputs(id, arn))
        }
        Err(error) if error.code.contains("DuplicateItem") => {
            adopt(writer, step, wanted, error).await
        }
        Err(error) => Err(error),
    }
}

/// Goes on with an ACL of the wanted name when it is ours; `refusal` is what the creation was
/// answered.
async fn adopt(
    writer: &Writer,
    step: &Step,
    wanted: &WebAclSpec,
    refusal: CloudError,
) -> Result<Outputs, CloudError> {
    let look = || async {
        let listed = list(&writer.reader, &wanted.scope).await?;
        Ok(listed.into_iter().find(|handle| handle.name == step.name))
    };
    let Some(handle) = crate::resources::common::listed(writer, &step.name, look).await? else {
        return Err(refusal);
    };
    // It may be this run's own, its answer lost: then not every part of WAF knows it yet (catalogue
    // 9.2).
    let tags = read_tags(&writer.reader, &wanted.scope, &handle.arn, FRESH).await?;
    if let Owner::Foreign(says) = writer.scope.owner(&tags) {
        return Err(CloudError::ours(
            ErrorKind::Foreign,
            format!(
                "the web ACL `{}` ({}) exists and is not this stack's: {says}",
                step.name, wanted.scope
            ),
            format!("rename or remove it, or adopt it with `up --adopt {}`", step.address),
        ));
    }
    replace_settings(writer, &handle, wanted, FRESH).await?;
    set_tags(writer, &wanted.scope, &handle.arn, &wanted.tags, &tags).await?;
    Ok(outputs(&handle.id, &handle.arn))
}

/// Replaces all settings, Shield's own rule excepted, on the newest version of the ACL. When
/// somebody is faster it is done over once, on what they made; then it is for a person to look.
pub(super) async fn replace_settings(
    writer: &Writer,
    handle: &Handle,
    wanted: &WebAclSpec,
    options: CallOptions,
) -> Result<(), CloudError> {
    let ours = rules::rules_of(wanted)?;
    with_token(writer, &wanted.scope, handle, options, |fresh, token| {
        let mut all = ours.clone();
        all.extend(fresh.rules().iter().filter(|rule| rules::is_shields(rule)).cloned());
        async move {
            let waf = waf_client(writer, &wanted.scope);
            let visibility = rules::visibility(&wanted.metric_name, true, true)?;
            caller_of(&writer.caller, &wanted.scope)
                .call_with("wafv2:UpdateWebACL", options, || {
                    waf.update_web_acl()
                        .name(&handle.name)
                        .id(&handle.id)
                        .scope(WafScope::from(wanted.scope.as_str()))
                        .set_description(description(wanted))
                        .default_action(rules::default_action_of(wanted))
                        .visibility_config(visibility.clone())
                        .set_rules(Some(all.clone()))
                        .lock_token(&token)
                        .send()
                })
                .await
                .map(|_| ())
        }
    })
    .await
}

/// Deletes; an ACL that is gone counts as deleted, one still in use is waited for.
pub(super) async fn delete(
    writer: &Writer,
    waf_scope: &str,
    handle: &Handle,
) -> Result<(), CloudError> {
    let gone =
        with_token(writer, waf_scope, handle, CallOptions::default(), |_, token| async move {
            let waf = waf_client(writer, waf_scope);
            caller_of(&writer.caller, waf_scope)
                .call("wafv2:DeleteWebACL", || {
                    waf.delete_web_acl()
                        .name(&handle.name)
                        .id(&handle.id)
                        .scope(WafScope::from(waf_scope))
                        .lock_token(&token)
                        .send()
                })
                .await
                .map(|_| ())
        })
        .await;
    optional(gone).map(|_| ()).map_err(|error| explained(error, handle))
}

/// Still in use after ten minutes: by something this stack did not make, or by a distribution still
/// on its way out.
fn explained(mut error: CloudError, handle: &Handle) -> CloudError {
    if error.code == "WAFAssociatedItemException" {
        error.hint = format!(
            "something else still uses it: see the associated resources of `{}` in the WAF \
             console, let them go, then run again",
            handle.name
        );
    }
    error
}

/// Writes with the newest lock token, twice at most.
///
/// Errors: `Conflict` when somebody else was faster both times.
async fn with_token<F>(
    writer: &Writer,
    waf_scope: &str,
    handle: &Handle,
    options: CallOptions,
    write: impl Fn(aws_sdk_wafv2::types::WebAcl, String) -> F,
) -> Result<(), CloudError>
where
    F: Future<Output = Result<(), CloudError>>,
{
    let mut tried = false;
    loop {
        let (fresh, token) = get(&writer.reader, waf_scope, handle, options).await?;
        match write(fresh, token).await {
            Err(error) if error.code == STALE && !tried => {
                tried = true;
                writer.caller.report_wait("somebody else changed the web ACL; looking again");
            }
            Err(error) if error.code == STALE => {
                return Err(contested(&format!("the web ACL `{}`", handle.name), error));
            }
            other => return other,
        }
    }
}

/// Sets and removes what differs between `before` and `wanted`.
pub(super) async fn set_tags(
    writer: &Writer,
    waf_scope: &str,
    arn: &str,
    wanted: &Tags,
    before: &Tags,
) -> Result<(), CloudError> {
    let waf = waf_client(writer, waf_scope);
    let (set, unset) = crate::resources::common::tag_changes(before, wanted);
    if !set.is_empty() {
        let set = sdk_tags(&set)?;
        caller_of(&writer.caller, waf_scope)
            .call("wafv2:TagResource", || {
                waf.tag_resource().resource_arn(arn).set_tags(Some(set.clone())).send()
            })
            .await?;
    }
    if !unset.is_empty() {
        caller_of(&writer.caller, waf_scope)
            .call("wafv2:UntagResource", || {
                waf.untag_resource().resource_arn(arn).set_tag_keys(Some(unset.clone())).send()
            })
            .await?;
    }
    Ok(())
}

fn sdk_tags(tags: &Tags) -> Result<Vec<Tag>, CloudError> {
    tags.iter().map(|(k, v)| Tag::builder().key(k).value(v).build().map_err(incomplete)).collect()
}

/// WAF refuses an empty description: none is said by leaving it away (catalogue 9.4).
fn description(spec: &WebAclSpec) -> Option<String> {
    Some(spec.description.clone()).filter(|text| !text.is_empty())
}
