//! The address of a resource inside a stack: `<group>.<logical id>`, such as `table.Orders`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// `<group>.<logical id>`; stable across runs, the key of every plan, event and record.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Address(#[schemars(extend("pattern" = "^[^.]+\\..+$"))] String);

impl Address {
    /// Joins a group (`table`) and a logical id (`Orders`).
    pub fn new(group: &str, id: &str) -> Self {
        Self(format!("{group}.{id}"))
    }

    /// Parses `group.id` from user input; `None` if a part is missing.
    pub fn parse(text: &str) -> Option<Self> {
        let (group, id) = text.split_once('.')?;
        (!group.is_empty() && !id.is_empty()).then(|| Self::new(group, id))
    }

    /// The part before the dot: `table`.
    pub fn group(&self) -> &str {
        self.0.split_once('.').map_or(self.0.as_str(), |(g, _)| g)
    }

    /// The part after the first dot: `Orders`.
    pub fn id(&self) -> &str {
        self.0.split_once('.').map_or("", |(_, id)| id)
    }

    /// The whole address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
