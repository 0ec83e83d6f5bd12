//! listProducts: `GET /products` answers with the products that are sold, whole or in pages. Only
//! `dynamo` knows AWS's data types.

pub mod catalogue;
pub mod dynamo;
pub mod handler;
pub mod listing;
pub mod query;
