//! The event source of a function, the changes of a table, as it is compared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `AWS::Lambda::EventSourceMapping` of one function, on the stream of one table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventSourceSpec {
    /// ARN of the table. A mapping on a stream that the table no longer has says so here.
    pub table: String,
    pub enabled: bool,
    /// Records of one call, at most.
    pub batch_size: i32,
    /// Tries after the first; -1 for as many as fit into the stream's 24 hours.
    pub retries: i32,
    /// A batch that fails is halved, until the record that spoils it stands alone.
    pub bisect: bool,
    /// ARN of the queue or topic that hears of records given up; `None` for none.
    pub dead_letter: Option<String>,
    /// Settings that no stack has, by name: filters, windows, keys. Wanted: none.
    pub extras: BTreeMap<String, String>,
}
