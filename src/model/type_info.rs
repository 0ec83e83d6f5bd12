//! What is known of a resource type without asking AWS: each type declares it in its own folder.

use super::call::Call;
use super::live::Live;
use super::price::Part;
use super::scope::Scope;
use super::terraform::{Block, Exported};
use serde_json::Value;

/// A type whose resources must be gone before one of another type is deleted.
#[derive(Clone, Copy, Debug)]
pub struct After {
    pub type_name: &'static str,
    /// True where the first, which is about to be deleted, has to wait for the second; both as
    /// they are live.
    pub waits: fn(&Live, &Live) -> bool,
}

impl After {
    /// Every resource of the type.
    pub const fn all_of(type_name: &'static str) -> Self {
        Self { type_name, waits: |_, _| true }
    }

    /// Only those that use the resource to be deleted, so that a slow delete holds up nothing
    /// else.
    pub const fn those(type_name: &'static str, waits: fn(&Live, &Live) -> bool) -> Self {
        Self { type_name, waits }
    }
}

/// What AWS charges for a resource that nobody uses.
#[derive(Clone, Copy, Debug)]
pub enum Pricing {
    /// No fixed cost; the text says what is paid for instead.
    ByUse(&'static str),
    /// The parts of the fixed monthly cost, from the spec.
    Fixed(fn(&Value) -> Vec<Part>),
}

/// A published quota on how many resources of a type there may be.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// By default, as published in November 2026.
    pub most: usize,
    /// `response headers policies per account`.
    pub what: &'static str,
}

/// A key of the `outputs` document that resources of a type fill in.
#[derive(Clone, Copy, Debug)]
pub struct OutputKey {
    pub key: &'static str,
    /// The resource's output that is shown.
    pub attribute: &'static str,
    pub form: OutputForm,
    /// What people read before the value.
    pub label: &'static str,
}

/// How an output key collects the resources of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputForm {
    /// The value of the only resource; null without it.
    Single,
    /// An object, logical id to value.
    ById,
    /// A sorted list of values.
    List,
}

/// The part a type plays in `shopstack graph`.
#[derive(Clone, Copy, Debug)]
pub enum GraphRole {
    Hidden,
    /// A box: title, kind (`edge`, `code` or `store`), and distance from the browser.
    Node {
        title: &'static str,
        kind: &'static str,
        column: usize,
    },
    /// Drawn as part of another type's box; the function tells its group from the logical id.
    PartOf(fn(&str) -> &'static str),
}

/// The calls of a type, by what they are made for. `read` serves every command, `update` and
/// `delete` also what precedes a deletion.
#[derive(Clone, Copy, Debug)]
pub struct Calls {
    pub read: &'static [Call],
    pub create: &'static [Call],
    pub update: &'static [Call],
    pub delete: &'static [Call],
}

impl Calls {
    pub const NONE: Calls = Calls { read: &[], create: &[], update: &[], delete: &[] };

    /// All calls; one that serves two purposes comes twice.
    pub fn iter(&self) -> impl Iterator<Item = &'static Call> {
        self.read.iter().chain(self.create).chain(self.update).chain(self.delete)
    }
}

/// What a resource type declares of itself.
#[derive(Clone, Copy, Debug)]
pub struct TypeInfo {
    /// CloudFormation's name, `AWS::DynamoDB::Table`.
    pub type_name: &'static str,
    /// Group part of addresses of this type; the name of its file, test and fixtures too.
    pub group: &'static str,
    /// Under which heading plans show it.
    pub heading: &'static str,
    /// AWS's limit on the length of the name, in bytes.
    pub name_limit: usize,
    /// ARN of a logical id, for types whose ARN is derivable and which, once removed from
    /// stack.yaml, can only be found through the tag index; of `*`, a pattern for all of them.
    pub arn: Option<fn(&Scope, &str) -> String>,
    /// Types whose live resources `discover` needs to see first.
    pub read_after: &'static [&'static str],
    /// What must be gone before a resource of this type is deleted.
    pub delete_after: &'static [After],
    /// The type whose deletion deletes these too: no delete of their own is planned then.
    pub contained_in: Option<&'static str>,
    /// Field paths (or prefixes ending in `.`) that cannot change in place. A path that ends in
    /// `?` can be set where nothing was, and not be changed from one value to another.
    pub replace_on: &'static [&'static str],
    /// Outputs that an update changes; other outputs survive updates.
    pub volatile_outputs: &'static [&'static str],
    /// Deleting such a resource loses data that no `up` brings back.
    pub holds_data: bool,
    /// True where the live spec says that `up` may neither delete nor replace the resource.
    pub protected: fn(&Value) -> bool,
    /// Its tags are read from its own service in every run, not from the tag index.
    pub authoritative_tags: bool,
    /// Comparing it needs the Lambda builds.
    pub needs_build: bool,
    /// How long creation and deletion usually take on AWS, where that is worth saying.
    pub usually: Option<&'static str>,
    /// How slow a step is compared to others; slow chains start first.
    pub weight: u64,
    pub pricing: Pricing,
    /// How many there may be, where the reads of a plan see all that there are.
    pub number: Option<Number>,
    pub outputs: &'static [OutputKey],
    pub graph: GraphRole,
    /// The blocks of Terraform's AWS provider that a resource of the type is; none for what
    /// checkers of Terraform's plans do not look at.
    pub terraform: fn(&Exported<'_>) -> Vec<Block>,
    pub calls: Calls,
}

impl TypeInfo {
    /// A type that says nothing of itself, to fill in.
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

    /// True where a change of the field at `path`, which is `live` now, means a new resource.
    pub fn replaces(&self, path: &str, live: &Value) -> bool {
        self.replace_on.iter().any(|p| match p.strip_suffix('?') {
            Some(p) => path == p && !live.is_null(),
            None => path
                .strip_prefix(p)
                .is_some_and(|rest| rest.is_empty() || p.ends_with('.') || rest.starts_with('.')),
        })
    }
}
