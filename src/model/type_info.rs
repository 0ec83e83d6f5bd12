//! Static facts about a resource type, which each type declares in its own folder.

use super::call::Call;
use super::live::Live;
use super::price::Part;
use super::scope::Scope;
use super::terraform::{Block, Exported};
use serde_json::Value;

/// A type whose resources must be deleted before those of another type.
#[derive(Clone, Copy, Debug)]
pub struct After {
    pub type_name: &'static str,
    /// True if the first resource, which is about to be deleted, has to wait for the second; both
    /// are live.
    pub waits: fn(&Live, &Live) -> bool,
}

impl After {
    /// Every resource of the type.
    pub const fn all_of(type_name: &'static str) -> Self {
        Self { type_name, waits: |_, _| true }
    }

    /// Only those that use the resource to be deleted, so that a slow delete blocks nothing else.
    pub const fn those(type_name: &'static str, waits: fn(&Live, &Live) -> bool) -> Self {
        Self { type_name, waits }
    }
}

/// The monthly charge of AWS for an unused resource.
#[derive(Clone, Copy, Debug)]
pub enum Pricing {
    /// No fixed cost; the text says what is billed instead.
    ByUse(&'static str),
    /// The parts of the fixed monthly cost, from the spec.
    Fixed(fn(&Value) -> Vec<Part>),
}

/// A published quota on the number of resources of a type.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// The default, as published in November 2026.
    pub most: usize,
    /// `response headers policies per account`.
    pub what: &'static str,
    /// The part of the quota that a resource counts towards, by its spec: a web ACL's scope. Empty
    /// if there is one count.
    pub part: fn(&Value) -> &'static str,
}

impl Number {
    /// One count for the whole type.
    pub const fn single(most: usize, what: &'static str) -> Self {
        Self { most, what, part: |_| "" }
    }
}

/// A key of the `outputs` document that resources of a type provide.
#[derive(Clone, Copy, Debug)]
pub struct OutputKey {
    pub key: &'static str,
    /// The resource's output that is shown.
    pub attribute: &'static str,
    pub form: OutputForm,
    /// Shown before the value.
    pub label: &'static str,
}

/// How an output key combines the resources of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputForm {
    /// The value of the only resource; null if there is none.
    Single,
    /// An object, logical id to value.
    ById,
    /// A sorted list of values.
    List,
    /// A sorted list of the values' lines, several types under one key; the key is absent where
    /// there are none.
    Lines,
}

/// The role of a type in `shopstack graph`.
#[derive(Clone, Copy, Debug)]
pub enum GraphRole {
    Hidden,
    /// A box: title, kind (`edge`, `code` or `store`), and distance from the browser.
    Node {
        title: &'static str,
        kind: &'static str,
        column: usize,
    },
    /// Part of another type's box; the function derives the group of that box from the logical ID.
    PartOf(fn(&str) -> &'static str),
}

/// The calls of a type by purpose. Every command makes `read` calls; `update` and `delete` include
/// the calls that precede a deletion.
#[derive(Clone, Copy, Debug)]
pub struct Calls {
    pub read: &'static [Call],
    pub create: &'static [Call],
    pub update: &'static [Call],
    pub delete: &'static [Call],
}

impl Calls {
    pub const NONE: Calls = Calls { read: &[], create: &[], update: &[], delete: &[] };

    /// All calls; a call that serves two purposes appears twice.
    pub fn iter(&self) -> impl Iterator<Item = &'static Call> {
        self.read.iter().chain(self.create).chain(self.update).chain(self.delete)
    }
}

/// The declaration of a resource type.
#[derive(Clone, Copy, Debug)]
pub struct TypeInfo {
    /// CloudFormation's name, `AWS::DynamoDB::Table`.
    pub type_name: &'static str,
    /// Group part of this type's addresses, which also names its file, test and fixtures.
    pub group: &'static str,
    /// The heading under which plans show it.
    pub heading: &'static str,
    /// AWS's limit on the length of the name, in bytes.
    pub name_limit: usize,
    /// ARN of a logical ID, for types with a derivable ARN whose resources, once removed from
    /// stack.yaml, only the tag index can find; for `*`, a pattern for all of them.
    pub arn: Option<fn(&Scope, &str) -> String>,
    /// Types whose live resources `discover` needs to see first.
    pub read_after: &'static [&'static str],
    /// Types whose resources are deleted first.
    pub delete_after: &'static [After],
    /// The type whose deletion also deletes these resources, so that no separate delete is planned.
    pub contained_in: Option<&'static str>,
    /// Field paths (or prefixes ending in `.`) that cannot change in place. A path ending in `?`
    /// can be set if it was empty, but not changed.
    pub replace_on: &'static [&'static str],
    /// Outputs that an update changes; other outputs survive updates.
    pub volatile_outputs: &'static [&'static str],
    /// Deleting such a resource loses data that no `up` can restore.
    pub holds_data: bool,
    /// True if the live spec forbids `up` to delete or replace the resource.
    pub protected: fn(&Value) -> bool,
    /// Its tags come from its own service in every run, not from the tag index.
    pub authoritative_tags: bool,
    /// Comparing it needs the Lambda builds.
    pub needs_build: bool,
    /// How long creating and deleting usually take on AWS, if worth mentioning.
    pub usually: Option<&'static str>,
    /// How slow a step is compared with others; slow chains start first.
    pub weight: u64,
    pub pricing: Pricing,
    /// The quota on the number of resources, if the reads of a plan list them all.
    pub number: Option<Number>,
    pub outputs: &'static [OutputKey],
    pub graph: GraphRole,
    /// The Terraform blocks of a resource of this type; none for types that checkers of Terraform
    /// plans ignore.
    pub terraform: fn(&Exported<'_>) -> Vec<Block>,
    pub calls: Calls,
}

impl TypeInfo {
    /// An empty declaration to fill in.
    pub const DEFAULT: TypeInfo = TypeInfo {
        type_name: "",
        group: "",
        heading: "Other",
        name_limit: 128,
        arn: None,
        read_after: &[],
        delete_after: &[],
        contained_in: None,
        replace_on: &[],
        volatile_outputs: &[],
        holds_data: false,
        protected: |_| false,
        authoritative_tags: false,
        needs_build: false,
        usually: None,
        weight: 1,
        pricing: Pricing::ByUse("nothing"),
        number: None,
        outputs: &[],
        graph: GraphRole::Hidden,
        terraform: |_| Vec::new(),
        calls: Calls::NONE,
    };

    /// True if a change of the field at `path`, whose current value is `live`, requires a new
    /// resource.
    pub fn replaces(&self, path: &str, live: &Value) -> bool {
        self.replace_on.iter().any(|p| match p.strip_suffix('?') {
            Some(p) => path == p && !live.is_null(),
            None => path
                .strip_prefix(p)
                .is_some_and(|rest| rest.is_empty() || p.ends_with('.') || rest.starts_with('.')),
        })
    }
}
