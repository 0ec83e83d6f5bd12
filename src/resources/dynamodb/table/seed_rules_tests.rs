//! Seed items that DynamoDB refuses, each kind with relatives.

use super::super::seed_text;
use super::*;
use crate::resources::dynamodb::table::spec::{BillingSpec, IndexSpec};

fn key(name: &str, kind: &str) -> AttributeSpec {
    AttributeSpec { name: name.into(), kind: kind.into() }
}

fn table() -> TableSpec {
    let index = IndexSpec {
        hash_key: key("user", "S"),
        range_key: Some(key("date", "N")),
        projection: "ALL".into(),
        non_key_attributes: BTreeSet::new(),
    };
    TableSpec {
        tags: BTreeMap::new(),
        hash_key: key("id", "S"),
        range_key: Some(key("n", "N")),
        indexes: BTreeMap::from([("byUser".into(), index)]),
        billing: BillingSpec { mode: "PAY_PER_REQUEST".into(), ..BillingSpec::default() },
        ..TableSpec::default()
    }
}

fn faults_of(table: &TableSpec, text: &str) -> Vec<String> {
    let elements = seed_text::read(text).unwrap();
    Keys::from_spec(table).faults(&elements).into_iter().map(|(_, why)| why).collect()
}

#[test]
fn items_that_dynamodb_takes_are_taken() {
    let long = "x".repeat(2048);
    let good = format!(
        "[{{\"id\": \"a\", \"n\": 1}}, {{\"id\": \"a\", \"n\": 1.5, \"user\": \"u\"}}, \
         {{\"id\": \"{long}\", \"n\": 1e125, \"user\": \"u\", \"date\": -0.5, \"empty\": \"\", \
         \"list\": [null, [], {{}}]}}]"
    );
    assert_eq!(faults_of(&table(), &good), Vec::<String>::new());
    assert_eq!(faults_of(&table(), "[]"), Vec::<String>::new());
}

#[test]
fn each_fault_is_told_with_item_and_reason() {
    let long = "x".repeat(2049);
    let digits = "1".repeat(39);
    for (item, says) in [
        ("{\"n\": 1}", "number 1, without the key `id`"),
        ("{\"id\": \"a\"}", "without the key `n`"),
        ("{\"id\": 5, \"n\": 1}", "whose key `id` is 5 and not text"),
        ("{\"id\": \"\", \"n\": 1}", "whose key `id` is \"\" and not text that is not empty"),
        ("{\"id\": \"a\", \"n\": \"1\"}", "whose key `n` is \"1\" and not a number"),
        ("{\"id\": null, \"n\": 1}", "whose key `id` is null and not text"),
        (&format!("{{\"id\": \"{long}\", \"n\": 1}}"), "has 2049 bytes; DynamoDB takes 2048"),
        (
            "{\"id\": \"a\", \"n\": 1, \"user\": 7}",
            "whose `user`, a key of the index `byUser`, is 7 and not text",
        ),
        (
            "{\"id\": \"a\", \"n\": 1, \"user\": \"\"}",
            "`user`, a key of the index `byUser`, is \"\"",
        ),
        (
            "{\"id\": \"a\", \"n\": 1, \"date\": null}",
            "`date`, a key of the index `byUser`, is null",
        ),
        ("{\"id\": \"a\", \"n\": 1, \"date\": \"2026\"}", "is \"2026\" and not a number"),
        (
            "{\"id\": {\"S\": \"a\"}, \"n\": 1}",
            "is {\"S\": …} and not text, but DynamoDB's own JSON",
        ),
        (&format!("{{\"id\": \"a\", \"n\": 1, \"m\": {{\"d\": [{digits}]}}}}"), "has 39 digits"),
        ("{\"id\": \"a\", \"n\": 1e126}", "larger than DynamoDB takes"),
        ("{\"id\": \"a\", \"n\": 1, \"x\": 1, \"x\": 2}", "that has `x` twice"),
        ("{\"id\": \"a\", \"n\": 1, \"m\": {\"x\": 1, \"x\": 2}}", "that has `x` twice"),
        ("{\"id\": \"a\", \"n\": 1, \"\": 2}", "a name of 0 bytes"),
        (
            &format!("{{\"id\": \"a\", \"n\": 1, \"deep\": {}{}}}", "[".repeat(33), "]".repeat(33)),
            "more than 32 lists and maps",
        ),
        (
            &format!("{{\"id\": \"a\", \"n\": 1, \"big\": \"{}\"}}", "ö".repeat(204_800)),
            "bytes; DynamoDB takes 409600",
        ),
        (
            "{\"i\u{200b}d\": \"a\", \"n\": 1}",
            "its `id` holds U+200B (zero width space) as character 2",
        ),
        ("{\"іd\": \"a\", \"n\": 1}", "its `id` holds U+0456"),
        ("[]", "something else than an object at position 1"),
    ] {
        let found = faults_of(&table(), &format!("[{item}]"));
        assert!(found.len() == 1 && found[0].contains(says), "{item:.80}: {found:?}");
    }
}

#[test]
fn two_spellings_of_one_key_are_one_key() {
    for (one, other) in [("1", "1.0"), ("1", "1e0"), ("100", "1E+2"), ("0", "-0.0")] {
        let text = format!("[{{\"id\": \"a\", \"n\": {one}}}, {{\"id\": \"a\", \"n\": {other}}}]");
        let found = faults_of(&table(), &text);
        assert!(
            found.len() == 1 && found[0].contains("two items of the key \"a\""),
            "{text}: {found:?}"
        );
    }
    // Equal as floats, and two numbers.
    let text = "[{\"id\": \"a\", \"n\": 12345678901234567890}, {\"id\": \"a\", \"n\": \
                12345678901234567891}]";
    assert_eq!(faults_of(&table(), text), Vec::<String>::new());
}

#[test]
fn binary_keys_are_base64() {
    let mut table = table();
    table.hash_key.kind = "B".into();
    table.range_key = None;
    assert!(Keys::from_spec(&table).is_binary("id") && !Keys::from_spec(&table).is_binary("user"));
    assert_eq!(faults_of(&table, "[{\"id\": \"AQI=\"}]"), Vec::<String>::new());
    for (value, says) in
        [("\"A\"", "not bytes in base64"), ("\"\"", "not empty"), ("1", "not bytes in base64")]
    {
        let found = faults_of(&table, &format!("[{{\"id\": {value}}}]"));
        assert!(found.len() == 1 && found[0].contains(says), "{value}: {found:?}");
    }
}
