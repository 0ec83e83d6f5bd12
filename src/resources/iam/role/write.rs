//! Writes of roles: create or adopt, bring every field to its wanted value one call after another,
//! take apart.

use super::read::{self, Seen};
use super::spec::RoleSpec;
use crate::aws::{CallOptions, Writer};
use crate::model::cloud_error::optional;
use crate::model::spec::Tags;
use crate::model::{CloudError, ErrorKind, Outputs, Owner, Step};
use crate::policy;
use crate::resources::common::{FRESH, foreign_error, tag_changes};
use crate::resources::iam::Iam;
use aws_sdk_iam::error::ProvideErrorMetadata;
use aws_sdk_iam::types::Tag;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Makes the role, or brings an earlier run's role of that name to the wanted state.
pub async fn create(
    writer: &Writer,
    step: &Step,
    wanted: &RoleSpec,
) -> Result<Outputs, CloudError> {
    let iam = &writer.client::<Iam>();
    let (trust, tags) = (policy::to_json(&wanted.trust), tags_of(&wanted.tags));
    let made = writer
        .caller
        .call("iam:CreateRole", || {
            iam.create_role()
                .role_name(&step.name)
                .path(&wanted.path)
                .description(&wanted.description)
                .max_session_duration(wanted.max_session_seconds)
                .assume_role_policy_document(&trust)
                .set_permissions_boundary(wanted.permissions_boundary.clone())
                .set_tags(Some(tags.clone()))
                .send()
        })
        .await;
    let (before, id) = match made {
        Ok(answer) => {
            let bare =
                RoleSpec { policies: BTreeMap::new(), attached: BTreeSet::new(), ..wanted.clone() };
            // Of the role just made, and not of one of that name before it, which a read may still
            // show.
            (bare, answer.role().map(|r| r.role_id().to_string()))
        }
        Err(error) if error.code == "EntityAlreadyExists" => {
            let seen = existing(writer, step).await?;
            (seen.spec, Some(seen.id))
        }
        Err(error) => return Err(error),
    };
    change(writer, &step.name, &before, wanted, FRESH).await?;
    let (arn, shown) = settled(writer, &step.name, wanted).await?;
    Ok(read::outputs(&arn, &id.unwrap_or(shown)))
}

/// Brings a role that this run did not make to the wanted state, and waits until it reads so.
pub async fn reconcile(
    writer: &Writer,
    name: &str,
    before: &RoleSpec,
    wanted: &RoleSpec,
) -> Result<(), CloudError> {
    change(writer, name, before, wanted, CallOptions::default()).await?;
    if writer.caller.is_emulated() {
        Ok(())
    } else {
        settled(writer, name, wanted).await.map(|_| ())
    }
}

/// The role that already holds the name, if it is this stack's.
async fn existing(writer: &Writer, step: &Step) -> Result<Seen, CloudError> {
    let look = || read::read_role(&writer.reader, &step.name);
    let seen: Seen = writer
        .caller
        .wait_until(
            &format!(
                "the role `{}`, which exists, to become readable (usually seconds)",
                step.name
            ),
            Duration::from_secs(2),
            Duration::from_secs(120),
            look,
        )
        .await?;
    match writer.scope.owner(&seen.spec.tags) {
        Owner::Foreign(says) => Err(foreign_error("role", step, &says)),
        _ => Ok(seen),
    }
}

