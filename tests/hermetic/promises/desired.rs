//! What a stack becomes on AWS: every desired resource, with its whole spec. No emulator shows
//! this, for some settings differ there (viewer policy, the bucket's TLS rule).

use serde_json::{Value, json};
use shopstack::model::Scope;
use shopstack::resources::{self, Context};
use shopstack::stack;
use std::path::Path;

/// A folder with what the stacks refer to, so that the golden files stay when the shop's own site
/// changes.
fn root() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("site/index.html", "<!doctype html>"),
        ("site/images/p.svg", "<svg/>"),
        ("site/public/index.html", "<!doctype html>"),
        ("seed/products.json", r#"[{"productId": "p-001", "price": 1}]"#),
    ] {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// Every desired resource of a stack file on AWS, by address.
fn on_aws(file: &str, region: &str, expires_at: Option<&str>) -> Value {
    let (stack, _) = stack::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let scope = Scope {
        stack: stack.name.clone(),
        env: "dev".into(),
        account: "123456789012".into(),
        region: region.into(),
        endpoint: None,
    };
    let root = root();
    let context = Context {
        stack: &stack,
        scope: &scope,
        root: root.path(),
        expires_at,
        judges_conditions: true,
    };
    let mut wanted = resources::desired(&context).unwrap();
    wanted.resources.sort_by(|a, b| a.address.cmp(&b.address));
    let folder = root.path().display().to_string();
    let resource = |desired: &shopstack::model::Desired| {
        let payload = desired.payload.as_ref().map(|path| path.display().to_string());
        json!({
            "address": desired.address, "type": desired.type_name, "name": desired.name,
            "spec": desired.spec, "context": desired.context, "depends_on": desired.depends_on,
            "payload": payload.map(|path| path.replace(&folder, "<root>")),
        })
    };
    let resources: Vec<Value> = wanted.resources.iter().map(resource).collect();
    json!({"resources": resources, "notes": wanted.notes})
}

fn assert_golden(name: &str, found: &Value) {
    let text = serde_json::to_string_pretty(found).unwrap();
    insta::with_settings!(
        {
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/desired"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        },
        { insta::assert_snapshot!(name, text) }
    );
}

#[test]
fn the_shop_in_two_regions() {
    for region in ["us-east-1", "eu-west-1"] {
        assert_golden(&format!("shop-{region}"), &on_aws("stack.yaml", region, None));
    }
}

#[test]
fn every_key_of_a_stack_in_two_regions() {
    for region in ["us-east-1", "eu-west-1"] {
        let found = on_aws("tests/stack_good/everything.yaml", region, None);
        assert_golden(&format!("everything-{region}"), &found);
    }
}

#[test]
fn the_shop_with_a_time_to_live() {
    let found = on_aws("stack.yaml", "us-east-1", Some("2026-01-02T03:04:05Z"));
    assert_golden("shop-expiring", &found);
}
