//! Tests that need no endpoint: replayed conversations with AWS, stack.yaml, builds, and the binary
//! where it asks nobody or a server of the test itself.

mod bad_input;
mod build;
mod cli;
mod generated;
mod promises;
mod random_stack;
mod replay;
mod replayed;
mod rows;
mod stack;
// The live tests use the rest of it.
#[allow(dead_code)]
#[path = "../support/mod.rs"]
mod support;
mod wire;
