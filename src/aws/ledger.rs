//! The `shopstack` table: one per account and region, shared by all stacks, with locks and records
//! of past runs.
//!
//! It is created on first use, tagged, with on-demand billing, deletion protection and backups, and
//! `down` keeps it. Its keys are `pk` = `<stack>/<env>` and `sk` = `lock`, `record` or
//! `run#<time>`. No decision depends on it: live AWS is the source of truth.

use super::call::{Caller, Progress};
use super::clients::Sdk;
use super::connections::Connections;
use super::counter::Purpose;
use super::reads::DynamoDb;
use crate::model::cloud_error::optional;
use crate::model::text::one_line;
use crate::model::{CloudError, ErrorKind, Scope};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    PointInTimeRecoverySpecification, ScalarAttributeType, TableStatus, Tag,
};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// Name of the table.
pub const TABLE: &str = "shopstack";
/// Sort key of the record of an environment's last `up`.
pub const RECORD: &str = "record";

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The rows of one stack and environment.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(crate) connections: Connections,
    pub(crate) caller: Caller,
    pub(crate) pk: String,
}

impl Ledger {
    /// Its calls count as bookkeeping. A stop of the run does not stop it: the lock must be
    /// released after an interrupt.
    pub fn new(sdk: &Sdk, scope: &Scope) -> Self {
        Self {
            connections: sdk.connections(Purpose::Bookkeeping),
            caller: sdk.caller(),
            pk: format!("{}/{}", scope.stack, scope.env),
        }
    }

    pub(crate) fn client(&self) -> aws_sdk_dynamodb::Client {
        self.connections.client::<DynamoDb>(self.connections.region())
    }

    /// The same rows, reporting waits to `progress`.
    pub fn with_progress(self, progress: Progress) -> Self {
        Self { caller: self.caller.with_progress(progress), ..self }
    }

    /// The rows of another stack and environment in the same table.
    pub fn beside(&self, stack: &str, env: &str) -> Self {
        Self { pk: format!("{stack}/{env}"), ..self.clone() }
    }

    /// True if the table exists.
    pub async fn exists(&self) -> Result<bool, CloudError> {
        let describe = || self.client().describe_table().table_name(TABLE).send();
        let seen = self.caller.call("dynamodb:DescribeTable", describe).await;
        Ok(optional(seen)?.is_some())
    }

    /// The environments of the table, as `stack/env`, that have a record or whose lock is held.
    pub async fn environments(&self) -> Result<BTreeSet<String>, CloudError> {
        let mut found = BTreeSet::new();
        let mut start: Option<Item> = None;
        loop {
            let scan = || {
                let scan = self.client().scan().table_name(TABLE).consistent_read(true);
                let scan = scan.filter_expression("attribute_exists(#owner) OR sk = :record");
                let scan = scan.projection_expression("pk");
                let scan = scan.expression_attribute_names("#owner", "owner");
                let record = AttributeValue::S(RECORD.to_string());
                let scan = scan.expression_attribute_values(":record", record);
                scan.set_exclusive_start_key(start.clone()).send()
            };
            let Some(page) = optional(self.caller.call("dynamodb:Scan", scan).await)? else {
                return Ok(found);
            };
            let keys = page.items().iter().filter_map(|row| row.get("pk")?.as_s().ok());
            found.extend(keys.cloned());
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    /// Deletes the table, unless an environment has a record or a lock in it: then says which.
    pub async fn remove_table(&self) -> Result<Option<String>, CloudError> {
        let left = self.environments().await?;
        if !left.is_empty() {
            let names: Vec<_> = left.iter().map(|pk| one_line(pk)).collect();
            return Ok(Some(format!("it has records of {}", names.join(", "))));
        }
        let unprotect = || {
            let update = self.client().update_table().table_name(TABLE);
            update.deletion_protection_enabled(false).send()
        };
        optional(self.caller.call("dynamodb:UpdateTable", unprotect).await)?;
        let delete = || self.client().delete_table().table_name(TABLE).send();
        optional(self.caller.call("dynamodb:DeleteTable", delete).await)?;
        Ok(None)
    }

    /// Creates the table if it does not exist, and waits until it accepts items. True if this call
    /// created it.
    pub async fn ensure(&self) -> Result<bool, CloudError> {
        let attribute = |name: &str| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
        };
        let key = |name: &str, kind: KeyType| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build()
        };
        let shape = |e: aws_sdk_dynamodb::error::BuildError| {
            CloudError::shape("dynamodb CreateTable", &e.to_string())
        };
        let attributes = vec![attribute("pk").map_err(shape)?, attribute("sk").map_err(shape)?];
        let keys = vec![
            key("pk", KeyType::Hash).map_err(shape)?,
            key("sk", KeyType::Range).map_err(shape)?,
        ];
        let tag = Tag::builder().key("shopstack:shared").value("true").build().map_err(shape)?;
        let made = self
            .caller
            .call("dynamodb:CreateTable", || {
                self.client()
                    .create_table()
                    .table_name(TABLE)
                    .set_attribute_definitions(Some(attributes.clone()))
                    .set_key_schema(Some(keys.clone()))
                    .billing_mode(BillingMode::PayPerRequest)
                    .deletion_protection_enabled(true)
                    .tags(tag.clone())
                    .send()
            })
            .await;
        let made = match made {
            Ok(_) => true,
            Err(error) if error.code == "ResourceInUseException" => false,
            Err(error) => return Err(error),
        };
        self.caller
            .wait_until(
                "the table `shopstack` (usually a few seconds)",
                Duration::from_secs(1),
                Duration::from_secs(120),
                || async {
                    let seen = self
                        .caller
                        .call("dynamodb:DescribeTable", || {
                            self.client().describe_table().table_name(TABLE).send()
                        })
                        .await;
                    let status = optional(seen)?
                        .and_then(|t| t.table().and_then(|t| t.table_status().cloned()));
                    Ok((status == Some(TableStatus::Active)).then_some(()))
                },
            )
            .await?;
        Ok(made)
    }

