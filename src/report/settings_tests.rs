//! The report on settings, denied reads, exceptions, needs and older reports.

use super::fixture::{ACCOUNT, Shop, scope, shop};
use super::*;
use crate::model::Scope;
use crate::policy::canonical;
use serde_json::json;

fn rules_of(shop: &Shop) -> Vec<String> {
    shop.report().findings.iter().map(|f| f.rule.clone()).collect()
}

/// A change outside shopstack: address, key path, value (null removes it), and the expected rule.
type Tampering = (&'static str, &'static [&'static str], Value, &'static str, Kind);

fn tamperings() -> Vec<Tampering> {
    let evil = json!({"integration": "MOCK", "authorization": "NONE", "api_key_required": false,
        "function_arn": ""});
    let other = json!(format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:other"));
    let block = Kind::PublicAccessBlock;
    vec![
        ("bucket.site", &["block_public_policy"], json!(false), "public-access-block-off", block),
        (
            "bucket.site",
            &["restrict_public_buckets"],
            Value::Null,
            "public-access-block-off",
            block,
        ),
        (
            "bucket.site",
            &["object_ownership"],
            json!("ObjectWriter"),
            "access-list-grants",
            Kind::ObjectOwnership,
        ),
        ("distribution.site", &["web_acl_arn"], json!(""), "acl-detached", Kind::WebAcl),
        ("association.api", &["web_acl_arn"], json!("arn:other"), "acl-detached", Kind::WebAcl),
        (
            "web_acl.api",
            &["rules", "rate-per-ip", "action"],
            json!("count"),
            "acl-weakened",
            Kind::WebAclRules,
        ),
        (
            "web_acl.api",
            &["rules", "CommonRuleSet", "count"],
            json!(["NoUserAgent_HEADER"]),
            "acl-weakened",
            Kind::WebAclRules,
        ),
        ("routes.main", &["routes", "ANY /evil"], evil, "anonymous-route", Kind::Routes),
        (
            "routes.main",
            &["routes", "GET /products", "function_arn"],
            other,
            "changed-route",
            Kind::Routes,
        ),
        ("routes.main", &["routes", "POST /orders"], Value::Null, "missing-route", Kind::Routes),
        (
            "function.createOrder",
            &["extras"],
            json!({"layers": "arn:layer"}),
            "function-extra",
            Kind::FunctionExtras,
        ),
        (
            "distribution.site",
            &["viewer_protocol_policy"],
            json!("allow-all"),
            "unencrypted-viewer",
            Kind::DistributionAccess,
        ),
    ]
}

/// Settings that open nothing by themselves.
fn quiet_tamperings() -> Vec<Tampering> {
    vec![
        (
            "bucket.site",
            &["extras"],
            json!({"website": "index.html"}),
            "changed-setting",
            Kind::BucketSettings,
        ),
        ("table.Orders", &["ttl"], json!("userId"), "changed-setting", Kind::TableSettings),
        (
            "table.Orders",
            &["extras"],
            json!({"kinesis arn:aws:kinesis:us-east-1:999999999999:stream/x": "ACTIVE"}),
            "changed-setting",
            Kind::TableSettings,
        ),
        (
            "function.createOrder",
            &["reserved_concurrency"],
            json!(0),
            "changed-setting",
            Kind::FunctionSettings,
        ),
    ]
}

#[test]
fn each_open_setting_is_drift_and_a_finding() {
    for (address, path, value, rule, kind) in tamperings().into_iter().chain(quiet_tamperings()) {
        let what = format!("{address} {path:?}");
        let mut shop = shop();
        let (last, parents) = path.split_last().unwrap();
        let spec = parents.iter().fold(shop.spec(address), |value, key| &mut value[*key]);
        if value.is_null() {
            spec.as_object_mut().unwrap().remove(*last);
        } else {
            spec[*last] = value;
        }
        let report = shop.report();
        assert!(report.findings.iter().any(|f| f.rule == rule), "{what}: {:?}", report.findings);
        let drifted = |s: &Surface| s.surface == kind && s.status != Status::Same;
        assert!(report.surfaces.iter().any(drifted), "{what} is drift");
        assert_eq!(report.exit_code, 2, "{what}");
        assert!(report.findings.iter().all(|f| !f.frameworks.is_empty()), "{what}");
    }
    let mut shop = shop();
    shop.lose("association.api");
    assert_eq!(rules_of(&shop), ["acl-detached"]);
}

/// `POST /orders` behind an authorizer, wanted and live.
fn protected_shop(kind: &str, function: &str, pools: &[&str]) -> Shop {
    let mut shop = shop();
    let spec = json!({"kind": kind, "user_pools": pools, "function_arn": function,
        "identity_source": "method.request.header.Authorization", "pattern": "",
        "cache_seconds": 300, "credentials": ""});
    let (address, name) = (Address::new("authorizer", "staff"), "shop-dev-staff");
    let type_name = "AWS::ApiGateway::Authorizer";
    shop.live
        .push(Live::new(address.clone(), type_name, name, spec.clone()).with_output("id", "z1"));
    shop.desired.push(Desired {
        address,
        type_name: type_name.into(),
        name: name.into(),
        spec,
        context: Value::Null,
        depends_on: Default::default(),
        payload: None,
    });
    let protect = |spec: &mut Value| {
        let route = &mut spec["routes"]["POST /orders"];
        route["authorization"] = json!("CUSTOM");
        route["authorizer_id"] = json!("z1");
        route["scopes"] = json!(["orders/write"]);
    };
    protect(shop.spec("routes.main"));
    let routes = shop.desired.iter_mut().find(|d| d.address.as_str() == "routes.main");
    protect(&mut routes.unwrap().spec);
    shop
}

#[test]
fn a_route_is_as_open_as_its_authorizer() {
    let conditions = |report: &Report| {
        let route = |a: &&Access| a.resource.starts_with("route POST /orders");
        report.access.iter().find(route).unwrap().conditions.clone()
    };
    let report = protected_shop("TOKEN", "arn:f", &[]).report();
    assert_eq!(
        conditions(&report),
        ["authorizer staff (arn:f, asked by TOKEN)", "scope orders/write"]
    );
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let report = protected_shop("COGNITO_USER_POOLS", "", &["arn:pool"]).report();
    assert_eq!(
        conditions(&report),
        ["authorizer staff (a token of the user pools arn:pool)", "scope orders/write"]
    );

    // The authorizer keeps its id and asks somebody else; or the route names another.
    let mut shop = protected_shop("TOKEN", "arn:f", &[]);
    shop.spec("authorizer.staff")["function_arn"] = json!("arn:theirs");
    assert_eq!(rules_of(&shop), ["changed-route"]);
    let mut shop = protected_shop("TOKEN", "arn:f", &[]);
    shop.spec("routes.main")["routes"]["POST /orders"]["authorizer_id"] = json!("z2");
    assert_eq!(rules_of(&shop), ["changed-route"]);
}

#[test]
fn what_only_the_report_reads_is_a_finding_with_a_fix_that_works() {
    let cases = [
        (
            Kind::FunctionUrl,
            json!({"$LATEST": {"auth_type": "NONE", "url": "https://x"}}),
            "function-url",
            "it puts back",
        ),
        (
            Kind::EventSources,
            json!({"u-1": {"source": "arn:sqs", "state": "Enabled"}}),
            "event-source",
            "it puts back",
        ),
        (
            Kind::Subscriptions,
            json!({"f": "arn:aws:lambda:us-east-1:999999999999:function:x"}),
            "log-subscription",
            "it puts back",
        ),
        (
            Kind::VersionPolicy,
            json!({"Statement": {"Sid": "s", "Effect": "Allow",
            "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": "*",
            "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}}}),
            "public-principal",
            "it deletes the version or alias",
        ),
    ];
    for (kind, value, rule, fix) in cases {
        let mut shop = shop();
        let mut found = shop.observed[0].clone();
        found.kind = kind;
        found.address = Address::new("function", "createOrder");
        found.result = Ok(value);
        shop.observed.push(found);
        let report = shop.report();
        let finding = report.findings.iter().find(|f| f.rule == rule);
        let finding = finding.unwrap_or_else(|| panic!("{rule} in {:?}", report.findings));
        assert!(finding.fix.contains(fix), "{}", finding.fix);
        assert_eq!(report.exit_code, 2);
    }
}

#[test]
fn every_account_is_the_public_although_it_must_sign() {
    let statement = canonical(&json!({"Statement": {"Sid": "Url", "Effect": "Allow",
        "Principal": "*", "Action": "lambda:InvokeFunctionUrl", "Resource": "f",
        "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}}}));
    let mut shop = shop();
    shop.observed[0].result = Ok(json!({"Statement": {"Sid": "Url", "Effect": "Allow",
        "Principal": "*", "Action": "dynamodb:GetItem", "Resource": "*",
        "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}}}));
    let report = shop.report();
    let public = report.findings.iter().find(|f| f.rule == "public-principal").unwrap();
    assert!(public.message.contains("every AWS account"), "{} {statement}", public.message);
}

#[test]
fn a_denied_read_is_a_line_of_its_own_and_the_rest_still_comes() {
    let mut shop = shop();
    shop.live.retain(|l| l.type_name != "AWS::IAM::Role");
    let failure = Failure {
        operation: "iam:GetRole".into(),
        code: "AccessDenied".into(),
        message: "User: x is not authorized to perform: iam:GetRole".into(),
        missing_right: Some("iam:GetRole".into()),
    };
    shop.unread.insert("AWS::IAM::Role".into(), failure);
    let report = shop.report();
    let denied: Vec<&Read> = report.reads.iter().filter(|r| r.verdict == Verdict::Denied).collect();
    assert!(
        denied.iter().any(|r| r.surface == Kind::Trust && r.address.as_str() == "role.createOrder")
    );
    assert_eq!(report.coverage.unread, denied.len());
    assert_eq!((report.exit_code, report.findings.len()), (1, 0), "{:?}", report.findings);
    assert!(
        report.surfaces.iter().any(|s| s.surface == Kind::BucketPolicy && s.status == Status::Same)
    );
}

#[test]
fn a_role_that_can_give_itself_more_is_told() {
    let mut shop = shop();
    let more = canonical(&json!({"Statement": {"Sid": "More", "Effect": "Allow",
        "Action": "iam:PutRolePolicy", "Resource": "arn:aws:iam::111122223333:role/x"}}));
    shop.spec("role.createOrder").pointer_mut("/policies/grants/statements").unwrap()["More"] =
        more["statements"]["More"].clone();
    assert!(rules_of(&shop).contains(&"privilege-escalation".to_string()));
}

#[test]
fn an_exception_accepts_until_its_day_and_fails_after_it() {
    let mut shop = shop();
    shop.spec("distribution.site")["viewer_protocol_policy"] = json!("allow-all");
    let accepted = |rule: &str, expires: &str| Accepted {
        rule: rule.into(),
        resource: Some("distribution.*".into()),
        reason: "old readers".into(),
        approver: "kim".into(),
        expires: expires.into(),
        location: None,
    };
    shop.accepted = vec![
        accepted("unencrypted-viewer", "2026-11-22"),
        accepted("changed-setting", "2026-11-22"),
    ];
    let report = shop.report();
    assert!(report.findings.iter().all(|f| f.exception.is_some()), "{:?}", report.findings);
    assert_eq!(report.exit_code, 0);
    shop.accepted[0].expires = "2026-11-21".into();
    let report = shop.report();
    assert!(report.findings.iter().any(|f| f.rule == "expired-exception"));
    assert_eq!(report.exit_code, 2);
}

#[test]
fn an_older_report_tells_what_was_gained_and_lost() {
    let mut shop = shop();
    let before = serde_json::to_string(&shop.report()).unwrap();
    shop.since = Some(Older::parse(&before, &scope()).unwrap());
    let same = shop.report().changes.unwrap();
    assert!(same.gained.is_empty() && same.lost.is_empty() && same.new_findings.is_empty());
    let grants = shop.spec("role.createOrder").pointer_mut("/policies/grants/statements").unwrap();
    grants["TableOrders"]["actions"] = json!(["dynamodb:DeleteItem"]);
    let changes = shop.report().changes.unwrap();
    assert_eq!(changes.gained[0].action, "dynamodb:DeleteItem");
    assert_eq!(changes.lost[0].action, "dynamodb:PutItem");
    assert!(!changes.new_findings.is_empty());
    let elsewhere = [
        ("stack", Scope { stack: "other".into(), ..scope() }),
        ("env", Scope { env: "prod".into(), ..scope() }),
        ("account", Scope { account: "2".repeat(12), ..scope() }),
        ("region", Scope { region: "eu-west-1".into(), ..scope() }),
    ];
    for (what, scope) in elsewhere {
        assert!(Older::parse(&before, &scope).unwrap_err().contains(what), "{what}");
    }
    for wrong in ["", "[]", "{}", r#"{"format_version":"9.0"}"#] {
        assert!(Older::parse(wrong, &scope()).is_err(), "{wrong}");
    }
}

#[test]
fn needs_compare_grants_with_the_source() {
    let mut shop = shop();
    let call = |action: Option<&str>| SourceCall {
        action: action.map(str::to_string),
        place: "src/store.rs:9".into(),
        note: None,
    };
    shop.calls.insert("createOrder".into(), vec![call(Some("dynamodb:PutItem"))]);
    shop.calls.insert("listProducts".into(), vec![call(Some("dynamodb:Query"))]);
    let verdicts = |shop: &Shop, function: &str, action: &str| {
        let needs = shop.report().needs;
        needs.iter().find(|n| n.function == function && n.action == action).unwrap().verdict
    };
    assert_eq!(verdicts(&shop, "createOrder", "dynamodb:PutItem"), Needed::NeededAndGranted);
    assert_eq!(verdicts(&shop, "createOrder", "logs:PutLogEvents"), Needed::NeededAndGranted);
    assert_eq!(verdicts(&shop, "listProducts", "dynamodb:Query"), Needed::Missing);
    assert_eq!(verdicts(&shop, "listProducts", "dynamodb:Scan"), Needed::Excess);
    assert_eq!(shop.report().exit_code, 2);

    // A wider grant covers the one that is wanted, a denial takes it away.
    let live = shop.spec("role.listProducts").pointer_mut("/policies/grants/statements").unwrap();
    let scan = live["TableProducts"]["actions"].clone();
    live["TableProducts"]["actions"] = json!(["dynamodb:*"]);
    let needs = shop.report().needs;
    let granted = |needs: &[Need], action: &str| {
        needs.iter().find(|n| n.function == "listProducts" && n.action == action).unwrap().granted
    };
    assert!(granted(&needs, "dynamodb:Scan"), "{needs:?}");
    let live = shop.spec("role.listProducts").pointer_mut("/policies/grants/statements").unwrap();
    let mut denial = live["TableProducts"].clone();
    denial["effect"] = json!("Deny");
    live["Denial"] = denial;
    assert!(!granted(&shop.report().needs, "dynamodb:Scan"));
    let live = shop.spec("role.listProducts").pointer_mut("/policies/grants/statements").unwrap();
    live.as_object_mut().unwrap().remove("Denial");
    live["TableProducts"]["actions"] = scan;

    shop.calls.insert("listProducts".into(), vec![call(None)]);
    assert_eq!(verdicts(&shop, "listProducts", "dynamodb:Scan"), Needed::Unclear);
    assert_eq!(shop.report().exit_code, 0);
}

#[test]
fn the_content_digest_leaves_out_times_and_covers_the_rest() {
    let mut shop = shop();
    let first = shop.report().digest;
    shop.observed[0].at = "2026-11-23T00:00:00Z".into();
    let later = shop.report().digest;
    assert_eq!(first.content, later.content);
    assert_ne!(first.report, later.report);
    shop.spec("bucket.site")["block_public_acls"] = json!(false);
    assert_ne!(shop.report().digest.content, first.content);
}
