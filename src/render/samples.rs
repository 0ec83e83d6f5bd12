//! Plans for tests: one of every kind of change, as the planner would make it.

use crate::model::{Address, Cause, FieldChange, Live, Op, Plan, Step};
use serde_json::{Value, json};

const TABLE: &str = "AWS::DynamoDB::Table";
const FUNCTION: &str = "AWS::Lambda::Function";
const ROLE: &str = "AWS::IAM::Role";
const OBJECTS: &str = "AWS::S3::Object";
const ROUTES: &str = "AWS::ApiGateway::Resource";
const WEB_ACL: &str = "AWS::WAFv2::WebACL";
const TABLE_ARN: &str = "arn:aws:dynamodb:us-east-1:111122223333:table/shop-dev-Orders";

/// Every kind by name; each has golden files of that name.
pub fn named_plans() -> Vec<(&'static str, Plan)> {
    vec![
        ("clean", clean()),
        ("create", create()),
        ("update", update()),
        ("policy", policy()),
        ("routes", routes()),
        ("files", files()),
        ("replace", replace()),
        ("delete", delete()),
        ("losses", losses()),
        ("drift", drift()),
        ("both", both()),
        ("adopt", adopt()),
        ("unknown", unknown()),
        ("not_emulated", not_emulated()),
        ("secrets", secrets()),
        ("costs", costs()),
    ]
}

pub fn plan(steps: Vec<Step>) -> Plan {
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
        floors: vec![],
        headings: crate::plan::build::headings(
            &crate::resources::TYPES.iter().map(|t| t.info()).collect::<Vec<_>>(),
        ),
    }
}

pub fn step(
    address: &str,
    type_name: &str,
    op: Op,
    cause: Cause,
    fields: Vec<FieldChange>,
) -> Step {
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
pub fn changed(path: &str, live: Value, wanted: Value) -> FieldChange {
    FieldChange { path: path.into(), applied: live.clone(), live, wanted, replaces: false }
}

/// A field that somebody else changed.
pub fn drifted(path: &str, live: Value, wanted: Value) -> FieldChange {
    FieldChange { path: path.into(), applied: wanted.clone(), live, wanted, replaces: false }
}

fn change(address: &str, type_name: &str, fields: Vec<FieldChange>) -> Step {
    step(address, type_name, Op::Update, Cause::Change, fields)
}

fn live(address: &str, type_name: &str) -> Live {
    let address = Address::parse(address).unwrap();
    let name = format!("shop-dev-{}", address.id());
    Live::new(address, type_name, &name, json!({}))
}

fn clean() -> Plan {
    let mut plan = plan(vec![]);
    plan.unchanged = vec![live("table.Orders", TABLE), live("function.createOrder", FUNCTION)];
    plan
}

fn create() -> Plan {
    let fields = vec![
        changed("tags", Value::Null, json!({"shopstack:stack": "shop", "shopstack:id": "Orders"})),
        changed("hash_key", Value::Null, json!({"name": "orderId", "kind": "S"})),
        changed("billing", Value::Null, json!({"mode": "PAY_PER_REQUEST", "read": null})),
        changed("point_in_time_recovery", Value::Null, json!(true)),
    ];
    let site = changed(
        "objects",
        Value::Null,
        json!({"index.html": {"md5": "a"}, "app.js": {"md5": "b"}}),
    );
    let made =
        |address, type_name, fields| step(address, type_name, Op::Create, Cause::Change, fields);
    let mut plan = plan(vec![
        made("table.Orders", TABLE, fields),
        made("objects.site", OBJECTS, vec![site]),
        made("log_group.createOrder", "AWS::Logs::LogGroup", vec![]),
    ]);
    plan.notes = vec![
        "Usual times on AWS: distribution.site 3 to 6 minutes; table.Orders, table.Products ten \
         seconds; \
         api.main a while."
            .into(),
    ];
    plan
}

fn update() -> Plan {
    let tags = vec![
        changed("tags.team", Value::Null, json!("data")),
        changed("tags.old", json!("x"), Value::Null),
        changed("billing.mode", json!("PAY_PER_REQUEST"), json!("PROVISIONED")),
        changed("billing.read", Value::Null, json!(5)),
        changed(
            "indexes.byUser",
            Value::Null,
            json!({"hash_key": {"name": "userId", "kind": "S"}, "range_key": null}),
        ),
    ];
    let csp = |more: &str| {
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src \
             'self' {more}"
        )
    };
    let policy = changed(
        "content_security_policy",
        json!(csp("https://a.example")),
        json!(csp("https://b.example")),
    );
    plan(vec![
        change("table.Orders", TABLE, tags),
        change(
            "log_group.createOrder",
            "AWS::Logs::LogGroup",
            vec![changed("retention_days", Value::Null, json!(30))],
        ),
        change("headers.site", "AWS::CloudFront::ResponseHeadersPolicy", vec![policy]),
    ])
}

