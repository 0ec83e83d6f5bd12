//! The engine's interface to resource types: discovering reads, applying writes, and nothing does
//! both.

use super::{CloudError, Live, Outputs, Query, Step, TypeInfo};
use async_trait::async_trait;
use serde_json::Value;
use std::sync::Arc;

/// Receives what a step waits for and how long that usually takes.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// Finds live resources. Implementations hold only clients that cannot write.
#[async_trait]
pub trait Discover: Send + Sync {
    /// All types, in the order of the registry.
    fn types(&self) -> Vec<&'static TypeInfo>;

    /// Every live resource of a type that is wanted by name or owned by the stack.
    ///
    /// A foreign resource that holds a wanted name is returned with `Owner::Foreign`.
    async fn discover(&self, type_name: &str, query: &Query<'_>) -> Result<Vec<Live>, CloudError>;
}

/// Executes single steps. Every method can run again after a crash at any point: it finds existing
/// resources instead of duplicating them.
#[async_trait]
pub trait Apply: Send + Sync {
    /// Creates the resource; `wanted` is `step.wanted` with every template filled in.
    async fn create(
        &self,
        step: &Step,
        wanted: &Value,
        progress: Progress,
    ) -> Result<Outputs, CloudError>;

    /// Changes the fields of `step` in place.
    async fn update(
        &self,
        step: &Step,
        live: &Live,
        wanted: &Value,
        progress: Progress,
    ) -> Result<Outputs, CloudError>;

    /// Deletes the resource; succeeds if it is already gone.
    async fn delete(&self, step: &Step, live: &Live, progress: Progress) -> Result<(), CloudError>;
}
