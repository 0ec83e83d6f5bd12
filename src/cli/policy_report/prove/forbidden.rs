//! The calls that have to be refused: other tables, other verbs, other attributes, the bucket past
//! the distribution, another distribution, and everything without credentials.

use super::bench::{Bench, Carrier, refuses};
use super::tables::{self, Attempt};
use crate::aws::attempt::{self, Anonymous, RoleSession, Target};
use crate::cli::error::CliError;
use crate::cli::session::Project;
use crate::model::{Address, CloudError, ErrorKind};
use crate::report::{CallVerdict, ForbiddenCall};
use serde_json::{Value, json};

const UNSEEN: &str = "it went through, and does so whatever the grant's conditions say: the twin \
                      does not look at them for this call";

/// An ARN of no distribution of this account.
const ANOTHER: &str = "distribution/E0ANOTHERONE00";

/// Tries them all.
pub(super) async fn run(
    bench: &mut Bench<'_>,
    project: &Project,
    document: &Value,
) -> Result<Vec<ForbiddenCall>, CliError> {
    let mut calls = Vec::new();
    for carrier in bench.carriers.clone() {
        match carrier.wanted.address.group() {
            "role" => calls.extend(as_role(bench, project, document, &carrier).await?),
            "bucket_policy" => calls.extend(another_distribution(bench, &carrier).await?),
            _ => {}
        }
    }
    calls.extend(without_credentials(bench, project, document).await?);
    let refused = calls.iter().filter(|c| c.verdict == CallVerdict::Refused).count();
    bench.output.note(&format!("{refused} of {} forbidden calls were refused.", calls.len()));
    Ok(calls)
}

/// Calls with the credentials of a function's role. Its trust policy lets in Lambda alone, so it is
/// opened to the caller for this long.
async fn as_role(
    bench: &mut Bench<'_>,
    project: &Project,
    document: &Value,
    carrier: &Carrier,
) -> Result<Vec<ForbiddenCall>, CliError> {
    let address = carrier.wanted.address.clone();
    let arn = role_arn(bench, &address)?;
    let cancel = bench.session.reader.caller.cancel.clone();
    let untouched = RoleSession::assume(&bench.session.sdk, &cancel, &arn).await.map(|_| ());
    let mut calls = vec![call(bench, "caller", "sts:AssumeRole", &arn, None, untouched)];

    let mut open = carrier.wanted.spec.clone();
    if let Some(statements) = open.pointer_mut("/trust/statements").and_then(Value::as_object_mut) {
        let statement = json!({
            "effect": "Allow", "actions": ["sts:AssumeRole"],
            "principals": {"AWS": [bench.session.identity.arn]},
        });
        statements.insert("Proof".into(), statement);
    }
    bench.put_spec(carrier, &open).await?;
    let role = RoleSession::assume(&bench.session.sdk, &cancel, &arn).await;
    let tried = match role {
        Ok(role) => {
            let mut tried = Vec::new();
            let mut through = Vec::new();
            for attempt in attempts(bench, project, document, &address).await? {
                let answer = role.attempt(&attempt.action, &attempt.target).await;
                if answer.is_ok() && attempt.detail.is_some() {
                    through.push((tried.len(), attempt.clone()));
                }
                let Attempt { action, resource, detail, .. } = attempt;
                tried.push(call(bench, address.as_str(), &action, &resource, detail, answer));
            }
            for (position, attempt) in through {
                if is_unseen(bench, carrier, &open, &role, &attempt).await?
                    && let Some(call) = tried.get_mut(position)
                {
                    (call.verdict, call.evidence) = (CallVerdict::NotEmulated, UNSEEN.into());
                }
            }
            Ok(tried)
        }
        Err(error) => Err(error),
    };
    bench.put_back(carrier).await?;
    calls.extend(tried?);
    Ok(calls)
}

