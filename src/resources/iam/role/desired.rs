//! The execution role of each function: its own log streams, and its grants.

use super::INFO;
use super::secrets::named_secrets;
use super::spec::RoleSpec;
use crate::model::Desired;
use crate::policy;
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::{Function, Grant, READS};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn roles(context: &Context<'_>, wanted: &mut Wanted) {
    for (id, function) in &context.stack.functions {
        wanted.push(role(context, id, function));
    }
}

fn role(context: &Context<'_>, id: &str, function: &Function) -> Desired {
    let name = context.scope.name(id);
    let trust = policy::canonical(&json!({"Statement": [{
        "Sid": "LambdaOnly", "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": context.scope.account}},
    }]}));
    let spec = RoleSpec {
        tags: context.tags(id),
        path: context.scope.role_path(),
        description: format!("What the function {name} may do, and nothing else"),
        max_session_seconds: 3600,
        trust,
        policies: BTreeMap::from([(
            "grants".to_string(),
            policy::canonical(&grants(context, &name, function)),
        )]),
        attached: BTreeSet::new(),
        permissions_boundary: None,
    };
    context.resource(&INFO, id, name, &spec)
}

/// The function's own log streams, traces where it sends them, each declared grant on exactly its
/// table and indexes, and what its variables name.
fn grants(context: &Context<'_>, name: &str, function: &Function) -> Value {
    let grants = &function.grants;
    let (region, account) = (&context.scope.region, &context.scope.account);
    let mut statements = vec![json!({
        "Sid": "OwnLogs", "Effect": "Allow", "Action": ["logs:CreateLogStream",
        "logs:PutLogEvents"],
        "Resource": format!("arn:aws:logs:{region}:{account}:log-group:/aws/lambda/{name}:*"),
    })];
    if function.tracing {
        // X-Ray knows no resources for these two.
        statements.push(json!({
            "Sid": "Traces", "Effect": "Allow", "Resource": "*",
            "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        }));
    }
    if let Some(on) = &function.on {
        statements.push(json!({
            "Sid": "Stream", "Effect": "Allow",
            "Action": ["dynamodb:DescribeStream", "dynamodb:GetRecords",
                       "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
            "Resource": reference("table", &on.table, "stream_arn"),
        }));
    }
    if let Some(arn) = &function.dead_letter {
        let action =
            if arn.starts_with("arn:aws:sns:") { "sns:Publish" } else { "sqs:SendMessage" };
        statements.push(json!({
            "Sid": "DeadLetters", "Effect": "Allow", "Action": action, "Resource": arn,
        }));
    }
    for (position, grant) in grants.iter().enumerate() {
        let table = context.table_arn(&grant.table);
        let mut resources = vec![table.clone()];
        resources.extend(grant.indexes.iter().map(|index| format!("{table}/index/{index}")));
        let mut statement = json!({
            "Sid": grant_sid(grants, position), "Effect": "Allow", "Action": grant.actions,
            "Resource": resources,
        });
        if let Some(fields) = statement.as_object_mut().filter(|_| !grant.attributes.is_empty()) {
            fields.insert("Condition".into(), narrowed(context, grant));
        }
        statements.push(statement);
    }
    statements.extend(named_secrets(context, function));
    json!({ "Statement": statements })
}

/// The conditions that hold a grant to its attributes (DynamoDB developer guide, "Using IAM policy
/// conditions for fine-grained access control"). The keys must be among them, or no item could be
/// named. A read without a projection would return everything, and so would a write that asks for
/// the whole old or new item; requests without such a parameter pass.
fn narrowed(context: &Context<'_>, grant: &Grant) -> Value {
    let mut attributes: BTreeSet<&str> = grant.attributes.iter().map(String::as_str).collect();
    if let Some(table) = context.stack.tables.get(&grant.table) {
        let indexes = table.indexes.iter().filter(|(name, _)| grant.indexes.contains(name));
        let of_indexes = indexes.flat_map(|(_, index)| [Some(&index.key), index.sort_key.as_ref()]);
        let keys = [Some(&table.key), table.sort_key.as_ref()].into_iter().chain(of_indexes);
        attributes.extend(keys.flatten().map(|key| key.name.as_str()));
    }

    let reads = grant.actions.iter().any(|action| READS.contains(&action.as_str()));
    let returned = if reads {
        json!({"dynamodb:Select": "SPECIFIC_ATTRIBUTES"})
    } else {
        json!({"dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]})
    };
    json!({
        "ForAllValues:StringEquals": {"dynamodb:Attributes": attributes},
        "StringEqualsIfExists": returned,
    })
}

/// Statement id of a grant: the table, numbered where a function has several grants on it.
pub fn grant_sid(grants: &[Grant], position: usize) -> String {
    let Some(grant) = grants.get(position) else {
        return String::new();
    };
    let earlier = grants.iter().take(position).filter(|g| g.table == grant.table).count();
    if earlier == 0 {
        format!("Table{}", grant.table)
    } else {
        format!("Table{}{}", grant.table, earlier + 1)
    }
}
