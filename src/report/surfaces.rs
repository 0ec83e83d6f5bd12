//! Every policy of a stack as a pair, wanted and live: collected out of the specs of roles, buckets
//! and functions.

use super::{Count, Kind, Population, Status, Surface, permission};
use crate::model::{Address, Desired, Live, Owner, Scope};
use crate::policy;
use crate::policy::judge::{Place, Statement};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

const ROLE: &str = "AWS::IAM::Role";
const BUCKET: &str = "AWS::S3::Bucket";
const BUCKET_POLICY: &str = "AWS::S3::BucketPolicy";
const FUNCTION: &str = "AWS::Lambda::Function";
const PERMISSION: &str = "AWS::Lambda::Permission";
const API: &str = "AWS::ApiGateway::RestApi";
const TABLE: &str = "AWS::DynamoDB::Table";

/// One policy before it is compared; null stands for none.
pub(super) struct Pair {
    pub kind: Kind,
    pub address: Address,
    pub name: String,
    pub policy: Option<String>,
    pub wanted: Value,
    pub live: Value,
    /// What is known of the owner, where the resource is somebody else's.
    pub foreign: Option<String>,
    pub not_emulated: bool,
    /// The resource that carries the policy exists.
    pub carried: bool,
    /// All stacks of the account share it: `up` makes it and never changes it back.
    pub shared: bool,
}

impl Pair {
    /// Where its document stands; `None` for lists of ARNs.
    pub fn place(&self) -> Option<Place> {
        match self.kind {
            Kind::Trust => Some(Place::Trust),
            Kind::InlinePolicy => Some(Place::Identity),
            Kind::BucketPolicy => Some(Place::Bucket),
            Kind::FunctionPolicy | Kind::ApiPolicy | Kind::TablePolicy => Some(Place::Function),
            Kind::ManagedPolicies | Kind::PermissionsBoundary | Kind::ExecutionRole => None,
        }
    }
}

/// All policies: of roles, then buckets, functions, APIs and tables, each by address. A resource
/// without one is there with null.
pub(super) fn pairs(scope: &Scope, desired: &[Desired], live: &[Live]) -> Vec<Pair> {
    let mut all = Vec::new();
    for (id, side) in sides(ROLE, desired, live) {
        all.extend(role(&Address::new("role", &id), &side));
    }
    let buckets = sides(BUCKET, desired, live);
    let policies = sides(BUCKET_POLICY, desired, live);
    let nothing = Side::default();
    for id in buckets.keys().chain(policies.keys()).collect::<BTreeSet<_>>() {
        let (bucket, policy) =
            (buckets.get(id).unwrap_or(&nothing), policies.get(id).unwrap_or(&nothing));
        let document = |spec: Option<&Value>| field(spec, "policy");
        all.push(attached_to(
            Kind::BucketPolicy,
            Address::new("bucket_policy", id),
            bucket,
            policy,
            &document,
        ));
    }
    let functions = sides(FUNCTION, desired, live);
    let permissions = sides(PERMISSION, desired, live);
    for id in functions.keys().chain(permissions.keys()).collect::<BTreeSet<_>>() {
        let (function, policy) =
            (functions.get(id).unwrap_or(&nothing), permissions.get(id).unwrap_or(&nothing));
        let role = |spec: Option<&Value>| field(spec, "role_arn");
        let address = Address::new("function", id);
        all.push(attached_to(Kind::ExecutionRole, address, function, function, &role));
        let name = name_of(&[policy, function]);
        let document = |spec: Option<&Value>| {
            spec.map_or(Value::Null, |spec| permission::document(scope, &name, spec))
        };
        all.push(attached_to(
            Kind::FunctionPolicy,
            Address::new("permission", id),
            function,
            policy,
            &document,
        ));
    }
    for (id, api) in sides(API, desired, live) {
        let document = |spec: Option<&Value>| canonical(field(spec, "policy"));
        all.push(attached_to(Kind::ApiPolicy, Address::new("api", &id), &api, &api, &document));
    }
    for (id, table) in sides(TABLE, desired, live) {
        let document = |spec: Option<&Value>| canonical(field(spec, TABLE_POLICY));
        let mut pair =
            attached_to(Kind::TablePolicy, Address::new("table", &id), &table, &table, &document);
        let unasked = table
            .live
            .is_some_and(|l| l.owner == Owner::Ours && l.spec.get(TABLE_POLICY).is_none());
        pair.not_emulated |= unasked;
        all.push(pair);
    }
    all
}

/// The field of a live table's spec that holds its resource policy, null for none; absent where the
/// endpoint does not know such policies. `diff` does not ask for them.
pub const TABLE_POLICY: &str = "resource_policy";

/// A raw document in canonical form; what is none stays as it is, and so differs from what is
/// wanted.
fn canonical(document: Value) -> Value {
    if document.is_object() { policy::canonical(&document) } else { document }
}

/// True for the role that all stacks of the account share, where it was found.
pub(super) fn is_shared_role(live: &Live) -> bool {
    live.type_name == ROLE && live.owner == Owner::Shared
}

/// Both sides of one address.
#[derive(Clone, Copy, Default)]
struct Side<'a> {
    wanted: Option<&'a Desired>,
    live: Option<&'a Live>,
}

impl<'a> Side<'a> {
    fn wanted_spec(&self) -> Option<&'a Value> {
        self.wanted.map(|d| &d.spec)
    }

    fn live_spec(&self) -> Option<&'a Value> {
        self.live.map(|l| &l.spec)
    }

    fn foreign(&self) -> Option<String> {
        self.live.and_then(|live| match &live.owner {
            Owner::Foreign(says) => Some(says.clone()),
            Owner::Ours | Owner::Stray | Owner::Shared => None,
        })
    }

    fn not_emulated(&self) -> bool {
        self.live.is_some_and(|live| live.not_emulated)
    }
}

