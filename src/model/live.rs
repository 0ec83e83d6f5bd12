//! Desired and live resources, and the query for reading a resource type.

use super::scope::{Outputs, Owner, Scope};
use super::{Address, CloudError, tag, template};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// One resource as stack.yaml wants it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Desired {
    pub address: Address,
    /// CloudFormation's name of the type, `AWS::DynamoDB::Table`.
    pub type_name: String,
    /// The physical name, or a deterministic handle if AWS assigns the ID.
    pub name: String,
    /// The normalised spec; strings may contain `{{address.attribute}}` templates.
    pub spec: Value,
    /// Inputs for applying that are not compared: IDs of parents, as templates.
    pub context: Value,
    /// Addresses that must exist first, in addition to those that templates reference.
    pub depends_on: BTreeSet<Address>,
    /// A local file or folder to upload: a zip, a seed file, the site.
    pub payload: Option<PathBuf>,
}

impl Desired {
    /// All addresses that this resource waits for: explicit ones and those that templates
    /// reference.
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
    /// The endpoint does not support this type: nothing can be compared or changed.
    pub not_emulated: bool,
    /// The data that deleting it would lose, as text: `12 items`.
    pub data: Option<String>,
    /// Fields, as dotted paths of the spec, that the stack itself lets expire: a difference in them
    /// is not drift.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub due: BTreeSet<String>,
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
            due: BTreeSet::new(),
        }
    }

    /// A resource whose type the endpoint does not support.
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

    /// An output; a missing one is an error that names it.
    pub fn output(&self, key: &str) -> Result<&str, CloudError> {
        self.outputs
            .get(key)
            .map(String::as_str)
            .ok_or_else(|| CloudError::shape(&format!("reading {}", self.address), key))
    }
}

/// The query for reading the resources of one type.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    pub scope: &'a Scope,
    /// The wanted resources of this type (empty for `down`).
    pub wanted: Vec<&'a Desired>,
    /// Live resources of the types named by `TypeInfo::read_after`.
    pub found: &'a [Live],
    /// Lists by name as well as by the tag index, which lags.
    pub thorough: bool,
}

impl Query<'_> {
    /// The address and owner of a resource with `tags` and `name`; `None` if it is neither wanted
    /// nor owned by its tags.
    ///
    /// Tags can be copied, names cannot. An unwanted resource is therefore owned only if its tags
    /// match and `derive` makes its name from its logical ID.
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

    /// The same for resources whose logical ID and owner come from elsewhere than tags.
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
            // No logical ID contains a `~`, so the address is unique.
            (None, _) if owner == Owner::Ours => {
                Some((Address::new(group, &format!("~{name}")), Owner::Stray))
            }
            _ => None,
        }
    }

    /// A live resource by address.
    pub fn find_live(&self, address: &Address) -> Option<&Live> {
        self.found.iter().find(|live| &live.address == address)
    }

    /// The wanted spec, with templates filled in from the live resources.
    pub fn resolved(&self, desired: &Desired) -> Value {
        template::resolve(&desired.spec, &|address, attribute| {
            self.find_live(address).and_then(|live| live.outputs.get(attribute).cloned())
        })
    }
}

/// A resource that every stack of an account uses and `down` keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedPiece {
    #[serde(rename = "type")]
    pub type_name: String,
    pub name: String,
}
