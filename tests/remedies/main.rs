//! What the binary does with its surroundings, without an endpoint: environment, profiles, proxies,
//! certificates, streams and signals; and that each remedy fits its cause.

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

mod desk;
mod fake;
mod network;
mod signin;
mod streams;
mod table;
mod variables;