/// Waits until the role reads as written, all of its policies included: IAM's reads lag, and the
/// next `diff` would see drift where there is none (catalogue 4.2). Right after a create the ARN
/// may read as the role's unique id; policies that name it then would break for good. Returns ARN
/// and unique id.
///
/// An emulator's reads are never behind: there one look at the ARN has to do.
async fn settled(
    writer: &Writer,
    name: &str,
    wanted: &RoleSpec,
) -> Result<(String, String), CloudError> {
    let iam = &writer.reader.client::<Iam>();
    let emulated = writer.caller.is_emulated();
    let what = format!("the role `{name}` to read as written (usually seconds)");
    let look = || async {
        if emulated {
            let answer = writer
                .caller
                .call_with("iam:GetRole", FRESH, || iam.get_role().role_name(name).send())
                .await?;
            return Ok(answer.role().map(|r| (r.arn().to_string(), r.role_id().to_string())));
        }
        let seen = read::read_role(&writer.reader, name).await?;
        Ok(seen.filter(|s| s.arn.starts_with("arn:") && s.spec == *wanted).map(|s| (s.arn, s.id)))
    };
    writer.caller.wait_until(&what, Duration::from_secs(2), Duration::from_secs(120), look).await
}

/// Changes what differs, serially: IAM refuses parallel changes of one role (catalogue 12.3).
/// `options` say whether the role is fresh.
async fn change(
    writer: &Writer,
    name: &str,
    before: &RoleSpec,
    wanted: &RoleSpec,
    options: CallOptions,
) -> Result<(), CloudError> {
    if before.trust != wanted.trust {
        let iam = &writer.client::<Iam>();
        let trust = policy::to_json(&wanted.trust);
        writer
            .caller
            .call_with("iam:UpdateAssumeRolePolicy", options, || {
                iam.update_assume_role_policy().role_name(name).policy_document(&trust).send()
            })
            .await?;
    }
    if (&before.description, before.max_session_seconds)
        != (&wanted.description, wanted.max_session_seconds)
    {
        let iam = &writer.client::<Iam>();
        // UpdateRole keeps what it is not told, so both always travel, and '' clears a description.
        writer
            .caller
            .call_with("iam:UpdateRole", options, || {
                iam.update_role()
                    .role_name(name)
                    .description(&wanted.description)
                    .max_session_duration(wanted.max_session_seconds)
                    .send()
            })
            .await?;
    }
    bring_boundary(writer, name, before, wanted, options).await?;
    bring_policies(writer, name, before, wanted, options).await?;
    bring_tags(writer, name, &before.tags, &wanted.tags, options).await
}

async fn bring_boundary(
    writer: &Writer,
    name: &str,
    before: &RoleSpec,
    wanted: &RoleSpec,
    options: CallOptions,
) -> Result<(), CloudError> {
    let iam = &writer.client::<Iam>();
    match &wanted.permissions_boundary {
        same if *same == before.permissions_boundary => Ok(()),
        Some(arn) => writer
            .caller
            .call_with("iam:PutRolePermissionsBoundary", options, || {
                iam.put_role_permissions_boundary().role_name(name).permissions_boundary(arn).send()
            })
            .await
            .map(|_| ()),
        None => {
            let call = writer.caller.call("iam:DeleteRolePermissionsBoundary", || {
                iam.delete_role_permissions_boundary().role_name(name).send()
            });
            optional(call.await).map(|_| ())
        }
    }
}

/// Inline policies are put before unknown ones go, so that a function never stands without its
/// rights.
async fn bring_policies(
    writer: &Writer,
    name: &str,
    before: &RoleSpec,
    wanted: &RoleSpec,
    options: CallOptions,
) -> Result<(), CloudError> {
    let iam = &writer.client::<Iam>();
    for (policy, document) in
        wanted.policies.iter().filter(|(p, d)| before.policies.get(*p) != Some(d))
    {
        let document = policy::to_json(document);
        writer
            .caller
            .call_with("iam:PutRolePolicy", options, || {
                iam.put_role_policy()
                    .role_name(name)
                    .policy_name(policy)
                    .policy_document(&document)
                    .send()
            })
            .await?;
    }
    for policy in before.policies.keys().filter(|p| !wanted.policies.contains_key(*p)) {
        delete_inline(writer, name, policy).await?;
    }
    for arn in wanted.attached.difference(&before.attached) {
        writer
            .caller
            .call_with("iam:AttachRolePolicy", options, || {
                iam.attach_role_policy().role_name(name).policy_arn(arn).send()
            })
            .await?;
    }
    for arn in before.attached.difference(&wanted.attached) {
        detach(writer, name, arn).await?;
    }
    Ok(())
}

