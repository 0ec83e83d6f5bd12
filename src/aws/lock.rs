//! The lock of one stack and environment: a lease acquired by conditional write, renewed by
//! heartbeat, fenced.
//!
//! Clocks of two machines are never compared: a waiter watches the holder's heartbeat counter, and
//! takes over after it has not changed for a whole lease. A holder that could not renew stops
//! before its next call, by its own clock. A lease starts before the request that acquires or
//! renews it.

use super::call::Cancel;
use super::ledger::{Item, Ledger, TABLE, lock_error};
use super::lock_row::{Stands, as_seen, judged, marks};
use crate::model::text::short_line;
use crate::model::{CloudError, ErrorKind};
use aws_sdk_dynamodb::types::AttributeValue;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// A holder that has not renewed for this long has lost the lock.
pub const LEASE: Duration = Duration::from_secs(40);
/// The interval of renewals, and the time-out of one: a hanging renewal must not use up the lease.
const HEARTBEAT: Duration = Duration::from_secs(8);
/// How often a waiter polls.
const LOOK: Duration = Duration::from_secs(1);
/// The attributes that a holder writes.
const SET: &str = "SET #owner = :owner, who = :who, place = :place, since = :since, \
    command = :command, beat = :zero";
/// The lock's sort key.
pub const SK: &str = "lock";

