//! End to end: the real binary, as a person or a pipeline calls it, against endpoints that speak AWS's protocols.

mod adopt;
mod browser;
mod contract;
mod foreign;
mod leftovers;
mod moto;
pub mod project;
pub mod redeploy;
mod region;
mod schema;
mod secrets;
mod story;
mod strays;
mod waits;
mod webdriver;
