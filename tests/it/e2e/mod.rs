//! End to end: the real binary, as a person or a pipeline calls it, against endpoints that speak
//! AWS's protocols.

mod adopt;
mod browser;
mod contract;
mod first;
mod foreign;
mod home;
mod leftovers;
mod moto;
mod people;
pub mod project;
pub mod redeploy;
mod region;
mod report;
mod report_live;
mod schema;
mod secrets;
mod smoke;
mod story;
mod strays;
mod waits;
mod webdriver;
