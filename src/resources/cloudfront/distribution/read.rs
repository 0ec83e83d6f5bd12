//! Finding distributions by tag index and by comment, and never trusting one whose own tags are not
//! ours.

use super::{INFO, convert};
use crate::aws::{CallOptions, Caller, Reader};
use crate::model::cloud_error::optional;
use crate::model::spec::{Tags, to_value};
use crate::model::{Address, CloudError, Desired, Live, Outputs, Owner, Query, Scope, tag};
use crate::resources::cloudfront::CloudFront;
use crate::resources::cloudfront::listing;
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
    let mut arns: BTreeSet<String> =
        reader.index(query.scope).await?.arns(&prefix).map(str::to_string).collect();
    let mut found = read_all(reader, query, &arns).await?;
    let made = |one: &Found| matches!(one.rank, (false, false, ..));
    let there =
        |wanted: &&Desired| found.iter().any(|one| one.live.address == wanted.address && made(one));
    // Where one of our making is there, no more is to be expected. A copy that the index knows says
    // nothing of the original, and where none is wanted, absence from the index says nothing of the
    // one that was wanted before.
    if query.wanted.is_empty() || !query.wanted.iter().all(there) || query.thorough {
        // The index lags: what was just made is known by its comment first.
        let listed = marked(reader, query.scope).await?;
        let unseen: BTreeSet<String> =
            listed.into_iter().filter(|arn| arns.insert(arn.clone())).collect();
        found.extend(read_all(reader, query, &unseen).await?);
    }
    Ok(numbered(found))
}

/// ARNs of the distributions whose comment begins with this environment's marker.
pub(super) async fn marked(reader: &Reader, scope: &Scope) -> Result<Vec<String>, CloudError> {
    let listed = listing::distributions(reader).await?;
    reader.caller.note_number(INFO.type_name, "", listed.len());
    // Older moto lists distributions without their comment: there, each one's own tags decide.
    let unsaid = |comment: &str| reader.caller.is_emulated() && comment.is_empty();
    let is_ours = |comment: &str| unsaid(comment) || scope.owner_of_marker(comment) == Owner::Ours;
    Ok(listed.into_iter().filter(|d| is_ours(&d.comment)).map(|d| d.arn).collect())
}

/// A distribution that was found, with the facts that tell it from others with the same tags.
struct Found {
    live: Live,
    /// False comes first: not ours; of another making than ours; disabled; in front of another
    /// bucket.
    rank: (bool, bool, bool, bool),
}

async fn read_all(
    reader: &Reader,
    query: &Query<'_>,
    arns: &BTreeSet<String>,
) -> Result<Vec<Found>, CloudError> {
    let reads = try_join_all(arns.iter().map(|arn| read(reader, query, arn))).await?;
    Ok(reads.into_iter().flatten().collect())
}

/// One distribution; `None` when it is gone (the index lags), or neither wanted nor ours.
async fn read(reader: &Reader, query: &Query<'_>, arn: &str) -> Result<Option<Found>, CloudError> {
    let id = arn.rsplit('/').next().unwrap_or_default();
    let Some(seen) = optional(get(&reader.caller, reader, id, CallOptions::default()).await)?
    else {
        return Ok(None);
    };
    let Some(tags) = tags_of(reader, query, arn).await? else {
        return Ok(None);
    };
    let owner = query.scope.owner(&tags);
    let comment = seen.config.comment.as_str();
    // Whoever may tag can set the tags, but not the comment. One whose comment is ours and whose
    // tags are not is shown as foreign where it is wanted, and never deleted. Where a listing
    // leaves comments out, those of other stacks come this far as well.
    let by_marker = Some(comment)
        .filter(|c| query.scope.owner_of_marker(c) == Owner::Ours)
        .and_then(Scope::id_of_marker);
    let by_tag = tags.get(tag::ID).filter(|_| owner == Owner::Ours).map(String::as_str);
    if owner == Owner::Ours
        && by_marker.is_none()
        && (by_tag.is_none() || !is_made_here(&seen.config))
    {
        let id = seen.id.clone();
        let live = stray(to_live(query.scope, None, &id, Owner::Stray, tags, &seen));
        return Ok(Some(Found { live, rank: (true, true, !seen.config.enabled, true) }));
    }
    let Some(logical) = by_marker.or(by_tag).map(str::to_string) else {
        return Ok(None);
    };
    let desired = query.wanted.iter().find(|d| d.address.id() == logical);
    if owner != Owner::Ours && desired.is_none() {
        return Ok(None);
    }
    let live = to_live(query.scope, desired.copied(), &logical, owner, tags, &seen);
    let rank = (
        live.owner != Owner::Ours,
        !is_reference(&seen.config.caller_reference),
        !seen.config.enabled,
        !serves(&seen.config, &query.scope.bucket_name()),
    );
    Ok(Some(Found { live, rank }))
}

