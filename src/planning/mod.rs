//! The single entry point for plans: compares the stack with AWS for `diff`, `up`, `graph` and the
//! report, and plans the deletes of `down`.

pub mod deployer;
#[cfg(test)]
mod deployer_tests;
mod protection;
mod quotas;

pub use protection::{note_refusal, protected, refuse_losses};

use crate::aws::Reader;
use crate::aws::counter::Numbers;
use crate::engine;
use crate::model::{Address, CloudError, Desired, ErrorKind, Live, Outputs, Plan, Scope};
use crate::plan::{self, Inputs, Record};
use crate::resources::{self, Context, Finder, TYPES, Wanted, derivable_arn};
use crate::stack::Stack;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::Path;

/// Added to a plan that changes existing resources on an emulator other than the local twin.
const INCOMPLETE_ENDPOINT: &str = "this endpoint is neither AWS nor the local twin, and may not \
    store every field: a difference that is there again after `up` is the endpoint's";

/// How many resources of the record may be looked up by name: each costs a read.
const MAX_CANDIDATES: usize = 100;

/// Outputs of finished builds by address.
pub type Built = BTreeMap<Address, Outputs>;

/// Inputs of a plan.
pub struct Request<'a> {
    pub stack: &'a Stack,
    /// Folder of stack.yaml; its paths are relative to it.
    pub root: &'a Path,
    pub scope: &'a Scope,
    /// False on emulators that ignore conditions in policies.
    pub judges_conditions: bool,
    /// When the environment expires.
    pub expiry: &'a Expiry,
    /// Foreign resources that the caller agreed to take over.
    pub adopt: &'a BTreeSet<Address>,
    /// Wait for the builds even if no live function is compared: a saved plan states the code it
    /// deploys.
    pub whole: bool,
}

/// When an environment expires; RFC 3339.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expiry {
    /// Counted from this run: each `up` of an environment with a time to live renews it.
    pub renewed: Option<String>,
    /// Used if the environment has no expiry yet. An existing expiry stays until an `up` renews it.
    pub first: Option<String>,
}

impl Expiry {
    /// The expiry of an environment whose current expiry is `kept`.
    fn or_kept<'a>(&'a self, kept: Option<&'a str>) -> Option<&'a str> {
        self.renewed.as_deref().or(kept).or(self.first.as_deref())
    }
}

/// A plan and its inputs.
pub struct Planned {
    pub plan: Plan,
    pub desired: Vec<Desired>,
    /// RFC 3339; `None` for a permanent environment.
    pub expires_at: Option<String>,
}

impl Request<'_> {
    /// The resources that the stack wants here, with or without an expiry.
    pub fn desired(&self, expires_at: Option<&str>) -> Result<Wanted, CloudError> {
        let low = expires_at.map(|_| self.stack.with_low_floor());
        resources::desired(&Context {
            stack: low.as_ref().unwrap_or(self.stack),
            scope: self.scope,
            root: self.root,
            expires_at,
            judges_conditions: self.judges_conditions,
        })
    }
}

/// Reads AWS and creates the plan.
///
/// `record` yields the last-applied record. `builds` starts in parallel with the reads if a
/// function seems to be deployed, and is awaited only if the plan needs the hashes of the Lambda
/// zips. Errors: every reason why no plan is possible.
pub async fn make_plan<'a>(
    request: &Request<'a>,
    reader: Reader,
    record: impl Future<Output = Result<Option<Record>, CloudError>>,
    builds: impl Future<Output = Result<Built, CloudError>> + Send + 'a,
) -> Result<Planned, Vec<CloudError>> {
    let builds = builds.boxed().shared();
    let caller = reader.caller.clone();
    let read = read_all(request, reader, record, builds.clone());
    let Read { record, live, wanted, expires_at } = read.await.map_err(|e| vec![e])?;
    let compared = request.whole || live.iter().any(|l| needs_build(&l.type_name));
    let known = if compared { builds.await.map_err(|e| vec![e])? } else { Built::new() };

    let types: Vec<_> = TYPES.iter().map(|t| t.info()).collect();
    let numbers = if request.scope.endpoint.is_some() { Numbers::new() } else { caller.numbers() };
    let mut plan = plan::plan(&Inputs {
        scope: request.scope,
        desired: &wanted.resources,
        live: &live,
        known: &known,
        record: record.as_ref(),
        types: &types,
        adopt: request.adopt,
    })?;
    plan.notes.splice(0..0, wanted.notes);
    plan.notes.extend(quotas::notes(&plan, &types, &numbers));
    if !request.judges_conditions && plan.steps.iter().any(|step| step.live.is_some()) {
        plan.notes.push(INCOMPLETE_ENDPOINT.into());
    }
    Ok(Planned { plan, desired: wanted.resources, expires_at })
}

/// The last-applied record, the live resources, and the wanted ones.
struct Read {
    record: Option<Record>,
    live: Vec<Live>,
    wanted: Wanted,
    expires_at: Option<String>,
}

