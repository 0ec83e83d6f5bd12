//! What happens while a plan runs, as values: the engine emits them, `render` turns them into text
//! or JSON.

use super::{Address, Op, Plan};
use serde::{Deserialize, Serialize};

/// Where one resource stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Started,
    Waiting,
    Done,
    Failed,
    /// Cut short by a signal. For scripts a failure like any other: the contract has no word of its
    /// own for it.
    #[serde(rename(serialize = "failed", deserialize = "stopped"))]
    Stopped,
    NotEmulated,
}

/// How one smoke check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmokeStatus {
    Passed,
    Failed,
    Skipped,
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
    /// Progress that belongs to no resource: a build, the twin, the lock.
    Note(String),
}

/// Takes events; the engine calls it from many tasks at once.
pub type Sink = std::sync::Arc<dyn Fn(Event) + Send + Sync>;
