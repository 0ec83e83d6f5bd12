//! Wanted and live resources side by side, and the pair of one policy or setting.

use super::{Failure, Input, Kind, Observed};
use crate::model::{Address, Desired, Live, Owner};
use crate::policy::{self, judge::Place};
use serde_json::Value;
use std::collections::BTreeMap;

const ROLE: &str = "AWS::IAM::Role";

/// A policy or setting before it is compared; null means none.
pub(super) struct Pair {
    pub kind: Kind,
    pub address: Address,
    pub name: String,
    pub policy: Option<String>,
    pub wanted: Value,
    pub live: Value,
    /// The known facts about a foreign resource's owner.
    pub foreign: Option<String>,
    pub not_emulated: bool,
    /// The resource that carries it exists.
    pub carried: bool,
    /// All stacks of the account share it: `up` creates it and never changes it back.
    pub shared: bool,
    /// Why the live side is not known.
    pub unread: Option<Failure>,
    /// AWS's operations that read it.
    pub calls: Vec<String>,
    /// RFC 3339: when it was read.
    pub at: String,
}

impl Pair {
    pub fn of_side(
        kind: Kind,
        address: Address,
        side: &Side<'_>,
        wanted: Value,
        live: Value,
    ) -> Self {
        Self {
            kind,
            address,
            name: side.name(),
            policy: None,
            wanted,
            live,
            foreign: side.foreign_owner(),
            not_emulated: side.not_emulated(),
            carried: side.live.is_some(),
            shared: side.live.is_some_and(is_shared_role),
            unread: side.unread.filter(|_| side.live.is_none()).cloned(),
            calls: calls(kind, side.type_name),
            at: side.at.to_string(),
        }
    }

    /// The pair of a separate read; stack.yaml has no such setting, so none is wanted.
    pub fn of_observed(observed: &Observed) -> Self {
        let (live, unread) = match &observed.result {
            Ok(value) if Self::is_document(observed.kind) => (canonical(value.clone()), None),
            Ok(value) => (value.clone(), None),
            Err(failure) => (Value::Null, Some(failure.clone())),
        };
        Self {
            kind: observed.kind,
            address: observed.address.clone(),
            name: observed.name.clone(),
            policy: observed.policy.clone(),
            wanted: if Self::is_document(observed.kind) {
                canonical(observed.wanted.clone())
            } else {
                observed.wanted.clone()
            },
            live,
            foreign: None,
            not_emulated: observed.not_emulated,
            carried: true,
            shared: observed.shared,
            unread,
            calls: calls(observed.kind, ""),
            at: observed.at.clone(),
        }
    }

    fn is_document(kind: Kind) -> bool {
        matches!(
            kind,
            Kind::TablePolicy
                | Kind::StreamPolicy
                | Kind::VersionPolicy
                | Kind::ManagedDocument
                | Kind::LogResourcePolicies
        )
    }

    /// Where its document stands; `None` for what is no document.
    pub fn place(&self) -> Option<Place> {
        match self.kind {
            Kind::Trust => Some(Place::Trust),
            Kind::InlinePolicy | Kind::ManagedDocument => Some(Place::Identity),
            Kind::BucketPolicy => Some(Place::Bucket),
            Kind::LogResourcePolicies => Some(Place::LogGroup),
            Kind::FunctionPolicy
            | Kind::VersionPolicy
            | Kind::ApiPolicy
            | Kind::TablePolicy
            | Kind::StreamPolicy => Some(Place::Function),
            _ => None,
        }
    }
}

