//! Integration tests against real endpoints on this machine: one binary, so that the SDKs are linked once.

mod cli;
mod e2e;
mod faults;
mod replay;
mod replayed;
mod resources;
mod support;