/// Wanted and live resources of a type by logical id.
fn sides<'a>(
    type_name: &str,
    desired: &'a [Desired],
    live: &'a [Live],
) -> BTreeMap<String, Side<'a>> {
    let mut all: BTreeMap<String, Side<'a>> = BTreeMap::new();
    for one in desired.iter().filter(|d| d.type_name == type_name) {
        all.entry(one.address.id().to_string()).or_default().wanted = Some(one);
    }
    // What merely carries the stack's tags under another name is no part of it.
    for one in live.iter().filter(|l| l.type_name == type_name && l.owner != Owner::Stray) {
        all.entry(one.address.id().to_string()).or_default().live = Some(one);
    }
    all
}

fn name_of(sides: &[&Side<'_>]) -> String {
    let name = |side: &&Side<'_>| {
        side.live.map(|l| l.name.clone()).or_else(|| side.wanted.map(|d| d.name.clone()))
    };
    sides.iter().find_map(name).unwrap_or_default()
}

fn field(spec: Option<&Value>, key: &str) -> Value {
    spec.and_then(|spec| spec.get(key)).cloned().unwrap_or_default()
}

fn role(address: &Address, side: &Side<'_>) -> Vec<Pair> {
    let (wanted, live) = (side.wanted_spec(), side.live_spec());
    let pair = |kind: Kind, policy: Option<String>, wanted: Value, live: Value| Pair {
        kind,
        address: address.clone(),
        name: name_of(&[side]),
        policy,
        wanted,
        live,
        foreign: side.foreign(),
        not_emulated: side.not_emulated(),
        carried: side.live.is_some(),
        shared: side.live.is_some_and(is_shared_role),
    };
    let mut all = vec![pair(Kind::Trust, None, field(wanted, "trust"), field(live, "trust"))];
    let (wanted_policies, live_policies) = (field(wanted, "policies"), field(live, "policies"));
    let names = [&wanted_policies, &live_policies]
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(Map::keys);
    for name in names.collect::<BTreeSet<_>>() {
        let of = |policies: &Value| policies.get(name).cloned().unwrap_or_default();
        all.push(pair(
            Kind::InlinePolicy,
            Some(name.clone()),
            of(&wanted_policies),
            of(&live_policies),
        ));
    }
    let list = |spec| match field(spec, "attached") {
        Value::Array(arns) if !arns.is_empty() => Value::Array(arns),
        _ => Value::Null,
    };
    all.push(pair(Kind::ManagedPolicies, None, list(wanted), list(live)));
    let boundary = |spec| field(spec, "permissions_boundary");
    all.push(pair(Kind::PermissionsBoundary, None, boundary(wanted), boundary(live)));
    all
}

/// A resource policy, which is a resource of its own here, with the bucket or function that carries
/// it.
fn attached_to(
    kind: Kind,
    address: Address,
    carrier: &Side<'_>,
    policy: &Side<'_>,
    document: &dyn Fn(Option<&Value>) -> Value,
) -> Pair {
    Pair {
        kind,
        address,
        name: name_of(&[policy, carrier]),
        policy: None,
        wanted: document(policy.wanted_spec()),
        live: document(policy.live_spec()),
        foreign: policy.foreign().or_else(|| carrier.foreign()),
        not_emulated: policy.not_emulated() || carrier.not_emulated(),
        carried: carrier.live.is_some() || policy.live.is_some(),
        shared: false,
    }
}

/// Source ARNs that wanted permissions name: one for each route.
pub(super) fn wanted_sources(pairs: &[Pair]) -> BTreeSet<String> {
    let permissions = pairs.iter().filter(|pair| pair.kind == Kind::FunctionPolicy);
    let statements = permissions.flat_map(|pair| Statement::parse_all(&pair.wanted));
    statements
        .flat_map(|(_, s)| s.condition_values("aws:sourcearn").cloned().collect::<Vec<_>>())
        .collect()
}

pub(super) fn population(desired: &[Desired], live: &[Live], surfaces: &[Surface]) -> Population {
    let resources = |type_name: &str| Count {
        wanted: desired.iter().filter(|d| d.type_name == type_name).count(),
        live: live
            .iter()
            .filter(|l| l.type_name == type_name && !l.not_emulated && l.owner != Owner::Stray)
            .count(),
    };
    let items = |kind: Kind, size: &dyn Fn(&Value) -> usize| {
        let of_kind = || surfaces.iter().filter(|s| s.surface == kind);
        Count {
            wanted: of_kind().map(|s| size(&s.wanted)).sum(),
            live: of_kind().map(|s| size(&s.live)).sum(),
        }
    };
    let rows = || surfaces.iter().flat_map(|s| &s.statements);
    let mut by_status: BTreeMap<Status, usize> = BTreeMap::new();
    for surface in surfaces {
        *by_status.entry(surface.status).or_default() += 1;
    }
    Population {
        roles: resources(ROLE),
        buckets: resources(BUCKET),
        functions: resources(FUNCTION),
        apis: resources(API),
        tables: resources(TABLE),
        inline_policies: items(Kind::InlinePolicy, &|document| usize::from(!document.is_null())),
        managed_policies: items(Kind::ManagedPolicies, &|arns| arns.as_array().map_or(0, Vec::len)),
        statements: Count {
            wanted: rows().filter(|r| r.wanted).count(),
            live: rows().filter(|r| r.live).count(),
        },
        surfaces: by_status,
    }
}
