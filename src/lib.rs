//! shopstack as a library: the module map, lowest layer first.

/// The nouns every layer shares: addresses, plans, events, errors. Pure.
pub mod model;
/// The Lambdas, from crate to checked, reproducible zip.
pub mod build;
/// The local twin: start, health, stop.
pub mod local;
/// stack.yaml to `Stack`, with errors that point at line and column. Pure.
pub mod stack;
