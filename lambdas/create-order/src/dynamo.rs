//! The two tables in DynamoDB.

use crate::delivery::Delivery;
use crate::order::Line;
use crate::store::{Batch, Order, Placement, PricedLine, Purchase, Store};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, KeysAndAttributes, Put,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use shop_shared::dynamo::{Item, StoreError, fields};
use shop_shared::money::{cents, decimal};
use shop_shared::product::{FIELDS, ID};
use std::collections::HashMap;

/// Needs `dynamodb:BatchGetItem` and, on the attribute `stock`, `dynamodb:UpdateItem` on Products;
/// `dynamodb:PutItem` and `dynamodb:GetItem` on Orders.
pub struct Dynamo {
    pub client: Client,
    pub products: String,
    pub orders: String,
}

const ORDER_ID: &str = "orderId";
const STOCK: &str = "stock";
/// The attributes of an order that are read back.
const PURCHASE: [&str; 5] = ["userId", "items", "total", "currency", "delivery"];

impl Store for Dynamo {
    async fn products(&self, ids: Vec<String>) -> Result<Batch, StoreError> {
        let keys = ids.into_iter().map(|id| HashMap::from([(ID.to_owned(), text(&id))]));
        let (projection, names) = projection(&FIELDS);
        let request = KeysAndAttributes::builder()
            .set_keys(Some(keys.collect()))
            .consistent_read(true)
            .projection_expression(projection)
            .set_expression_attribute_names(Some(names))
            .build()
            .map_err(not_built)?;
        let call = self.client.batch_get_item().request_items(&self.products, request);
        let output = call.send().await?;

        let found = output.responses.unwrap_or_default().remove(&self.products).unwrap_or_default();
        let left = output.unprocessed_keys.unwrap_or_default().remove(&self.products);
        let left = left.map(|request| request.keys).unwrap_or_default();
        Ok(Batch {
            items: found.into_iter().map(fields).collect(),
            unprocessed: left.into_iter().filter_map(|mut key| take_text(&mut key, ID)).collect(),
        })
    }

    async fn place(&self, order: &Order) -> Result<Placement, StoreError> {
        let mut writes = vec![self.put_order(order).map_err(not_built)?];
        for line in order.lines.iter().filter(|line| line.takes_stock) {
            writes.push(self.take(line).map_err(not_built)?);
        }
        let call = self.client.transact_write_items().set_transact_items(Some(writes));
        match call.send().await {
            Ok(_) => Ok(Placement::Stored),
            Err(error) => self.not_placed(error, order).await,
        }
    }

    async fn order(&self, id: &str) -> Result<Option<Purchase>, StoreError> {
        let (projection, names) = projection(&PURCHASE);
        let call = self.client.get_item().table_name(&self.orders).key(ORDER_ID, text(id));
        let call = call.projection_expression(projection);
        let call = call.set_expression_attribute_names(Some(names)).consistent_read(true);
        Ok(call.send().await?.item.map(purchase))
    }
}

