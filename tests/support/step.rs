//! Desired resources and steps, as the planner would hand them to a resource type.

use serde_json::Value;
use shopstack::model::{Address, Cause, Desired, Live, Op, Step};
use shopstack::resources::ResourceType;

/// A desired resource without dependencies.
pub fn desired(resource: &dyn ResourceType, address: &str, name: &str, spec: Value) -> Desired {
    Desired {
        address: Address::parse(address).expect("address"),
        type_name: resource.info().type_name.into(),
        name: name.into(),
        spec,
        context: Value::Null,
        depends_on: Default::default(),
        payload: None,
    }
}

/// The step that makes or changes a desired resource.
pub fn step(desired: &Desired, op: Op, live: Option<Live>) -> Step {
    Step {
        address: desired.address.clone(),
        type_name: desired.type_name.clone(),
        name: desired.name.clone(),
        op,
        cause: Cause::Change,
        fields: vec![],
        wanted: desired.spec.clone(),
        context: desired.context.clone(),
        payload: desired.payload.clone(),
        live,
        after: vec![],
        loses: None,
    }
}
