//! desired x live -> Plan: diff, drift, graph, order. Pure: same input, same plan.

pub mod build;
pub mod cost;
pub mod diff;
pub mod order;
pub mod record;
pub mod secret;
pub mod shorten;
pub mod stray;
#[cfg(test)]
mod tests;

pub use build::{Inputs, USUAL_TIMES, plan};
pub use record::Record;
