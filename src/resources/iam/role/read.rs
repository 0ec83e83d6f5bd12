//! Reads of roles: the listing of the environment's path, and each role's documents in canonical
//! form.

use super::INFO;
use super::spec::RoleSpec;
use crate::aws::Reader;
use crate::model::cloud_error::optional;
use crate::model::spec::to_value;
use crate::model::{CloudError, ErrorKind, Live, Outputs, Query, tag};
use crate::policy;
use crate::resources::iam::Iam;
use aws_sdk_iam::types::Role;
use futures_util::future::{try_join, try_join_all, try_join3};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// IAM's default session length in seconds if CreateRole names none.
const DEFAULT_SESSION_SECONDS: i32 = 3600;

/// How much of a role's inline policies is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// Their names; null stands for each document.
    Names,
    All,
}

/// A role as IAM shows it, regardless of its owner.
pub struct Seen {
    pub arn: String,
    /// `AROA...`: another one for a role that was deleted and made again.
    pub id: String,
    pub spec: RoleSpec,
}

/// Wanted roles by name, and whatever lies under the environment's path: the only trace of roles no
/// longer wanted. Each is read by itself, since AWS's one call for many answers for every role of
/// the account.
///
/// For `down` documents are left out: their names are enough to delete them.
pub async fn discover(reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
    let path = query.scope.role_path();
    let detail =
        if query.thorough && query.wanted.is_empty() { Detail::Names } else { Detail::All };
    let wanted: BTreeSet<&str> = query.wanted.iter().map(|d| d.name.as_str()).collect();

    let of_wanted = wanted.iter().map(|name| discover_role(reader, query, name, detail));
    let (listed, mut found) = try_join(list(reader, &path), try_join_all(of_wanted)).await?;
    let others = listed.iter().map(String::as_str).filter(|name| !wanted.contains(name));
    let others = others.map(|name| discover_role(reader, query, name, detail));
    found.extend(try_join_all(others).await?);
    Ok(found.into_iter().flatten().collect())
}

async fn discover_role(
    reader: &Reader,
    query: &Query<'_>,
    name: &str,
    detail: Detail,
) -> Result<Option<Live>, CloudError> {
    let desired = query.wanted.iter().find(|d| d.name == name).copied();
    let seen = match read_role_in(reader, name, detail).await {
        Err(error) if error.kind == ErrorKind::NotEmulated => {
            return Ok(desired.map(Live::not_emulated));
        }
        seen => seen?,
    };
    Ok(seen.and_then(|seen| live(query, name, &seen)))
}

/// The role without its policies; `None` when it does not exist.
async fn get(reader: &Reader, name: &str) -> Result<Option<Role>, CloudError> {
    let answer = reader
        .caller
        .call("iam:GetRole", || reader.client::<Iam>().get_role().role_name(name).send())
        .await;
    Ok(optional(answer)?.and_then(|answer| answer.role))
}

/// Names of the roles under a path.
async fn list(reader: &Reader, path: &str) -> Result<BTreeSet<String>, CloudError> {
    let mut names = BTreeSet::new();
    let mut marker: Option<String> = None;
    loop {
        let page = reader
            .caller
            .call("iam:ListRoles", || {
                reader
                    .client::<Iam>()
                    .list_roles()
                    .path_prefix(path)
                    .set_marker(marker.clone())
                    .send()
            })
            .await;
        let page = match page {
            // Said of every wanted role when it is read; without the operation nothing of ours can
            // be there.
            Err(error) if error.kind == ErrorKind::NotEmulated => return Ok(names),
            other => other?,
        };
        names.extend(page.roles().iter().map(|role| role.role_name().to_string()));
        marker = page.marker().filter(|_| page.is_truncated()).map(str::to_string);
        if marker.is_none() {
            return Ok(names);
        }
    }
}

/// Turns a role into a live resource; `None` when it is neither wanted nor ours.
fn live(query: &Query<'_>, name: &str, seen: &Seen) -> Option<Live> {
    let desired = query.wanted.iter().find(|d| d.name == name).copied();
    let derived = |id: &str| query.scope.name(id) == name;
    let (address, owner) = query.claim(INFO.group, name, desired, &seen.spec.tags, derived)?;
    let mut live = Live::new(address, INFO.type_name, name, to_value(&seen.spec));
    // Right after its creation the ARN may read as the role's unique id (catalogue 4.2): nobody may
    // be told that one.
    let arn = if seen.arn.starts_with("arn:") {
        seen.arn.clone()
    } else {
        format!("arn:aws:iam::{}:role{}{name}", query.scope.account, seen.spec.path)
    };
    live.outputs = outputs(&arn, &seen.id);
    live.owner = owner;
    Some(live)
}

/// Reads one role with all of its policies; `None` when it does not exist.
pub async fn read_role(reader: &Reader, name: &str) -> Result<Option<Seen>, CloudError> {
    read_role_in(reader, name, Detail::All).await
}