impl Dynamo {
    /// The order, on condition that its id is new.
    fn put_order(&self, order: &Order) -> Result<TransactWriteItem, BuildError> {
        let put = Put::builder()
            .table_name(&self.orders)
            .set_item(Some(record(order)))
            .condition_expression("attribute_not_exists(orderId)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    /// The stock of one line, on condition that there is enough.
    fn take(&self, line: &PricedLine) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(&self.products)
            .key(ID, text(&line.product_id))
            .update_expression("SET #stock = #stock - :taken")
            .condition_expression("#stock >= :taken")
            .expression_attribute_names("#stock", STOCK)
            .expression_attribute_values(":taken", number(line.quantity));
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    /// Interprets a failed transaction. Its reasons are in the order of its writes, so the first is
    /// the order's.
    async fn not_placed(
        &self,
        error: SdkError<TransactWriteItemsError>,
        order: &Order,
    ) -> Result<Placement, StoreError> {
        let cancelled = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled,
            _ => return Err(error.into()),
        };

        let reasons = cancelled.cancellation_reasons();
        let failed = |reason: &&CancellationReason| reason.code() == Some("ConditionalCheckFailed");
        if let Some(own) = reasons.first().filter(failed) {
            let found = match own.item() {
                Some(item) => Some(purchase(item.clone())),
                None => self.order(&order.id).await?,
            };
            let gone = || StoreError::later("the order was there and is gone");
            return found.map(|purchase| Placement::Exists(Box::new(purchase))).ok_or_else(gone);
        }
        if reasons.iter().any(|reason| failed(&reason)) {
            return Ok(Placement::OutOfStock);
        }

        let code = reasons.iter().filter_map(|reason| reason.code()).find(|code| *code != "None");
        let code = code.unwrap_or("TransactionCanceledException");
        Err(if PASSING.contains(&code) {
            StoreError::later(code)
        } else {
            StoreError::Failed(code.to_owned())
        })
    }
}

/// Reasons for cancelling that a repetition may not meet again (API reference,
/// TransactWriteItems).
const PASSING: [&str; 5] = [
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "TransactionCanceledException",
];

fn not_built(_: BuildError) -> StoreError {
    StoreError::Failed("request not built".into())
}

/// An expression that names the given attributes, with a placeholder for each: some are reserved
/// words.
fn projection(attributes: &[&str]) -> (String, HashMap<String, String>) {
    let names = attributes.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect();
    let placeholders: Vec<String> = attributes.iter().map(|name| format!("#{name}")).collect();
    (placeholders.join(", "), names)
}

/// The item that is stored for an order.
pub fn record(order: &Order) -> Item {
    let mut item = HashMap::from([
        (ORDER_ID.to_owned(), text(&order.id)),
        ("userId".to_owned(), text(&order.user_id)),
        ("items".to_owned(), AttributeValue::L(order.lines.iter().map(line_record).collect())),
        ("total".to_owned(), AttributeValue::N(decimal(order.total_cents))),
        ("currency".to_owned(), text(&order.currency)),
        ("orderDate".to_owned(), number(order.placed_at)),
        ("status".to_owned(), text("PLACED")),
    ]);
    if let Some(delivery) = &order.delivery {
        item.insert("delivery".to_owned(), delivery_record(delivery));
    }
    if order.smoke_test {
        item.insert("smokeTest".to_owned(), AttributeValue::Bool(true));
        item.insert("stockTaken".to_owned(), stock_taken(order));
    }
    item
}

/// Pieces by product, which the smoke test gives back when it removes its order.
fn stock_taken(order: &Order) -> AttributeValue {
    let lines = order.lines.iter().filter(|line| line.takes_stock);
    let taken = lines.map(|line| (line.product_id.clone(), number(line.quantity)));
    AttributeValue::M(taken.collect())
}

fn line_record(line: &PricedLine) -> AttributeValue {
    let mut item = HashMap::from([
        (ID.to_owned(), text(&line.product_id)),
        ("quantity".to_owned(), number(line.quantity)),
        ("price".to_owned(), AttributeValue::N(decimal(line.cents))),
        ("currency".to_owned(), text(&line.currency)),
    ]);
    if let Some(name) = &line.name {
        item.insert("name".to_owned(), text(name));
    }
    AttributeValue::M(item)
}

fn delivery_record(delivery: &Delivery) -> AttributeValue {
    let mut item = HashMap::from([
        ("name".to_owned(), text(&delivery.name)),
        ("street".to_owned(), text(&delivery.street)),
        ("postalCode".to_owned(), text(&delivery.postal_code)),
        ("city".to_owned(), text(&delivery.city)),
        ("country".to_owned(), text(&delivery.country)),
    ]);
    if let Some(note) = &delivery.note {
        item.insert("note".to_owned(), text(note));
    }
    AttributeValue::M(item)
}

/// The purchase that a stored item records. An item that was not written here reads as an order
/// that matches no request.
fn purchase(mut item: Item) -> Purchase {
    let lines = match item.remove("items") {
        Some(AttributeValue::L(lines)) => lines.into_iter().filter_map(line_of).collect(),
        _ => Vec::new(),
    };
    let total = take_number(&mut item, "total").and_then(|total| cents(&total).ok());
    Purchase {
        user_id: take_text(&mut item, "userId").unwrap_or_default(),
        lines,
        total_cents: total.unwrap_or(u64::MAX),
        currency: take_text(&mut item, "currency").unwrap_or_default(),
        delivery: match item.remove("delivery") {
            Some(AttributeValue::M(delivery)) => Some(delivery_of(delivery)),
            _ => None,
        },
    }
}

fn line_of(line: AttributeValue) -> Option<Line> {
    let AttributeValue::M(mut line) = line else { return None };
    let quantity = take_number(&mut line, "quantity")?.parse().ok()?;
    Some(Line { product_id: take_text(&mut line, ID)?, quantity })
}

fn delivery_of(mut item: Item) -> Delivery {
    let mut take = |name: &str| take_text(&mut item, name);
    Delivery {
        note: take("note"),
        name: take("name").unwrap_or_default(),
        street: take("street").unwrap_or_default(),
        postal_code: take("postalCode").unwrap_or_default(),
        city: take("city").unwrap_or_default(),
        country: take("country").unwrap_or_default(),
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn take_text(item: &mut Item, name: &str) -> Option<String> {
    match item.remove(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

fn take_number(item: &mut Item, name: &str) -> Option<String> {
    match item.remove(name) {
        Some(AttributeValue::N(number)) => Some(number),
        _ => None,
    }
}
