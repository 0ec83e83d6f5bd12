//! The Products table in DynamoDB.

use crate::catalogue::{Catalogue, Page};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use shop_shared::dynamo::{StoreError, fields};
use shop_shared::product::{FIELDS, ID};
use std::collections::HashMap;

/// Needs `dynamodb:Scan` on the table, and nothing else.
pub struct Dynamo {
    pub client: Client,
    pub table: String,
}

impl Catalogue for Dynamo {
    async fn page(&self, after: Option<String>, most: Option<usize>) -> Result<Page, StoreError> {
        let start = after.map(|id| HashMap::from([(ID.to_owned(), AttributeValue::S(id))]));
        let placeholders: Vec<String> = FIELDS.iter().map(|name| format!("#{name}")).collect();
        let names = FIELDS.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect();
        let scan = self
            .client
            .scan()
            .table_name(&self.table)
            .projection_expression(placeholders.join(", "))
            .set_expression_attribute_names(Some(names))
            .set_exclusive_start_key(start)
            .set_limit(most.map(|most| i32::try_from(most).unwrap_or(i32::MAX)));
        let output = scan.send().await?;

        // A Scan ends when LastEvaluatedKey is absent, not when a page is empty (API reference,
        // Scan).
        let next = match output.last_evaluated_key.and_then(|mut key| key.remove(ID)) {
            Some(AttributeValue::S(id)) => Some(id),
            _ => None,
        };
        Ok(Page { items: output.items.unwrap_or_default().into_iter().map(fields).collect(), next })
    }
}
