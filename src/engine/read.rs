//! Reads all live resources: types run in parallel, each as soon as the types it depends on are
//! read.

use crate::model::provider::Discover;
use crate::model::{CloudError, Desired, ErrorKind, Live, Owner, Query, Scope, TypeInfo};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

/// `down` compares nothing, so resources that are deleted with their container are not read, unless
/// another type depends on them.
fn goes_unread(info: &TypeInfo, types: &[&TypeInfo], desired: &[Desired], thorough: bool) -> bool {
    let needed = types.iter().any(|t| t.read_after.contains(&info.type_name));
    thorough && desired.is_empty() && info.contained_in.is_some() && !needed
}

/// Result of a read that continues after failures.
#[derive(Debug, Default)]
pub struct Survey {
    pub live: Vec<Live>,
    /// Types whose read failed; their resources that are not in `live` are unknown.
    pub failed: BTreeMap<String, CloudError>,
    /// When each type was read.
    pub at: BTreeMap<String, SystemTime>,
}

/// All live resources that are wanted by name or owned by the stack, in the order of the registry.
///
/// `thorough` lists by name as well as by tag index, for `down`. Errors: the first failed read.
pub async fn read(
    finder: &dyn Discover,
    scope: &Scope,
    desired: &[Desired],
    thorough: bool,
) -> Result<Vec<Live>, CloudError> {
    Ok(walk(finder, scope, desired, thorough, true).await?.live)
}

/// The same for a report: a failed read of one type does not stop the others.
///
/// Errors: an interrupt, no network, no credentials.
pub async fn survey(
    finder: &dyn Discover,
    scope: &Scope,
    desired: &[Desired],
) -> Result<Survey, CloudError> {
    walk(finder, scope, desired, false, false).await
}

fn ends_all(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Interrupted | ErrorKind::Unreachable | ErrorKind::Credentials)
}

async fn walk(
    finder: &dyn Discover,
    scope: &Scope,
    desired: &[Desired],
    thorough: bool,
    strict: bool,
) -> Result<Survey, CloudError> {
    let types = finder.types();
    let mut survey = Survey::default();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut started: BTreeSet<&str> = BTreeSet::new();
    let mut running = FuturesUnordered::new();
    let mut finished = 0;
    loop {
        for info in &types {
            let ready = info
                .read_after
                .iter()
                .all(|t| done.contains(t) || !types.iter().any(|i| i.type_name == *t));
            if !ready || !started.insert(info.type_name) {
                continue;
            }
            if goes_unread(info, &types, desired, thorough) {
                done.insert(info.type_name);
                continue;
            }
            // Parts of a stray are not owned either.
            let is_parent = |l: &&Live| {
                info.read_after.contains(&l.type_name.as_str()) && l.owner != Owner::Stray
            };
            let parents: Vec<Live> = survey.live.iter().filter(is_parent).cloned().collect();
            let wanted: Vec<&Desired> =
                desired.iter().filter(|d| d.type_name == info.type_name).collect();
            running.push(async move {
                let query = Query { scope, wanted, found: &parents, thorough };
                (info.type_name, finder.discover(info.type_name, &query).await)
            });
        }
        let Some((type_name, result)) = running.next().await else {
            // Other types may have waited only for a type that was skipped.
            if started.len() < types.len() && done.len() > finished {
                finished = done.len();
                continue;
            }
            break;
        };
        match result {
            Ok(found) => survey.live.extend(found),
            // Without network or credentials, every other read would fail too.
            Err(error) if strict || ends_all(error.kind) => return Err(error),
            Err(error) => {
                survey.failed.insert(type_name.to_string(), error);
            }
        }
        survey.at.insert(type_name.to_string(), SystemTime::now());
        done.insert(type_name);
    }
    // If a type's read failed, the types that depend on it are unknown.
    for info in &types {
        let parent = info.read_after.iter().find_map(|t| survey.failed.get(*t)).cloned();
        if let Some(error) = parent.filter(|_| !survey.failed.contains_key(info.type_name)) {
            survey.failed.insert(info.type_name.to_string(), error);
        }
    }
    let position = |l: &Live| types.iter().position(|t| t.type_name == l.type_name);
    survey
        .live
        .sort_by(|a, b| position(a).cmp(&position(b)).then_with(|| a.address.cmp(&b.address)));
    Ok(survey)
}
