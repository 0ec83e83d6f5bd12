//! AWS::Lambda::Permission: the resource policy of one function, statement by statement; changed
//! strictly one after another, because overlapping AddPermission calls lose statements although
//! they answer 201 (catalogue 5.2, 5.5).

mod desired;
pub mod spec;
mod terraform;

use crate::aws::{CallOptions, Reader, Writer};
use crate::model::call::{Call, Quota};
use crate::model::cloud_error::optional;
use crate::model::spec::{field, from_value, to_value};
use crate::model::type_info::{Calls, GraphRole, Pricing};
use crate::model::{Address, CloudError, ErrorKind, Live, Outputs, Query, Step, TypeInfo};
use crate::policy;
use crate::resources::ResourceType;
use crate::resources::common::FRESH;
use crate::resources::context::{Context, Wanted};
use crate::resources::lambda::Lambda;
use crate::resources::lambda::SERVICE;
use crate::resources::place::{Place, by_key};
use crate::stack::Stack;
use async_trait::async_trait;
use futures_util::future::try_join_all;
use serde_json::{Map, Value, json};
use spec::{PermissionSpec, PermissionStatement};
use std::collections::BTreeMap;
use std::time::Duration;

pub struct Permission;

const FUNCTION: &str = "AWS::Lambda::Function";

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::Lambda::Permission",
    group: "permission",
    read_after: &[FUNCTION],
    contained_in: Some(FUNCTION),
    heading: "Functions",
    graph: GraphRole::PartOf(|_| "function"),
    pricing: Pricing::ByUse("nothing"),
    terraform: terraform::blocks,
    calls: Calls {
        read: &[Call::new(&SERVICE, "lambda:GetPolicy").own_quotas(&[Quota {
            label: "Lambda: 15 GetPolicy per second",
            rate: 15.0,
            burst: 15.0,
        }])],
        create: &[
            Call::new(&SERVICE, "lambda:AddPermission"),
            Call::new(&SERVICE, "lambda:RemovePermission"),
        ],
        update: &[
            Call::new(&SERVICE, "lambda:AddPermission"),
            Call::new(&SERVICE, "lambda:RemovePermission"),
        ],
        delete: &[Call::new(&SERVICE, "lambda:RemovePermission")],
    },
    ..TypeInfo::DEFAULT
};

/// How often lost statements are put again before giving up: over half a minute.
const ROUNDS: u32 = 10;

#[async_trait]
impl ResourceType for Permission {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(PermissionSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::permissions(context, wanted);
        Ok(())
    }

