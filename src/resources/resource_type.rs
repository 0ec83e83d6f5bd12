//! The trait that every resource type implements.

use super::context::{Context, Wanted};
use super::place::Place;
use crate::aws::{Caller, Reader, Writer};
use crate::model::{CloudError, Live, Outputs, Query, SharedPiece, Step, TypeInfo};
use crate::stack::Stack;
use async_trait::async_trait;
use serde_json::Value;

/// An AWS resource type. Reads get a `Reader`, which has no writes.
#[async_trait]
pub trait ResourceType: Send + Sync {
    fn info(&self) -> &'static TypeInfo;

    /// JSON Schema of the type's spec: the drift tests learn from it which fields there are.
    fn schema(&self) -> schemars::Schema;

    /// Adds what the stack wants of this type.
    ///
    /// Errors: a local file that the type needs cannot be read or has the wrong form.
    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError>;

    /// Where stack.yaml asks for resources of this type, for reports that point there.
    fn places(&self, _stack: &Stack) -> Vec<Place> {
        vec![]
    }

    /// Every live resource that is wanted by name or owned by the environment.
    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError>;

    /// Creates the resource. It may run again after a crash at any point, and then finds what is
    /// there.
    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError>;

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError>;

    /// Waits until what was made or changed is served to visitors, where that lags behind AWS's
    /// answer.
    async fn wait_served(
        &self,
        _caller: &Caller,
        _reader: &Reader,
        _outputs: &Outputs,
    ) -> Result<(), CloudError> {
        Ok(())
    }

    /// After `down`: deletes what AWS itself made again for resources that are gone; `deleted` are
    /// the steps of the plan.
    async fn sweep(&self, _writer: &Writer, _deleted: &[Step]) -> Result<(), CloudError> {
        Ok(())
    }

    /// Resources that shopstack made for all stacks of the account and that `down` leaves.
    async fn shared(&self, _reader: &Reader) -> Result<Vec<SharedPiece>, CloudError> {
        Ok(vec![])
    }

    /// Deletes such a piece, unless something uses it: then says what. `elsewhere` reads the other
    /// regions of the account.
    async fn remove_shared(
        &self,
        _writer: &Writer,
        _piece: &SharedPiece,
        _elsewhere: &[Reader],
    ) -> Result<Option<String>, CloudError> {
        Ok(Some("shopstack does not know how to remove it".into()))
    }

    /// Deletes the resource; already gone is done.
    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError>;
}
