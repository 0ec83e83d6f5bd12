//! The lock on a network that hangs: a renewal that gets no answer does not eat the lease.

use crate::replay::{Replay, json as answer, refused};
use serde_json::json;
use shopstack::aws::{Cancel, ledger::Ledger, lock};
use shopstack::model::ErrorKind;
use std::time::Duration;

fn me() -> lock::Holder {
    let text = |text: &str| text.to_string();
    lock::Holder { who: text("ci"), place: text("here"), since: text("now"), command: text("up") }
}

/// The seconds at which the lock's row was written.
fn written(replay: &Replay) -> Vec<u64> {
    replay.asked().iter().filter(|a| a.operation == "UpdateItem").map(|a| a.at.as_secs()).collect()
}

#[tokio::test]
async fn a_renewal_that_hangs_is_given_up_and_sent_again_before_the_lease_is_over() {
    let replay = Replay::start(vec![
        ("UpdateItem ADD fence", answer(json!({}))),
        ("UpdateItem ADD beat", answer(json!({})).late(300).times(2)),
        ("UpdateItem ADD beat", answer(json!({})).always()),
    ])
    .await;
    let (ledger, cancel) = (Ledger::new(&replay.sdk, &replay.env.scope), Cancel::default());
    let held = lock::try_lock(&ledger, &me(), &cancel).await.expect("the lock");
    assert!(matches!(held, lock::Try::Held(_)));
    tokio::time::sleep(Duration::from_secs(42)).await;
    // Renewed at 24 s, well inside the 40 s of the lease.
    assert_eq!(written(&replay), [0, 8, 16, 24, 32, 40]);
    assert!(cancel.reason().is_none());
}

#[tokio::test]
async fn a_lock_whose_answer_was_long_in_coming_is_renewed_at_once() {
    let replay = Replay::start(vec![
        ("UpdateItem ADD fence", answer(json!({})).late(20)),
        ("UpdateItem ADD beat", answer(json!({})).always()),
    ])
    .await;
    let ledger = Ledger::new(&replay.sdk, &replay.env.scope);
    lock::try_lock(&ledger, &me(), &Cancel::default()).await.expect("the lock");
    assert_eq!(written(&replay), [0, 20]);
}

#[tokio::test]
async fn a_run_whose_lock_was_taken_away_stops_at_its_next_heartbeat() {
    let replay = Replay::start(vec![
        ("UpdateItem ADD fence", answer(json!({}))),
        ("UpdateItem ADD beat", refused("ConditionalCheckFailedException")),
    ])
    .await;
    let (ledger, cancel) = (Ledger::new(&replay.sdk, &replay.env.scope), Cancel::default());
    lock::try_lock(&ledger, &me(), &cancel).await.expect("the lock");
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert!(cancel.reason().is_none());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(cancel.reason().expect("a reason").kind, ErrorKind::Lock);
}

/// Whoever may write to the table may have written the row: what no shopstack writes holds nothing,
/// and keeps nobody waiting for a lease.
#[tokio::test]
async fn a_row_that_is_no_lock_is_overwritten_at_once() {
    let huge = "x".repeat(200_000);
    for row in [
        json!({"owner": {"M": {}}, "beat": {"N": "1"}}),
        json!({"owner": {"S": "x"}, "beat": {"S": "\n::error::x"}}),
        json!({"owner": {"S": huge}}),
        json!({"fence": {"S": huge}}),
    ] {
        let replay = Replay::start(vec![
            ("UpdateItem ADD fence", refused("ConditionalCheckFailedException")),
            ("GetItem", answer(json!({"Item": row})).always()),
            ("UpdateItem fence = :one", answer(json!({}))),
            ("UpdateItem ADD beat", answer(json!({})).always()),
        ])
        .await;
        let (ledger, cancel) = (Ledger::new(&replay.sdk, &replay.env.scope), Cancel::default());
        let tried = lock::try_lock(&ledger, &me(), &cancel).await.expect("an answer");
        assert!(matches!(tried, lock::Try::Busy(_)), "{tried:?}");
        let said = std::sync::Mutex::new(String::new());
        let say = |text: &str| said.lock().unwrap().push_str(text);
        let patience = Duration::from_secs(120);
        lock::wait_lock(&ledger, &me(), &cancel, patience, &say).await.expect("the lock");
        assert_eq!(written(&replay)[..2], [0, 0], "at once");
        let said = said.into_inner().unwrap();
        assert!(said.len() < 300 && !said.contains('\n'), "{said}");
        // The next conversation stops the clock again.
        tokio::time::resume();
    }
}