/// True where the caller reference says that shopstack made it, whatever somebody wrote into its
/// comment since, unless that is the marker of another stack: those have references of the same
/// form.
fn is_made_here(config: &DistributionConfig) -> bool {
    is_reference(&config.caller_reference) && Scope::id_of_marker(&config.comment).is_none()
}

/// The same as something that merely carries our tags: an address that no logical id has, and a
/// name to find it by.
fn stray(mut live: Live) -> Live {
    live.name = live.outputs.get("id").cloned().unwrap_or_default();
    live.address = Address::new(INFO.group, &format!("~{}", live.name));
    live.owner = Owner::Stray;
    live
}

/// True where the caller reference has the form of those that `create` makes. Nobody can change it
/// afterwards.
fn is_reference(text: &str) -> bool {
    let (digest, renewed) = text.split_once('-').unwrap_or((text, ""));
    let hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    digest.len() == 32 && [0, 8].contains(&renewed.len()) && hex(digest) && hex(renewed)
}

/// True where one of its origins is this bucket.
fn serves(config: &DistributionConfig, bucket: &str) -> bool {
    let mut origins = config.origins.iter().flat_map(|origins| &origins.items);
    origins.any(|origin| {
        origin.domain_name.strip_prefix(bucket).is_some_and(|rest| rest.starts_with('.'))
    })
}

fn to_live(
    scope: &Scope,
    desired: Option<&Desired>,
    logical: &str,
    owner: Owner,
    tags: Tags,
    seen: &Seen,
) -> Live {
    let address = desired.map_or_else(|| Address::new(INFO.group, logical), |d| d.address.clone());
    let name = desired.map_or(seen.id.as_str(), |d| d.name.as_str());
    let mut live =
        Live::new(address, INFO.type_name, name, to_value(&convert::to_spec(&seen.config, tags)));
    live.outputs = outputs(scope, seen);
    live.owner = owner;
    live
}

/// The index answers where its tags are as wanted; anything else is read at the source. `None`: it
/// is gone.
async fn tags_of(
    reader: &Reader,
    query: &Query<'_>,
    arn: &str,
) -> Result<Option<Tags>, CloudError> {
    if let Some(indexed) = reader.index(query.scope).await?.tags(arn)
        && query.wanted.iter().any(|d| d.spec.get("tags") == Some(&to_value(indexed)))
    {
        return Ok(Some(indexed.clone()));
    }
    own_tags(reader, arn).await
}

/// The tags that CloudFront itself gives; `None`: there is no such distribution.
pub(super) async fn own_tags(reader: &Reader, arn: &str) -> Result<Option<Tags>, CloudError> {
    let answer = reader
        .caller
        .call("cloudfront:ListTagsForResource", || {
            reader.client::<CloudFront>().list_tags_for_resource().resource(arn).send()
        })
        .await;
    let Some(answer) = optional(answer)? else {
        return Ok(None);
    };
    let tags = answer.tags.and_then(|tags| tags.items).unwrap_or_default();
    Ok(Some(tag::without_aws_tags(
        tags.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default())),
    )))
}

