//! The list of resource types: a new type adds its folder and its line.

pub mod apigateway;
#[cfg(test)]
mod call_tests;
pub mod cloudfront;
pub mod cloudwatch;
pub(crate) mod common;
pub mod context;
pub mod dynamodb;
pub mod events;
pub mod expiry;
pub mod iam;
pub mod lambda;
pub mod logs;
pub mod place;
pub mod provider;
#[cfg(test)]
mod quota_tests;
pub mod resource_type;
pub mod s3;
pub mod waf;

pub use context::{Context, Wanted, desired};
pub use provider::{Applier, Finder, declared_calls, derivable_arn, outputs_document};
pub use resource_type::ResourceType;

use crate::model::call::Call;

/// Every resource type, in the order in which plans show them.
pub static TYPES: &[&dyn ResourceType] = &[
    &dynamodb::table::Table,
    &lambda::function::Function,
    &iam::role::Role,
    &lambda::permission::Permission,
    &lambda::event_source::EventSource,
    &events::rule::Rule,
    &apigateway::api::RestApi,
    &apigateway::authorizer::Authorizer,
    &apigateway::routes::Routes,
    &apigateway::stage::Stage,
    &apigateway::domain::DomainName,
    &apigateway::account::Account,
    &s3::bucket::Bucket,
    &s3::bucket_policy::BucketPolicy,
    &s3::objects::Objects,
    &cloudfront::oac::OriginAccessControl,
    &cloudfront::headers::ResponseHeadersPolicy,
    &cloudfront::distribution::Distribution,
    &waf::web_acl::WebAcl,
    &waf::association::WafAssociation,
    &waf::waf_logging::WafLogging,
    &logs::log_group::LogGroup,
    &cloudwatch::alarm::Alarm,
];

/// Calls that only `policy-report` makes, besides those of the types.
pub static OBSERVING: &[&[Call]] =
    &[lambda::observe::CALLS, dynamodb::observe::CALLS, logs::observe::CALLS, iam::observe::CALLS];
