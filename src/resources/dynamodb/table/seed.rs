//! Seed items: a JSON array of objects turned into items, put only where no item of that key
//! exists.

use super::seed_rules::{self, Keys};
use super::seed_text::{self, Element, Json};
use super::spec::TableSpec;
use crate::aws::{CallOptions, Writer};
use crate::model::{CloudError, ErrorKind, Step, digest, text};
use crate::resources::dynamodb::DynamoDb;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, TryStreamExt as _};
use std::collections::HashMap;

/// PutItem calls under way at once.
const AT_ONCE: usize = 8;
/// Faults of one file that are told.
const SHOWN: usize = 10;
/// The remedy for a fault in a seed file.
pub const HINT: &str = "seed files are JSON arrays of objects, each with the table's key";

type Item = HashMap<String, AttributeValue>;

/// Reads the seed file of a step for the table that it fills. `hash` is what the plan wants
/// (SHA-256, hex).
///
/// Errors: no file, another file than was planned, items that DynamoDB would refuse.
pub async fn items(step: &Step, table: &TableSpec, hash: &str) -> Result<Vec<Item>, CloudError> {
    let refuse = |what: String, hint: &str| CloudError::ours(ErrorKind::Other, what, hint);
    let Some(path) = &step.payload else {
        return Err(refuse(
            format!("the plan names no seed file for `{}`", step.address),
            "make the plan again",
        ));
    };
    let file = format!("the seed file of `{}` at {}", step.address, path.display());
    let bytes = tokio::fs::read(path).await.map_err(|error| {
        let what = format!("{file} cannot be read: {error}");
        refuse(what, "correct `seed` in stack.yaml, then run again")
    })?;
    if digest::sha256_hex(&bytes) != hash {
        let what = format!("{file} is not the one that was planned");
        return Err(refuse(what, "make the plan again: the file was changed since"));
    }
    items_in(&bytes, table).map_err(|faults| {
        refuse(format!("{file}{}", faults.first().map_or("", String::as_str)), HINT)
    })
}

/// The items of a seed file, whose keys, numbers and sizes DynamoDB takes.
///
/// Errors: each the end of the sentence "the seed file ...", the place in it first (`:3:5 has …`).
pub fn items_in(bytes: &[u8], table: &TableSpec) -> Result<Vec<Item>, Vec<String>> {
    let told = |(line, column): (usize, usize), why: String| format!(":{line}:{column} {why}");
    let text = text::decode(bytes).map_err(|at| {
        let good = String::from_utf8_lossy(bytes.get(..at).unwrap_or_default());
        vec![told(text::place(&good, good.len()), "is not UTF-8 text".into())]
    })?;
    let elements = seed_text::read(&text).map_err(|(place, why)| {
        vec![place.map_or_else(|| format!(" {why}"), |place| told(place, why.clone()))]
    })?;
    let keys = Keys::from_spec(table);
    let faults = keys.faults(&elements);
    if faults.is_empty() {
        return Ok(items_of(elements, &keys));
    }
    let more = faults.len().saturating_sub(SHOWN);
    let mut list: Vec<_> =
        faults.into_iter().take(SHOWN).map(|(place, why)| told(place, why)).collect();
    if more > 0 {
        list.push(format!(" has {more} more faults"));
    }
    Err(list)
}

/// Puts every item that is not there yet. BatchWriteItem would overwrite what customers or admins
/// changed.
pub async fn put_items(
    writer: &Writer,
    table: &str,
    hash_key: &str,
    items: Vec<Item>,
    options: CallOptions,
) -> Result<(), CloudError> {
    let count = items.len();
    writer.caller.report_wait(&format!("putting {count} seed items into the table `{table}`"));
    let puts = items.into_iter().map(|item| put_one(writer, table, hash_key, item, options));
    futures_util::stream::iter(puts).buffer_unordered(AT_ONCE).try_collect().await
}

async fn put_one(
    writer: &Writer,
    table: &str,
    hash_key: &str,
    item: Item,
    options: CallOptions,
) -> Result<(), CloudError> {
    let dynamodb = &writer.client::<DynamoDb>();
    let put = writer
        .caller
        .call_with("dynamodb:PutItem", options, || {
            dynamodb
                .put_item()
                .table_name(table)
                .set_item(Some(item.clone()))
                .condition_expression("attribute_not_exists(#key)")
                .expression_attribute_names("#key", hash_key)
                .send()
        })
        .await;
    match put {
        Err(error) if error.code == "ConditionalCheckFailedException" => Ok(()),
        other => other.map(|_| ()),
    }
}

