//! The record of the last successful `up`: what was applied, by whom, when. A memory for words, never for decisions.

use super::lost::Lost;
use crate::model::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One `up`, as it is kept in the `shopstack` table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Caller's ARN.
    pub who: String,
    /// RFC 3339, UTC.
    pub when: String,
    /// Commit of the stack's repository; empty when there is none.
    pub commit: String,
    /// SHA-256 of the plan that was applied.
    pub plan_hash: String,
    /// Normalised specs by address, every template filled in.
    pub specs: BTreeMap<Address, Value>,
    /// What an emulator did not keep; always empty on AWS.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lost: Lost,
}

impl Record {
    /// The applied value at `path` of an address's spec; `None` when the record does not know it.
    pub fn field(&self, address: &Address, path: &[String]) -> Option<&Value> {
        let mut value = self.specs.get(address)?;
        for part in path {
            value = value.get(part)?;
        }
        Some(value)
    }
}
