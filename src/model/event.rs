//! Events of a running plan: the engine emits them, `render` converts them to text or JSON.

use super::{Address, Op, Plan};
use serde::{Deserialize, Serialize};

/// Status of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Started,
    Waiting,
    Done,
    Failed,
    /// Cut off by a signal. Scripts see a failure, because the JSON format has no separate status.
    #[serde(rename(serialize = "failed", deserialize = "stopped"))]
    Stopped,
    NotEmulated,
}

/// Result of one smoke check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmokeStatus {
    Passed,
    Failed,
    Skipped,
}

impl SmokeStatus {
    /// As JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// One thing worth telling; the contract's event lines are made of these.
#[derive(Clone, Debug)]
pub enum Event {
    Plan(Box<Plan>),
    Resource {
        address: Address,
        op: Op,
        status: Status,
        elapsed_ms: u64,
        message: String,
    },
    Smoke {
        check: String,
        status: SmokeStatus,
        elapsed_ms: u64,
        message: String,
    },
    /// Progress of something other than a resource: a build, the twin, the lock.
    Note(String),
}

/// Receives events; the engine calls it from many tasks at once.
pub type Sink = std::sync::Arc<dyn Fn(Event) + Send + Sync>;