async fn read_all<'a>(
    request: &Request<'a>,
    reader: Reader,
    record: impl Future<Output = Result<Option<Record>, CloudError>>,
    builds: Shared<BoxFuture<'a, Result<Built, CloudError>>>,
) -> Result<Read, CloudError> {
    let scope = request.scope;
    let (index, record) = tokio::join!(reader.index(scope), record);
    // An environment with a time to live keeps its expiry until an `up` changes it.
    let kept = index?.expires_at();
    let record = record?;

    let mut expires_at = request.expiry.or_kept(kept.as_deref()).map(str::to_string);
    let mut wanted = request.desired(expires_at.as_deref())?;
    check_adopted(request.adopt, &wanted.resources)?;
    let candidates = missing_from_index(scope, record.as_ref(), &wanted.resources);
    let reader = reader.with_candidates(scope, candidates).await?;
    let build_early = request.whole || seems_deployed(&reader, scope, &wanted.resources).await?;
    let early = async { if build_early { builds.await.map(|_| ()) } else { Ok(()) } };
    let finder = Finder(reader);
    let (mut live, ()) =
        tokio::try_join!(engine::read(&finder, scope, &wanted.resources, false), early)?;

    // The index is a hint, and may contain deleted or foreign resources. If the stack's own
    // resources disagree, the wanted resources change, and have to be read again.
    let confirmed = resources::expiry::confirmed(&live);
    let agreed = request.expiry.or_kept(confirmed.as_deref()).map(str::to_string);
    if agreed != expires_at {
        expires_at = agreed;
        wanted = request.desired(expires_at.as_deref())?;
        live = engine::read(&finder, scope, &wanted.resources, false).await?;
    }
    Ok(Read { record, live, wanted, expires_at })
}

fn needs_build(type_name: &str) -> bool {
    TYPES.iter().map(|t| t.info()).any(|info| info.needs_build && info.type_name == type_name)
}

/// True if the tag index contains a function of the stack, whose code has to be compared.
async fn seems_deployed(
    reader: &Reader,
    scope: &Scope,
    wanted: &[Desired],
) -> Result<bool, CloudError> {
    let index = reader.index(scope).await?;
    let mut built = wanted.iter().filter(|d| needs_build(&d.type_name));
    Ok(built
        .any(|d| derivable_arn(scope, &d.address).is_some_and(|arn| index.tags(&arn).is_some())))
}

/// The plan that deletes all resources of an environment.
pub fn plan_deletion(scope: &Scope, live: &[Live]) -> Result<Plan, Vec<CloudError>> {
    let types: Vec<_> = TYPES.iter().map(|t| t.info()).collect();
    plan::plan(&Inputs {
        scope,
        desired: &[],
        live,
        known: &BTreeMap::new(),
        record: None,
        types: &types,
        adopt: &BTreeSet::new(),
    })
}

/// Only wanted resources can be adopted; a typo in an address is an error.
fn check_adopted(adopt: &BTreeSet<Address>, desired: &[Desired]) -> Result<(), CloudError> {
    let Some(unknown) = adopt.iter().find(|a| !desired.iter().any(|d| d.address == **a)) else {
        return Ok(());
    };
    let known: Vec<_> = desired.iter().map(|d| d.address.as_str()).collect();
    Err(CloudError::ours(
        ErrorKind::Other,
        format!("`{unknown}` is not in this stack, so it cannot be adopted"),
        format!("its addresses are {}", known.join(", ")),
    ))
}

/// ARNs of resources that the last `up` applied and the stack no longer wants. The tag index lags
/// by minutes (catalogue 10.2): without them, such a resource would stay until the index knows it.
fn missing_from_index(scope: &Scope, record: Option<&Record>, wanted: &[Desired]) -> Vec<String> {
    let applied = record.iter().flat_map(|record| record.specs.keys());
    let unwanted = applied.filter(|a| !wanted.iter().any(|d| d.address == **a));
    let named = unwanted.filter(|address| is_id(address.id()));
    named.take(MAX_CANDIDATES).filter_map(|address| derivable_arn(scope, address)).collect()
}

/// True for a possible logical ID. AWS rejects names with other characters, and others can write
/// the row with the record.
fn is_id(id: &str) -> bool {
    let sign = |c: char| c.is_ascii_alphanumeric() || c == '-';
    id.len() <= 40 && id.starts_with(|c: char| c.is_ascii_alphabetic()) && id.chars().all(sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_resource_that_left_the_stack_is_looked_for_by_its_arn() {
        let scope = Scope {
            stack: "s".into(),
            env: "e".into(),
            account: "1".into(),
            region: "us-east-1".into(),
            endpoint: None,
        };
        let at = |address: &str| Address::parse(address).unwrap();
        let applied = ["table.Old", "table.New", "function.f", "role.f", "bucket.site"];
        let specs = applied.iter().map(|a| (at(a), Value::Null)).collect();
        let record = Record { specs, ..Record::default() };
        let wanted = [Desired {
            address: at("table.New"),
            type_name: String::new(),
            name: String::new(),
            spec: Value::Null,
            context: Value::Null,
            depends_on: BTreeSet::new(),
            payload: None,
        }];

        let mut found = missing_from_index(&scope, Some(&record), &wanted);
        found.sort();
        let mut expected = [
            "arn:aws:s3:::s-e-site-1-us-east-1",
            "arn:aws:lambda:us-east-1:1:function:s-e-f",
            "arn:aws:dynamodb:us-east-1:1:table/s-e-Old",
        ]
        .map(String::from);
        expected.sort();
        assert_eq!(found, expected);
        assert!(missing_from_index(&scope, None, &wanted).is_empty());

        // A row that somebody else wrote: no names that AWS would reject, and a bounded number.
        let ids = ["a b".into(), "x\n::error::".into(), "a/../b".into(), "x".repeat(3000)];
        let foreign = ids.iter().map(|id: &String| (Address::new("table", id), Value::Null));
        let record = Record { specs: foreign.collect(), ..Record::default() };
        assert!(missing_from_index(&scope, Some(&record), &wanted).is_empty());
        let many = (0..900).map(|n| (Address::new("table", &format!("T{n}")), Value::Null));
        let record = Record { specs: many.collect(), ..Record::default() };
        assert_eq!(missing_from_index(&scope, Some(&record), &wanted).len(), MAX_CANDIDATES);
    }
}