/// True where the twin lets a call through whatever the conditions of its grant say: it does so
/// with that statement alone, and none of the values in its conditions.
async fn is_unseen(
    bench: &mut Bench<'_>,
    carrier: &Carrier,
    open: &Value,
    role: &RoleSession,
    attempt: &Attempt,
) -> Result<bool, CliError> {
    let grants = |statement: &Value| {
        let actions = statement.get("actions").and_then(Value::as_array);
        actions.into_iter().flatten().any(|action| *action == attempt.action.as_str())
            && statement.get("conditions").is_some()
    };
    let mut control = open.clone();
    let policies = control.get_mut("policies").and_then(Value::as_object_mut);
    for policy in policies.into_iter().flat_map(|policies| policies.values_mut()) {
        let Some(statements) = policy.get_mut("statements").and_then(Value::as_object_mut) else {
            continue;
        };
        statements.retain(|_, statement| grants(statement));
        for statement in statements.values_mut() {
            let conditions = statement.get_mut("conditions").and_then(Value::as_object_mut);
            let keys = conditions.into_iter().flat_map(|c| c.values_mut());
            for key in keys.filter_map(Value::as_object_mut).flat_map(|keys| keys.values_mut()) {
                *key = json!(["shopstack-none"]);
            }
        }
    }
    bench.put_spec(carrier, &control).await?;
    let answer = role.attempt(&attempt.action, &attempt.target).await;
    bench.put_spec(carrier, open).await?;
    Ok(answer.is_ok())
}

fn role_arn(bench: &Bench<'_>, address: &Address) -> Result<String, CloudError> {
    let role = bench.live.get(address).ok_or_else(|| CloudError::shape("the proof", "role"))?;
    role.output("arn").map(str::to_string)
}

/// Everything that this role may not do.
async fn attempts(
    bench: &Bench<'_>,
    project: &Project,
    document: &Value,
    address: &Address,
) -> Result<Vec<Attempt>, CliError> {
    let (stack, scope) = (&project.stack, &bench.session.scope);
    let Some(function) = stack.functions.get(address.id()) else { return Ok(vec![]) };
    let mut all = tables::attempts(bench, stack, function).await;
    if let Some(bucket) = document.get("bucket").and_then(Value::as_str) {
        let target = Target::Bucket { name: bucket.into(), key: default_object(project).into() };
        let on = |action: &&str| Attempt::new(action, &format!("arn:aws:s3:::{bucket}"), &target);
        all.extend(attempt::BUCKET_OPERATIONS.iter().map(on));
    }
    for id in stack.functions.keys() {
        let name = scope.name(id);
        let target = Target::Function(name.clone());
        let on = |action: &&str| Attempt::new(action, &format!("function {name}"), &target);
        all.extend(attempt::FUNCTION_OPERATIONS.iter().map(on));
        let arn = role_arn(bench, &Address::new("role", id))?;
        if id == address.id() {
            let target = Target::Role(name.clone());
            let on = |action: &&str| Attempt::new(action, &arn, &target);
            all.extend(attempt::ROLE_OPERATIONS.iter().map(on));
            let group = format!("/aws/lambda/{name}");
            let target = Target::LogGroup(group.clone());
            let on = |action: &&str| Attempt::new(action, &format!("log group {group}"), &target);
            all.extend(attempt::LOG_OPERATIONS.iter().map(on));
        } else {
            all.push(Attempt::new("sts:AssumeRole", &arn, &Target::Role(arn.clone())));
        }
    }
    Ok(all)
}

/// A file that the site has.
fn default_object(project: &Project) -> &str {
    project.stack.cdn.as_ref().map_or("index.html", |cdn| cdn.default_object.as_str())
}

/// The bucket's policy names another distribution: the stack's own is then a foreign one.
async fn another_distribution(
    bench: &mut Bench<'_>,
    carrier: &Carrier,
) -> Result<Option<ForbiddenCall>, CliError> {
    let own = Address::new("distribution", "site");
    let Some(arn) = bench.live.get(&own).and_then(|l| l.outputs.get("arn").cloned()) else {
        return Ok(None);
    };
    let foreign = format!("arn:aws:cloudfront::{}:{ANOTHER}", bench.session.scope.account);
    let spec = carrier.resolved.spec.to_string().replace(&arn, &foreign);
    let spec: Value = serde_json::from_str(&spec).unwrap_or_default();
    bench.put_spec(carrier, &spec).await?;
    let failures = bench.failures(None).await;
    bench.put_back(carrier).await?;
    let refused = failures?.checks.iter().any(|check| check == "site");
    let (verdict, evidence) = match refused {
        true => (CallVerdict::Refused, "the site was not served"),
        false => (CallVerdict::Allowed, "the site was served"),
    };
    Ok(Some(ForbiddenCall {
        principal: "another distribution".into(),
        action: "s3:GetObject".into(),
        resource: bench.plain(&carrier.wanted.name),
        detail: Some("a distribution that the bucket's policy does not name".into()),
        verdict,
        evidence: evidence.into(),
    }))
}

