//! IAM documents: build, normalise, compare, judge. Pure.

pub mod document;
pub mod judge;

pub use document::{canonical, parse, to_json};
