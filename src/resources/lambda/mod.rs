//! Lambda: functions and their resource policies.

pub mod event_source;
pub mod function;
pub mod observe;
pub mod permission;

use crate::aws::connections::reads_only;
use crate::model::call::{Quota, Retry, Service};

reads_only! {
    /// Lambda, reads only.
    reads::Lambda(aws_sdk_lambda) {
        get_function: GetFunctionFluentBuilder,
        get_policy: GetPolicyFluentBuilder,
        list_aliases: ListAliasesFluentBuilder,
        list_event_source_mappings: ListEventSourceMappingsFluentBuilder,
        list_function_event_invoke_configs: ListFunctionEventInvokeConfigsFluentBuilder,
        list_function_url_configs: ListFunctionUrlConfigsFluentBuilder,
        list_functions: ListFunctionsFluentBuilder,
        list_tags: ListTagsFluentBuilder,
        list_versions_by_function: ListVersionsByFunctionFluentBuilder,
    }
}

/// Rules for every Lambda operation.
pub const SERVICE: Service = Service {
    retries: &[
        Retry::propagation("InvalidParameterValueException", "cannot be assumed by Lambda", 180),
        Retry::propagation(
            "InvalidParameterValueException",
            "execution role does not have permissions",
            180,
        ),
        Retry::propagation(
            "InvalidParameterValueException",
            "KMS key is invalid for CreateGrant",
            180,
        ),
        Retry::busy("ResourceConflictException", "state: Pending", 600),
        Retry::busy("ResourceConflictException", "in progress", 600),
        Retry::busy("ResourceConflictException", "concurrent update", 120),
    ],
    quotas: &[Quota { label: "Lambda: 15 control calls per second", rate: 15.0, burst: 15.0 }],
    not_found: &["ResourceNotFoundException"],
    ..Service::DEFAULT
};
