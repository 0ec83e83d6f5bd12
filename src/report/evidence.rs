//! Needed against granted, as the report has it.

use schemars::JsonSchema;
use serde::Serialize;

/// The verdict on an action that a function has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Needed {
    NeededAndGranted,
    Missing,
    Excess,
    /// Needed, and AWS knows no narrower resource than `*`.
    CannotBeScoped,
    /// The source has calls that could not be resolved, so the action may be needed.
    Unclear,
}

/// One action of one function from up to three sources side by side: declared, found, observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Need {
    pub function: String,
    pub action: String,
    pub resource: String,
    /// Stands in the function's grants in stack.yaml, or is made by shopstack itself.
    pub declared: bool,
    /// `lambdas/create-order/src/store.rs:41`, each place of the source that calls it.
    pub found: Vec<String>,
    /// With `--prove`: the answer that named this action as refused, in a run without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// The live role allows it.
    pub granted: bool,
    pub verdict: Needed,
    /// The part that could not be resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
