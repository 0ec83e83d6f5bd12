//! What no terminal, log or plan document may show: the secrets among the variables of functions.

use crate::model::{FieldChange, Step};
use crate::plan::secret;

pub use secret::SENSITIVE;

/// The fields of a step as they may be shown.
pub fn fields(step: &Step) -> Vec<FieldChange> {
    step.fields.iter().map(|field| secret::masked(&step.address, field)).collect()
}
