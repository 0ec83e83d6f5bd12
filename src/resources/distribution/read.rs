//! Finding distributions by tag index and by comment, and never trusting one whose own tags are not ours.

use super::{INFO, convert};
use crate::aws::{CallOptions, Caller, Reader};
use crate::model::cloud_error::optional;
use crate::model::spec::{self, Tags};
use crate::model::{Address, CloudError, Desired, Live, Outputs, Owner, Query, Scope, tag};
use aws_sdk_cloudfront::types::DistributionConfig;
use futures_util::future::{join_all, try_join_all};
use std::collections::{BTreeMap, BTreeSet};

/// A distribution as GetDistribution shows it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub id: String,
    pub arn: String,
    pub domain: String,
    /// InProgress or Deployed.
    pub status: String,
    /// When its configuration was changed last, in seconds since 1970.
    pub modified: i64,
    pub etag: String,
    pub config: DistributionConfig,
}

pub(super) async fn discover(reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
    let prefix = format!("arn:aws:cloudfront::{}:distribution/", query.scope.account);
    let mut arns: BTreeSet<String> = reader.index(query.scope).await?.arns(&prefix).map(str::to_string).collect();
    let known: BTreeSet<&str> = query.wanted.iter().map(|d| d.address.id()).collect();
    let mut found = read_all(reader, query, &arns).await?;
    let missing = known.iter().any(|id| !found.iter().any(|live| live.address.id() == *id));
    if missing || query.thorough {
        // The index lags: what was just made is known by its comment first.
        let listed = marked(reader, query.scope).await?;
        let unseen: BTreeSet<String> = listed.into_iter().filter(|arn| arns.insert(arn.clone())).collect();
        found.extend(read_all(reader, query, &unseen).await?);
    }
    Ok(numbered(found))
}

/// ARNs of the distributions whose comment begins with this environment's marker.
pub(super) async fn marked(reader: &Reader, scope: &Scope) -> Result<Vec<String>, CloudError> {
    let mut all = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page = reader
            .caller
            .call("cloudfront:ListDistributions", || {
                reader.cloudfront.list_distributions().set_marker(marker.clone()).send()
            })
            .await?;
        let Some(list) = page.distribution_list else { return Ok(all) };
        // Older moto lists distributions without their comment: there, each one's own tags decide.
        let unsaid = |comment: &str| reader.caller.is_emulated() && comment.is_empty();
        let is_ours = |comment: &str| unsaid(comment) || scope.owner_of_marker(comment) == Owner::Ours;
        let ours = list.items.unwrap_or_default().into_iter().filter(|d| is_ours(&d.comment));
        all.extend(ours.map(|d| d.arn));
        marker = list.next_marker.filter(|m| !m.is_empty());
        if marker.is_none() {
            return Ok(all);
        }
    }
}

async fn read_all(reader: &Reader, query: &Query<'_>, arns: &BTreeSet<String>) -> Result<Vec<Live>, CloudError> {
    let reads = try_join_all(arns.iter().map(|arn| read(reader, query, arn))).await?;
    Ok(reads.into_iter().flatten().collect())
}

/// One distribution; `None` when it is gone (the index lags), or neither wanted nor ours.
async fn read(reader: &Reader, query: &Query<'_>, arn: &str) -> Result<Option<Live>, CloudError> {
    let id = arn.rsplit('/').next().unwrap_or_default();
    let Some(seen) = optional(get(&reader.caller, reader, id, CallOptions::default()).await)? else { return Ok(None) };
    let Some(tags) = tags_of(reader, query, arn).await? else { return Ok(None) };
    let owner = query.scope.owner(&tags);
    // One whose comment is ours and whose tags are not: shown as foreign where it is wanted, never deleted.
    let logical = match &owner {
        Owner::Ours => tags.get(tag::ID).map(String::as_str),
        // Where a listing leaves comments out, those of other stacks come this far as well.
        _ if query.scope.owner_of_marker(&seen.config.comment) != Owner::Ours => None,
        _ => Scope::id_of_marker(&seen.config.comment),
    };
    let Some(logical) = logical.map(str::to_string) else { return Ok(None) };
    let desired = query.wanted.iter().find(|d| d.address.id() == logical);
    if owner != Owner::Ours && desired.is_none() {
        return Ok(None);
    }
    Ok(Some(to_live(query.scope, desired.copied(), &logical, owner, tags, &seen)))
}

fn to_live(scope: &Scope, desired: Option<&Desired>, logical: &str, owner: Owner, tags: Tags, seen: &Seen) -> Live {
    let address = desired.map_or_else(|| Address::new(INFO.group, logical), |d| d.address.clone());
    let name = desired.map_or(seen.id.as_str(), |d| d.name.as_str());
    let mut live = Live::new(address, INFO.type_name, name, spec::to_value(&convert::to_spec(&seen.config, tags)));
    live.outputs = outputs(scope, seen);
    live.owner = owner;
    live
}

/// The index answers where its tags are as wanted; anything else is read at the source. `None`: it is gone.
async fn tags_of(reader: &Reader, query: &Query<'_>, arn: &str) -> Result<Option<Tags>, CloudError> {
    if let Some(indexed) = reader.index(query.scope).await?.tags(arn)
        && query.wanted.iter().any(|d| d.spec.get("tags") == Some(&spec::to_value(indexed)))
    {
        return Ok(Some(indexed.clone()));
    }
    own_tags(reader, arn).await
}