/// The holder of a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Caller's ARN.
    pub who: String,
    /// Host and process.
    pub place: String,
    /// RFC 3339.
    pub since: String,
    /// `up`, `down`, ...
    pub command: String,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` by {} from {} since {}", self.command, self.who, self.place, self.since)
    }
}

/// A held lock. Dropping it without `release` lets the lease expire.
#[derive(Debug)]
pub struct Lock {
    ledger: Ledger,
    token: String,
    heartbeat: tokio::task::JoinHandle<()>,
}

/// Result of the first attempt.
#[derive(Debug)]
pub enum Try {
    Held(Lock),
    /// Somebody else holds it.
    Busy(Holder),
    /// The table does not exist yet, so nobody can hold a lock.
    NoTable,
}

/// Tries once. `cancel` is stopped if the lock is lost later.
pub async fn try_lock(ledger: &Ledger, me: &Holder, cancel: &Cancel) -> Result<Try, CloudError> {
    match take(ledger, me, None).await {
        Ok(taken) => Ok(Try::Held(hold(ledger, taken, cancel))),
        Err(error) if error.is_not_found() => Ok(Try::NoTable),
        // The second is DynamoDB's error for a row with another shape.
        Err(error)
            if ["ConditionalCheckFailedException", "ValidationException"]
                .contains(&error.code.as_str()) =>
        {
            match ledger.row(SK).await?.as_ref().and_then(holder) {
                Some(other) => Ok(Try::Busy(other)),
                None if error.code == "ValidationException"
                    && judged(ledger.row(SK).await?.as_ref()) == Stands::Free =>
                {
                    Err(error)
                }
                // Released between the two calls, or no lock at all: the next attempt acquires it.
                None => Ok(Try::Busy(Holder {
                    command: "run".into(),
                    who: "somebody".into(),
                    place: "elsewhere".into(),
                    since: "just now".into(),
                })),
            }
        }
        Err(error) => Err(error),
    }
}

/// Waits for the lock; `say` receives its holder.
///
/// Errors: kind `Lock` after `patience`; kind `Interrupted` if `cancel` stops the wait.
pub async fn wait_lock(
    ledger: &Ledger,
    me: &Holder,
    cancel: &Cancel,
    patience: Duration,
    say: &(dyn Fn(&str) + Send + Sync),
) -> Result<Lock, CloudError> {
    let start = Instant::now();
    let mut seen: Option<(Item, Instant)> = None;
    let mut told = String::new();
    loop {
        let row = ledger.row(SK).await?;
        let stands = judged(row.as_ref());
        let now = row.clone().unwrap_or_default();
        let stale = match &seen {
            Some((before, at)) if marks(before) == marks(&now) => at.elapsed() > LEASE,
            _ => {
                seen = Some((now.clone(), Instant::now()));
                false
            }
        };
        if stands != Stands::Held || stale {
            let over = (stands != Stands::Free).then_some(&now);
            match take(ledger, me, over).await {
                Ok(taken) => return Ok(hold(ledger, taken, cancel)),
                Err(error) if error.code == "ConditionalCheckFailedException" => {}
                Err(error) => return Err(error),
            }
        }
        let who =
            row.as_ref().and_then(holder).map_or_else(|| "somebody".to_string(), |h| h.to_string());
        if start.elapsed() > patience {
            return Err(lock_error(
                format!("the lock is held: {who}"),
                "wait for that run to end, give more time with --lock-timeout, or, if it is \
                 dead, `shopstack unlock`",
            ));
        }
        if told != who {
            say(&format!("waiting for the lock, held: {who}"));
            told = who;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            reason = cancel.stopped() => return Err(reason),
        }
    }
}

/// Reads the current holder of the lock.
pub async fn current(ledger: &Ledger) -> Result<Option<Holder>, CloudError> {
    Ok(ledger.row(SK).await?.as_ref().and_then(holder))
}

/// Removes the lock of any holder; that run notices at its next heartbeat, up to 8 seconds later,
/// and makes no call after that.
pub async fn force(ledger: &Ledger) -> Result<(), CloudError> {
    ledger.remove(SK).await
}

fn holder(row: &Item) -> Option<Holder> {
    let get = |key: &str| match row.get(key) {
        Some(AttributeValue::S(text)) => short_line(text),
        _ => "?".to_string(),
    };
    (judged(Some(row)) == Stands::Held).then(|| Holder {
        who: get("who"),
        place: get("place"),
        since: get("since"),
        command: get("command"),
    })
}

/// An acquired lock, and when its lease began.
struct Taken {
    token: String,
    asked: SystemTime,
}

/// Acquires the lock. After a slow response it renews the lease at once, because little of it is
/// left.
async fn take(ledger: &Ledger, me: &Holder, over: Option<&Item>) -> Result<Taken, CloudError> {
    let token = format!("{:032x}", fastrand::u128(..));
    let (start, mut asked) = (Instant::now(), SystemTime::now());
    write(ledger, me, &token, over).await?;
    if start.elapsed() > HEARTBEAT {
        asked = SystemTime::now();
        renew(ledger, &token).await?;
    }
    Ok(Taken { token, asked })
}

/// A single conditional write: succeeds if the lock is free, or if its row is unchanged since it
/// was read (a dead holder's or an invalid row).
async fn write(
    ledger: &Ledger,
    me: &Holder,
    token: &str,
    over: Option<&Item>,
) -> Result<(), CloudError> {
    let s = |text: &str| AttributeValue::S(text.to_string());
    ledger
        .caller
        .call("dynamodb:UpdateItem", || {
            let update = ledger
                .client()
                .update_item()
                .table_name(TABLE)
                .set_key(Some(ledger.key(SK)))
                .update_expression(match over.map(|row| judged(Some(row))) {
                    Some(Stands::NoLock) => format!("{SET}, fence = :one"),
                    _ => format!("{SET} ADD fence :one"),
                })
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_values(":owner", s(token))
                .expression_attribute_values(":who", s(&me.who))
                .expression_attribute_values(":place", s(&me.place))
                .expression_attribute_values(":since", s(&me.since))
                .expression_attribute_values(":command", s(&me.command))
                .expression_attribute_values(":zero", AttributeValue::N("0".into()))
                .expression_attribute_values(":one", AttributeValue::N("1".into()));
            let update = match over {
                // A lost response to our own attempt counts as ours.
                None => {
                    update.condition_expression("attribute_not_exists(#owner) OR #owner = :owner")
                }
                Some(row) => as_seen(row, update),
            };
            update.send()
        })
        .await
        .map(|_| ())
}

fn hold(ledger: &Ledger, taken: Taken, cancel: &Cancel) -> Lock {
    cancel.lease_until(taken.asked + LEASE);
    let (task_ledger, task_token, task_cancel) =
        (ledger.clone(), taken.token.clone(), cancel.clone());
    let heartbeat = tokio::spawn(async move {
        let mut pause = HEARTBEAT;
        loop {
            tokio::time::sleep(pause).await;
            let asked = SystemTime::now();
            pause = match tokio::time::timeout(HEARTBEAT, renew(&task_ledger, &task_token)).await {
                Ok(Ok(())) => {
                    task_cancel.lease_until(asked + LEASE);
                    HEARTBEAT
                }
                Ok(Err(error)) if error.code == "ConditionalCheckFailedException" => {
                    task_cancel.stop(lock_error(
                        "the lock was lost: somebody else took it over",
                        "nothing more was written; look at `shopstack diff`, then run again",
                    ));
                    return;
                }
                // Unreachable for now: the end of the lease stops the run if it stays so.
                Ok(Err(_)) => LOOK,
                Err(_) => Duration::ZERO,
            }
        }
    });
    Lock { ledger: ledger.clone(), token: taken.token, heartbeat }
}

async fn renew(ledger: &Ledger, token: &str) -> Result<(), CloudError> {
    ledger
        .caller
        .call("dynamodb:UpdateItem", || {
            ledger
                .client()
                .update_item()
                .table_name(TABLE)
                .set_key(Some(ledger.key(SK)))
                .update_expression("ADD beat :one")
                .condition_expression("#owner = :owner")
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_values(":owner", AttributeValue::S(token.to_string()))
                .expression_attribute_values(":one", AttributeValue::N("1".into()))
                .send()
        })
        .await
        .map(|_| ())
}

impl Lock {
    /// Releases the lock; the fence number stays for the next holder.
    pub async fn release(self) -> Result<(), CloudError> {
        self.heartbeat.abort();
        let gone = self
            .ledger
            .caller
            .call("dynamodb:UpdateItem", || {
                self.ledger
                    .client()
                    .update_item()
                    .table_name(TABLE)
                    .set_key(Some(self.ledger.key(SK)))
                    .update_expression("REMOVE #owner, who, place, since, command, beat")
                    .condition_expression("#owner = :owner")
                    .expression_attribute_names("#owner", "owner")
                    .expression_attribute_values(":owner", AttributeValue::S(self.token.clone()))
                    .send()
            })
            .await;
        not_ours_is_fine(gone.map(|_| ()))
    }

    /// Releases the lock and deletes its row, including the fence number: for a deleted stack.
    pub async fn remove(self) -> Result<(), CloudError> {
        self.heartbeat.abort();
        let gone = self
            .ledger
            .caller
            .call("dynamodb:DeleteItem", || {
                self.ledger
                    .client()
                    .delete_item()
                    .table_name(TABLE)
                    .set_key(Some(self.ledger.key(SK)))
                    .condition_expression("#owner = :owner")
                    .expression_attribute_names("#owner", "owner")
                    .expression_attribute_values(":owner", AttributeValue::S(self.token.clone()))
                    .send()
            })
            .await;
        not_ours_is_fine(gone.map(|_| ()))
    }
}

/// Another holder keeps the lock; nothing to release then.
fn not_ours_is_fine(gone: Result<(), CloudError>) -> Result<(), CloudError> {
    match gone {
        Err(error)
            if error.code == "ConditionalCheckFailedException"
                || error.kind == ErrorKind::NotFound =>
        {
            Ok(())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::clients::{Connect, Sdk};
    use crate::aws::counter::Counter;
    use crate::model::Scope;
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_types::body::SdkBody;
    use std::sync::Arc;

    const LATE: Duration = Duration::from_millis(400);

    /// Answers every request late.
    #[derive(Debug)]
    struct Slow;

    impl HttpConnector for Slow {
        fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
            HttpConnectorFuture::new(async {
                tokio::time::sleep(LATE).await;
                Ok(HttpResponse::new(200.try_into().expect("a status"), SdkBody::from("{}")))
            })
        }
    }

    #[tokio::test]
    async fn a_lease_runs_from_before_the_request_that_took_it() {
        let connect = Connect {
            region: Some("us-east-1".into()),
            local_endpoint: Some("http://aws.invalid".into()),
            transport: Some(http_client_fn(|_, _| SharedHttpConnector::new(Slow))),
            ..Connect::default()
        };
        let sdk = Sdk::load(&connect, Arc::new(Counter::default())).await.unwrap();
        let text = String::from;
        let scope = Scope {
            stack: text("s"),
            env: text("e"),
            account: text("1"),
            region: text("us-east-1"),
            endpoint: None,
        };
        let me = Holder {
            who: text("ci"),
            place: text("here"),
            since: text("now"),
            command: text("up"),
        };
        let taken = take(&Ledger::new(&sdk, &scope), &me, None).await.expect("the lock");
        assert!(taken.asked.elapsed().expect("a clock that goes on") >= LATE);
    }
}
