//! Desired and live resources, and what is known of each resource type: the planner's whole input.

use super::{Address, CloudError, tag, template};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

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
        let digest: String =
            Sha256::digest(full.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
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
    /// Serves every stack of the account; made when missing, never changed back, never deleted.
    Shared,
}

/// One resource as stack.yaml wants it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Desired {
    pub address: Address,
    /// CloudFormation's name of the type, `AWS::DynamoDB::Table`.
    pub type_name: String,
    /// The physical name, or the deterministic handle where AWS makes the id.
    pub name: String,
    /// The normalised spec; strings may hold `{{address.attribute}}` templates.
    pub spec: Value,
    /// What apply needs besides the spec and nobody compares: ids of parents, as templates.
    pub context: Value,
    /// Further addresses that must exist first, beyond those the templates name.
    pub depends_on: BTreeSet<Address>,
    /// A local file or folder the apply step sends: a zip, a seed file, the site.
    pub payload: Option<PathBuf>,
}

impl Desired {
    /// All addresses this one waits for: explicit ones and those its templates name.
    pub fn dependencies(&self) -> BTreeSet<Address> {
        let mut all = self.depends_on.clone();
        template::references(&self.spec, &mut all);
        template::references(&self.context, &mut all);
        all.remove(&self.address);
        all
    }
}

/// One resource as AWS has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Live {
    pub address: Address,
    pub type_name: String,
    pub name: String,
    /// Normalised into the same shape as `Desired::spec`.
    pub spec: Value,
    pub outputs: Outputs,
    pub owner: Owner,
    /// The endpoint does not know this type: nothing can be compared or done.
    pub not_emulated: bool,
    /// What deleting it would lose, in words: `12 items`.
    pub data: Option<String>,
}

impl Live {
    pub fn new(address: Address, type_name: &str, name: &str, spec: Value) -> Self {
        Self {
            address,
            type_name: type_name.to_string(),
            name: name.to_string(),
            spec,
            outputs: Outputs::new(),
            owner: Owner::Ours,
            not_emulated: false,
            data: None,
        }
    }

    /// A type that the endpoint does not know.
    pub fn not_emulated(desired: &Desired) -> Self {
        let mut live =
            Self::new(desired.address.clone(), &desired.type_name, &desired.name, Value::Null);
        live.not_emulated = true;
        live
    }

    pub fn with_output(mut self, key: &str, value: impl Into<String>) -> Self {
        self.outputs.insert(key.to_string(), value.into());
        self
    }

    /// An output, or an error that names it: an id that must be there is missing.
    pub fn output(&self, key: &str) -> Result<&str, CloudError> {
        self.outputs
            .get(key)
            .map(String::as_str)
            .ok_or_else(|| CloudError::shape(&format!("reading {}", self.address), key))
    }
}

/// What a resource type is asked to find.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    pub scope: &'a Scope,
    /// The wanted resources of this type (empty for `down`).
    pub wanted: Vec<&'a Desired>,
    /// Live resources of the types named by `TypeInfo::read_after`.
    pub found: &'a [Live],
    /// Leave no stone unturned: list by name as well as by the tag index, which lags.
    pub thorough: bool,
}

impl Query<'_> {
    /// The address and owner of what carries `tags` under `name`; `None` when it is neither wanted
    /// nor tagged as ours.
    ///
    /// Tags can be copied, names cannot: what nobody wants is ours by both, its tags and the name
    /// that `derive` makes of its logical id.
    pub fn claim(
        &self,
        group: &str,
        name: &str,
        desired: Option<&Desired>,
        tags: &BTreeMap<String, String>,
        derive: impl Fn(&str) -> bool,
    ) -> Option<(Address, Owner)> {
        let id = tags.get(tag::ID).map(String::as_str);
        self.claim_as(group, name, desired, id, self.scope.owner(tags), derive)
    }

    /// The same for what has its logical id and owner from elsewhere than from tags.
    pub fn claim_as(
        &self,
        group: &str,
        name: &str,
        desired: Option<&Desired>,
        id: Option<&str>,
        owner: Owner,
        derive: impl Fn(&str) -> bool,
    ) -> Option<(Address, Owner)> {
        match (desired, id) {
            (Some(desired), _) => Some((desired.address.clone(), owner)),
            (None, Some(id)) if owner == Owner::Ours && derive(id) => {
                Some((Address::new(group, id), owner))
            }
            // No logical id holds a `~`: the address is nobody else's.
            (None, _) if owner == Owner::Ours => {
                Some((Address::new(group, &format!("~{name}")), Owner::Stray))
            }
            _ => None,
        }
    }

    /// A found resource by address.
    pub fn found(&self, address: &Address) -> Option<&Live> {
        self.found.iter().find(|live| &live.address == address)
    }

    /// The wanted spec with all templates filled in that found resources can answer.
    pub fn resolved(&self, desired: &Desired) -> Value {
        template::resolve(&desired.spec, &|address, attribute| {
            self.found(address).and_then(|live| live.outputs.get(attribute).cloned())
        })
    }
}

/// A type whose resources are to be gone before one of another type is deleted.
#[derive(Clone, Copy, Debug)]
pub struct After {
    pub type_name: &'static str,
    /// True where the first, which is about to be deleted, has to wait for the second; both as they
    /// are live.
    pub waits: fn(&Live, &Live) -> bool,
}

impl After {
    /// Every one of the type.
    pub const fn every(type_name: &'static str) -> Self {
        Self { type_name, waits: |_, _| true }
    }

    /// Those of the type that use the one to be deleted: what is slow to go holds up nothing else.
    pub const fn those(type_name: &'static str, waits: fn(&Live, &Live) -> bool) -> Self {
        Self { type_name, waits }
    }
}

/// What the planner knows of a resource type without asking AWS.
#[derive(Clone, Copy, Debug)]
pub struct TypeInfo {
    /// CloudFormation's name, `AWS::DynamoDB::Table`.
    pub type_name: &'static str,
    /// Group part of addresses of this type.
    pub group: &'static str,
    /// Types whose live resources `discover` needs to see first.
    pub read_after: &'static [&'static str],
    /// What must be gone before one of these is deleted.
    pub delete_after: &'static [After],
    /// The type whose deletion takes these with it: no delete of their own is planned then.
    pub contained_in: Option<&'static str>,
    /// Field paths (or prefixes ending in `.`) that cannot change in place. One that ends in `?`
    /// can be set where nothing was, and not be changed from one value to another.
    pub replace_on: &'static [&'static str],
    /// Outputs that an update changes; other outputs survive updates.
    pub volatile_outputs: &'static [&'static str],
    /// Deleting one of these loses data that no `up` brings back.
    pub holds_data: bool,
    /// How long creation and deletion usually take on AWS, where it is worth saying.
    pub usually: Option<&'static str>,
    /// IAM actions per operation: `read`, `create`, `update`, `delete`.
    pub permissions: &'static [(&'static str, &'static [&'static str])],
}

impl TypeInfo {
    /// True where a change of the field at `path`, which is `live` now, means a new resource.
    pub fn replaces(&self, path: &str, live: &Value) -> bool {
        self.replace_on.iter().any(|p| match p.strip_suffix('?') {
            Some(p) => path == p && !live.is_null(),
            None => {
                path == *p
                    || (path.starts_with(p)
                        && (p.ends_with('.') || path[p.len()..].starts_with('.')))
            }
        })
    }
}
