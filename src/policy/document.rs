//! IAM policy documents as values: a canonical form in which meaning, not text, is compared.
//!
//! AWS rewrites documents on the way back (catalogue 1.6): key order, one-element lists as bare
//! strings, a single statement as an object, `AWS:SourceArn` for `aws:SourceArn`. The canonical
//! form removes all of that. It is `{"statements": {<Sid or position>: {"effect", "actions": [..],
//! "resources": [..], "principals": {..}, "conditions": {..}}}}` with every list sorted, so that a
//! field-by-field differ compares statement by statement.

use serde_json::{Map, Value, json};

/// Parses a document as AWS returns it: plain JSON, or URL-encoded JSON (IAM).
///
/// Errors: the text is not JSON in either form.
pub fn parse(text: &str) -> Result<Value, String> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let decoded =
        percent_encoding::percent_decode_str(text).decode_utf8().map_err(|e| e.to_string())?;
    serde_json::from_str(&decoded).map_err(|e| format!("not a policy document: {e}"))
}

/// The canonical form of a document; see the module's head.
pub fn canonical(document: &Value) -> Value {
    let statements = match document.get("Statement") {
        Some(Value::Array(list)) => list.clone(),
        Some(one @ Value::Object(_)) => vec![one.clone()],
        _ => vec![],
    };
    let mut keyed = Map::new();
    for (position, statement) in statements.iter().enumerate() {
        let sid = statement.get("Sid").and_then(Value::as_str).filter(|s| !s.is_empty());
        let mut key = sid.map_or_else(|| format!("#{}", position + 1), str::to_string);
        while keyed.contains_key(&key) {
            key.push('+');
        }
        keyed.insert(key, canonical_statement(statement));
    }
    json!({ "statements": keyed })
}

fn canonical_statement(statement: &Value) -> Value {
    let mut result = Map::new();
    let effect = statement.get("Effect").and_then(Value::as_str).unwrap_or_default();
    result.insert("effect".into(), json!(effect));
    for (from, to) in [
        ("Action", "actions"),
        ("NotAction", "not_actions"),
        ("Resource", "resources"),
        ("NotResource", "not_resources"),
    ] {
        if let Some(value) = statement.get(from) {
            result.insert(to.into(), sorted_list(value));
        }
    }
    for (from, to) in [("Principal", "principals"), ("NotPrincipal", "not_principals")] {
        if let Some(value) = statement.get(from) {
            result.insert(to.into(), principals(value));
        }
    }
    if let Some(Value::Object(operators)) = statement.get("Condition") {
        let mut conditions = Map::new();
        for (operator, keys) in operators {
            let Value::Object(keys) = keys else { continue };
            let keys: Map<String, Value> =
                keys.iter().map(|(k, v)| (condition_key(k), sorted_list(&as_text(v)))).collect();
            conditions.insert(operator.clone(), Value::Object(keys));
        }
        if !conditions.is_empty() {
            result.insert("conditions".into(), Value::Object(conditions));
        }
    }
    Value::Object(result)
}

/// Condition key names are case-insensitive; global ones are written in lower camel case by us.
fn condition_key(key: &str) -> String {
    match key.to_ascii_lowercase().as_str() {
        "aws:sourcearn" => "aws:SourceArn".into(),
        "aws:sourceaccount" => "aws:SourceAccount".into(),
        "aws:securetransport" => "aws:SecureTransport".into(),
        _ => key.to_string(),
    }
}

/// Condition values may be JSON booleans or numbers; AWS hands them back as strings.
fn as_text(value: &Value) -> Value {
    match value {
        Value::Bool(b) => json!(b.to_string()),
        Value::Number(n) => json!(n.to_string()),
        Value::Array(items) => items.iter().map(as_text).collect(),
        other => other.clone(),
    }
}

