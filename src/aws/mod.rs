//! Everything between resource types and the SDK: clients, identity, counting, retries, rate
//! budgets, errors.

pub mod account;
pub mod attempt;
pub mod call;
pub mod calls;
pub mod census;
pub mod clients;
pub mod clock;
pub mod connections;
pub mod counter;
pub mod error;
pub mod home;
pub mod index;
#[cfg(test)]
mod lease_tests;
pub mod ledger;
pub mod lock;
mod lock_row;
pub mod network;
pub mod pages;
pub mod probe;
pub mod quota;
pub mod reader;
pub mod reads;
mod remedy;
pub mod retry;
pub mod rights;
pub mod settings;
pub mod signin;
pub mod simulation;
mod tls;
pub mod upload;
mod words;
pub mod writer;

pub use call::{CallOptions, Caller, Cancel};
pub use clients::{Connect, Identity};
pub use counter::{Calls, Counter};
pub use index::TagIndex;
pub use reader::Reader;
pub use writer::Writer;