/// Policies are told statement by statement, and within one by what left and what joined.
fn policy() -> Plan {
    let long = format!("{TABLE_ARN}/index/{}", "long".repeat(20));
    let statement = |part: &str| format!("policies.grants.statements.TableOrders.{part}");
    let grants = vec![
        changed(
            &statement("actions"),
            json!(["dynamodb:PutItem", "dynamodb:GetItem"]),
            json!(["dynamodb:PutItem", "dynamodb:Query"]),
        ),
        changed(
            &statement("resources"),
            json!([TABLE_ARN]),
            json!([TABLE_ARN, format!("{TABLE_ARN}/index/byUser"), long]),
        ),
        changed(
            "policies.grants.statements.Extra",
            Value::Null,
            json!({"effect": "Allow", "actions": ["dynamodb:Scan"], "resources": [TABLE_ARN],
                   "conditions": {"Bool": {"aws:MultiFactorAuthPresent": ["true"]}}}),
        ),
    ];
    let door = json!({"effect": "Allow", "actions": ["sts:AssumeRole"],
                       "principals": {"AWS": ["arn:aws:iam::444455556666:root"]}});
    let strangers = vec![
        drifted("trust.statements.Door", door, Value::Null),
        drifted(
            "policies.admin",
            json!({"statements": {"0": {"effect": "Allow", "actions": ["*"]}}}),
            Value::Null,
        ),
    ];
    plan(vec![
        change("role.createOrder", ROLE, grants),
        step("role.listProducts", ROLE, Op::Update, Cause::Drift, strangers),
    ])
}

fn routes() -> Plan {
    let arn =
        |name: &str| format!("arn:aws:lambda:us-east-1:111122223333:function:shop-dev-{name}");
    let route = |name: &str| {
        json!({"integration": "AWS_PROXY",
                                   "function_arn": arn(name), "authorization": "NONE"})
    };
    let fields = vec![
        changed("routes.GET /orders/{id}", Value::Null, route("getOrder")),
        changed(
            "routes.GET /products.function_arn",
            json!(arn("listProducts")),
            json!(arn("search")),
        ),
        changed("routes.DELETE /orders", route("purge"), Value::Null),
        changed("cors./orders.allow_methods", json!("OPTIONS,POST"), json!("GET,OPTIONS,POST")),
    ];
    let stage = vec![changed("throttling_rate", json!(50.0), json!(80.0))];
    plan(vec![
        change("routes.main", ROUTES, fields),
        change("stage.main", "AWS::ApiGateway::Stage", stage),
    ])
}

fn files() -> Plan {
    let html = json!({"md5": "a", "content_type": "text/html", "cache_control": "no-cache"});
    let fields = vec![
        changed("objects.index.html.md5", json!("a"), json!("b")),
        changed("objects.index.html.cache_control", json!("a"), json!("b")),
        changed("objects.images/new.svg", Value::Null, html.clone()),
        changed("objects.old.html", html, Value::Null),
        changed("config", json!("{\"apiUrl\":\"http://a\"}"), json!("{\"apiUrl\":\"http://b\"}")),
    ];
    plan(vec![change("objects.site", OBJECTS, fields)])
}

