//! Resource types of IAM: the role of a function.

pub mod observe;
pub mod role;

use crate::model::call::{Retry, Service};

/// What holds for every IAM operation.
pub const SERVICE: Service = Service {
    retries: &[
        Retry::propagation("MalformedPolicyDocument", "Invalid principal in policy", 120),
        Retry::busy("ConcurrentModification", "", 180),
        Retry::busy("EntityTemporarilyUnmodifiable", "", 180),
    ],
    not_found: &["NoSuchEntity"],
    ..Service::DEFAULT
};