pub(super) async fn get(
    caller: &Caller,
    reader: &Reader,
    id: &str,
    options: CallOptions,
) -> Result<Seen, CloudError> {
    let operation = "cloudfront:GetDistribution";
    let get = || reader.client::<CloudFront>().get_distribution().id(id).send();
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

/// This environment's distributions that CloudFront itself reports as ours, by logical ID.
pub(super) async fn ours(
    reader: &Reader,
    scope: &Scope,
    logical: &str,
) -> Result<Option<String>, CloudError> {
    let arns = marked(reader, scope).await?;
    let tags = join_all(arns.iter().map(|arn| own_tags(reader, arn))).await;
    for (arn, tags) in arns.iter().zip(tags) {
        let Some(tags) = tags? else { continue };
        if scope.owner(&tags) == Owner::Ours
            && tags.get(tag::ID).map(String::as_str) == Some(logical)
        {
            return Ok(arn.rsplit('/').next().map(str::to_string));
        }
    }
    Ok(None)
}

/// Of several distributions with the same logical id the best one stands for it. Further ones of
/// our own making, left by a create whose answer was lost, get addresses of their own,
/// `distribution.site~2`, so that they are planned as deletes; others with our tags are copies,
/// which are told of and left alone, and foreign ones beside one of ours are left out.
///
/// The best is ours, of our own making, enabled, and in front of our bucket, in this order: no copy
/// takes its place.
fn numbered(mut found: Vec<Found>) -> Vec<Live> {
    found.sort_by(|a, b| {
        (a.rank, a.live.outputs.get("id")).cmp(&(b.rank, b.live.outputs.get("id")))
    });
    let mut count: BTreeMap<Address, usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for Found { mut live, rank: (foreign, copied, ..) } in found {
        let number = count.entry(live.address.clone()).or_insert(0);
        *number += 1;
        match *number {
            1 => {}
            _ if foreign => continue,
            _ if copied => live = stray(live),
            number => {
                live.address = Address::new(INFO.group, &format!("{}~{number}", live.address.id()))
            }
        }
        kept.push(live);
    }
    kept
}

/// The outputs that other resources refer to. On an emulator the distribution is served under its
/// label at the endpoint's port.
pub(super) fn outputs(scope: &Scope, seen: &Seen) -> Outputs {
    let label = seen.domain.split('.').next().unwrap_or_default();
    let url = match &scope.endpoint {
        Some(endpoint) => {
            let port = url::Url::parse(endpoint).ok().and_then(|url| url.port());
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            format!("http://{label}.cloudfront.localhost{port}")
        }
        None => format!("https://{}", seen.domain),
    };
    let names = seen.config.aliases.iter().flat_map(|aliases| aliases.items.iter().flatten());
    let records: BTreeSet<String> =
        names.map(|name| format!("{name} CNAME {}", seen.domain)).collect();
    let records = records.into_iter().collect::<Vec<_>>().join("\n");
    let records = (!records.is_empty()).then(|| ("dns_records".to_string(), records));
    let outputs = Outputs::from([
        ("id".to_string(), seen.id.clone()),
        ("arn".to_string(), seen.arn.clone()),
        ("domain_name".to_string(), seen.domain.clone()),
        ("url".to_string(), url),
        ("status".to_string(), seen.status.clone()),
        ("enabled".to_string(), seen.config.enabled.to_string()),
        ("modified".to_string(), seen.modified.to_string()),
    ]);
    outputs.into_iter().chain(records).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live_with(id: &str, foreign: bool, copied: bool, disabled: bool) -> Found {
        let address = Address::new("distribution", "site");
        let mut live = Live::new(address, INFO.type_name, "shop-dev-site", serde_json::Value::Null);
        live = live.with_output("id", id);
        live.owner = if foreign { Owner::Foreign("x".into()) } else { Owner::Ours };
        Found { live, rank: (foreign, copied, disabled, false) }
    }

    fn addresses_of(found: Vec<Found>) -> Vec<(String, String, Owner)> {
        let one = |l: Live| (l.outputs["id"].clone(), l.address.to_string(), l.owner);
        numbered(found).into_iter().map(one).collect()
    }

    #[test]
    fn further_ones_of_our_making_are_numbered_and_foreign_ones_beside_them_left_out() {
        let all = vec![
            live_with("A", true, true, false),
            live_with("B", false, false, true),
            live_with("C", false, false, false),
        ];
        let ours = |id: &str, address: &str| (id.to_string(), address.to_string(), Owner::Ours);
        assert_eq!(
            addresses_of(all),
            [ours("C", "distribution.site"), ours("B", "distribution.site~2")]
        );
        assert_eq!(numbered(vec![live_with("A", true, true, false)]).len(), 1);
    }

    #[test]
    fn a_copy_by_hand_is_left_alone_whatever_its_id_and_state() {
        let stray = |id: &str| (id.to_string(), format!("distribution.~{id}"), Owner::Stray);
        let ours = |id: &str| (id.to_string(), "distribution.site".to_string(), Owner::Ours);
        // Ours is disabled, as in the midst of a `down`.
        let beside = vec![live_with("A", false, true, false), live_with("Z", false, false, true)];
        assert_eq!(addresses_of(beside), [ours("Z"), stray("A")]);
        // One that was adopted has a stranger's reference; of two such one stands for both, and
        // none is deleted.
        let adopted = vec![live_with("B", false, true, false), live_with("A", false, true, true)];
        assert_eq!(addresses_of(adopted), [ours("B"), stray("A")]);
    }

    #[test]
    fn our_references_are_known_by_their_form() {
        let ours = "0123456789abcdef0123456789abcdef";
        assert!(is_reference(ours) && is_reference(&format!("{ours}-0a1b2c3d")));
        for other in [
            "ref-1",
            "terraform-20260101000000000000000001",
            "3f0c6f2e-0000-4000-8000-000000000000",
            "",
        ] {
            assert!(!is_reference(other), "{other}");
        }
    }
}