    /// Enables continuous backups, which CreateTable cannot do. AWS may reject this for a minute
    /// after the table was created; the call repeats until then.
    pub async fn back_up(&self) -> Result<(), CloudError> {
        let on = PointInTimeRecoverySpecification::builder()
            .point_in_time_recovery_enabled(true)
            .build()
            .map_err(|e| CloudError::shape("dynamodb UpdateContinuousBackups", &e.to_string()))?;
        self.caller
            .call("dynamodb:UpdateContinuousBackups", || {
                self.client()
                    .update_continuous_backups()
                    .table_name(TABLE)
                    .point_in_time_recovery_specification(on.clone())
                    .send()
            })
            .await
            .map(|_| ())
    }

    pub(crate) fn key(&self, sk: &str) -> Item {
        HashMap::from([
            ("pk".to_string(), AttributeValue::S(self.pk.clone())),
            ("sk".to_string(), AttributeValue::S(sk.to_string())),
        ])
    }

    /// A row, strongly consistent; `None` without row or table.
    pub async fn row(&self, sk: &str) -> Result<Option<Item>, CloudError> {
        let answer = self
            .caller
            .call("dynamodb:GetItem", || {
                self.client()
                    .get_item()
                    .table_name(TABLE)
                    .set_key(Some(self.key(sk)))
                    .consistent_read(true)
                    .send()
            })
            .await;
        Ok(optional(answer)?.and_then(|a| a.item))
    }

    /// The JSON text in a row, such as the record of the last `up`.
    pub async fn document(&self, sk: &str) -> Result<Option<String>, CloudError> {
        let row = self.row(sk).await?;
        Ok(row.and_then(|row| row.get("document").and_then(|v| v.as_s().ok()).cloned()))
    }

    /// The JSON texts of all rows whose sort key begins with `prefix`, oldest first.
    pub async fn documents(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        let rows = self.rows(prefix).await?;
        Ok(rows
            .iter()
            .filter_map(|r| r.get("document").and_then(|v| v.as_s().ok()).cloned())
            .collect())
    }

    /// Stores a JSON text in a row. DynamoDB limits items to 400 KB; the caller shortens larger
    /// texts.
    pub async fn put_document(&self, sk: &str, document: &str) -> Result<(), CloudError> {
        let mut item = self.key(sk);
        item.insert("document".into(), AttributeValue::S(document.to_string()));
        self.caller
            .call("dynamodb:PutItem", || {
                self.client().put_item().table_name(TABLE).set_item(Some(item.clone())).send()
            })
            .await
            .map(|_| ())
    }

    /// Deletes every row of this stack and environment except those with the sort keys `keep`.
    pub async fn forget(&self, keep: &[&str]) -> Result<(), CloudError> {
        for row in self.rows("").await? {
            let Some(sk) = row.get("sk").and_then(|v| v.as_s().ok()) else {
                continue;
            };
            if keep.contains(&sk.as_str()) {
                continue;
            }
            self.remove(sk).await?;
        }
        Ok(())
    }

    /// Removes a row; one that is not there is done.
    pub(crate) async fn remove(&self, sk: &str) -> Result<(), CloudError> {
        let gone = self
            .caller
            .call("dynamodb:DeleteItem", || {
                self.client().delete_item().table_name(TABLE).set_key(Some(self.key(sk))).send()
            })
            .await;
        optional(gone).map(|_| ())
    }

    /// Rows whose sort key begins with `prefix`, oldest first.
    pub async fn rows(&self, prefix: &str) -> Result<Vec<Item>, CloudError> {
        let mut rows = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let page = self
                .caller
                .call("dynamodb:Query", || {
                    let query = self.client().query().table_name(TABLE).consistent_read(true);
                    let query = query
                        .expression_attribute_values(":pk", AttributeValue::S(self.pk.clone()));
                    let query = if prefix.is_empty() {
                        query.key_condition_expression("pk = :pk")
                    } else {
                        query
                            .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
                            .expression_attribute_values(
                                ":sk",
                                AttributeValue::S(prefix.to_string()),
                            )
                    };
                    query.set_exclusive_start_key(start.clone()).send()
                })
                .await;
            let Some(page) = optional(page)? else {
                return Ok(rows);
            };
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            rows.extend(page.items.unwrap_or_default());
            if start.is_none() {
                return Ok(rows);
            }
        }
    }
}

/// An error about the lock.
pub(crate) fn lock_error(message: impl Into<String>, hint: impl Into<String>) -> CloudError {
    CloudError::ours(ErrorKind::Lock, message, hint)
}
