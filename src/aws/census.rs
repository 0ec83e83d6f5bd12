//! The environments of an account and region, by ownership.

use super::index::TagIndex;
use super::pages::paged;
use super::reader::Reader;
use super::reads::{CloudFront, Iam};
use crate::model::cloud_error::optional;
use crate::model::{CloudError, GLOBAL_REGION, tag};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a person waits for the account's name before the question comes without it.
const ALIAS_PATIENCE: Duration = Duration::from_secs(3);

/// One environment, as far as tag index and roles know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    pub stack: String,
    pub env: String,
    /// RFC 3339: the latest that anything of it carries. A hint: the index lags.
    pub expires_at: Option<String>,
    /// How many of its resources are known: those that carry tags.
    pub resources: usize,
    /// Something of it names this region.
    here: bool,
    /// A role of it, where nothing else is known.
    role: Option<String>,
}

/// Every environment that lives in the reader's region, by stack and name.
///
/// The tag index omits IAM roles and lags, so roles are listed by their path as well; a role alone
/// is an environment too: something is left of it.
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

/// Tags of everything that the index of the region, and that of us-east-1, knows and that is there;
/// and whether it is this region's.
async fn indexed(reader: &Reader) -> Result<Vec<(BTreeMap<String, String>, bool)>, CloudError> {
    let mut index = TagIndex::default();
    index.read_all(&reader.caller, &reader.client()).await?;
    if reader.region != GLOBAL_REGION {
        index.read_all(&reader.caller, &reader.client_in(GLOBAL_REGION)).await?;
    }
    let mut all = Vec::new();
    for (arn, tags) in index.iter() {
        // The index goes on naming deleted resources, distributions longest: ask CloudFront itself.
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

/// Stack, environment and name of every role under our path.
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

/// Whether a role is of an environment of this region; a role without a region counts. Its expiry
/// goes to `expires_at`.
async fn role_lives_here(
    reader: &Reader,
    role: &str,
    expires_at: &mut Option<String>,
) -> Result<bool, CloudError> {
    let get = || reader.client::<Iam>().get_role().role_name(role).send();
    let Some(role) =
        optional(reader.caller.call("iam:GetRole", get).await)?.and_then(|answer| answer.role)
    else {
        return Ok(false);
    };
    let tags = tag::without_aws_tags(role.tags().iter().map(|t| (t.key(), t.value())));
    *expires_at = expires_at.take().max(tags.get(tag::EXPIRES_AT).cloned());
    Ok(tags.get(tag::REGION).is_none_or(|region| *region == reader.region))
}

/// The account's own name for itself, for a person who is asked. `None` where it has none, or the
/// right to read it is missing: nothing depends on it.
pub async fn account_alias(reader: &Reader) -> Option<String> {
    let list = || reader.client::<Iam>().list_account_aliases().send();
    let named = reader.caller.call("iam:ListAccountAliases", list);
    let named = tokio::time::timeout(ALIAS_PATIENCE, named).await.ok()?.ok()?;
    named.account_aliases().first().cloned()
}
