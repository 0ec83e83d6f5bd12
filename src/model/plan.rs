//! A plan as a value: its steps, their order and their causes.

use super::{Address, Floor, Live};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;

/// Operation on one resource.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Create,
    Update,
    Replace,
    Delete,
    Adopt,
}

impl Op {
    pub fn as_str(self) -> &'static str {
        match self {
            Op::Create => "create",
            Op::Update => "update",
            Op::Replace => "replace",
            Op::Delete => "delete",
            Op::Adopt => "adopt",
        }
    }
}

/// The origin of a step: the stack's author, a change outside shopstack, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Change,
    Drift,
    Both,
}

/// A field that differs. Null means absent; a wanted value that is unknown until creation is
/// `{"unknown":true}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldChange {
    pub path: String,
    /// The value on AWS.
    pub live: Value,
    /// The value of the last successful `up`, if the record has it.
    pub applied: Value,
    /// The value in stack.yaml.
    pub wanted: Value,
    /// The field cannot change in place, so the resource is replaced.
    pub replaces: bool,
}

/// One node of the plan's graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub address: Address,
    #[serde(rename = "type")]
    pub type_name: String,
    pub name: String,
    pub op: Op,
    pub cause: Cause,
    pub fields: Vec<FieldChange>,
    /// The wanted spec, templates included; null for deletes.
    pub wanted: Value,
    /// Ids of parents, as templates until execution; see `Desired::context`.
    pub context: Value,
    pub payload: Option<PathBuf>,
    pub live: Option<Live>,
    /// Steps of this plan that must finish first.
    pub after: Vec<Address>,
    /// The data that this step would lose, as text.
    pub loses: Option<String>,
}

/// Number of resources by operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    pub create: usize,
    pub update: usize,
    pub replace: usize,
    pub delete: usize,
    pub unchanged: usize,
    pub drifted: usize,
    pub not_emulated: usize,
}

/// Everything needed to apply the plan; applying makes no decisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub format_version: String,
    pub stack: String,
    pub env: String,
    pub account: String,
    pub region: String,
    pub steps: Vec<Step>,
    /// Live resources that stay as they are; later steps read their outputs.
    pub unchanged: Vec<Live>,
    pub not_emulated: Vec<Address>,
    /// Notes for the reader: relaxed settings of an emulator, slow steps.
    pub notes: Vec<String>,
    /// The monthly cost of every resource without visitors, before and after; resources without a
    /// fixed cost are omitted.
    #[serde(default)]
    pub floors: Vec<Floor>,
    /// Headings in the order of display, each with the groups of addresses under it.
    #[serde(skip)]
    pub headings: Vec<(&'static str, Vec<&'static str>)>,
}

impl Plan {
    pub const FORMAT_VERSION: &'static str = "1.0";

    /// Removes the steps for which `keep` is false, and their effect on the floors.
    pub fn retain(&mut self, keep: impl Fn(&Step) -> bool) {
        let gone: Vec<Address> =
            self.steps.iter().filter(|s| !keep(s)).map(|s| s.address.clone()).collect();
        self.steps.retain(keep);
        for floor in self.floors.iter_mut().filter(|f| gone.contains(&f.address)) {
            floor.after.clone_from(&floor.before);
        }
        self.floors.retain(|floor| !floor.before.is_empty() || !floor.after.is_empty());
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub fn summary(&self) -> Summary {
        let mut summary = Summary {
            unchanged: self.unchanged.len(),
            not_emulated: self.not_emulated.len(),
            ..Summary::default()
        };
        for step in &self.steps {
            match step.op {
                Op::Create => summary.create += 1,
                Op::Update | Op::Adopt => summary.update += 1,
                Op::Replace => summary.replace += 1,
                Op::Delete => summary.delete += 1,
            }
            if step.cause != Cause::Change {
                summary.drifted += 1;
            }
        }
        summary
    }
}
