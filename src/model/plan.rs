//! A plan as a value: what will be created, updated, replaced, deleted, in which order, and why.

use super::{Address, Live};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;

/// What happens to one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// Who made a step necessary: the stack's author, somebody behind the stack's back, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Change,
    Drift,
    Both,
}

/// One field that differs. `None` stands for absent; wanted values not known yet are `{"unknown":true}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    pub path: String,
    pub live: Value,
    /// The value of the last successful `up`, where the record has it.
    pub applied: Value,
    pub wanted: Value,
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
    /// Steps of this plan that must be done first.
    pub after: Vec<Address>,
    /// What this step would lose, in words.
    pub loses: Option<String>,
}

/// Counts per operation, as the contract's `summary`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub create: usize,
    pub update: usize,
    pub replace: usize,
    pub delete: usize,
    pub unchanged: usize,
    pub drifted: usize,
    pub not_emulated: usize,
}

/// Everything that apply needs; no choice is left to it.
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
    /// What the reader should know besides: relaxed settings of an emulator, slow steps.
    pub notes: Vec<String>,
}

impl Plan {
    pub const FORMAT_VERSION: &'static str = "1.0";

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub fn summary(&self) -> Summary {
        let mut summary =
            Summary { unchanged: self.unchanged.len(), not_emulated: self.not_emulated.len(), ..Summary::default() };
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
