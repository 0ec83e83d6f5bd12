//! Everything that the report reads. A read that is denied becomes a line of the report, and the
//! others go on.

use crate::aws::{Reader, rights};
use crate::cli::error::CliError;
use crate::cli::session::{Project, Session};
use crate::cli::time::rfc3339;
use crate::engine;
use crate::model::{Address, CloudError, Desired, ErrorKind, Live, Owner, TypeInfo, template};
use crate::report::{Failure, Kind, Observed};
use crate::resources::apigateway::account;
use crate::resources::dynamodb::{self, table};
use crate::resources::iam::{self, role};
use crate::resources::lambda::{self, event_source};
use crate::resources::{Finder, TYPES, expiry, logs};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

const FUNCTION: &str = "AWS::Lambda::Function";
const LOG_GROUP: &str = "AWS::Logs::LogGroup";

/// Everything that the report reads.
pub(super) struct Gathered {
    pub desired: Vec<Desired>,
    pub live: Vec<Live>,
    pub observed: Vec<Observed>,
    pub unread: BTreeMap<String, Failure>,
    pub read_at: BTreeMap<String, String>,
    pub read_calls: BTreeMap<String, Vec<String>>,
}

/// Errors: stack.yaml cannot be turned into resources, or the run was interrupted.
pub(super) async fn gather(session: &Session, project: &Project) -> Result<Gathered, CliError> {
    let (adopt, expiry) = (BTreeSet::new(), project.expiry());
    let request = session.request(project, &adopt, &expiry, false);
    let desired = request.desired(None)?.resources;
    let finder = Finder(session.reader.clone());
    let survey = engine::survey(&finder, &session.scope, &desired).await?;
    let mut live = survey.live;
    // An environment with an expiry has fewer resources than stack.yaml says.
    let desired = match expiry::confirmed(&live) {
        Some(expires_at) => request.desired(Some(&expires_at))?.resources,
        None => desired,
    };
    let mut desired: Vec<Desired> = desired.into_iter().map(|d| resolved(d, &live)).collect();
    let mut observed = shared_role(session, &mut desired, &mut live).await;
    observed.extend(functions(&session.reader, &live, &desired).await);
    observed.extend(tables(&session.reader, &live).await);
    observed.extend(logs(&session.reader, &live).await);
    observed.extend(managed(&session.reader, &live).await);
    Ok(Gathered {
        desired,
        live,
        observed,
        unread: survey.failed.into_iter().map(|(name, error)| (name, failure(&error))).collect(),
        read_calls: TYPES.iter().map(|t| t.info()).map(read_calls).collect(),
        read_at: survey.at.into_iter().map(|(name, time)| (name, rfc3339(time))).collect(),
    })
}

/// A type and the operations by which it is read.
fn read_calls(info: &TypeInfo) -> (String, Vec<String>) {
    let calls = info.calls.read.iter().map(|call| call.operation.to_string());
    (info.type_name.to_string(), calls.collect())
}

fn resolved(mut desired: Desired, live: &[Live]) -> Desired {
    desired.spec = template::resolve(&desired.spec, &|address, attribute| {
        live.iter().find(|l| &l.address == address).and_then(|l| l.outputs.get(attribute).cloned())
    });
    desired
}

/// An error as the report shows it, with the right that is missing.
fn failure(error: &CloudError) -> Failure {
    let operation = error.operation.replacen(' ', ":", 1);
    let denied = error.kind == ErrorKind::AccessDenied;
    let right = denied.then(|| rights::missing(&operation, &error.message).join(", "));
    Failure {
        operation: operation.clone(),
        code: error.code.clone(),
        message: error.message.clone(),
        missing_right: right,
    }
}

/// Resources of a type that are the stack's own and exist.
fn own_resources<'a>(live: &'a [Live], type_name: &'a str) -> impl Iterator<Item = &'a Live> {
    live.iter().filter(move |l| {
        l.type_name == type_name && matches!(l.owner, Owner::Ours) && !l.not_emulated
    })
}