/// The operations that read a surface.
fn calls(kind: Kind, type_name: &str) -> Vec<String> {
    let list: &[&str] = match kind {
        Kind::Trust | Kind::PermissionsBoundary => &["iam:GetRole"],
        Kind::InlinePolicy => &["iam:ListRolePolicies", "iam:GetRolePolicy"],
        Kind::ManagedPolicies => &["iam:ListAttachedRolePolicies"],
        Kind::ManagedDocument => &["iam:GetPolicy", "iam:GetPolicyVersion"],
        Kind::BucketPolicy => &["s3:GetBucketPolicy"],
        Kind::PublicAccessBlock => &["s3:GetPublicAccessBlock"],
        Kind::ObjectOwnership => &["s3:GetBucketOwnershipControls"],
        Kind::BucketSettings => &[
            "s3:GetBucketVersioning",
            "s3:GetBucketEncryption",
            "s3:GetBucketLifecycleConfiguration",
            "s3:GetBucketWebsite",
            "s3:GetBucketCors",
        ],
        Kind::TableSettings => &[
            "dynamodb:DescribeTable",
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:DescribeKinesisStreamingDestination",
        ],
        Kind::ExecutionRole | Kind::FunctionExtras | Kind::FunctionSettings => {
            &["lambda:GetFunction"]
        }
        Kind::FunctionPolicy => &["lambda:GetPolicy"],
        Kind::VersionPolicy => &["lambda:ListVersionsByFunction", "lambda:GetPolicy"],
        Kind::FunctionUrl => &["lambda:ListFunctionUrlConfigs"],
        Kind::EventSources => &["lambda:ListEventSourceMappings"],
        Kind::ApiPolicy => &["apigateway:GetRestApi"],
        Kind::Routes => &["apigateway:GetResources"],
        Kind::TablePolicy | Kind::StreamPolicy => &["dynamodb:GetResourcePolicy"],
        Kind::WebAcl if type_name.starts_with("AWS::CloudFront") => &["cloudfront:GetDistribution"],
        Kind::WebAcl => &["wafv2:GetWebACLForResource"],
        Kind::WebAclRules => &["wafv2:GetWebACL"],
        Kind::DistributionAccess => &["cloudfront:GetDistribution"],
        Kind::Subscriptions => &["logs:DescribeSubscriptionFilters"],
        Kind::LogResourcePolicies => &["logs:DescribeResourcePolicies"],
        // As the type declares them.
        Kind::OtherSettings => &[],
    };
    list.iter().map(|call| (*call).to_string()).collect()
}

/// Both sides of one address.
#[derive(Clone, Copy, Default)]
pub(super) struct Side<'a> {
    pub type_name: &'a str,
    pub wanted: Option<&'a Desired>,
    pub live: Option<&'a Live>,
    /// Why resources of this type could not be read.
    pub unread: Option<&'a Failure>,
    pub at: &'a str,
}

impl<'a> Side<'a> {
    pub fn wanted_spec(&self) -> Option<&'a Value> {
        self.wanted.map(|d| &d.spec)
    }

    pub fn live_spec(&self) -> Option<&'a Value> {
        self.live.map(|l| &l.spec)
    }

    pub fn foreign_owner(&self) -> Option<String> {
        self.live.and_then(|live| match &live.owner {
            Owner::Foreign(says) => Some(says.clone()),
            Owner::Ours | Owner::Stray | Owner::Shared => None,
        })
    }

    pub fn not_emulated(&self) -> bool {
        self.live.is_some_and(|live| live.not_emulated)
    }

    /// The physical name; empty where neither side has the resource.
    pub fn name(&self) -> String {
        let live = self.live.map(|l| l.name.clone());
        live.or_else(|| self.wanted.map(|d| d.name.clone())).unwrap_or_default()
    }
}

/// Wanted and live resources of a type by logical id.
pub(super) type Sides<'a> = BTreeMap<String, Side<'a>>;

/// The side of a resource that is neither wanted nor found.
pub(super) fn empty_side<'a>(type_name: &'a str, input: &'a Input<'_>) -> Side<'a> {
    let at = input.read_at.get(type_name).map_or(input.finished, String::as_str);
    Side { type_name, unread: input.unread.get(type_name), at, ..Side::default() }
}

pub(super) fn sides<'a>(type_name: &'a str, input: &'a Input<'_>) -> Sides<'a> {
    let fresh = || empty_side(type_name, input);
    let mut all: Sides<'a> = BTreeMap::new();
    for one in input.desired.iter().filter(|d| d.type_name == type_name) {
        all.entry(one.address.id().to_string()).or_insert_with(fresh).wanted = Some(one);
    }
    // A resource that carries the stack's tags under another name does not belong to it.
    for one in input.live.iter().filter(|l| l.type_name == type_name && l.owner != Owner::Stray) {
        all.entry(one.address.id().to_string()).or_insert_with(fresh).live = Some(one);
    }
    all
}

/// A raw document in canonical form; what is none stays as it is, and so differs from what is
/// wanted.
pub(super) fn canonical(document: Value) -> Value {
    if document.is_object() { policy::canonical(&document) } else { document }
}

/// True for the role that all stacks of the account share, where it was found.
pub(super) fn is_shared_role(live: &Live) -> bool {
    live.type_name == ROLE && live.owner == Owner::Shared
}
