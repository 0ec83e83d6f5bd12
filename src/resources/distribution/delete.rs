//! Deleting a distribution: disable, wait until every edge knows, delete, wait until it is gone (catalogue 8.5).

use super::read::{self, Seen};
use super::write::put;
use super::{contested, is_stale};
use crate::aws::{CallOptions, Writer};
use crate::model::cloud_error::optional;
use crate::model::{CloudError, ErrorKind};
use std::time::Duration;

/// How long AWS may take; older reports know of more than a quarter of an hour.
const CEILING: Duration = Duration::from_secs(2400);

pub(super) async fn delete(writer: &Writer, id: &str) -> Result<(), CloudError> {
    let Some(mut seen) = look(writer, id).await? else { return Ok(()) };
    let mut tried = false;
    while seen.config.enabled {
        match disable(writer, &seen).await {
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) if is_stale(&error) && tried => return Err(contested(&name(id), error)),
            Err(error) if !is_stale(&error) => return Err(explained(error)),
            Err(_) => {
                tried = true;
                let Some(again) = look(writer, id).await? else { return Ok(()) };
                seen = again;
            }
            Ok(after) => seen = after,
        }
    }
    let mut tried = false;
    loop {
        // The ETag changes when a propagation ends: the one to delete with is that of the last look.
        let Some(settled) = wait_settled(writer, id).await? else { return Ok(()) };
        let deleted = writer
            .caller
            .call("cloudfront:DeleteDistribution", || {
                writer.clients.cloudfront.delete_distribution().id(id).if_match(&settled.etag).send()
            })
            .await;
        match optional(deleted) {
            Err(error) if is_stale(&error) && tried => return Err(contested(&name(id), error)),
            Err(error) if is_stale(&error) => tried = true,
            Err(error) => return Err(explained(error)),
            Ok(_) => return wait_gone(writer, id).await,
        }
    }
}

fn name(id: &str) -> String {
    format!("the distribution {id}")
}

/// A distribution in a flat-rate pricing plan cannot go before the plan is cancelled, which is done in the console. AWS's
/// code for it is unverified, so the words are looked at.
fn explained(mut error: CloudError) -> CloudError {
    if error.message.to_lowercase().contains("pricing plan") {
        error.hint =
            "cancel its flat-rate pricing plan in the CloudFront console, then run `shopstack down` again".into();
    }
    error
}

/// One update for both, so that the web ACL is free after one propagation instead of two.
async fn disable(writer: &Writer, seen: &Seen) -> Result<Seen, CloudError> {
    let mut config = seen.config.clone();
    config.enabled = false;
    config.web_acl_id = Some(String::new());
    put(writer, seen, config).await
}

async fn look(writer: &Writer, id: &str) -> Result<Option<Seen>, CloudError> {
    optional(read::get(&writer.caller, &writer.reader, id, CallOptions::default()).await)
}

/// Waits until it is disabled everywhere. Right after the disable a read may still say enabled and Deployed, so both
/// must have settled (catalogue 8.4). `None`: it is gone already.
async fn wait_settled(writer: &Writer, id: &str) -> Result<Option<Seen>, CloudError> {
    if !writer.patient {
        return match look(writer, id).await? {
            None => Ok(None),
            Some(seen) if seen.status == "Deployed" && !seen.config.enabled => Ok(Some(seen)),
            Some(_) => Err(CloudError::ours(
                ErrorKind::Pending,
                "CloudFront is disabling it (usually 3 to 6 minutes)",
                "run `shopstack down` again in a few minutes for the rest",
            )),
        };
    }
    let what = "distribution to be disabled everywhere (usually 3 to 6 minutes)";
    writer
        .caller
        .wait_until(what, Duration::from_secs(10), CEILING, || async {
            Ok(match look(writer, id).await? {
                None => Some(None),
                Some(seen) if seen.status == "Deployed" && !seen.config.enabled => Some(Some(seen)),
                Some(_) => None,
            })
        })
        .await
}

async fn wait_gone(writer: &Writer, id: &str) -> Result<(), CloudError> {
    writer
        .caller
        .wait_until("distribution to be gone (usually seconds)", Duration::from_secs(5), CEILING, || async {
            Ok(look(writer, id).await?.is_none().then_some(()))
        })
        .await
}