fn principals(value: &Value) -> Value {
    match value {
        Value::Object(kinds) => {
            Value::Object(kinds.iter().map(|(k, v)| (k.clone(), sorted_list(v))).collect())
        }
        // `"*"` and `{"AWS": "*"}` mean the same.
        Value::String(star) => json!({ "AWS": [star] }),
        other => other.clone(),
    }
}

fn sorted_list(value: &Value) -> Value {
    let mut list: Vec<String> = match value {
        Value::Array(items) => items.iter().map(text_of).collect(),
        one => vec![text_of(one)],
    };
    list.sort();
    list.dedup();
    json!(list)
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// A canonical document as the JSON text that AWS takes, statements in order of their keys.
pub fn to_json(canonical: &Value) -> String {
    let mut statements = Vec::new();
    if let Some(Value::Object(keyed)) = canonical.get("statements") {
        for (sid, statement) in keyed {
            statements.push(statement_to_json(sid, statement));
        }
    }
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn statement_to_json(sid: &str, statement: &Value) -> Value {
    let mut out = Map::new();
    if !sid.starts_with('#') {
        out.insert("Sid".into(), json!(sid));
    }
    for (from, to) in [
        ("effect", "Effect"),
        ("principals", "Principal"),
        ("not_principals", "NotPrincipal"),
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
        ("conditions", "Condition"),
    ] {
        if let Some(value) = statement.get(from) {
            out.insert(to.into(), value.clone());
        }
    }
    if out.get("Principal") == Some(&json!({ "AWS": ["*"] })) {
        out.insert("Principal".into(), json!("*"));
    }
    bare(&Value::Object(out))
}

/// Lists of one value as that value: some checkers look for `"false"` and pass over `["false"]`.
/// Longer lists and empty ones stay.
pub fn bare(document: &Value) -> Value {
    match document {
        Value::Array(items) => match items.as_slice() {
            [one @ Value::String(_)] => one.clone(),
            items => items.iter().map(bare).collect(),
        },
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), bare(value))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_rewrites_is_the_same_in_canonical_form() {
        let ours = json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "Read", "Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::b/*",
            "Condition": {"ArnEquals": {"aws:SourceArn": "arn:x"},
                          "Bool": {"aws:SecureTransport": false}}}]});
        let theirs = json!({"Statement": {
            "Resource": ["arn:aws:s3:::b/*"], "Action": "s3:GetObject",
            "Effect": "Allow", "Sid": "Read",
            "Principal": {"Service": ["cloudfront.amazonaws.com"]},
            "Condition": {"Bool": {"aws:SecureTransport": "false"},
                          "ArnEquals": {"AWS:SourceArn": ["arn:x"]}}},
            "Version": "2012-10-17"});
        assert_eq!(canonical(&ours), canonical(&theirs));
    }

    #[test]
    fn a_document_survives_the_round_trip() {
        let document = json!({"Statement": [
            {"Sid": "A", "Effect": "Deny", "Principal": "*",
             "Action": "s3:*", "Resource": ["b", "a"]},
            {"Effect": "Allow", "Action": ["x:Y"], "Resource": "*"}]});
        let first = canonical(&document);
        let again = canonical(&parse(&to_json(&first)).unwrap());
        assert_eq!(first, again);
    }

    #[test]
    fn a_single_value_is_written_bare() {
        let document = canonical(&json!({"Statement": [{
            "Effect": "Deny", "Principal": {"Service": ["x.amazonaws.com"]}, "Action": ["s3:*"],
            "Resource": ["b", "a"],
            "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}]}));
        let written: Value = serde_json::from_str(&to_json(&document)).unwrap();
        assert_eq!(
            written["Statement"],
            json!([{"Effect": "Deny", "Principal": {"Service": "x.amazonaws.com"},
                "Action": "s3:*", "Resource": ["a", "b"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}}}])
        );
    }

    #[test]
    fn url_encoded_documents_are_read() {
        assert_eq!(parse("%7B%22Statement%22%3A%5B%5D%7D").unwrap(), json!({"Statement": []}));
        assert!(parse("no document").is_err());
    }
}
