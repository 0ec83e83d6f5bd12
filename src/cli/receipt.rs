//! What `down --no-wait` leaves to `sweep`.

use super::session::Session;
use crate::model::Plan;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// What `down --no-wait` left behind, kept beside the lock: `sweep` takes away that, and no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Caller's ARN.
    pub who: String,
    /// RFC 3339.
    pub when: String,
    /// As `address (name)`.
    pub remaining: Vec<String>,
}

impl Receipt {
    /// Sort key of its row.
    pub const SK: &str = "receipt";

    pub fn of_rest(session: &Session, remaining: &[String]) -> Self {
        Self {
            who: session.identity.arn.clone(),
            when: super::time::rfc3339(SystemTime::now()),
            remaining: remaining.to_vec(),
        }
    }

    /// True where nothing is there that was not left behind.
    pub fn covers(&self, plan: &Plan) -> bool {
        let mut steps = plan.steps.iter();
        steps.all(|step| self.remaining.contains(&format!("{} ({})", step.address, step.name)))
    }
}
