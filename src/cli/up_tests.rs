//! What protection stops: deletes and replacements, of tables and of buckets.

use super::*;
use crate::model::{Cause, Live};
use serde_json::json;

/// A plan with one step on a live resource of this spec.
fn plan(address: &Address, op: Op, spec: Value) -> Plan {
    let live = Live::new(address.clone(), "T", "n", spec);
    let step = Step {
        address: address.clone(),
        type_name: "T".into(),
        name: "n".into(),
        op,
        cause: Cause::Change,
        fields: vec![],
        wanted: Value::Null,
        context: Value::Null,
        payload: None,
        live: Some(live),
        after: vec![],
        loses: None,
    };
    Plan {
        format_version: Plan::FORMAT_VERSION.into(),
        stack: "s".into(),
        env: "e".into(),
        account: "000000000000".into(),
        region: "us-east-1".into(),
        steps: vec![step],
        unchanged: vec![],
        not_emulated: vec![],
        notes: vec![],
        floors: vec![],
    }
}

#[test]
fn a_protected_table_or_bucket_is_neither_deleted_nor_replaced() {
    let table = Address::new("table", "Orders");
    let bucket = Address::new("bucket", "site");
    let tagged = |value: &str| json!({"tags": {tag::PROTECT: value}});
    for (address, spec, is_protected) in [
        (&table, json!({"deletion_protection": true}), true),
        (&table, json!({"deletion_protection": false}), false),
        (&bucket, tagged("true"), true),
        (&bucket, tagged("false"), false),
        (&bucket, json!({"tags": {}}), false),
    ] {
        for (op, loses) in [
            (Op::Delete, true),
            (Op::Replace, true),
            (Op::Update, false),
            (Op::Create, false),
            (Op::Adopt, false),
        ] {
            let checked = protected(&plan(address, op, spec.clone()));
            assert_eq!(checked.is_err(), is_protected && loses, "{} {address} {spec}", op.as_str());
            if let Err(refused) = checked {
                let named = format!("{} ({address})", op.as_str());
                assert!(refused.message.contains(&named), "{}", refused.message);
            }
        }
    }
}
