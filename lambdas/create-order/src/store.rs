//! The two tables behind a trait: prices are read from Products, orders are put into Orders.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use shop_shared::dynamo::StoreError;
use std::collections::HashMap;

pub type Item = HashMap<String, AttributeValue>;

/// One answer to a batch of keys: decimal prices by productId, and the ids to ask for again.
#[derive(Debug, Default, Clone)]
pub struct Batch {
    pub prices: HashMap<String, String>,
    pub unprocessed: Vec<String>,
}

/// What the handler needs of the tables; tests put a list of answers in its place.
pub trait Store {
    /// Prices of up to 100 products. One that does not exist is in neither part of the answer; one
    /// without a numeric price has an empty text.
    fn prices(&self, ids: Vec<String>) -> impl Future<Output = Result<Batch, StoreError>> + Send;

    /// Stores a new order; an order with the same id is an error, not overwritten.
    fn put(&self, order: Item) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Needs `dynamodb:BatchGetItem` on Products and `dynamodb:PutItem` on Orders, and nothing else.
pub struct Dynamo {
    pub client: Client,
    pub products: String,
    pub orders: String,
}

const ID: &str = "productId";
const PRICE: &str = "price";

impl Store for Dynamo {
    async fn prices(&self, ids: Vec<String>) -> Result<Batch, StoreError> {
        let keys =
            ids.into_iter().map(|id| HashMap::from([(ID.to_owned(), AttributeValue::S(id))]));
        let request = KeysAndAttributes::builder()
            .set_keys(Some(keys.collect()))
            .consistent_read(true)
            .projection_expression("#id, #price")
            .expression_attribute_names("#id", ID)
            .expression_attribute_names("#price", PRICE)
            .build()
            .map_err(|_| StoreError::Failed("request not built".into()))?;
        let call = self.client.batch_get_item().request_items(&self.products, request);
        let output = call.send().await?;
        let found = output.responses.unwrap_or_default().remove(&self.products).unwrap_or_default();
        let left = output.unprocessed_keys.unwrap_or_default().remove(&self.products);
        let left = left.map(|request| request.keys).unwrap_or_default();
        Ok(Batch {
            prices: found.into_iter().filter_map(price_of).collect(),
            unprocessed: left.into_iter().filter_map(id_of).collect(),
        })
    }

    async fn put(&self, order: Item) -> Result<(), StoreError> {
        let call = self.client.put_item().table_name(&self.orders).set_item(Some(order));
        call.condition_expression("attribute_not_exists(orderId)").send().await?;
        Ok(())
    }
}

fn id_of(mut item: Item) -> Option<String> {
    match item.remove(ID) {
        Some(AttributeValue::S(id)) => Some(id),
        _ => None,
    }
}

fn price_of(mut item: Item) -> Option<(String, String)> {
    let price = match item.remove(PRICE) {
        Some(AttributeValue::N(price)) => price,
        _ => String::new(),
    };
    id_of(item).map(|id| (id, price))
}
