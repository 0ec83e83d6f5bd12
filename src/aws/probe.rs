//! The smoke test's reads of AWS: items of a table, its own products and orders, lines of a log
//! group.

use super::call::Caller;
use super::clients::Sdk;
use super::connections::{Connections, SdkService};
use super::counter::Purpose;
use super::reads::{DynamoDb, Lambda, Logs};
use crate::model::cloud_error::optional;
use crate::model::{CloudError, ErrorKind};
use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem, Update};
use base64::Engine;
use serde_json::{Map, Number, Value, json};
use std::collections::{BTreeMap, HashMap};

/// Pieces of products that an order took from the table that counts them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenStock {
    pub table: String,
    /// By `productId`.
    pub pieces: BTreeMap<String, u64>,
}

/// Clients whose calls count as the smoke test's.
#[derive(Clone, Debug)]
pub struct Probe {
    connections: Connections,
    caller: Caller,
}

impl Probe {
    pub fn new(sdk: &Sdk) -> Self {
        let caller = sdk.caller();
        Self { connections: sdk.connections(Purpose::Smoke), caller }
    }

    fn client<S: SdkService>(&self) -> S::Client {
        self.connections.client::<S>(self.connections.region())
    }

    /// The whole table, every page, strongly consistent.
    pub async fn items(&self, table: &str) -> Result<Vec<Value>, CloudError> {
        let mut items = Vec::new();
        let mut start: Option<HashMap<String, AttributeValue>> = None;
        loop {
            let page = self
                .caller
                .call("dynamodb:Scan", || {
                    let scan =
                        self.client::<DynamoDb>().scan().table_name(table).consistent_read(true);
                    scan.set_exclusive_start_key(start.clone()).send()
                })
                .await?;
            items.extend(page.items().iter().map(to_json));
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// Reads one item by its key, a JSON object of strings and numbers.
    pub async fn item(&self, table: &str, key: &Value) -> Result<Option<Value>, CloudError> {
        let key = to_item(key)?;
        let answer = self
            .caller
            .call("dynamodb:GetItem", || {
                let get =
                    self.client::<DynamoDb>().get_item().table_name(table).consistent_read(true);
                get.set_key(Some(key.clone())).send()
            })
            .await?;
        Ok(answer.item().map(to_json))
    }

    /// Deletes one order, on condition that it is a smoke test's own, and restores the stock that
    /// it took. Both happen or neither, so a retry cannot restore stock twice.
    pub async fn remove_smoke_order(
        &self,
        table: &str,
        key: &Value,
        taken: &TakenStock,
    ) -> Result<(), CloudError> {
        let key = to_item(key)?;
        let delete = Delete::builder()
            .table_name(table)
            .set_key(Some(key))
            .condition_expression("smokeTest = :yes")
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .build()
            .map_err(|error| not_built(&error))?;
        let mut writes = vec![TransactWriteItem::builder().delete(delete).build()];
        for (product, pieces) in &taken.pieces {
            let update = Update::builder()
                .table_name(&taken.table)
                .key("productId", AttributeValue::S(product.clone()))
                .update_expression("SET stock = stock + :taken")
                .condition_expression("attribute_exists(stock)")
                .expression_attribute_values(":taken", AttributeValue::N(pieces.to_string()))
                .build()
                .map_err(|error| not_built(&error))?;
            writes.push(TransactWriteItem::builder().update(update).build());
        }
        self.caller
            .call("dynamodb:TransactWriteItems", || {
                let call = self.client::<DynamoDb>().transact_write_items();
                call.set_transact_items(Some(writes.clone())).send()
            })
            .await
            .map(|_| ())
    }

    /// Stores a product that carries `smokeTest` true; an item that does not is not overwritten.
    pub async fn put_test_product(&self, table: &str, item: &Value) -> Result<(), CloudError> {
        let item = to_item(item)?;
        self.caller
            .call("dynamodb:PutItem", || {
                let put = self.client::<DynamoDb>().put_item().table_name(table);
                put.set_item(Some(item.clone()))
                    .condition_expression(ABSENT_OR_TEST)
                    .expression_attribute_values(":yes", AttributeValue::Bool(true))
                    .send()
            })
            .await
            .map(|_| ())
    }

    /// Removes a product that carries `smokeTest` true; one that does not stays.
    pub async fn remove_test_product(&self, table: &str, key: &Value) -> Result<(), CloudError> {
        let key = to_item(key)?;
        self.caller
            .call("dynamodb:DeleteItem", || {
                let delete = self.client::<DynamoDb>().delete_item().table_name(table);
                delete
                    .set_key(Some(key.clone()))
                    .condition_expression(ABSENT_OR_TEST)
                    .expression_attribute_values(":yes", AttributeValue::Bool(true))
                    .send()
            })
            .await
            .map(|_| ())
    }

    /// The value of a function's environment variable, where it has one.
    pub async fn variable(&self, function: &str, name: &str) -> Result<Option<String>, CloudError> {
        let answer = self
            .caller
            .call("lambda:GetFunction", || {
                self.client::<Lambda>().get_function().function_name(function).send()
            })
            .await?;
        let environment = answer.configuration.and_then(|settings| settings.environment);
        let variables = environment.and_then(|environment| environment.variables);
        Ok(variables.and_then(|mut variables| variables.remove(name)))
    }

    /// The last lines of a log group since `since_ms` (epoch), oldest first; none if the group does
    /// not exist yet.
    pub async fn log_text(&self, group: &str, since_ms: i64) -> Result<Vec<String>, CloudError> {
        let mut lines = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = self
                .caller
                .call("logs:FilterLogEvents", || {
                    let events = self.client::<Logs>().filter_log_events().log_group_name(group);
                    events.start_time(since_ms).set_next_token(token.clone()).send()
                })
                .await;
            let Some(page) = optional(page)? else {
                return Ok(lines);
            };
            let texts = page.events().iter().filter_map(|event| event.message());
            lines.extend(texts.flat_map(str::lines).map(str::to_string));
            token = page.next_token().map(str::to_string);
            if token.is_none() {
                let skipped = lines.len().saturating_sub(SHOWN_LINES);
                return Ok(lines.split_off(skipped));
            }
        }
    }

    /// Reads one page of a log group's lines since `since_ms` (epoch), and the token of the next
    /// page; none if the group does not exist yet. `region` defaults to the stack's.
    pub async fn log_page(
        &self,
        region: Option<&str>,
        group: &str,
        since_ms: i64,
        token: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), CloudError> {
        let logs = self.connections.client::<Logs>(region.unwrap_or(self.connections.region()));
        let caller = region.map_or_else(|| self.caller.clone(), |r| self.caller.in_region(r));
        let page = caller
            .call("logs:FilterLogEvents", || {
                let events = logs.filter_log_events();
                let events = events.log_group_name(group).start_time(since_ms);
                events.set_next_token(token.map(str::to_string)).send()
            })
            .await;
        let Some(page) = optional(page)? else {
            return Ok((vec![], None));
        };
        let lines = page.events().iter().filter_map(|event| event.message());
        Ok((lines.map(str::to_string).collect(), page.next_token().map(str::to_string)))
    }
}

/// Holds for a product of a smoke test, and where there is none.
const ABSENT_OR_TEST: &str = "attribute_not_exists(productId) OR smokeTest = :yes";
/// Lines of a log that are shown.
const SHOWN_LINES: usize = 20;

fn not_built(error: &impl std::fmt::Display) -> CloudError {
    CloudError::ours(ErrorKind::Other, format!("a request cannot be built: {error}"), "")
}

/// A key, or an item without nested values.
pub(super) fn to_item(item: &Value) -> Result<HashMap<String, AttributeValue>, CloudError> {
    let bad = || {
        let why = "an item is an object of strings, numbers and booleans";
        CloudError::ours(ErrorKind::Other, why, "")
    };
    let Value::Object(fields) = item else {
        return Err(bad());
    };
    fields
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name.clone(), AttributeValue::S(text.clone()))),
            Value::Number(number) => Ok((name.clone(), AttributeValue::N(number.to_string()))),
            Value::Bool(yes) => Ok((name.clone(), AttributeValue::Bool(*yes))),
            _ => Err(bad()),
        })
        .collect()
}

fn to_json(item: &HashMap<String, AttributeValue>) -> Value {
    Value::Object(item.iter().map(|(k, v)| (k.clone(), value(v))).collect::<Map<_, _>>())
}

fn value(attribute: &AttributeValue) -> Value {
    let binary = |bytes: &[u8]| json!(base64::engine::general_purpose::STANDARD.encode(bytes));
    let number = |text: &String| text.parse::<Number>().map_or_else(|_| json!(text), Value::Number);
    match attribute {
        AttributeValue::S(text) => json!(text),
        AttributeValue::N(text) => number(text),
        AttributeValue::Bool(yes) => json!(yes),
        AttributeValue::L(list) => list.iter().map(value).collect(),
        AttributeValue::M(map) => to_json(map),
        AttributeValue::Ss(set) => json!(set),
        AttributeValue::Ns(set) => set.iter().map(number).collect(),
        AttributeValue::B(bytes) => binary(bytes.as_ref()),
        AttributeValue::Bs(set) => set.iter().map(|b| binary(b.as_ref())).collect(),
        _ => Value::Null,
    }
}