async fn read_role_in(
    reader: &Reader,
    name: &str,
    detail: Detail,
) -> Result<Option<Seen>, CloudError> {
    let policies = async {
        let names = inline_names(reader, name).await?;
        if detail == Detail::Names {
            return Ok(names.into_iter().map(|name| (name, Value::Null)).collect());
        }
        let documents =
            try_join_all(names.iter().map(|policy| document(reader, name, policy))).await?;
        Ok(names
            .into_iter()
            .zip(documents)
            .filter_map(|(n, d)| Some((n, d?)))
            .collect::<BTreeMap<_, _>>())
    };
    let (role, policies, attached) =
        try_join3(get(reader, name), policies, attached(reader, name)).await?;
    let Some(role) = role else { return Ok(None) };
    let spec = spec_of(&role, policies, attached)?;
    Ok(Some(Seen { arn: role.arn().to_string(), id: role.role_id().to_string(), spec }))
}

/// Names of the inline policies; none for a role that does not exist.
pub async fn inline_names(reader: &Reader, role: &str) -> Result<Vec<String>, CloudError> {
    let mut names = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page = reader
            .caller
            .call("iam:ListRolePolicies", || {
                reader
                    .client::<Iam>()
                    .list_role_policies()
                    .role_name(role)
                    .set_marker(marker.clone())
                    .send()
            })
            .await;
        let Some(page) = optional(page)? else {
            return Ok(names);
        };
        names.extend(page.policy_names().iter().cloned());
        marker = page.marker().filter(|_| page.is_truncated()).map(str::to_string);
        if marker.is_none() {
            return Ok(names);
        }
    }
}

/// ARNs of the attached managed policies; none for a role that does not exist.
pub async fn attached(reader: &Reader, role: &str) -> Result<BTreeSet<String>, CloudError> {
    let mut arns = BTreeSet::new();
    let mut marker: Option<String> = None;
    loop {
        let page = reader
            .caller
            .call("iam:ListAttachedRolePolicies", || {
                reader
                    .client::<Iam>()
                    .list_attached_role_policies()
                    .role_name(role)
                    .set_marker(marker.clone())
                    .send()
            })
            .await;
        let Some(page) = optional(page)? else {
            return Ok(arns);
        };
        arns.extend(
            page.attached_policies().iter().filter_map(|p| p.policy_arn()).map(str::to_string),
        );
        marker = page.marker().filter(|_| page.is_truncated()).map(str::to_string);
        if marker.is_none() {
            return Ok(arns);
        }
    }
}

/// One inline policy in canonical form; `None` when it vanished since it was listed.
async fn document(reader: &Reader, role: &str, policy: &str) -> Result<Option<Value>, CloudError> {
    let answer = reader
        .caller
        .call("iam:GetRolePolicy", || {
            reader.client::<Iam>().get_role_policy().role_name(role).policy_name(policy).send()
        })
        .await;
    let Some(answer) = optional(answer)? else {
        return Ok(None);
    };
    canonical(
        answer.policy_document(),
        &format!("the inline policy `{policy}` of the role `{role}`"),
    )
    .map(Some)
}

/// The canonical form of a document as IAM returns it, URL-encoded.
fn canonical(text: &str, what: &str) -> Result<Value, CloudError> {
    policy::parse(text).map(|document| policy::canonical(&document)).map_err(|error| {
        CloudError::ours(
            ErrorKind::Other,
            format!("{what} cannot be read: {error}"),
            "look at it in the IAM console, mend or remove it, then run again",
        )
    })
}

fn spec_of(
    role: &Role,
    policies: BTreeMap<String, Value>,
    attached: BTreeSet<String>,
) -> Result<RoleSpec, CloudError> {
    let trust = role.assume_role_policy_document().unwrap_or("{}");
    Ok(RoleSpec {
        tags: tag::without_aws_tags(role.tags().iter().map(|t| (t.key(), t.value()))),
        path: role.path().to_string(),
        description: role.description().unwrap_or_default().to_string(),
        max_session_seconds: role.max_session_duration().unwrap_or(DEFAULT_SESSION_SECONDS),
        trust: canonical(trust, &format!("the trust policy of the role `{}`", role.role_name()))?,
        policies,
        attached,
        permissions_boundary: role
            .permissions_boundary()
            .and_then(|b| b.permissions_boundary_arn())
            .map(str::to_string),
    })
}

pub fn outputs(arn: &str, id: &str) -> Outputs {
    BTreeMap::from([
        ("arn".to_string(), arn.to_string()),
        ("unique_id".to_string(), id.to_string()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_iam_leaves_out_is_its_default() {
        let role = aws_sdk_iam::types::Role::builder()
            .path("/")
            .role_name("r")
            .role_id("AROA1")
            .arn("arn:aws:iam::1:role/r")
            .create_date(aws_smithy_types::DateTime::from_secs(0))
            .assume_role_policy_document("%7B%22Statement%22%3A%5B%5D%7D")
            .build()
            .unwrap();
        let spec = spec_of(&role, BTreeMap::new(), BTreeSet::new()).unwrap();
        assert_eq!(spec.description, "");
        assert_eq!(spec.max_session_seconds, 3600);
        assert_eq!(spec.trust, json!({"statements": {}}));
        assert_eq!(spec.permissions_boundary, None);
    }

    #[test]
    fn a_document_that_is_no_json_names_its_role() {
        let error = canonical("nonsense", "the trust policy of the role `r`").unwrap_err();
        assert!(error.message.contains("role `r`"), "{error}");
    }
}
