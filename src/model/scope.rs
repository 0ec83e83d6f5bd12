//! An environment: which stack, where, and how its resources are named, tagged and recognised.

use super::{digest, tag};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where global services (CloudFront, CLOUDFRONT-scope WAF) take their calls.
pub const GLOBAL_REGION: &str = "us-east-1";

/// How words begin on what is this environment's own, in a region that is not asked for.
pub const ELSEWHERE: &str = "this environment lives in";

/// Attributes known once a resource exists: `arn`, `id`, `domain_name`, ...
pub type Outputs = BTreeMap<String, String>;

/// Which stack, where: everything names and ownership tags are made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    pub stack: String,
    pub env: String,
    /// Twelve digits.
    pub account: String,
    pub region: String,
    /// The emulator's endpoint, `None` on real AWS.
    pub endpoint: Option<String>,
}

impl Scope {
    /// `<stack>-<env>-<logical id>`.
    pub fn name(&self, id: &str) -> String {
        format!("{}-{}-{id}", self.stack, self.env)
    }

    /// Name of the site's bucket. Bucket names are global and at most 63 long: account and region
    /// are part of it, a digest stands in for what is cut.
    pub fn bucket_name(&self) -> String {
        let full = format!("{}-{}-{}", self.name("site"), self.account, self.region).to_lowercase();
        if full.len() <= 63 {
            return full;
        }
        let digest = digest::sha256_hex(full.as_bytes());
        format!("{}-{}", full.get(..54).unwrap_or(&full), digest.get(..8).unwrap_or_default())
    }

    /// `<stack>-<env>-`: what every name of this environment begins with.
    pub fn prefix(&self) -> String {
        format!("{}-{}-", self.stack, self.env)
    }

    /// IAM path of the roles of this environment: one cheap listing finds them all.
    pub fn role_path(&self) -> String {
        format!("/shopstack/{}/{}/", self.stack, self.env)
    }

    /// The ownership tags of the resource with logical id `id`.
    pub fn tags(&self, id: &str) -> BTreeMap<String, String> {
        BTreeMap::from([
            (tag::STACK.to_string(), self.stack.clone()),
            (tag::ENV.to_string(), self.env.clone()),
            (tag::ID.to_string(), id.to_string()),
            (tag::REGION.to_string(), self.region.clone()),
        ])
    }

    /// Whose the tags say a resource is, seen from this stack and environment.
    pub fn owner(&self, tags: &BTreeMap<String, String>) -> Owner {
        match (tags.get(tag::STACK), tags.get(tag::ENV)) {
            (Some(s), Some(e)) if *s == self.stack && *e == self.env => match tags.get(tag::REGION)
            {
                Some(region) if *region != self.region => {
                    Owner::Foreign(format!("{ELSEWHERE} region {region}; one cannot live in two"))
                }
                _ => Owner::Ours,
            },
            (Some(s), Some(e)) => Owner::Foreign(format!("it belongs to stack `{s}`, env `{e}`")),
            _ if tags.is_empty() => Owner::Foreign("it has no tags".into()),
            _ => Owner::Foreign(format!("its tags are {}", join_tags(tags))),
        }
    }

    /// Marker for resources that cannot carry tags, kept in their description or comment.
    pub fn marker(&self, id: &str) -> String {
        format!("{}{id} shopstack:region={}", self.marker_of_env(), self.region)
    }

    /// Reads a `marker` back: the logical id when it is of this stack and environment.
    pub fn owner_of_marker(&self, text: &str) -> Owner {
        // Only the word itself counts: what a stranger appended is drift, and not another owner.
        let region = region_of(text);
        if is_shared_marker(text) {
            return Owner::Shared;
        }
        if !text.starts_with(&self.marker_of_env()) {
            Owner::Foreign(format!("its description is `{text}`"))
        } else if region.is_some_and(|region| region != self.region) {
            Owner::Foreign(format!("{ELSEWHERE} another region (`{text}`); one cannot live in two"))
        } else {
            Owner::Ours
        }
    }

    /// The region that a `marker` of this stack and environment names, be it another one.
    pub fn region_of_marker<'a>(&self, text: &'a str) -> Option<&'a str> {
        text.starts_with(&self.marker_of_env()).then(|| region_of(text)).flatten()
    }

    fn marker_of_env(&self) -> String {
        format!("shopstack:stack={} shopstack:env={} shopstack:id=", self.stack, self.env)
    }

    /// The logical id that a `marker` names.
    pub fn id_of_marker(text: &str) -> Option<&str> {
        text.split_once("shopstack:id=").map(|(_, id)| id.split(' ').next().unwrap_or(id))
    }
}

/// What the description begins with of what cannot carry tags and serves every stack.
const SHARED_MARKER: &str = "shopstack:shared=true";

/// Marker of what serves `whom`.
pub fn shared_marker(whom: &str) -> String {
    format!("{SHARED_MARKER} for {whom}")
}

/// True for what `shared_marker` made, whatever was appended to it.
pub fn is_shared_marker(text: &str) -> bool {
    text.split(' ').next() == Some(SHARED_MARKER)
}

fn region_of(marker: &str) -> Option<&str> {
    marker.split(' ').find_map(|word| word.strip_prefix("shopstack:region="))
}

fn join_tags(tags: &BTreeMap<String, String>) -> String {
    tags.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(", ")
}

/// Whose a live resource is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "owner", content = "says")]
pub enum Owner {
    Ours,
    /// Not ours; the text says what is known of the owner.
    Foreign(String),
    /// Carries this stack's tags under a name that is none of its own, as a copy or a restored
    /// backup does. It is neither changed nor deleted, stands in for nothing, and is told of.
    Stray,
    /// Serves every stack of the account; made when missing, never deleted by one of them.
    Shared,
}
