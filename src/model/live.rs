//! Desired and live resources, and what a resource type is asked to find.

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
    /// Fields, as dotted paths of the spec, whose time is up by what the stack says: that they
    /// differ is nobody's doing.
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
    pub fn find_live(&self, address: &Address) -> Option<&Live> {
        self.found.iter().find(|live| &live.address == address)
    }

    /// The wanted spec with all templates filled in that found resources can answer.
    pub fn resolved(&self, desired: &Desired) -> Value {
        template::resolve(&desired.spec, &|address, attribute| {
            self.find_live(address).and_then(|live| live.outputs.get(attribute).cloned())
        })
    }
}

/// Something that every stack of an account uses, and `down` leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedPiece {
    #[serde(rename = "type")]
    pub type_name: String,
    pub name: String,
}