/// The tags that CloudFront itself gives; `None`: there is no such distribution.
pub(super) async fn own_tags(reader: &Reader, arn: &str) -> Result<Option<Tags>, CloudError> {
    let answer = reader
        .caller
        .call("cloudfront:ListTagsForResource", || reader.cloudfront.list_tags_for_resource().resource(arn).send())
        .await;
    let Some(answer) = optional(answer)? else { return Ok(None) };
    let tags = answer.tags.and_then(|tags| tags.items).unwrap_or_default();
    let own = tags.into_iter().filter(|tag| !tag.key.starts_with("aws:"));
    Ok(Some(own.map(|tag| (tag.key, tag.value.unwrap_or_default())).collect()))
}

pub(super) async fn get(caller: &Caller, reader: &Reader, id: &str, options: CallOptions) -> Result<Seen, CloudError> {
    let operation = "cloudfront:GetDistribution";
    let get = || reader.cloudfront.get_distribution().id(id).send();
    let answer = caller.call_with(operation, options, get).await?;
    let missing = |what: &str| CloudError::shape("cloudfront GetDistribution", what);
    let distribution = answer.distribution.ok_or_else(|| missing("Distribution"))?;
    Ok(Seen {
        etag: answer.e_tag.ok_or_else(|| missing("ETag"))?,
        config: distribution.distribution_config.ok_or_else(|| missing("DistributionConfig"))?,
        id: distribution.id,
        arn: distribution.arn,
        domain: distribution.domain_name,
        status: distribution.status,
        modified: distribution.last_modified_time.secs(),
    })
}

/// Those of this environment that CloudFront itself says are ours, by logical id.
pub(super) async fn ours(reader: &Reader, scope: &Scope, logical: &str) -> Result<Option<String>, CloudError> {
    let arns = marked(reader, scope).await?;
    let tags = join_all(arns.iter().map(|arn| own_tags(reader, arn))).await;
    for (arn, tags) in arns.iter().zip(tags) {
        let Some(tags) = tags? else { continue };
        if scope.owner(&tags) == Owner::Ours && tags.get(tag::ID).map(String::as_str) == Some(logical) {
            return Ok(arn.rsplit('/').next().map(str::to_string));
        }
    }
    Ok(None)
}

/// Gives every further distribution with the same logical id an address of its own, `distribution.site~2`.
///
/// Ours come before foreign ones, enabled before disabled ones; foreign ones beside one of ours are left out.
fn numbered(mut found: Vec<Live>) -> Vec<Live> {
    let rank =
        |live: &Live| (live.owner != Owner::Ours, live.outputs.get("enabled").map(String::as_str) != Some("true"));
    found.sort_by(|a, b| (rank(a), a.outputs.get("id")).cmp(&(rank(b), b.outputs.get("id"))));
    let mut count: BTreeMap<Address, usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for mut live in found {
        let number = count.entry(live.address.clone()).or_insert(0);
        *number += 1;
        if *number > 1 {
            if live.owner != Owner::Ours {
                continue;
            }
            live.address = Address::new(INFO.group, &format!("{}~{number}", live.address.id()));
        }
        kept.push(live);
    }
    kept
}

/// What others refer to. On an emulator the distribution is served under its label at the endpoint's port.
pub(super) fn outputs(scope: &Scope, seen: &Seen) -> Outputs {
    let label = seen.domain.split('.').next().unwrap_or_default();
    let url = match scope.endpoint.as_deref().and_then(|endpoint| endpoint.rsplit_once(':')) {
        Some((_, port)) => format!("http://{label}.cloudfront.localhost:{}", port.trim_end_matches('/')),
        None => format!("https://{}", seen.domain),
    };
    Outputs::from([
        ("id".to_string(), seen.id.clone()),
        ("arn".to_string(), seen.arn.clone()),
        ("domain_name".to_string(), seen.domain.clone()),
        ("url".to_string(), url),
        ("status".to_string(), seen.status.clone()),
        ("enabled".to_string(), seen.config.enabled.to_string()),
        ("modified".to_string(), seen.modified.to_string()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(id: &str, enabled: &str, owner: Owner) -> Live {
        let mut live = Live::new(Address::new("distribution", "site"), INFO.type_name, id, serde_json::Value::Null)
            .with_output("id", id)
            .with_output("enabled", enabled);
        live.owner = owner;
        live
    }

    #[test]
    fn further_ones_of_ours_are_numbered_and_foreign_ones_beside_them_left_out() {
        let foreign = Owner::Foreign("x".into());
        let found = numbered(vec![
            live("A", "true", foreign.clone()),
            live("B", "false", Owner::Ours),
            live("C", "true", Owner::Ours),
        ]);
        let seen: Vec<_> = found.iter().map(|l| (l.name.as_str(), l.address.as_str())).collect();
        assert_eq!(seen, [("C", "distribution.site"), ("B", "distribution.site~2")]);
        assert_eq!(numbered(vec![live("A", "true", foreign)]).len(), 1);
    }
}