fn replace() -> Plan {
    let mut key = changed("hash_key.name", json!("orderId"), json!("id"));
    key.replaces = true;
    let seed = changed(
        "seed",
        Value::Null,
        json!("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    );
    let mut orders = step("table.Orders", TABLE, Op::Replace, Cause::Change, vec![key, seed]);
    orders.loses = Some("all 12 items".into());
    plan(vec![orders])
}

fn delete() -> Plan {
    let mut orders = step("table.Orders", TABLE, Op::Delete, Cause::Change, vec![]);
    orders.loses = Some("all 12 items".into());
    let stage = step("stage.other", "AWS::ApiGateway::Stage", Op::Delete, Cause::Drift, vec![]);
    plan(vec![orders, stage])
}

/// Losses stand in one block at the end, wherever the steps are.
fn losses() -> Plan {
    let mut plan = plan([replace().steps, delete().steps, files().steps].concat());
    plan.steps[0].address = Address::new("table", "Products");
    plan.steps[0].name = "shop-dev-Products".into();
    let mut bucket = step("bucket.site", "AWS::S3::Bucket", Op::Delete, Cause::Change, vec![]);
    bucket.name = "shop-dev-site-111122223333-us-east-1".into();
    bucket.loses = Some("its objects and their versions".into());
    plan.steps.push(bucket);
    plan.unchanged = clean().unchanged;
    plan.not_emulated = vec![Address::new("waf_logging", "api")];
    plan.notes = vec!["Usual times on AWS: table.Orders, table.Products ten seconds.".into()];
    plan
}

fn drift() -> Plan {
    let door = json!({"priority": 50, "kind": "other", "group": "",
                       "limit": 0, "action": "allow", "metrics": true});
    let acl = vec![
        drifted("rules.door", door, Value::Null),
        drifted("default_action", json!("BLOCK"), json!("ALLOW")),
        drifted("description", json!("evil \u{1b}[2J\ntext"), json!("in front of the shop")),
    ];
    let gone =
        step("permission.createOrder", "AWS::Lambda::Permission", Op::Create, Cause::Drift, vec![]);
    plan(vec![step("web_acl.api", WEB_ACL, Op::Update, Cause::Drift, acl), gone])
}

fn both() -> Plan {
    let mut twice = changed("timeout", json!(5), json!(20));
    twice.applied = json!(10);
    let fields = vec![
        changed("memory", json!(256), json!(512)),
        drifted("handler", json!("x"), json!("bootstrap")),
        twice,
    ];
    plan(vec![step("function.createOrder", FUNCTION, Op::Update, Cause::Both, fields)])
}

fn adopt() -> Plan {
    let fields = vec![
        changed("tags.shopstack:stack", Value::Null, json!("shop")),
        changed("point_in_time_recovery", json!(false), json!(true)),
    ];
    plan(vec![step("table.Orders", TABLE, Op::Adopt, Cause::Change, fields)])
}

fn unknown() -> Plan {
    let unknown = json!({"unknown": true});
    let fields = vec![
        changed("origin_access_control_id", json!("E1OLDCONTROL"), unknown.clone()),
        changed("web_acl_arn", json!(""), unknown),
    ];
    plan(vec![change("distribution.site", "AWS::CloudFront::Distribution", fields)])
}

fn not_emulated() -> Plan {
    let mut plan = plan(vec![]);
    plan.unchanged = vec![live("table.Orders", TABLE)];
    plan.not_emulated = [
        "waf_logging.cdn",
        "waf_logging.api",
        "headers.site",
        "association.api",
        "distribution.site",
    ]
    .map(|a| Address::parse(a).unwrap())
    .into();
    plan
}

/// Every value that must not be seen has `hush` in it.
pub fn secrets() -> Plan {
    let fields = vec![
        changed("environment.API_KEY", json!("hush-live"), json!("hush-wanted")),
        changed("environment.db_password", Value::Null, json!("hush-new")),
        changed("environment.SESSION_TOKEN", json!("hush-old"), Value::Null),
        changed("environment.TABLE", json!("a"), json!("b")),
        changed("environment.LATER_SECRET", json!("hush-before"), json!({"unknown": true})),
    ];
    let whole =
        vec![changed("environment", Value::Null, json!({"MY_SECRET": "hush-whole", "TABLE": "t"}))];
    plan(vec![
        change("function.f", FUNCTION, fields),
        step("function.g", FUNCTION, Op::Create, Cause::Change, whole),
    ])
}

/// A firewall is made, a table gets capacity of its own, an old firewall goes: floors before and
/// after.
fn costs() -> Plan {
    let acl = |groups: &[&str]| -> Value {
        let rule = |group: &&str| (group.to_string(), json!({"kind": "managed", "group": group}));
        json!({ "rules": groups.iter().map(rule).collect::<serde_json::Map<_, _>>() })
    };
    let bots = acl(&["AWSManagedRulesCommonRuleSet", "AWSManagedRulesBotControlRuleSet"]);
    let mut made = step("web_acl.cdn", WEB_ACL, Op::Create, Cause::Change, vec![]);
    made.wanted = bots.clone();
    let on_demand = json!({"billing": {"mode": "PAY_PER_REQUEST"}, "indexes": {"byUser": {}}});
    let billing = json!({"mode": "PROVISIONED", "read": 5, "write": 5});
    let mode = changed("billing.mode", json!("PAY_PER_REQUEST"), json!("PROVISIONED"));
    let mut table = change("table.Orders", TABLE, vec![mode]);
    table.wanted = json!({"billing": billing, "indexes": {"byUser": {}}});
    table.live = Some(Live { spec: on_demand, ..live("table.Orders", TABLE) });
    let mut gone = step("web_acl.old", WEB_ACL, Op::Delete, Cause::Change, vec![]);
    gone.live =
        Some(Live { spec: acl(&["AWSManagedRulesCommonRuleSet"]), ..live("web_acl.old", WEB_ACL) });
    let mut plan = plan(vec![table, made, gone]);
    plan.unchanged = vec![Live { spec: bots, ..live("web_acl.api", WEB_ACL) }];
    let types: Vec<_> = crate::resources::TYPES.iter().map(|t| t.info()).collect();
    plan.floors = crate::plan::cost::floors(&plan.steps, &plan.unchanged, &types);
    plan
}
