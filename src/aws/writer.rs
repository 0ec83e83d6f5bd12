//! What apply is handed: clients that may write, the reader beside them, and the step's way to tell
//! progress.

use super::call::Caller;
use super::clients::{Clients, Sdk};
use super::counter::Purpose;
use super::reader::Reader;
use crate::model::Scope;
use std::sync::Arc;

/// Everything a write path may use; one clone per step, so that waits are told on behalf of that
/// step.
#[derive(Clone, Debug)]
pub struct Writer {
    pub caller: Caller,
    pub clients: Arc<Clients>,
    pub reader: Reader,
    pub scope: Scope,
    /// Waits for CloudFront's propagation; without it such a step ends as `Pending`.
    pub patient: bool,
}

impl Writer {
    pub fn new(sdk: &Sdk, reader: Reader, scope: Scope) -> Self {
        Self {
            caller: reader.caller.clone(),
            clients: Arc::new(sdk.clients(Purpose::Apply)),
            reader,
            scope,
            patient: true,
        }
    }

    /// The same writer, telling its waits to `progress`.
    pub fn with_progress(&self, progress: Arc<dyn Fn(&str) + Send + Sync>) -> Self {
        let caller = self.caller.with_progress(progress);
        let reader = self.reader.with_caller(caller.clone());
        Self { caller, reader, ..self.clone() }
    }
}
