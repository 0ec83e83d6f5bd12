//! IAM: roles.

pub mod role;
