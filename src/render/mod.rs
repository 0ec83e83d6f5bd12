//! Values and events turned into text and JSON; the only place with colour and width.

pub mod document;
pub mod graph;
pub mod json;
pub mod markdown;
pub mod mask;
pub mod plan;
pub mod progress;
pub mod report;
pub mod resolved;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod snapshot;
pub mod step;
pub mod style;
pub mod table;
pub mod tfplan;
