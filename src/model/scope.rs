//! An environment: its stack and location, and how its resources are named, tagged and recognised.

use super::{digest, tag};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The region of global services (CloudFront, CLOUDFRONT-scope WAF).
pub const GLOBAL_REGION: &str = "us-east-1";

/// How the text begins for a resource of this environment in another region.
pub const ELSEWHERE: &str = "this environment lives in";

/// Attributes known once a resource exists: `arn`, `id`, `domain_name`, ...
pub type Outputs = BTreeMap<String, String>;

/// Stack, environment, account and region, which determine all names and ownership tags.
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

    /// Name of the site's bucket. Bucket names are global and at most 63 characters long: the name
    /// includes account and region, and a digest replaces what is cut.
    pub fn bucket_name(&self) -> String {
        let full = format!("{}-{}-{}", self.name("site"), self.account, self.region).to_lowercase();
        if full.len() <= 63 {
            return full;
        }
        let digest = digest::sha256_hex(full.as_bytes());
        format!("{}-{}", full.get(..54).unwrap_or(&full), digest.get(..8).unwrap_or_default())
    }

    /// `<stack>-<env>-`: the prefix of every name in this environment.
    pub fn prefix(&self) -> String {
        format!("{}-{}-", self.stack, self.env)
    }

    /// IAM path of the roles of this environment, so that one listing finds them all.
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

    /// The owner that the tags state, from the point of view of this environment.
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

    /// Marker in the description or comment of resources that cannot have tags.
    pub fn marker(&self, id: &str) -> String {
        format!("{}{id} shopstack:region={}", self.marker_of_env(), self.region)
    }

    /// The owner that a `marker` states; the inverse of `marker`.
    pub fn owner_of_marker(&self, text: &str) -> Owner {
        // Only the exact word counts: text that somebody appended is drift, not another owner.
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

    /// The region in a `marker` of this stack and environment, which may be another one.
    pub fn region_of_marker<'a>(&self, text: &'a str) -> Option<&'a str> {
        text.starts_with(&self.marker_of_env()).then(|| region_of(text)).flatten()
    }

    fn marker_of_env(&self) -> String {
        format!("shopstack:stack={} shopstack:env={} shopstack:id=", self.stack, self.env)
    }

    /// The logical ID in a `marker`.
    pub fn id_of_marker(text: &str) -> Option<&str> {
        text.split_once("shopstack:id=").map(|(_, id)| id.split(' ').next().unwrap_or(id))
    }
}

/// The first word in the description of a resource without tags that serves every stack.
const SHARED_MARKER: &str = "shopstack:shared=true";

/// Marker of a resource that serves `whom`.
pub fn shared_marker(whom: &str) -> String {
    format!("{SHARED_MARKER} for {whom}")
}

/// True for the result of `shared_marker`, whatever was appended to it.
pub fn is_shared_marker(text: &str) -> bool {
    text.split(' ').next() == Some(SHARED_MARKER)
}

fn region_of(marker: &str) -> Option<&str> {
    marker.split(' ').find_map(|word| word.strip_prefix("shopstack:region="))
}

fn join_tags(tags: &BTreeMap<String, String>) -> String {
    tags.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(", ")
}

/// The owner of a live resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "owner", content = "says")]
pub enum Owner {
    Ours,
    /// Not ours; the text describes the owner.
    Foreign(String),
    /// Has this stack's tags but another name, as a copy or a restored backup does. It is neither
    /// changed nor deleted, replaces no resource, and is mentioned in the plan.
    Stray,
    /// Serves every stack of the account; created if missing, never deleted by a stack.
    Shared,
}
