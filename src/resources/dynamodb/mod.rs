//! Resource types of DynamoDB: the table and its seed.

pub mod observe;
pub mod table;

use crate::model::call::{Retry, Service};

/// What holds for every DynamoDB operation.
pub const SERVICE: Service = Service {
    retries: &[
        Retry::busy("ResourceInUseException", "being updated", 600),
        Retry::busy("ResourceInUseException", "being deleted", 600),
        Retry::busy("ResourceInUseException", "being created", 600),
    ],
    not_found: &["ResourceNotFoundException", "TableNotFoundException", "PolicyNotFoundException"],
    ..Service::DEFAULT
};
