//! Integration tests against real endpoints on this machine: one binary, so that the SDKs are
//! linked once.

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
