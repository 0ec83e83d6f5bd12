//! The JSON Schema of stack.yaml, generated from the types: for editors, and for `shape`.

use super::{Stack, partial};
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;
use std::sync::LazyLock;

/// JSON Schema (draft 7, the newest that the YAML language server knows well). Nulls are nowhere
/// allowed: a key without a value is more often a slip than a wish for defaults.
pub fn json_schema() -> Value {
    published().clone()
}

/// The same, made once.
pub(super) fn published() -> &'static Value {
    static PUBLISHED: LazyLock<Value> =
        LazyLock::new(|| partial::with_environments(merged_schema()));
    &PUBLISHED
}

/// The schema of a stack as one environment has it: what its overlays say is merged in, and there
/// are no `environments` any more.
pub(super) fn merged_schema() -> &'static Value {
    static MERGED: LazyLock<Value> = LazyLock::new(|| {
        let generator: SchemaGenerator =
            SchemaSettings::draft07().with_transform(Tidy).into_generator();
        generator.into_root_schema_for::<Stack>().to_value()
    });
    &MERGED
}

/// Takes away what Rust's types say and a reader of YAML does not care about: nulls and integer
/// widths.
#[derive(Clone)]
struct Tidy;

impl Transform for Tidy {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        object.remove("format");
        if let Some(mut default) = object.remove("default").filter(|d| !d.is_null()) {
            drop_nulls(&mut default);
            object.insert("default".to_string(), default);
        }
        if let Some(Value::Array(types)) = object.get_mut("type") {
            types.retain(|t| t != "null");
            if let [single] = types.as_slice() {
                let single = single.clone();
                object.insert("type".to_string(), single);
            }
        }
        let Some(Value::Array(branches)) = object.get_mut("anyOf") else {
            return;
        };
        branches.retain(|b| b.get("type").is_none_or(|t| t != "null"));
        if let [_] = branches.as_slice() {
            let single = object.remove("anyOf").unwrap_or_default();
            // Draft 7 ignores whatever stands beside a `$ref`, so it stays wrapped.
            object.insert("allOf".to_string(), single);
        }
    }
}

/// A part that is absent by default is absent from the default too.
fn drop_nulls(value: &mut Value) {
    if let Value::Object(map) = value {
        map.retain(|_, v| !v.is_null());
        map.values_mut().for_each(drop_nulls);
    }
}
