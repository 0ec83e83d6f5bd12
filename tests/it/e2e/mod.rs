//! End to end: the real binary, as a person or a pipeline calls it, against endpoints that speak
//! AWS's protocols.

mod adopt;
mod browser;
mod deployer;
mod environments;
mod first;
mod foreign;
mod home;
mod manners;
mod moto;
mod mutations;
mod openapi;
mod people;
mod prove;
pub mod redeploy;
mod region;
mod report;
mod report_live;
mod report_page;
mod schema;
mod secrets;
mod shop_cart;
mod shop_catalogue;
mod shop_failures;
mod shop_files;
mod shop_looks;
mod shop_order;
mod shop_page;
mod shop_server;
mod smoke;
mod stacks;
mod story;
mod strays;
mod waits;
mod webdriver;
