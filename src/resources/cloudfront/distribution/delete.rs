//! Deleting a distribution: disable, wait until every edge knows, delete, wait until it is gone
//! (catalogue 8.5).

use super::read::{self, Seen};
use super::write::update_config;
use super::{contested, is_stale, names_pricing_plan};
use crate::aws::{CallOptions, Writer};
use crate::model::cloud_error::optional;
use crate::model::{CloudError, ErrorKind};
use crate::resources::cloudfront::CloudFront;
use std::time::Duration;

/// How long AWS may take; older reports know of more than a quarter of an hour.
const CEILING: Duration = Duration::from_secs(2400);

pub(super) async fn delete(writer: &Writer, id: &str) -> Result<(), CloudError> {
    let Some(seen) = look(writer, id).await? else {
        return Ok(());
    };
    let Some(mut off) = disabled(writer, seen).await? else {
        return Ok(());
    };
    let (mut tried, mut again) = (false, false);
    loop {
        // The ETag changes when a propagation ends: the one to delete with is that of the last
        // look.
        let Some(settled) = wait_settled(writer, &off).await? else {
            return Ok(());
        };
        if settled.config.enabled {
            if again {
                return Err(insisted(id));
            }
            again = true;
            writer
                .caller
                .report_wait("somebody enabled the distribution again; disabling it once more");
            let Some(after) = disabled(writer, settled).await? else {
                return Ok(());
            };
            off = after;
            continue;
        }
        let deleted = writer
            .caller
            .call("cloudfront:DeleteDistribution", || {
                writer
                    .client::<CloudFront>()
                    .delete_distribution()
                    .id(id)
                    .if_match(&settled.etag)
                    .send()
            })
            .await;
        match optional(deleted) {
            Err(error) if is_stale(&error) && tried => return Err(contested(&name(id), error)),
            // Not disabled any more: the next look tells who enabled it.
            Err(error)
                if !tried && (is_stale(&error) || error.code == "DistributionNotDisabled") =>
            {
                tried = true
            }
            Err(error) => return Err(explained(error)),
            Ok(_) => return wait_gone(writer, id).await,
        }
    }
}

fn name(id: &str) -> String {
    format!("the distribution {id}")
}

/// Somebody wants it on: a person should look before it is tried again.
fn insisted(id: &str) -> CloudError {
    CloudError::ours(
        ErrorKind::Conflict,
        format!("{} was disabled twice, and somebody enabled it again each time", name(id)),
        "see who enables it, then run the same command again",
    )
}

/// A distribution in a flat-rate pricing plan cannot go before the plan has ended, which is
/// arranged in the console.
fn explained(mut error: CloudError) -> CloudError {
    if names_pricing_plan(&error) {
        error.hint =
            "cancel its pricing plan in the CloudFront console, then run the same command \
                      again: once a Free \
                      plan is cancelled it can go at once, with a paid plan only when the billing \
                      cycle has ended"
                .into();
    }
    error
}

/// Disables it, and detaches its web ACL in the same update, so that the ACL is free after one
/// propagation instead of two. `None`: it is gone.
///
/// A pricing plan demands a web ACL: there it is disabled alone, so that it serves no more, and the
/// refusal returned.
async fn disabled(writer: &Writer, mut seen: Seen) -> Result<Option<Seen>, CloudError> {
    let (mut tried, mut refusal) = (false, None);
    while seen.config.enabled {
        let mut config = seen.config.clone();
        config.enabled = false;
        if refusal.is_none() {
            config.web_acl_id = Some(String::new());
        }
        match update_config(writer, &seen, config).await {
            Ok(after) => seen = after,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) if is_stale(&error) && tried => {
                return Err(contested(&name(&seen.id), error));
            }
            Err(error) if is_stale(&error) => {
                tried = true;
                let Some(newer) = look(writer, &seen.id).await? else {
                    return Ok(None);
                };
                seen = newer;
            }
            Err(error) if names_pricing_plan(&error) && refusal.is_none() => refusal = Some(error),
            Err(error) => return Err(explained(error)),
        }
    }
    match refusal {
        Some(error) => Err(explain_kept(error)),
        None => Ok(Some(seen)),
    }
}

/// Explains why a distribution is kept: AWS's answer to detaching the web ACL, and the
/// distribution's state.
fn explain_kept(error: CloudError) -> CloudError {
    let message = format!("{} (it is disabled now, and not deleted)", error.message);
    explained(CloudError { message, ..error })
}

async fn look(writer: &Writer, id: &str) -> Result<Option<Seen>, CloudError> {
    optional(read::get(&writer.caller, &writer.reader, id, CallOptions::default()).await)
}

/// Waits until it is disabled everywhere. Right after the disable a read may still say enabled and
/// Deployed, so both must have settled (catalogue 8.4). `None`: it is gone already; enabled:
/// somebody enabled it after us, for such a read tells of a later change than ours.
async fn wait_settled(writer: &Writer, off: &Seen) -> Result<Option<Seen>, CloudError> {
    let settled = |seen: &Seen| match seen.config.enabled {
        true => seen.modified > off.modified,
        false => seen.status == "Deployed",
    };
    if !writer.patient {
        return match look(writer, &off.id).await? {
            None => Ok(None),
            Some(seen) if settled(&seen) => Ok(Some(seen)),
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
            Ok(match look(writer, &off.id).await? {
                None => Some(None),
                Some(seen) if settled(&seen) => Some(Some(seen)),
                Some(_) => None,
            })
        })
        .await
}

async fn wait_gone(writer: &Writer, id: &str) -> Result<(), CloudError> {
    writer
        .caller
        .wait_until(
            "distribution to be gone (usually seconds)",
            Duration::from_secs(5),
            CEILING,
            || async { Ok(look(writer, id).await?.is_none().then_some(())) },
        )
        .await
}
