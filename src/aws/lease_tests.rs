//! Tests of the lock's lease: no call is made after it has expired, and a renewed lease starts
//! before its request.

use super::call::{Caller, Cancel};
use super::clients::{Connect, Sdk};
use super::counter::Counter;
use super::ledger::Ledger;
use super::lock::{self, Holder, LEASE, Try};
use crate::model::call::{Call, CallTable, Quota, Service};
use crate::model::{CloudError, ErrorKind, Scope};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

const SERVICE: Service = Service::DEFAULT;
const CALLS: &[Call] = &[
    Call::new(&SERVICE, "test:Free"),
    Call::new(&SERVICE, "test:Slow").quotas(&[Quota {
        label: "1 per 20 s",
        rate: 1.0 / 20.0,
        burst: 1.0,
    }]),
];

fn caller() -> Caller {
    Caller::new(Arc::default(), Arc::new(CallTable::new(CALLS)), false)
}

/// Makes the call and counts it.
async fn counted_call(
    caller: &Caller,
    operation: &str,
    made: &AtomicU32,
) -> Result<(), CloudError> {
    caller
        .call(operation, || async {
            made.fetch_add(1, Ordering::Relaxed);
            Ok::<(), SdkError<ErrorMetadata, HttpResponse>>(())
        })
        .await
}

fn past() -> SystemTime {
    SystemTime::now() - Duration::from_secs(1)
}

#[tokio::test]
async fn no_call_is_made_after_the_lease_ran_out() {
    let (caller, made) = (caller(), AtomicU32::new(0));
    caller.cancel.lease_until(past());
    let refused = counted_call(&caller, "test:Free", &made).await.unwrap_err();
    assert_eq!((refused.kind, made.into_inner()), (ErrorKind::Lock, 0), "{refused}");
}

/// The lease expires while the call waits for its rate budget.
#[tokio::test(start_paused = true)]
async fn no_call_is_made_when_the_lease_ran_out_during_a_wait_for_a_rate_budget() {
    let caller = caller();
    let cancel = caller.cancel.clone();
    cancel.lease_until(SystemTime::now() + Duration::from_secs(3600));
    let caller = caller.with_progress(Arc::new(move |_: &str| cancel.lease_until(past())));
    let made = AtomicU32::new(0);
    counted_call(&caller, "test:Slow", &made).await.expect("the first of its budget");
    let refused = counted_call(&caller, "test:Slow", &made).await.unwrap_err();
    assert_eq!((refused.kind, made.into_inner()), (ErrorKind::Lock, 1), "{refused}");
}

/// Answers the first request at once and the second late, in wall time, which leases use because a
/// suspended machine must find its lease expired. Records when each request arrived.
#[derive(Debug, Default)]
struct LateRenewal(Mutex<Vec<SystemTime>>);

impl LateRenewal {
    fn requests(&self) -> Vec<SystemTime> {
        self.0.lock().expect("the requests").clone()
    }
}

#[derive(Debug)]
struct Wire(Arc<LateRenewal>);

impl HttpConnector for Wire {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        self.0.0.lock().expect("the requests").push(SystemTime::now());
        if self.0.requests().len() == 2 {
            std::thread::sleep(Duration::from_millis(50));
        }
        let answer = HttpResponse::new(200.try_into().expect("a status"), SdkBody::from("{}"));
        HttpConnectorFuture::ready(Ok(answer))
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewed_lease_runs_from_before_its_request() {
    let (requests, cancel) = (Arc::new(LateRenewal::default()), Cancel::default());
    let wire = requests.clone();
    let connect = Connect {
        region: Some("us-east-1".into()),
        local_endpoint: Some("http://aws.invalid".into()),
        transport: Some(http_client_fn(move |_, _| SharedHttpConnector::new(Wire(wire.clone())))),
        ..Connect::default()
    };
    let sdk = Sdk::load(&connect, Arc::new(Counter::default())).await.unwrap();
    let scope = Scope {
        stack: "s".into(),
        env: "e".into(),
        account: "1".into(),
        region: "us-east-1".into(),
        endpoint: None,
    };
    let text = String::from;
    let me =
        Holder { who: text("ci"), place: text("here"), since: text("now"), command: text("up") };
    let held = lock::try_lock(&Ledger::new(&sdk, &scope), &me, &cancel).await.expect("the lock");
    assert!(matches!(held, Try::Held(_)));
    let taken = cancel.lease_end().expect("a lease");

    // Virtual time: the heartbeat comes after 8 s, the next after 16 s.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let (seen, renewed) = (requests.requests(), cancel.lease_end().expect("a lease"));
    assert_eq!(seen.len(), 2, "taken and renewed once");
    assert!(renewed >= taken, "the renewal counts");
    // The lease is kept in whole milliseconds.
    assert!(renewed <= seen[1] + LEASE, "it runs from the answer, not from before the request");
}
