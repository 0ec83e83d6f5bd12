//! Tests against real endpoints on this machine. `make test` starts the endpoints; without them
//! this binary says that it was not run.

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

mod as_aws;
mod bad_input;
mod drift;
mod e2e;
mod faults;
mod local;
mod promises;
mod resources;
mod settings;
mod support;
mod terraform_check;