    fn places(&self, stack: &Stack) -> Vec<Place> {
        by_key(&["functions"], stack.functions.keys())
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let functions = query.found.iter().filter(|live| live.type_name == FUNCTION);
        let found =
            try_join_all(functions.map(|function| describe(reader, query, function))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        reconcile(writer, &step.name, &from_value(wanted)?).await?;
        Ok(Outputs::new())
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        _: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        reconcile(writer, &step.name, &from_value(wanted)?).await?;
        Ok(Outputs::new())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        let before: PermissionSpec = from_value(&live.spec)?;
        for sid in before.statements.keys() {
            remove(writer, &live.name, sid).await?;
        }
        Ok(())
    }
}

/// The policy of one found function; `None` where it has none and none is wanted.
async fn describe(
    reader: &Reader,
    query: &Query<'_>,
    function: &Live,
) -> Result<Option<Live>, CloudError> {
    let desired = query.wanted.iter().find(|d| d.name == function.name);
    if function.not_emulated {
        return Ok(desired.map(|d| Live::not_emulated(d)));
    }
    let address = desired
        .map_or_else(|| Address::new(INFO.group, function.address.id()), |d| d.address.clone());
    let live = async {
        let statements = statements(reader, &function.name).await?;
        // Nothing wanted and nothing there is equal, not missing.
        let empty_wanted = desired.is_some_and(|d| *field(&d.spec, "statements") == json!({}));
        if statements.is_empty() && !empty_wanted {
            return Ok(None);
        }
        let spec = to_value(&PermissionSpec { statements });
        let mut live = Live::new(address, INFO.type_name, &function.name, spec);
        live.owner = function.owner.clone();
        Ok(Some(live))
    };
    crate::resources::common::or_not_emulated(live.await, desired.copied())
}

/// Every statement of a function's policy. GetPolicy says "not found" for a function without one as
/// well.
async fn statements(
    reader: &Reader,
    function: &str,
) -> Result<BTreeMap<String, PermissionStatement>, CloudError> {
    let answer = reader
        .caller
        .call("lambda:GetPolicy", || {
            reader.client::<Lambda>().get_policy().function_name(function).send()
        })
        .await;
    let Some(answer) = optional(answer)? else {
        return Ok(BTreeMap::new());
    };
    let document = policy::parse(answer.policy().unwrap_or("{}")).map_err(|error| {
        CloudError::ours(
            ErrorKind::Other,
            format!("the policy of the function `{function}` cannot be read: {error}"),
            "look at it in the Lambda console, mend or remove it, then run again",
        )
    })?;
    Ok(read_document(&document))
}

fn read_document(document: &Value) -> BTreeMap<String, PermissionStatement> {
    let listed = match document.get("Statement") {
        Some(Value::Array(list)) => list.clone(),
        Some(one @ Value::Object(_)) => vec![one.clone()],
        _ => vec![],
    };
    let mut found = BTreeMap::new();
    for (position, statement) in listed.iter().enumerate() {
        let sid = statement.get("Sid").and_then(Value::as_str);
        let mut key = sid.map_or_else(|| format!("#{}", position + 1), str::to_string);
        // A Sid twice is a statement too many: it shows under a name of its own.
        while found.contains_key(&key) {
            key.push('+');
        }
        found.insert(key, read_statement(statement));
    }
    found
}

/// One statement. What our four fields cannot say (another effect, other conditions) goes into
/// `principal` as JSON, so that it never looks like a statement of ours.
fn read_statement(statement: &Value) -> PermissionStatement {
    let mut extra = Map::new();
    let (mut source_arn, mut source_account) = (None, None);
    if let Some(Value::Object(operators)) = statement.get("Condition") {
        for (operator, keys) in operators {
            for (key, value) in keys.as_object().into_iter().flatten() {
                let one = single(value);
                match (operator.as_str(), key.to_ascii_lowercase().as_str(), one) {
                    ("ArnLike" | "ArnEquals", "aws:sourcearn", Some(arn)) => source_arn = Some(arn),
                    ("StringEquals", "aws:sourceaccount", Some(account)) => {
                        source_account = Some(account)
                    }
                    _ => {
                        extra.insert(format!("{operator} {key}"), value.clone());
                    }
                }
            }
        }
    }
    let effect = statement.get("Effect").and_then(Value::as_str).unwrap_or_default();
    if effect != "Allow" {
        extra.insert("effect".into(), json!(effect));
    }
    let principal = statement.get("Principal").cloned().unwrap_or(Value::Null);
    let service = principal
        .as_object()
        .filter(|kinds| kinds.len() == 1)
        .and_then(|kinds| kinds.get("Service"))
        .and_then(single)
        .filter(|_| extra.is_empty());
    let principal = service.unwrap_or_else(|| {
        if extra.is_empty() {
            principal.to_string()
        } else {
            extra.insert("principal".into(), principal.clone());
            Value::Object(extra).to_string()
        }
    });
    let action = statement.get("Action").cloned().unwrap_or(Value::Null);
    PermissionStatement {
        action: single(&action).unwrap_or_else(|| action.to_string()),
        principal,
        source_arn,
        source_account,
    }
}

/// A string, or the only string of a list.
fn single(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.len() == 1 => {
            items.first().and_then(Value::as_str).map(str::to_string)
        }
        _ => None,
    }
}

