//! Reads live state, runs a plan along its graph, emits events; never prints.

pub mod read;
pub mod run;

pub use read::read;
pub use run::{Outcome, Run, run};
