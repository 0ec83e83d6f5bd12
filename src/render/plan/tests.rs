//! Plans as text against golden files: every kind of change, at 80 and 120 columns, with and without colour.
//!
//! `UPDATE_GOLDEN=1 cargo test render::plan` writes the golden files anew; read the difference before committing.

use super::text;
use crate::model::{Address, Cause, FieldChange, Live, Op, Plan, Step};
use crate::render::{json, style::Style};
use serde_json::{Value, json};

fn plan(steps: Vec<Step>) -> Plan {
    Plan {
        format_version: Plan::FORMAT_VERSION.into(),
        stack: "shop".into(),
        env: "dev".into(),
        account: "111122223333".into(),
        region: "us-east-1".into(),
        steps,
        unchanged: vec![],
        not_emulated: vec![],
        notes: vec![],
    }
}

fn step(address: &str, type_name: &str, op: Op, cause: Cause, fields: Vec<FieldChange>) -> Step {
    let address = Address::parse(address).unwrap();
    Step {
        name: format!("shop-dev-{}", address.id()),
        address,
        type_name: type_name.into(),
        op,
        cause,
        fields,
        wanted: Value::Null,
        context: Value::Null,
        payload: None,
        live: None,
        after: vec![],
        loses: None,
    }
}

/// A field that the author changed: what is live is what was applied.
fn changed(path: &str, live: Value, wanted: Value) -> FieldChange {
    FieldChange { path: path.into(), applied: live.clone(), live, wanted, replaces: false }
}

/// A field that somebody else changed.
fn drifted(path: &str, live: Value, wanted: Value) -> FieldChange {
    FieldChange { path: path.into(), applied: wanted.clone(), live, wanted, replaces: false }
}

const TABLE: &str = "AWS::DynamoDB::Table";
const FUNCTION: &str = "AWS::Lambda::Function";
const TABLE_ARN: &str = "arn:aws:dynamodb:us-east-1:111122223333:table/shop-dev-Orders";

fn golden(name: &str, found: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/render/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{name} is not what it was; found:\n{found}");
}

/// One golden file for all looks of a plan; escapes are written out, so that it can be read.
fn looks(name: &str, plan: &Plan) {
    let mut all = String::new();
    for (width, color, verbose) in
        [(80, false, false), (120, false, false), (80, true, false), (120, true, false), (100, false, true)]
    {
        let look = format!("{}{}", if color { ", colour" } else { "" }, if verbose { ", -v" } else { "" });
        let shown = text(plan, Style { width, color }, verbose);
        all.push_str(&format!("=== {width} columns{look}\n{}", shown.replace('\u{1b}', "<ESC>")));
        for line in shown.lines().filter(|_| !color) {
            assert!(line.chars().count() <= width, "{name}: wider than {width}: {line}");
        }
    }
    golden(&format!("plan_{name}.txt"), &all);
}

#[test]
fn create() {
    let fields = vec![
        changed("tags", Value::Null, json!({"shopstack:stack": "shop", "shopstack:id": "Orders"})),
        changed("hash_key", Value::Null, json!({"name": "orderId", "kind": "S"})),
        changed("billing", Value::Null, json!({"mode": "PAY_PER_REQUEST", "read": null})),
        changed("point_in_time_recovery", Value::Null, json!(true)),
    ];
    let site = changed("objects", Value::Null, json!({"index.html": {"md5": "a"}, "app.js": {"md5": "b"}}));
    let mut plan = plan(vec![
        step("table.Orders", TABLE, Op::Create, Cause::Change, fields),
        step("objects.site", "AWS::S3::Object", Op::Create, Cause::Change, vec![site]),
        step("log_group.createOrder", "AWS::Logs::LogGroup", Op::Create, Cause::Change, vec![]),
    ]);
    plan.notes = vec![
        "Usual times on AWS: distribution.site 3 to 6 minutes; table.Orders, table.Products ten seconds; \
                       api.main a while."
            .into(),
    ];
    looks("create", &plan);
}

#[test]
fn update() {
    let tags = vec![
        changed("tags.team", Value::Null, json!("data")),
        changed("tags.old", json!("x"), Value::Null),
        changed("billing.mode", json!("PAY_PER_REQUEST"), json!("PROVISIONED")),
    ];
    let role = vec![
        changed(
            "policies.grants.statements.TableOrders.actions",
            json!(["dynamodb:PutItem", "dynamodb:GetItem"]),
            json!(["dynamodb:PutItem", "dynamodb:Query"]),
        ),
        changed(
            "policies.grants.statements.TableOrders.resources",
            json!([TABLE_ARN]),
            json!([TABLE_ARN, format!("{TABLE_ARN}/index/byUser"), format!("{TABLE_ARN}/index/{}", "long".repeat(20))]),
        ),
        changed(
            "policies.grants.statements.Extra",
            Value::Null,
            json!({"effect": "Allow", "actions": ["dynamodb:Scan"], "resources": [TABLE_ARN], "conditions": {"Bool": {"aws:MultiFactorAuthPresent": ["true"]}}}),
        ),
    ];
    let route = json!({"integration": "AWS_PROXY", "function_arn": "arn:aws:lambda:us-east-1:111122223333:function:f"});
    let routes = vec![changed("routes.GET /orders/{id}", Value::Null, route)];
    let html = json!({"md5": "d41d8cd98f00b204e9800998ecf8427e", "content_type": "text/html"});
    let files = vec![
        changed("objects.index.html.md5", json!("a"), json!("b")),
        changed("objects.index.html.cache_control", json!("a"), json!("b")),
        changed("objects.images/new.svg", Value::Null, html.clone()),
        changed("objects.old.html", html, Value::Null),
        changed("config", json!("{\"apiUrl\":\"http://a\"}"), json!("{\"apiUrl\":\"http://b\"}")),
    ];
    let csp = |more: &str| {
        format!("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' {more}")
    };
    looks(
        "update",
        &plan(vec![
            step("table.Orders", TABLE, Op::Update, Cause::Change, tags),
            step("role.createOrder", "AWS::IAM::Role", Op::Update, Cause::Change, role),
            step("routes.main", "AWS::ApiGateway::Resource", Op::Update, Cause::Change, routes),
            step("objects.site", "AWS::S3::Object", Op::Update, Cause::Change, files),
            step(
                "headers.site",
                "AWS::CloudFront::ResponseHeadersPolicy",
                Op::Update,
                Cause::Change,
                vec![changed(
                    "content_security_policy",
                    json!(csp("https://a.example")),
                    json!(csp("https://b.example")),
                )],
            ),
        ]),
    );
}

