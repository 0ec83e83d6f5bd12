//! Clients for applying a plan: they may write, and come with a reader and a way to report
//! progress.

use super::call::Caller;
use super::clients::Sdk;
use super::connections::{Connections, SdkService};
use super::counter::Purpose;
use super::reader::Reader;
use crate::model::Scope;
use std::sync::Arc;

/// Everything that writing code may use; one clone per step, so that waits are reported for that
/// step.
#[derive(Clone, Debug)]
pub struct Writer {
    pub caller: Caller,
    connections: Connections,
    pub reader: Reader,
    pub scope: Scope,
    /// Waits for CloudFront's propagation; without it, such a step ends as `Pending`.
    pub patient: bool,
}

impl Writer {
    pub fn new(sdk: &Sdk, reader: Reader, scope: Scope) -> Self {
        Self {
            caller: reader.caller.clone(),
            connections: sdk.connections(Purpose::Apply),
            reader,
            scope,
            patient: true,
        }
    }

    /// The client of a service in the stack's region, or at the endpoint of a global service.
    pub fn client<S: SdkService>(&self) -> S::Client {
        self.client_in::<S>(&self.reader.region)
    }

    /// The client of a service in `region`.
    pub fn client_in<S: SdkService>(&self, region: &str) -> S::Client {
        self.connections.client::<S>(region)
    }

    /// The same writer, reporting its waits to `progress`.
    pub fn with_progress(&self, progress: Arc<dyn Fn(&str) + Send + Sync>) -> Self {
        let caller = self.caller.with_progress(progress);
        let reader = self.reader.with_caller(caller.clone());
        Self { caller, reader, ..self.clone() }
    }
}
