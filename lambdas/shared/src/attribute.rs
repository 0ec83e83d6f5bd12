//! DynamoDB attribute values as JSON, without knowing the table's columns.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Number, Value};
use std::collections::HashMap;

/// One item as a JSON object with its keys in alphabetical order, so that equal items give equal
/// bytes.
pub fn item_to_json(item: &HashMap<String, AttributeValue>) -> Value {
    let mut keys: Vec<&String> = item.keys().collect();
    keys.sort();
    let pairs =
        keys.into_iter().filter_map(|key| item.get(key).map(|value| (key.clone(), to_json(value))));
    Value::Object(pairs.collect::<Map<String, Value>>())
}

/// Numbers become JSON numbers (integers stay integers), binary becomes base64, sets become arrays.
/// A kind that this SDK does not know yet becomes null.
pub fn to_json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => Value::String(text.clone()),
        AttributeValue::N(text) => number(text),
        AttributeValue::Bool(flag) => Value::Bool(*flag),
        AttributeValue::L(list) => Value::Array(list.iter().map(to_json).collect()),
        AttributeValue::M(map) => item_to_json(map),
        AttributeValue::Ss(texts) => texts.iter().cloned().map(Value::String).collect(),
        AttributeValue::Ns(texts) => texts.iter().map(|text| number(text)).collect(),
        AttributeValue::B(blob) => Value::String(base64(blob.as_ref())),
        AttributeValue::Bs(blobs) => {
            blobs.iter().map(|blob| Value::String(base64(blob.as_ref()))).collect()
        }
        _ => Value::Null,
    }
}

/// DynamoDB keeps 38 digits; JSON readers keep 53 bits. Integers up to 64 bits pass exactly, the
/// rest as the nearest double, and what is no finite number at all stays a string rather than being
/// lost.
fn number(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return Value::from(whole);
    }
    if let Ok(whole) = text.parse::<u64>() {
        return Value::from(whole);
    }
    let double = text.parse::<f64>().ok().and_then(Number::from_f64);
    double.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = (bits >> (18 - 6 * place)) & 63;
            match DIGITS.get(digit as usize) {
                Some(symbol) if place <= chunk.len() => text.push(char::from(*symbol)),
                _ => text.push('='),
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn n(text: &str) -> Value {
        to_json(&AttributeValue::N(text.into()))
    }

    #[test]
    fn integers_stay_integers_and_decimals_stay_short() {
        assert_eq!(n("42").to_string(), "42");
        assert_eq!(n("-7").to_string(), "-7");
        assert_eq!(n("18446744073709551615").to_string(), "18446744073709551615");
        assert_eq!(n("129.99").to_string(), "129.99");
        assert_eq!(n("0.1").to_string(), "0.1");
        assert_eq!(n("1E+400"), json!("1E+400"));
    }

    #[test]
    fn nested_values_and_sets_are_kept() {
        let map = HashMap::from([
            ("z".to_owned(), AttributeValue::Bool(true)),
            ("a".to_owned(), AttributeValue::L(vec![AttributeValue::Null(true)])),
            ("m".to_owned(), AttributeValue::Ns(vec!["1".into(), "2.5".into()])),
        ]);
        let text = item_to_json(&map).to_string();
        assert_eq!(text, r#"{"a":[null],"m":[1,2.5],"z":true}"#);
    }

    #[test]
    fn base64_agrees_with_rfc_4648() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
