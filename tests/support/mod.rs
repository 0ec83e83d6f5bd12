//! What both test binaries share: the shop under test, runs of the binary, clients, servers that
//! misbehave, files that the code generates.

pub mod clients;
pub mod contract;
pub mod crates;
pub mod endpoint;
pub mod env;
pub mod generated;
pub mod random_stack;
pub mod rows;
pub mod rows_down;
pub mod rows_events;
pub mod run;
pub mod shop;
pub mod step;
pub mod wire;
