//! The environments of an account and region, by ownership.

use super::index::TagIndex;
use super::pages::paged;
use super::reader::Reader;
use super::reads::{CloudFront, Iam};
use crate::model::cloud_error::optional;
use crate::model::{CloudError, ErrorKind, GLOBAL_REGION, tag};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long to wait for the account's name before asking without it.
const ALIAS_PATIENCE: Duration = Duration::from_secs(3);

/// An environment, as known from the tag index and roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    pub stack: String,
    pub env: String,
    /// RFC 3339: the latest expiry among its resources. A hint, because the index lags.
    pub expires_at: Option<String>,
    /// How many of its resources are known: those with tags.
    pub resources: usize,
    /// True if one of its resources names this region.
    here: bool,
    /// A role of the environment, if nothing else is known.
    role: Option<String>,
}

/// Every environment in the reader's region, by stack and name.
///
/// The tag index lags and omits IAM roles, so roles are also listed by their path. A role on its
/// own counts as an environment too, because it is a leftover.
pub async fn environments(reader: &Reader) -> Result<Vec<Environment>, CloudError> {
    let mut found: BTreeMap<(String, String), Environment> = BTreeMap::new();
    for (tags, lives_here) in indexed(reader).await? {
        let (Some(stack), Some(env)) = (tags.get(tag::STACK), tags.get(tag::ENV)) else {
            continue;
        };
        let one = entry(&mut found, stack, env);
        one.here |= lives_here;
        one.resources += usize::from(lives_here);
        if lives_here {
            one.expires_at = one.expires_at.take().max(tags.get(tag::EXPIRES_AT).cloned());
        }
    }
    for (stack, env, role) in roles(reader).await? {
        let one = entry(&mut found, &stack, &env);
        one.resources += 1;
        one.role.get_or_insert(role);
    }
    let mut here = Vec::new();
    for mut one in found.into_values() {
        if !one.here
            && let Some(role) = &one.role
        {
            one.here = role_lives_here(reader, role, &mut one.expires_at).await?;
        }
        if one.here {
            here.push(one);
        }
    }
    Ok(here)
}

fn entry<'a>(
    found: &'a mut BTreeMap<(String, String), Environment>,
    stack: &str,
    env: &str,
) -> &'a mut Environment {
    let new = || Environment { stack: stack.into(), env: env.into(), ..Environment::default() };
    found.entry((stack.to_string(), env.to_string())).or_insert_with(new)
}

/// Tags of every existing resource in the index of the region and that of us-east-1, and whether it
/// belongs to this region.
async fn indexed(reader: &Reader) -> Result<Vec<(BTreeMap<String, String>, bool)>, CloudError> {
    let mut index = TagIndex::default();
    index.read_all(&reader.caller, &reader.client()).await?;
    if reader.region != GLOBAL_REGION {
        index.read_all(&reader.caller, &reader.client_in(GLOBAL_REGION)).await?;
    }
    let mut all = Vec::new();
    for (arn, tags) in index.iter() {
        // The index keeps returning deleted resources, distributions longest, so ask CloudFront.
        if let Some((_, id)) = arn.split_once(":distribution/") {
            let seen = reader.caller.call("cloudfront:GetDistribution", || {
                reader.client::<CloudFront>().get_distribution().id(id).send()
            });
            if optional(seen.await)?.is_none() {
                continue;
            }
        }
        let here = tags.get(tag::REGION).is_none_or(|region| *region == reader.region);
        all.push((tags.clone(), here));
    }
    Ok(all)
}

/// Stack, environment and name of every role under shopstack's path.
async fn roles(reader: &Reader) -> Result<Vec<(String, String, String)>, CloudError> {
    let listed = paged(|marker| async move {
        let list = || {
            reader
                .client::<Iam>()
                .list_roles()
                .path_prefix("/shopstack/")
                .set_marker(marker.clone())
                .send()
        };
        let page = reader.caller.call("iam:ListRoles", list).await?;
        Ok((page.roles, page.marker.filter(|_| page.is_truncated)))
    });
    let parts = |role: &aws_sdk_iam::types::Role| {
        let mut parts = role.path().trim_start_matches("/shopstack/").split('/');
        let stack = parts.next().filter(|part| !part.is_empty())?;
        let env = parts.next().filter(|part| !part.is_empty())?;
        Some((stack.to_string(), env.to_string(), role.role_name().to_string()))
    };
    Ok(listed.await?.iter().filter_map(parts).collect())
}

/// True if a role belongs to an environment of this region; a role without a region counts. Its
/// expiry goes to `expires_at`. A role that the caller may not read belongs to another stack or
/// environment.
async fn role_lives_here(
    reader: &Reader,
    role: &str,
    expires_at: &mut Option<String>,
) -> Result<bool, CloudError> {
    let get = || reader.client::<Iam>().get_role().role_name(role).send();
    let seen = match reader.caller.call("iam:GetRole", get).await {
        Err(error) if error.kind == ErrorKind::AccessDenied => return Ok(false),
        seen => optional(seen)?,
    };
    let Some(role) = seen.and_then(|answer| answer.role) else {
        return Ok(false);
    };
    let tags = tag::without_aws_tags(role.tags().iter().map(|t| (t.key(), t.value())));
    *expires_at = expires_at.take().max(tags.get(tag::EXPIRES_AT).cloned());
    Ok(tags.get(tag::REGION).is_none_or(|region| *region == reader.region))
}

/// The account's name, shown in a prompt. `None` if it has none or the permission is missing;
/// nothing depends on it.
pub async fn account_alias(reader: &Reader) -> Option<String> {
    let list = || reader.client::<Iam>().list_account_aliases().send();
    let named = reader.caller.call("iam:ListAccountAliases", list);
    let named = tokio::time::timeout(ALIAS_PATIENCE, named).await.ok()?.ok()?;
    named.account_aliases().first().cloned()
}
