//! Integration tests against real endpoints on this machine: one binary, so that the SDKs are
//! linked once.

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
mod cli;
mod drift;
mod e2e;
mod faults;
mod judge;
mod replay;
mod replayed;
mod resources;
mod support;
