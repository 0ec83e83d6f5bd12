//! The engine's way to the resource types: reads through a `Reader`, writes through a `Writer`.

use super::{OBSERVING, ResourceType, TYPES};
use crate::aws::{Reader, Writer};
use crate::model::call::CallTable;
use crate::model::provider::{Apply, Discover, Progress};
use crate::model::type_info::OutputForm;
use crate::model::{Address, CloudError, ErrorKind, Live, Outputs, Query, Scope, Step, TypeInfo};
use async_trait::async_trait;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn find(type_name: &str) -> Result<&'static dyn ResourceType, CloudError> {
    TYPES.iter().copied().find(|t| t.info().type_name == type_name).ok_or_else(|| {
        CloudError::ours(
            ErrorKind::Other,
            format!("this version does not know the type {type_name}"),
            "this is a defect of shopstack: report it with the output of `diff --json`",
        )
    })
}

/// ARN of `address`, for types whose ARN is derivable and which, once removed from stack.yaml, can
/// only be found through the tag index. `None` for all others.
pub fn derivable_arn(scope: &Scope, address: &Address) -> Option<String> {
    let info = TYPES.iter().map(|t| t.info()).find(|info| info.group == address.group())?;
    info.arn.map(|arn| arn(scope, address.id()))
}

/// The document of `outputs`, from the outputs of what exists: every key that a type declares.
pub fn outputs_document(outputs: &BTreeMap<Address, Outputs>) -> Value {
    let mut document = Map::new();
    for info in TYPES.iter().map(|t| t.info()) {
        for key in info.outputs {
            let of_type = outputs.iter().filter(|(a, _)| a.group() == info.group);
            let mut found = of_type.filter_map(|(a, o)| Some((a.id(), o.get(key.attribute)?)));
            let value = match key.form {
                OutputForm::Single => found.next().map_or(Value::Null, |(_, v)| json!(v)),
                OutputForm::ById => found.map(|(id, v)| (id.to_string(), json!(v))).collect(),
                OutputForm::List => json!(found.map(|(_, v)| v).collect::<BTreeSet<_>>()),
                OutputForm::Lines => {
                    let there = document.get(key.key).and_then(Value::as_array).cloned();
                    let lines = found.flat_map(|(_, v)| v.lines()).map(|line| json!(line));
                    let all: Vec<Value> = there.into_iter().flatten().chain(lines).collect();
                    if all.is_empty() {
                        continue;
                    }
                    Value::Array(all)
                }
            };
            document.insert(key.key.to_string(), value);
        }
    }
    Value::Object(document)
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

/// A resource that was read for the plan and no longer exists.
fn vanished(error: CloudError) -> CloudError {
    let hint = "it, or what it needs, was deleted since the plan: run the same command again";
    CloudError { hint: hint.into(), ..error }
}

/// Every call that a resource type or a report's read declares.
pub fn declared_calls() -> CallTable {
    let of_types = TYPES.iter().flat_map(|t| t.info().calls.iter());
    CallTable::new(of_types.chain(OBSERVING.iter().copied().flatten()))
}
