//! End to end: the real binary, as a person or a pipeline calls it, against endpoints that speak AWS's protocols.

mod browser;
mod contract;
mod leftovers;
mod moto;
pub mod project;
mod region;
mod schema;
mod secrets;
mod story;
mod webdriver;
