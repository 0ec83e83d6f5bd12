//! Promises of README and ARCHITECTURE, each held against the code by a test that fails when it is
//! broken.

mod desired;
mod writes;