/// The outcome of a single read.
fn observation(
    kind: Kind,
    address: &Address,
    name: &str,
    policy: Option<String>,
    result: Result<Value, CloudError>,
) -> Observed {
    let not_emulated = result.as_ref().is_err_and(|e| e.kind == ErrorKind::NotEmulated);
    Observed {
        kind,
        address: address.clone(),
        name: name.to_string(),
        policy,
        wanted: Value::Null,
        shared: false,
        result: if not_emulated {
            Ok(Value::Null)
        } else {
            result.map_err(|error| failure(&error))
        },
        not_emulated,
        at: rfc3339(SystemTime::now()),
    }
}

/// Function URLs, event sources, and the policies of versions and aliases.
async fn functions(reader: &Reader, live: &[Live], desired: &[Desired]) -> Vec<Observed> {
    let mut all = Vec::new();
    let wanted = live.iter().filter(|l| {
        l.type_name == event_source::INFO.type_name
            && desired.iter().any(|d| d.address == l.address)
    });
    let wanted: Vec<&String> = wanted.filter_map(|l| l.outputs.get("id")).collect();
    for function in own_resources(live, FUNCTION) {
        let (address, name) = (&function.address, function.name.as_str());
        let (urls, sources, qualifiers) = tokio::join!(
            lambda::observe::function_urls(reader, name),
            lambda::observe::event_sources(reader, name),
            lambda::observe::qualifiers(reader, name)
        );
        all.push(observation(Kind::FunctionUrl, address, name, None, urls));
        let sources = sources.map(|sources| without_own(sources, &wanted));
        all.push(observation(Kind::EventSources, address, name, None, sources));
        match qualifiers {
            Ok(qualifiers) => {
                for qualifier in qualifiers {
                    let policy = lambda::observe::version_policy(reader, name, &qualifier).await;
                    let kind = Kind::VersionPolicy;
                    all.push(observation(kind, address, name, Some(qualifier), policy));
                }
            }
            Err(error) => {
                let named = Some("(all)".to_string());
                all.push(observation(Kind::VersionPolicy, address, name, named, Err(error)));
            }
        }
    }
    all
}

/// Event sources but those that stack.yaml wants: they are compared as resources of their own.
fn without_own(mut sources: Value, wanted: &[&String]) -> Value {
    let Some(entries) = sources.as_object_mut() else {
        return sources;
    };
    entries.retain(|id, _| !wanted.contains(&id));
    if entries.is_empty() { Value::Null } else { sources }
}

/// Resource policies of tables and of their streams.
async fn tables(reader: &Reader, live: &[Live]) -> Vec<Observed> {
    let mut all = Vec::new();
    for table in own_resources(live, table::INFO.type_name) {
        let (address, name) = (&table.address, table.name.as_str());
        let Ok(arn) = table.output("arn").map(str::to_string) else { continue };
        let policy = policy_of(reader, &arn).await;
        all.push(observation(Kind::TablePolicy, address, name, Some(arn), policy));
        match dynamodb::observe::stream(reader, name).await {
            Ok(None) => {}
            Ok(Some(arn)) => {
                let policy = policy_of(reader, &arn).await;
                all.push(observation(Kind::StreamPolicy, address, name, Some(arn), policy));
            }
            Err(error) => {
                all.push(observation(Kind::StreamPolicy, address, name, None, Err(error)));
            }
        }
    }
    all
}

async fn policy_of(reader: &Reader, arn: &str) -> Result<Value, CloudError> {
    match table::resource_policy(reader, arn).await? {
        Some(policy) => Ok(policy),
        None => Err(CloudError::ours(
            ErrorKind::NotEmulated,
            "the endpoint does not know policies of tables",
            "real AWS does",
        )),
    }
}