async fn bring_tags(
    writer: &Writer,
    name: &str,
    before: &Tags,
    wanted: &Tags,
    options: CallOptions,
) -> Result<(), CloudError> {
    let iam = &writer.client::<Iam>();
    let (set, unset) = tag_changes(before, wanted);
    if !set.is_empty() {
        let set = tags_of(&set);
        writer
            .caller
            .call_with("iam:TagRole", options, || {
                iam.tag_role().role_name(name).set_tags(Some(set.clone())).send()
            })
            .await?;
    }
    if !unset.is_empty() {
        writer
            .caller
            .call("iam:UntagRole", || {
                iam.untag_role().role_name(name).set_tag_keys(Some(unset.clone())).send()
            })
            .await?;
    }
    Ok(())
}

/// Takes the role apart and deletes it.
///
/// Deletes the parts that the plan saw first. If AWS still refuses, policies may have been added
/// since, so they are listed before the delete is repeated: waiting alone would not remove them.
pub async fn delete(writer: &Writer, name: &str, seen: &RoleSpec) -> Result<(), CloudError> {
    for arn in &seen.attached {
        detach(writer, name, arn).await?;
    }
    for policy in seen.policies.keys() {
        delete_inline(writer, name, policy).await?;
    }
    let Some(conflict) = delete_unless_in_use(writer, name).await? else {
        return Ok(());
    };
    if conflict.contains("instance profile") {
        return Err(in_instance_profile(name));
    }

    for arn in read::attached(&writer.reader, name).await? {
        detach(writer, name, &arn).await?;
    }
    for policy in read::inline_names(&writer.reader, name).await? {
        delete_inline(writer, name, &policy).await?;
    }
    // IAM may take seconds to notice what was removed; the caller repeats the conflict.
    let iam = &writer.client::<Iam>();
    let gone =
        writer.caller.call("iam:DeleteRole", || iam.delete_role().role_name(name).send()).await;
    optional(gone).map(|_| ())
}

/// Deletes the role. `Some` with AWS's words where something still hangs on it: that answer is not
/// repeated here.
async fn delete_unless_in_use(writer: &Writer, name: &str) -> Result<Option<String>, CloudError> {
    let iam = &writer.client::<Iam>();
    let answer = writer
        .caller
        .call("iam:DeleteRole", || async {
            match iam.delete_role().role_name(name).send().await {
                Ok(_) => Ok(None),
                Err(error) if error.code() == Some("DeleteConflict") => {
                    Ok(Some(error.message().unwrap_or_default().to_string()))
                }
                Err(error) => Err(error),
            }
        })
        .await;
    optional(answer).map(Option::flatten)
}

fn in_instance_profile(name: &str) -> CloudError {
    CloudError::ours(
        ErrorKind::Conflict,
        format!("the role `{name}` is in an EC2 instance profile, which this stack did not make"),
        "take it out of the instance profile, then run again",
    )
}

async fn detach(writer: &Writer, name: &str, arn: &str) -> Result<(), CloudError> {
    let iam = &writer.client::<Iam>();
    let call = writer.caller.call("iam:DetachRolePolicy", || {
        iam.detach_role_policy().role_name(name).policy_arn(arn).send()
    });
    optional(call.await).map(|_| ())
}

async fn delete_inline(writer: &Writer, name: &str, policy: &str) -> Result<(), CloudError> {
    let iam = &writer.client::<Iam>();
    let call = writer.caller.call("iam:DeleteRolePolicy", || {
        iam.delete_role_policy().role_name(name).policy_name(policy).send()
    });
    optional(call.await).map(|_| ())
}

/// Tags as IAM takes them.
fn tags_of(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok())
        .collect()
}
