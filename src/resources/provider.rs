//! The engine's way to the resource types: reads through a `Reader`, writes through a `Writer`.

use super::{ResourceType, TYPES};
use crate::aws::{Reader, Writer};
use crate::model::call::CallTable;
use crate::model::provider::{Apply, Discover, Progress};
use crate::model::{Address, CloudError, ErrorKind, Live, Outputs, Query, Scope, Step, TypeInfo};
use async_trait::async_trait;
use serde_json::Value;

fn find(type_name: &str) -> Result<&'static dyn ResourceType, CloudError> {
    TYPES.iter().copied().find(|t| t.info().type_name == type_name).ok_or_else(|| {
        CloudError::ours(
            ErrorKind::Other,
            format!("this version does not know the type {type_name}"),
            "this is a defect of shopstack: report it with the output of `diff --json`",
        )
    })
}

/// The ARN of what an address of the stack stands for, of the types that are found by the tag index
/// alone once nobody wants them, and whose ARN follows from the address.
pub fn arn_of(scope: &Scope, address: &Address) -> Option<String> {
    let (region, account, name) = (&scope.region, &scope.account, scope.name(address.id()));
    match address.group() {
        "table" => Some(format!("arn:aws:dynamodb:{region}:{account}:table/{name}")),
        "function" => Some(format!("arn:aws:lambda:{region}:{account}:function:{name}")),
        "bucket" => Some(format!("arn:aws:s3:::{}", scope.bucket_name())),
        _ => None,
    }
}

/// Discovers live resources through a `Reader`.
pub struct Finder(pub Reader);

#[async_trait]
impl Discover for Finder {
    fn types(&self) -> Vec<&'static TypeInfo> {
        TYPES.iter().map(|t| t.info()).collect()
    }

    async fn discover(&self, type_name: &str, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        find(type_name)?.discover(&self.0, query).await
    }
}

/// Applies steps through a `Writer`.
pub struct Applier(pub Writer);

#[async_trait]
impl Apply for Applier {
    async fn create(
        &self,
        step: &Step,
        wanted: &Value,
        progress: Progress,
    ) -> Result<Outputs, CloudError> {
        find(&step.type_name)?.create(&self.0.with_progress(progress), step, wanted).await
    }

    async fn update(
        &self,
        step: &Step,
        live: &Live,
        wanted: &Value,
        progress: Progress,
    ) -> Result<Outputs, CloudError> {
        let updated = find(&step.type_name)?
            .update(&self.0.with_progress(progress), step, live, wanted)
            .await;
        updated.map_err(|error| if error.is_not_found() { vanished(error) } else { error })
    }

    async fn delete(&self, step: &Step, live: &Live, progress: Progress) -> Result<(), CloudError> {
        find(&step.type_name)?.delete(&self.0.with_progress(progress), live).await
    }
}

/// What was read for the plan, and is not there to be updated.
fn vanished(error: CloudError) -> CloudError {
    let hint = "it, or what it needs, was deleted since the plan: run the same command again";
    CloudError { hint: hint.into(), ..error }
}

/// Every call that a resource type declares.
pub fn declared_calls() -> CallTable {
    CallTable::new(TYPES.iter().flat_map(|t| t.info().calls.all()).chain(super::observe::CALLS))
}