/// Subscriptions of log groups, and the account's policies on log groups.
async fn logs(reader: &Reader, live: &[Live]) -> Vec<Observed> {
    let mut all = Vec::new();
    let mut regions = BTreeSet::from([reader.region.clone()]);
    for group in own_resources(live, LOG_GROUP) {
        let region = group.spec.get("region").and_then(Value::as_str).unwrap_or(&reader.region);
        regions.insert(region.to_string());
        let found = logs::observe::subscriptions(reader, region, &group.name).await;
        all.push(observation(Kind::Subscriptions, &group.address, &group.name, None, found));
    }
    for region in regions {
        let address = Address::new("account", &region);
        let name = format!("log groups in {region}");
        match logs::observe::log_resource_policies(reader, &region).await {
            Ok(policies) => all.extend(policies.into_iter().map(|(policy, document)| {
                let kind = Kind::LogResourcePolicies;
                let mut one = observation(kind, &address, &name, Some(policy), Ok(document));
                // They serve the whole account: none is wanted or unwanted by one stack.
                one.wanted = one.result.clone().unwrap_or_default();
                one
            })),
            Err(error) => {
                let kind = Kind::LogResourcePolicies;
                all.push(observation(kind, &address, &name, None, Err(error)));
            }
        }
    }
    all
}

/// Documents of managed policies and of boundaries that roles carry.
async fn managed(reader: &Reader, live: &[Live]) -> Vec<Observed> {
    let mut all = Vec::new();
    for role in own_resources(live, role::INFO.type_name) {
        let attached = role.spec.get("attached").and_then(Value::as_array);
        let arns: Vec<&str> = attached.into_iter().flatten().filter_map(Value::as_str).collect();
        for arn in arns {
            let document = iam::observe::managed_policy(reader, arn).await;
            let (kind, named) = (Kind::ManagedDocument, Some(arn.to_string()));
            all.push(observation(kind, &role.address, &role.name, named, document));
        }
    }
    all
}

/// The log role that all stacks of the account share, where API Gateway uses it.
async fn shared_role(
    session: &Session,
    desired: &mut Vec<Desired>,
    live: &mut Vec<Live>,
) -> Vec<Observed> {
    let registered = live.iter().find(|l| l.type_name == account::INFO.type_name);
    let registered = registered.and_then(|l| l.outputs.get("role_arn"));
    if registered.is_none_or(|arn| arn.rsplit('/').next() != Some(account::ROLE)) {
        return vec![];
    }
    // No logical id holds a `~`: the address is nobody else's.
    let address = Address::new("role", "~apigateway-logs");
    let mut wanted = account::wanted_role(&session.scope.account, None);
    match role::spec_of(&session.reader, account::ROLE).await {
        Ok(None) => {}
        Ok(Some(spec)) => {
            wanted = account::wanted_role(&session.scope.account, Some(&spec));
            let mut found = Live::new(address.clone(), role::INFO.type_name, account::ROLE, spec);
            found.owner = Owner::Shared;
            live.push(found);
        }
        Err(error) => {
            return vec![observation(Kind::Trust, &address, account::ROLE, None, Err(error))];
        }
    }
    let attached = wanted.get("attached").cloned().unwrap_or_default();
    desired.push(Desired {
        address: address.clone(),
        type_name: role::INFO.type_name.into(),
        name: account::ROLE.into(),
        spec: wanted,
        context: Value::Null,
        depends_on: BTreeSet::new(),
        payload: None,
    });
    if attached.as_array().is_none_or(Vec::is_empty) {
        return vec![];
    }
    let document = iam::observe::managed_policy(&session.reader, account::POLICY).await;
    let (kind, named) = (Kind::ManagedDocument, Some(account::POLICY.to_string()));
    let mut one = observation(kind, &address, account::ROLE, named, document);
    // AWS writes it: whatever it says is what is wanted.
    one.wanted = one.result.clone().unwrap_or_default();
    one.shared = true;
    vec![one]
}