/// Removes what is not wanted, adds what is missing, and looks again until every statement is
/// really there.
async fn reconcile(
    writer: &Writer,
    function: &str,
    wanted: &PermissionSpec,
) -> Result<(), CloudError> {
    for round in 0..ROUNDS {
        let live = statements(&writer.reader, function).await?;
        if live == wanted.statements {
            return Ok(());
        }
        if round > 1 {
            writer
                .caller
                .report_wait("waiting for the permission to be readable (usually a second)");
            writer.caller.pause(Duration::from_secs(1 << (round - 2).min(2))).await?;
        }
        for sid in live
            .iter()
            .filter(|(sid, s)| wanted.statements.get(*sid) != Some(s))
            .map(|(sid, _)| sid)
        {
            remove(writer, function, sid).await?;
        }
        for (sid, statement) in
            wanted.statements.iter().filter(|(sid, s)| live.get(*sid) != Some(s))
        {
            add(writer, function, sid, statement).await?;
        }
    }
    let live = statements(&writer.reader, function).await?;
    if live == wanted.statements {
        return Ok(());
    }
    let lost: Vec<&str> = wanted
        .statements
        .keys()
        .filter(|sid| !live.contains_key(*sid))
        .map(String::as_str)
        .collect();
    Err(CloudError::ours(
        ErrorKind::Conflict,
        format!(
            "the policy of the function `{function}` does not become as wanted (missing: {})",
            lost.join(", ")
        ),
        "somebody else changes the function's permissions at the same time: run again",
    ))
}

async fn add(
    writer: &Writer,
    function: &str,
    sid: &str,
    wanted: &PermissionStatement,
) -> Result<(), CloudError> {
    let lambda = &writer.client::<Lambda>();
    let added = writer
        .caller
        .call_with("lambda:AddPermission", FRESH, || {
            lambda
                .add_permission()
                .function_name(function)
                .statement_id(sid)
                .action(&wanted.action)
                .principal(&wanted.principal)
                .set_source_arn(wanted.source_arn.clone())
                .set_source_account(wanted.source_account.clone())
                .send()
        })
        .await;
    match added {
        // Put by the try whose answer was lost, or not readable yet: the next look compares it.
        Err(error) if error.matches("ResourceConflictException", "already exist") => Ok(()),
        other => other.map(|_| ()),
    }
}

async fn remove(writer: &Writer, function: &str, sid: &str) -> Result<(), CloudError> {
    let lambda = &writer.client::<Lambda>();
    let sid = sid.trim_end_matches('+');
    let removed = writer
        .caller
        .call_with("lambda:RemovePermission", CallOptions::default(), || {
            lambda.remove_permission().function_name(function).statement_id(sid).send()
        })
        .await;
    optional(removed).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(statement: Value) -> PermissionStatement {
        read_document(&json!({"Statement": [statement]})).into_values().next().unwrap()
    }

    fn api() -> Value {
        json!({"Sid": "api", "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "lambda:InvokeFunction", "Resource": "arn:aws:lambda:us-east-1:1:function:f",
            "Condition": {
                "ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:us-east-1:1:a/*/GET/products"},
                          "StringEquals": {"AWS:SourceAccount": "1"}}})
    }

    #[test]
    fn a_statement_as_lambda_writes_it_is_read() {
        let ours = PermissionStatement {
            action: "lambda:InvokeFunction".into(),
            principal: "apigateway.amazonaws.com".into(),
            source_arn: Some("arn:aws:execute-api:us-east-1:1:a/*/GET/products".into()),
            source_account: Some("1".into()),
        };
        assert_eq!(read(api()), ours);
        let mut listed = api();
        listed["Action"] = json!(["lambda:InvokeFunction"]);
        listed["Principal"]["Service"] = json!(["apigateway.amazonaws.com"]);
        assert_eq!(read(listed), ours);
    }

    #[test]
    fn what_the_fields_cannot_say_is_never_taken_for_ours() {
        let ours = read(api());
        let mut other = api();
        other["Condition"]["StringEquals"]["aws:PrincipalOrgID"] = json!("o-1");
        assert!(read(other).principal.contains("o-1"));
        let mut denied = api();
        denied["Effect"] = json!("Deny");
        assert_ne!(read(denied), ours);
        let mut public = api();
        public["Principal"] = json!("*");
        assert_eq!(read(public).principal, "\"*\"");
        let mut account = api();
        account["Principal"] = json!({"AWS": "arn:aws:iam::1:root"});
        assert_eq!(read(account).principal, r#"{"AWS":"arn:aws:iam::1:root"}"#);
    }

    #[test]
    fn a_sid_twice_is_a_statement_too_many() {
        let keys = read_document(&json!({"Statement": [api(), api()]}));
        assert_eq!(keys.into_keys().collect::<Vec<_>>(), ["api", "api+"]);
        assert!(read_document(&json!({"Statement": []})).is_empty());
    }
}
