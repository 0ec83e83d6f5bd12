//! Reads live state, runs a plan along its graph, emits events; never prints.

#[cfg(test)]
mod fake_tests;
pub mod read;
pub mod run;
mod schedule;
#[cfg(test)]
mod schedule_tests;
#[cfg(test)]
mod tests;

pub use read::{Survey, read, survey};
pub use run::{Outcome, Run, run};
