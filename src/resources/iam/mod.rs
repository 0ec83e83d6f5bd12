//! Resource types of IAM: the role of a function.

pub mod observe;
pub mod role;

use crate::aws::connections::reads_only;
use crate::model::call::{Retry, Service};

reads_only! {
    /// IAM, reads only.
    reads::Iam(aws_sdk_iam, global) {
        get_policy: GetPolicyFluentBuilder,
        get_policy_version: GetPolicyVersionFluentBuilder,
        get_role: GetRoleFluentBuilder,
        get_role_policy: GetRolePolicyFluentBuilder,
        list_attached_role_policies: ListAttachedRolePoliciesFluentBuilder,
        list_role_policies: ListRolePoliciesFluentBuilder,
        list_roles: ListRolesFluentBuilder,
    }
}

/// Rules for every IAM operation.
pub const SERVICE: Service = Service {
    retries: &[
        Retry::propagation("MalformedPolicyDocument", "Invalid principal in policy", 120),
        Retry::busy("ConcurrentModification", "", 180),
        Retry::busy("EntityTemporarilyUnmodifiable", "", 180),
    ],
    not_found: &["NoSuchEntity"],
    ..Service::DEFAULT
};
