//! Seed items: a JSON array of objects turned into items, put only where no item of that key
//! exists.

use crate::aws::{CallOptions, Writer};
use crate::model::{CloudError, ErrorKind, Step};
use crate::resources::dynamodb::DynamoDb;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// PutItem calls under way at once.
const AT_ONCE: usize = 8;
/// Stands before a number's text while serde reads it as a string: no JSON text of a seed begins
/// so.
const NUMBER: &str = "\u{1}number:";

type Item = HashMap<String, AttributeValue>;

/// Reads the seed file of a step. `hash` is what the plan wants (SHA-256, hex).
///
/// Errors: no file, another file than was planned, not an array of objects.
pub async fn items(step: &Step, hash: &str) -> Result<Vec<Item>, CloudError> {
    let refuse = |what: String, hint: &str| CloudError::ours(ErrorKind::Other, what, hint);
    let Some(path) = &step.payload else {
        return Err(refuse(
            format!("the plan names no seed file for `{}`", step.address),
            "make the plan again",
        ));
    };
    let text = tokio::fs::read_to_string(path).await.map_err(|error| {
        let what = format!(
            "the seed file of `{}` cannot be read at {}: {error}",
            step.address,
            path.display()
        );
        refuse(what, "correct `seed` in stack.yaml, then run again")
    })?;
    let found: String =
        Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    if found != hash {
        let what = format!(
            "the seed file of `{}` at {} is not the one that was planned",
            step.address,
            path.display()
        );
        return Err(refuse(what, "make the plan again: the file was changed since"));
    }
    parse(&text).map_err(|why| {
        let what = format!("the seed file of `{}` at {} {why}", step.address, path.display());
        refuse(what, "seed files are JSON arrays of objects, each with the table's key")
    })
}

/// Puts every item that is not there yet. BatchWriteItem would overwrite what customers or admins
/// changed.
pub async fn put(
    writer: &Writer,
    table: &str,
    hash_key: &str,
    items: Vec<Item>,
    options: CallOptions,
) -> Result<(), CloudError> {
    let count = items.len();
    writer.caller.say(&format!("putting {count} seed items into the table `{table}`"));
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

/// The items of a seed text; the error ends the sentence "the seed file ...".
fn parse(text: &str) -> Result<Vec<Item>, String> {
    // Read once as it stands, so that an error tells the right place.
    serde_json::from_str::<Value>(text).map_err(|e| format!("is not JSON: {e}"))?;
    let exact: Value =
        serde_json::from_str(&keep_numbers(text)).map_err(|e| format!("is not JSON: {e}"))?;
    let Value::Array(objects) = exact else {
        return Err("is not an array".into());
    };
    let item = |(position, object): (usize, Value)| match object {
        Value::Object(members) => Ok(members.into_iter().map(|(k, v)| (k, attribute(v))).collect()),
        _ => Err(format!("has something else than an object at position {}", position + 1)),
    };
    objects.into_iter().enumerate().map(item).collect()
}

/// Numbers become strings with a mark: DynamoDB has 38 digits, and a float would lose some of them.
fn keep_numbers(text: &str) -> String {
    let mut kept = String::with_capacity(text.len() + 64);
    let (mut inside, mut escaped) = (false, false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if inside {
            kept.push(c);
            inside = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if c == '-' || c.is_ascii_digit() {
            kept.push_str("\"\\u0001number:");
            kept.push(c);
            while let Some(next) =
                characters.next_if(|n| n.is_ascii_digit() || "+-.eE".contains(*n))
            {
                kept.push(next);
            }
            kept.push('"');
        } else {
            inside = c == '"';
            kept.push(c);
        }
    }
    kept
}

fn attribute(value: Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(flag) => AttributeValue::Bool(flag),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => match text.strip_prefix(NUMBER) {
            Some(number) => AttributeValue::N(number.to_string()),
            None => AttributeValue::S(text),
        },
        Value::Array(items) => AttributeValue::L(items.into_iter().map(attribute).collect()),
        Value::Object(members) => {
            AttributeValue::M(members.into_iter().map(|(k, v)| (k, attribute(v))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> AttributeValue {
        AttributeValue::N(text.into())
    }

    #[test]
    fn every_json_kind_becomes_its_attribute_and_numbers_stay_as_written() {
        let text = r#"[{"id": "p-1", "price": 18.50, "big": 12345678901234567890.123456789, "small": -1e-7,
            "yes": true, "none": null, "list": [1, "2", [3]], "map": {"5": 6}, "quote\"-7": "a \\\" 8, 9"}]"#;
        let item = parse(text).unwrap().remove(0);
        assert_eq!(item["id"], AttributeValue::S("p-1".into()));
        assert_eq!(item["price"], number("18.50"));
        assert_eq!(item["big"], number("12345678901234567890.123456789"));
        assert_eq!(item["small"], number("-1e-7"));
        assert_eq!(item["yes"], AttributeValue::Bool(true));
        assert_eq!(item["none"], AttributeValue::Null(true));
        let nested = AttributeValue::L(vec![number("3")]);
        assert_eq!(
            item["list"],
            AttributeValue::L(vec![number("1"), AttributeValue::S("2".into()), nested])
        );
        assert_eq!(item["map"], AttributeValue::M(HashMap::from([("5".into(), number("6"))])));
        assert_eq!(item["quote\"-7"], AttributeValue::S("a \\\" 8, 9".into()));
    }

    #[test]
    fn what_is_no_array_of_objects_is_said_so() {
        assert!(parse("{}").unwrap_err().contains("not an array"));
        assert!(parse("[{}, 3]").unwrap_err().contains("position 2"));
        assert!(
            parse("[{\"a\": 01}]").unwrap_err().contains("line 1"),
            "what JSON forbids stays forbidden"
        );
        assert!(parse("[").is_err());
        assert_eq!(parse("[]").unwrap().len(), 0);
    }
}