/// Attempts without credentials.
async fn without_credentials(
    bench: &Bench<'_>,
    project: &Project,
    document: &Value,
) -> Result<Vec<ForbiddenCall>, CliError> {
    let endpoint = bench.session.scope.endpoint.clone().unwrap_or_default();
    let text = |key: &str| document.get(key).and_then(Value::as_str).map(str::to_string);
    let names = |key: &str| -> Vec<String> {
        let map = document.get(key).and_then(Value::as_object).into_iter().flatten();
        map.filter_map(|(_, name)| name.as_str().map(str::to_string)).collect()
    };
    let mut requests = Vec::new();
    if let Some(bucket) = text("bucket") {
        for (method, action) in [("GET", "s3:GetObject"), ("PUT", "s3:PutObject")] {
            let url = format!("{endpoint}/{bucket}/{}", default_object(project));
            requests.push((action, format!("arn:aws:s3:::{bucket}"), plain_request(method, url)));
        }
        let url = format!("{endpoint}/{bucket}");
        requests.push(("s3:ListBucket", bucket, plain_request("GET", url)));
    }
    for name in names("functions") {
        let url = format!("{endpoint}/2015-03-31/functions/{name}/invocations");
        let what = format!("function {name}");
        requests.push(("lambda:InvokeFunction", what, plain_request("POST", url)));
    }
    for name in names("tables") {
        let request = Anonymous {
            headers: vec![
                ("x-amz-target", "DynamoDB_20120810.Scan".into()),
                ("content-type", "application/x-amz-json-1.0".into()),
            ],
            body: json!({"TableName": name}).to_string(),
            ..plain_request("POST", endpoint.clone())
        };
        requests.push(("dynamodb:Scan", format!("table {name}"), request));
    }
    if let Some(api) = text("api_url") {
        let what = "a route that stack.yaml does not have".to_string();
        let url = format!("{}/proof-forbidden", api.trim_end_matches('/'));
        requests.push(("execute-api:Invoke", what, plain_request("POST", url)));
    }
    let mut calls = Vec::new();
    for (action, resource, request) in requests {
        let (verdict, shown) = judged(action, attempt::send_anonymous(&request).await);
        calls.push(ForbiddenCall {
            principal: "anonymous".into(),
            action: action.into(),
            resource: bench.plain(&resource),
            detail: None,
            verdict,
            evidence: bench.plain(&shown),
        });
    }
    Ok(calls)
}

/// Judges the answer to a request without credentials.
fn judged(action: &str, answer: Result<(u16, String), CloudError>) -> (CallVerdict, String) {
    match answer {
        // A route that is not there may also be said not to be there.
        Ok((404, _)) if action == "execute-api:Invoke" => {
            (CallVerdict::Refused, "HTTP 404".to_string())
        }
        Ok((status, body))
            if matches!(status, 401 | 403) || body.contains("MissingAuthenticationToken") =>
        {
            (CallVerdict::Refused, format!("HTTP {status}"))
        }
        Ok((status @ 200..=299, body)) => (CallVerdict::Allowed, format!("{status}: {body}")),
        Ok((status, body)) => (CallVerdict::Undecided, format!("{status}: {body}")),
        Err(error) => (CallVerdict::Undecided, error.message),
    }
}

fn plain_request(method: &str, url: String) -> Anonymous {
    Anonymous { method: method.into(), url, ..Anonymous::default() }
}

fn call(
    bench: &Bench<'_>,
    principal: &str,
    action: &str,
    resource: &str,
    detail: Option<String>,
    answer: Result<(), CloudError>,
) -> ForbiddenCall {
    let (verdict, evidence) = match answer {
        Ok(()) => (CallVerdict::Allowed, "it went through".to_string()),
        Err(error) if refuses(&error) => (CallVerdict::Refused, error.code.clone()),
        Err(error) if error.kind == ErrorKind::NotEmulated => {
            (CallVerdict::NotEmulated, format!("{}: {}", error.code, error.message))
        }
        Err(error) => (CallVerdict::Undecided, format!("{}: {}", error.code, error.message)),
    };
    ForbiddenCall {
        principal: principal.into(),
        action: action.into(),
        resource: bench.plain(resource),
        detail,
        verdict,
        evidence: bench.plain(&evidence),
    }
}
