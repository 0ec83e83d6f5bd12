//! DynamoDB: tables.

pub mod table;
