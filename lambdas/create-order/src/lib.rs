//! createOrder: `POST /orders` checks an order against the catalogue and stores it, exactly once.
//! Only `dynamo` knows AWS's data types.

pub mod checkout;
pub mod delivery;
pub mod dynamo;
pub mod handler;
pub mod order;
pub mod store;
pub mod text;
