//! CloudWatch Logs: log groups.

pub mod log_group;
pub mod observe;

use crate::model::call::{Retry, Service};

/// What holds for every CloudWatch Logs operation.
pub const SERVICE: Service = Service {
    retries: &[Retry::busy("OperationAbortedException", "", 60)],
    not_found: &["ResourceNotFoundException"],
    ..Service::DEFAULT
};
