//! IAM documents: build, normalise, compare, judge. Pure.

pub mod actions;
pub mod document;
pub mod judge;
pub mod pattern;
pub mod source;

pub use document::{bare, canonical, parse, to_json};
