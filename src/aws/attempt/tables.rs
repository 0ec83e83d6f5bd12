//! Calls on tables that have to be refused.

use super::{Parameters, RoleSession, not_built, unknown};
use crate::aws::probe::to_item;
use crate::aws::reads::DynamoDb;
use crate::model::CloudError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, KeysAndAttributes, PutRequest, ReturnValue, TransactWriteItem,
    WriteRequest,
};
use serde_json::Value;
use std::collections::HashMap;

pub(super) async fn attempt(
    session: &RoleSession,
    action: &str,
    table: &str,
    key: &Value,
    parameters: &Parameters,
) -> Result<(), CloudError> {
    let key = to_item(key)?;
    match action {
        "dynamodb:UpdateItem" => update(session, table, key, parameters).await,
        "dynamodb:PutItem"
        | "dynamodb:DeleteItem"
        | "dynamodb:BatchWriteItem"
        | "dynamodb:ConditionCheckItem" => write(session, action, table, key).await,
        "dynamodb:DescribeTable" | "dynamodb:DeleteTable" => control(session, action, table).await,
        _ => read(session, action, table, key, parameters).await,
    }
}

async fn read(
    session: &RoleSession,
    action: &str,
    table: &str,
    key: HashMap<String, AttributeValue>,
    parameters: &Parameters,
) -> Result<(), CloudError> {
    let (client, caller) = (session.client::<DynamoDb>(), &session.caller);
    let attribute = match parameters {
        Parameters::Attribute(name) => Some(name.clone()),
        Parameters::WholeItem(_) => None,
    };
    let projection = attribute.as_ref().map(|_| "#a".to_string());
    let names = attribute.map(|name| HashMap::from([("#a".to_string(), name)]));
    match action {
        "dynamodb:GetItem" => {
            let call = || {
                let get = client.get_item().table_name(table).set_key(Some(key.clone()));
                let get = get.set_projection_expression(projection.clone());
                get.set_expression_attribute_names(names.clone()).send()
            };
            caller.call(action, call).await.map(|_| ())
        }
        "dynamodb:BatchGetItem" => {
            let keys = KeysAndAttributes::builder().keys(key).build().map_err(|e| not_built(&e))?;
            let call =
                || client.batch_get_item().request_items(table.to_string(), keys.clone()).send();
            caller.call(action, call).await.map(|_| ())
        }
        "dynamodb:Scan" => {
            let call = || client.scan().table_name(table).limit(1).send();
            caller.call(action, call).await.map(|_| ())
        }
        "dynamodb:Query" => {
            let Some((name, value)) = key.into_iter().next() else { return Err(unknown(action)) };
            let call = || {
                let query = client.query().table_name(table).key_condition_expression("#k = :v");
                query
                    .expression_attribute_names("#k", name.clone())
                    .expression_attribute_values(":v", value.clone())
                    .send()
            };
            caller.call(action, call).await.map(|_| ())
        }
        "dynamodb:PartiQLSelect" => {
            let statement = format!("SELECT * FROM \"{table}\"");
            let call = || client.execute_statement().statement(statement.clone()).send();
            caller.call("dynamodb:ExecuteStatement", call).await.map(|_| ())
        }
        _ => Err(unknown(action)),
    }
}

async fn update(
    session: &RoleSession,
    table: &str,
    key: HashMap<String, AttributeValue>,
    parameters: &Parameters,
) -> Result<(), CloudError> {
    let (name, returned) = match parameters {
        Parameters::Attribute(name) => (name, ReturnValue::None),
        Parameters::WholeItem(name) => (name, ReturnValue::AllOld),
    };
    let client = session.client::<DynamoDb>();
    let call = || {
        let update = client.update_item().table_name(table).set_key(Some(key.clone()));
        update
            .update_expression("SET #a = :v")
            .expression_attribute_names("#a", name)
            .expression_attribute_values(":v", AttributeValue::S("forbidden".into()))
            .return_values(returned.clone())
            .send()
    };
    session.caller.call("dynamodb:UpdateItem", call).await.map(|_| ())
}

async fn write(
    session: &RoleSession,
    action: &str,
    table: &str,
    key: HashMap<String, AttributeValue>,
) -> Result<(), CloudError> {
    let (client, caller) = (session.client::<DynamoDb>(), &session.caller);
    match action {
        "dynamodb:PutItem" => {
            let call = || client.put_item().table_name(table).set_item(Some(key.clone())).send();
            caller.call(action, call).await.map(|_| ())
        }
        "dynamodb:DeleteItem" => {
            let call = || client.delete_item().table_name(table).set_key(Some(key.clone())).send();
            caller.call(action, call).await.map(|_| ())
        }
        "dynamodb:BatchWriteItem" => {
            let put =
                PutRequest::builder().set_item(Some(key)).build().map_err(|e| not_built(&e))?;
            let writes = vec![WriteRequest::builder().put_request(put).build()];
            let call = || client.batch_write_item().request_items(table, writes.clone()).send();
            caller.call(action, call).await.map(|_| ())
        }
        _ => {
            let check = ConditionCheck::builder()
                .table_name(table)
                .set_key(Some(key))
                .condition_expression("attribute_not_exists(forbidden)")
                .build()
                .map_err(|e| not_built(&e))?;
            let item = TransactWriteItem::builder().condition_check(check).build();
            let call = || client.transact_write_items().transact_items(item.clone()).send();
            caller.call("dynamodb:TransactWriteItems", call).await.map(|_| ())
        }
    }
}

async fn control(session: &RoleSession, action: &str, table: &str) -> Result<(), CloudError> {
    let client = session.client::<DynamoDb>();
    if action == "dynamodb:DescribeTable" {
        let call = || client.describe_table().table_name(table).send();
        return session.caller.call(action, call).await.map(|_| ());
    }
    let call = || client.delete_table().table_name(table).send();
    session.caller.call(action, call).await.map(|_| ())
}