/// The items of a file's elements; text that is the value of a binary key becomes its bytes.
fn items_of(elements: Vec<Element>, keys: &Keys<'_>) -> Vec<Item> {
    let member = |(name, value): (String, Json)| {
        let bytes = match &value {
            Json::Text(text) if keys.is_binary(&name) => seed_rules::from_base64(text),
            _ => None,
        };
        let value = match bytes {
            Some(bytes) => AttributeValue::B(Blob::new(bytes)),
            None => attribute(value),
        };
        (name, value)
    };
    let item = |element: Element| match element.json {
        Json::Object(members) => Some(members.into_iter().map(member).collect()),
        _ => None,
    };
    elements.into_iter().filter_map(item).collect()
}

fn attribute(value: Json) -> AttributeValue {
    match value {
        Json::Null => AttributeValue::Null(true),
        Json::Bool(flag) => AttributeValue::Bool(flag),
        Json::Number(number) => AttributeValue::N(number),
        Json::Text(text) => AttributeValue::S(text),
        Json::List(items) => AttributeValue::L(items.into_iter().map(attribute).collect()),
        Json::Object(members) => {
            AttributeValue::M(members.into_iter().map(|(k, v)| (k, attribute(v))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::dynamodb::table::spec::{AttributeSpec, TableSpec};

    fn table(kind: &str) -> TableSpec {
        TableSpec {
            hash_key: AttributeSpec { name: "id".into(), kind: kind.into() },
            ..TableSpec::default()
        }
    }

    #[test]
    fn every_json_kind_becomes_its_attribute_and_numbers_stay_as_written() {
        let text = r#"[{"id": "p-1", "price": 18.50, "big": 12345678901234567890.123456789,
            "yes": true, "none": null, "list": [1, "2", [3]], "map": {"5": 6}}]"#;
        let item = items_in(text.as_bytes(), &table("S")).unwrap().remove(0);
        let number = |text: &str| AttributeValue::N(text.into());
        assert_eq!(item["id"], AttributeValue::S("p-1".into()));
        assert_eq!(item["price"], number("18.50"));
        assert_eq!(item["big"], number("12345678901234567890.123456789"));
        assert_eq!(item["yes"], AttributeValue::Bool(true));
        assert_eq!(item["none"], AttributeValue::Null(true));
        let nested = AttributeValue::L(vec![number("3")]);
        let list = vec![number("1"), AttributeValue::S("2".into()), nested];
        assert_eq!(item["list"], AttributeValue::L(list));
        assert_eq!(item["map"], AttributeValue::M(HashMap::from([("5".into(), number("6"))])));
    }

    #[test]
    fn a_binary_key_is_put_as_its_bytes() {
        let item = items_in(b"[{\"id\": \"AQI=\", \"note\": \"AQI=\"}]", &table("B")).unwrap();
        assert_eq!(item[0]["id"], AttributeValue::B(Blob::new([1, 2])));
        assert_eq!(item[0]["note"], AttributeValue::S("AQI=".into()));
    }

    #[test]
    fn faults_come_with_their_place_and_a_byte_order_mark_is_none() {
        let faults = |text: &[u8]| items_in(text, &table("S")).unwrap_err();
        let told = faults(b"[\n {\"id\": 1},\n {\"id\": \"\"}]");
        assert_eq!(told.len(), 2);
        assert!(told[0].starts_with(":2:2 has an item, number 1, whose key `id` is 1"), "{told:?}");
        assert!(told[1].starts_with(":3:2 has an item, number 2"), "{told:?}");
        assert!(faults(b"[{\"id\": \"\xff\"}]")[0].starts_with(":1:10 is not UTF-8 text"));
        let many = faults(format!("[{}]", vec!["1"; 30].join(",")).as_bytes());
        assert_eq!((many.len(), many[10].as_str()), (11, " has 20 more faults"));
        assert_eq!(items_in(b"\xef\xbb\xbf[{\"id\": \"a\"}]", &table("S")).unwrap().len(), 1);
    }
}
