//! Names of surfaces in ids, and the fix of each kind of surface that works.

use super::Kind;
use super::sides::Pair;

/// The part of a finding's id that says which surface it is about.
pub(super) fn short_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Trust => "trust",
        Kind::InlinePolicy => "inline",
        Kind::ManagedPolicies => "managed",
        Kind::ManagedDocument => "managed-document",
        Kind::PermissionsBoundary => "boundary",
        Kind::BucketPolicy => "bucket",
        Kind::PublicAccessBlock => "public-access-block",
        Kind::ObjectOwnership => "ownership",
        Kind::ExecutionRole => "execution-role",
        Kind::FunctionPolicy => "function",
        Kind::VersionPolicy => "version",
        Kind::FunctionUrl => "url",
        Kind::EventSources => "event-sources",
        Kind::FunctionExtras => "extras",
        Kind::ApiPolicy => "api",
        Kind::Routes => "routes",
        Kind::TablePolicy => "table",
        Kind::StreamPolicy => "stream",
        Kind::WebAcl => "web-acl",
        Kind::WebAclRules => "rules",
        Kind::DistributionAccess => "distribution",
        Kind::Subscriptions => "subscriptions",
        Kind::LogResourcePolicies => "log-policy",
    }
}

/// The fix that works: `up` neither sets nor removes policies of tables, streams and versions.
pub(super) fn true_fix(pair: &Pair, sid: Option<&str>, fix: String) -> String {
    match pair.kind {
        Kind::TablePolicy | Kind::StreamPolicy => format!(
            "`shopstack up` leaves such policies alone: remove it with `aws dynamodb \
             delete-resource-policy --resource-arn {}`; what a function needs belongs in its \
             grants in stack.yaml",
            pair.policy.as_deref().unwrap_or(&pair.name)
        ),
        Kind::VersionPolicy => format!(
            "`shopstack up` leaves versions and aliases alone: remove it with `aws lambda \
             remove-permission --function-name {} --qualifier {} --statement-id {}`",
            pair.name,
            pair.policy.as_deref().unwrap_or_default(),
            sid.unwrap_or("<Sid>")
        ),
        Kind::ManagedDocument => {
            "detach the managed policy: `shopstack up` does so; what a function needs belongs in \
             its grants in stack.yaml"
                .into()
        }
        Kind::LogResourcePolicies => format!(
            "it serves the whole account and `shopstack up` leaves it alone: narrow it, or remove \
             it with `aws logs delete-resource-policy --policy-name {}`",
            pair.policy.as_deref().unwrap_or_default()
        ),
        _ => fix,
    }
}