#[test]
fn replace_with_data_loss() {
    let mut key = changed("hash_key.name", json!("orderId"), json!("id"));
    key.replaces = true;
    let mut orders = step("table.Orders", TABLE, Op::Replace, Cause::Change, vec![key]);
    orders.loses = Some("all 12 items".into());
    looks("replace", &plan(vec![orders]));
}

#[test]
fn delete() {
    let mut orders = step("table.Orders", TABLE, Op::Delete, Cause::Change, vec![]);
    orders.loses = Some("all 12 items".into());
    let stage = step("stage.other", "AWS::ApiGateway::Stage", Op::Delete, Cause::Drift, vec![]);
    looks("delete", &plan(vec![orders, stage]));
}

#[test]
fn drift() {
    let door = json!({"priority": 50, "kind": "other", "group": "", "limit": 0, "action": "allow", "metrics": true});
    let acl = vec![
        drifted("rules.door", door, Value::Null),
        drifted("default_action", json!("BLOCK"), json!("ALLOW")),
        drifted("description", json!("evil \u{1b}[2J\ntext"), json!("in front of the shop")),
    ];
    looks("drift", &plan(vec![step("web_acl.api", "AWS::WAFv2::WebACL", Op::Update, Cause::Drift, acl)]));
}

#[test]
fn both() {
    let mut twice = changed("timeout", json!(5), json!(20));
    twice.applied = json!(10);
    let fields =
        vec![changed("memory", json!(256), json!(512)), drifted("handler", json!("x"), json!("bootstrap")), twice];
    looks("both", &plan(vec![step("function.createOrder", FUNCTION, Op::Update, Cause::Both, fields)]));
}

#[test]
fn adopt() {
    let fields = vec![changed("tags.shopstack:stack", Value::Null, json!("shop"))];
    looks("adopt", &plan(vec![step("table.Orders", TABLE, Op::Adopt, Cause::Change, fields)]));
}

#[test]
fn unknown() {
    let unknown = json!({"unknown": true});
    let fields = vec![
        changed("origin_access_control_id", json!("E1OLDCONTROL"), unknown.clone()),
        changed("web_acl_arn", json!(""), unknown),
    ];
    let site = step("distribution.site", "AWS::CloudFront::Distribution", Op::Update, Cause::Change, fields);
    looks("unknown", &plan(vec![site]));
}

#[test]
fn not_emulated_and_unchanged() {
    let mut plan = plan(vec![]);
    plan.unchanged = vec![Live::new(Address::new("table", "Orders"), TABLE, "shop-dev-Orders", json!({}))];
    plan.not_emulated = ["waf_logging.cdn", "waf_logging.api", "headers.site", "association.api", "distribution.site"]
        .map(|a| Address::parse(a).unwrap())
        .into();
    looks("not_emulated", &plan);
}

#[test]
fn secrets_show_neither_as_text_nor_as_json() {
    let fields = vec![
        changed("environment.API_KEY", json!("hush-live"), json!("hush-wanted")),
        changed("environment.db_password", Value::Null, json!("hush-new")),
        changed("environment.SESSION_TOKEN", json!("hush-old"), Value::Null),
        changed("environment.TABLE", json!("a"), json!("b")),
        changed("environment.LATER_SECRET", json!("hush-before"), json!({"unknown": true})),
    ];
    let whole = vec![changed("environment", Value::Null, json!({"MY_SECRET": "hush-whole", "TABLE": "t"}))];
    let plan = plan(vec![
        step("function.f", FUNCTION, Op::Update, Cause::Change, fields),
        step("function.g", FUNCTION, Op::Create, Cause::Change, whole),
    ]);
    looks("secrets", &plan);
    let document = serde_json::to_string_pretty(&json::plan(&plan, json!({"read": 1, "write": 0}))).unwrap();
    let shown = text(&plan, Style::PLAIN, true);
    assert!(!document.contains("hush") && !shown.contains("hush"), "{document}{shown}");
    assert!(document.contains("\"unknown\": true") && shown.contains("variable TABLE: a → b"));
    golden("plan_secrets.json", &(document + "\n"));
}
