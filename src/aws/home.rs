//! Where an environment lives: its region, found by what is global and named after the environment.

use super::index::TagIndex;
use super::ledger::RECORD;
use super::pages::paged;
use super::reader::Reader;
use super::reads::{CloudFront, Iam};
use crate::model::{CloudError, GLOBAL_REGION, Scope, cloud_error::optional, tag};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long to wait for one region's response.
const PATIENCE: Duration = Duration::from_secs(8);

/// True if the tag index knows a resource of the environment in the reader's region.
pub async fn lives_in(reader: &Reader, scope: &Scope) -> Result<bool, CloudError> {
    let mut index = TagIndex::default();
    index.read(&reader.caller, &reader.client(), scope).await?;
    let here = format!(":{}:", scope.region);
    Ok(index.iter().any(|(arn, _)| arn.contains(&here)))
}

/// True for the error of a region that the account has not enabled: the account's credentials are
/// unknown there.
pub fn is_disabled(error: &CloudError) -> bool {
    let codes = [
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "AuthFailure",
        "OptInRequired",
        "InvalidSignatureException",
    ];
    codes.contains(&error.code.as_str())
}

/// The regions that the environment's global resources name: roles, the distribution and its parts.
/// Empty if there are none, as for an environment that consists only of tables.
pub async fn regions(reader: &Reader, scope: &Scope) -> Result<BTreeSet<String>, CloudError> {
    let (roles, index, controls) = tokio::try_join!(
        of_roles(reader, scope),
        of_index(reader, scope),
        of_controls(reader, scope)
    )?;
    Ok(roles.into_iter().chain(index).chain(controls).collect())
}

/// The `regions` whose `shopstack` table has a record of the environment, which locates
/// environments that consist only of tables. A region that is disabled, denied or silent counts as
/// having none.
pub async fn recorded(reader: &Reader, scope: &Scope, regions: &[&str]) -> BTreeSet<String> {
    let looks = regions.iter().map(|region| async move {
        let document = reader.document_in(region, scope, RECORD);
        let seen = tokio::time::timeout(PATIENCE, document).await;
        matches!(seen, Ok(Ok(Some(_)))).then(|| (*region).to_string())
    });
    join_all(looks).await.into_iter().flatten().collect()
}

/// Listings of roles omit tags (catalogue 4.1), and all roles of an environment have the same
/// region, so the first existing role is enough.
async fn of_roles(reader: &Reader, scope: &Scope) -> Result<Vec<String>, CloudError> {
    let path = &scope.role_path();
    // A page may be short, or empty before the last.
    let roles = paged(|marker| async move {
        let list = || {
            reader.client::<Iam>().list_roles().path_prefix(path).set_marker(marker.clone()).send()
        };
        let page = reader.caller.call("iam:ListRoles", list).await?;
        Ok((page.roles, page.marker.filter(|_| page.is_truncated)))
    });
    for listed in roles.await? {
        let role = reader.caller.call("iam:GetRole", || {
            reader.client::<Iam>().get_role().role_name(listed.role_name()).send()
        });
        let Some(role) = optional(role.await)?.and_then(|answer| answer.role) else {
            continue;
        };
        let region =
            role.tags().iter().find(|t| t.key() == tag::REGION).map(|t| t.value().to_string());
        if region.is_some() {
            return Ok(region.into_iter().collect());
        }
    }
    Ok(vec![])
}

/// Distributions in the tag index; they are global and indexed in us-east-1.
async fn of_index(reader: &Reader, scope: &Scope) -> Result<Vec<String>, CloudError> {
    let mut index = TagIndex::default();
    index.read(&reader.caller, &reader.client_in(GLOBAL_REGION), scope).await?;
    // The index remembers deleted distributions; ignore those that CloudFront no longer knows.
    let mut found = Vec::new();
    for (arn, tags) in index.iter() {
        let Some((_, id)) = arn.split_once(":distribution/") else {
            continue;
        };
        let seen = reader.caller.call("cloudfront:GetDistribution", || {
            reader.client::<CloudFront>().get_distribution().id(id).send()
        });
        if optional(seen.await)?.is_some() {
            found.extend(tags.get(tag::REGION).cloned());
        }
    }
    Ok(found)
}

/// Origin access controls have no tags, so their description is used.
async fn of_controls(reader: &Reader, scope: &Scope) -> Result<Vec<String>, CloudError> {
    let controls = paged(|marker| async move {
        let list = || {
            reader
                .client::<CloudFront>()
                .list_origin_access_controls()
                .set_marker(marker.clone())
                .send()
        };
        let page = reader.caller.call("cloudfront:ListOriginAccessControls", list).await?;
        let list = page.origin_access_control_list;
        Ok(list.map_or((vec![], None), |list| (list.items.unwrap_or_default(), list.next_marker)))
    });
    let controls = controls.await?;
    let named = controls.iter().filter_map(|control| scope.region_of_marker(&control.description));
    Ok(named.map(str::to_string).collect())
}
