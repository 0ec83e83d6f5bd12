//! Tests that need no endpoint: replayed conversations with AWS, stack.yaml, builds, and the binary
//! where it asks nobody or a server of the test itself.

// Tests may stop at what they did not expect, and print what they measured.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::unreachable,
    clippy::unwrap_used
)]

mod bad_input;
mod build;
mod cli;
mod environments;
mod export;
mod fresh_build;
mod generated;
mod policies;
mod promises;
mod random_stack;
mod replay;
mod replayed;
mod rows;
mod site_folder;
mod stack;
// The live tests use the rest of it.
#[allow(dead_code)]
#[path = "../support/mod.rs"]
mod support;
mod wire;
