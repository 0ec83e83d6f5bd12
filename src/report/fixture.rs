//! A shop of two functions for tests: what `desired` makes of it, and an account that has exactly
//! that.

use super::{
    Accepted, CallVerdict, Failure, ForbiddenCall, Generator, GrantTrial, GrantVerdict, Input,
    Kind, Observed, Older, Places, Proof, Reasons, Report, SourceCall, report,
};
use crate::model::{Address, Desired, Live, Scope};
use crate::policy::canonical;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub const ACCOUNT: &str = "111122223333";
pub const API: &str = "arn:aws:execute-api:us-east-1:111122223333:a1b2c3";

pub struct Shop {
    pub desired: Vec<Desired>,
    pub live: Vec<Live>,
    pub observed: Vec<Observed>,
    pub unread: BTreeMap<String, Failure>,
    pub accepted: Vec<Accepted>,
    pub calls: BTreeMap<String, Vec<SourceCall>>,
    pub since: Option<Older>,
    pub proof: Option<Proof>,
}

/// A proof with one line of each kind.
pub fn proof() -> Proof {
    let trial = |action: &str, attribute: Option<&str>, verdict, evidence: &str| GrantTrial {
        address: Address::new("role", "createOrder"),
        sid: "TableOrders".into(),
        action: action.into(),
        resource: table("Orders"),
        attribute: attribute.map(str::to_string),
        verdict,
        evidence: evidence.into(),
        observed: None,
    };
    let call = |principal: &str, action: &str, verdict, evidence: &str| ForbiddenCall {
        principal: principal.into(),
        action: action.into(),
        resource: "table shop-<env>-Orders".into(),
        detail: None,
        verdict,
        evidence: evidence.into(),
    };
    let seen = "AccessDeniedException in the log of createOrder";
    let needed = format!("failed without it: order; {seen}");
    let put = trial("dynamodb:PutItem", None, GrantVerdict::Needed, &needed);
    Proof {
        policies_sha256: "p".repeat(64),
        code_sha256: BTreeMap::from([("createOrder".into(), "c".repeat(44))]),
        enforced_by: "MiniStack 1.5.33 with AUTH=true".into(),
        started: "2026-11-22T09:00:00Z".into(),
        finished: "2026-11-22T09:00:40Z".into(),
        checks: vec!["order".into(), "products".into()],
        grants: vec![
            GrantTrial { observed: Some(seen.into()), ..put },
            trial("dynamodb:GetItem", Some("total"), GrantVerdict::Unused, "every check passed"),
            trial("logs:PutLogEvents", None, GrantVerdict::NotEmulated, "nothing failed"),
        ],
        forbidden: vec![
            call("role.createOrder", "dynamodb:Scan", CallVerdict::Refused, "AccessDenied"),
            call("anonymous", "dynamodb:Scan", CallVerdict::Allowed, "it went <b>through</b>"),
        ],
        not_proved: vec!["what AWS itself answers".into()],
    }
}

pub fn scope() -> Scope {
    Scope {
        stack: "shop".into(),
        env: "dev".into(),
        account: ACCOUNT.into(),
        region: "us-east-1".into(),
        endpoint: None,
    }
}

pub fn table(name: &str) -> String {
    format!("arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/shop-dev-{name}")
}

fn resource(group: &str, id: &str, type_name: &str, name: &str, spec: Value) -> Desired {
    Desired {
        address: Address::new(group, id),
        type_name: type_name.into(),
        name: name.into(),
        spec,
        context: Value::Null,
        depends_on: BTreeSet::new(),
        payload: None,
    }
}

fn function(id: &str, grant: Value, sid: &str, route: &str) -> [Desired; 3] {
    let name = format!("shop-dev-{id}");
    let role_arn = format!("arn:aws:iam::{ACCOUNT}:role/shopstack/shop/dev/{name}");
    let trust = canonical(&json!({"Statement": [{"Sid": "LambdaOnly", "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}]}));
    let log_streams = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/{name}:*");
    let grants = canonical(&json!({"Statement": [
        {"Sid": "OwnLogs", "Effect": "Allow", "Action": ["logs:CreateLogStream",
            "logs:PutLogEvents"],
         "Resource": log_streams}, grant]}));
    let role = json!({"tags": {}, "path": "/shopstack/shop/dev/", "description": "",
        "max_session_seconds": 3600,
        "trust": trust, "policies": {"grants": grants}, "attached": [],
            "permissions_boundary": null});
    let permission = json!({"statements": {sid: {"action": "lambda:InvokeFunction",
        "principal": "apigateway.amazonaws.com", "source_arn": format!("{API}/prod/{route}"),
            "source_account": null}}});
    [
        resource("role", id, "AWS::IAM::Role", &name, role),
        resource(
            "function",
            id,
            "AWS::Lambda::Function",
            &name,
            json!({"role_arn": role_arn, "reserved_concurrency": null}),
        ),
        resource("permission", id, "AWS::Lambda::Permission", &name, permission),
    ]
}

/// The API's routes, the firewalls, the distribution and a table.
fn edge() -> Vec<Desired> {
    let mut desired = Vec::new();
    let lambda = format!("arn:aws:lambda:us-east-1:{ACCOUNT}");
    let route = |function: &str| {
        json!({"integration": "AWS_PROXY", "authorization": "NONE", "api_key_required": false,
            "function_arn": format!("{lambda}:function:shop-dev-{function}")})
    };
    let routes = json!({"routes": {
        "GET /products": route("listProducts"), "POST /orders": route("createOrder")}});
    desired.push(resource("routes", "main", "AWS::ApiGateway::Resource", "shop-dev-api", routes));
    let acl =
        |id: &str| format!("arn:aws:wafv2:us-east-1:{ACCOUNT}:regional/webacl/shop-dev-{id}/1");
    let stage = json!({});
    desired.push(resource("stage", "main", "AWS::ApiGateway::Stage", "prod", stage));
    let association = json!({"web_acl_arn": acl("api"), "resource_arn": "arn:stage"});
    let type_name = "AWS::WAFv2::WebACLAssociation";
    desired.push(resource("association", "api", type_name, "shop-dev-api", association));
    let rules = json!({"default_action": "ALLOW", "rules": {
        "rate-per-ip": {"action": "block", "limit": 2000},
        "CommonRuleSet": {"action": "none", "count": []}}});
    desired.push(resource("web_acl", "api", "AWS::WAFv2::WebACL", "shop-dev-api", rules));
    let distribution = json!({"enabled": true, "viewer_protocol_policy": "redirect-to-https",
        "web_acl_arn": acl("cdn"), "extras": {}});
    let type_name = "AWS::CloudFront::Distribution";
    desired.push(resource("distribution", "site", type_name, "shop-dev-site", distribution));
    let table = json!({"ttl": null, "extras": {}});
    desired.push(resource("table", "Orders", "AWS::DynamoDB::Table", "shop-dev-Orders", table));
    desired
}

/// Two functions, one bucket; the account has everything as wanted.
pub fn shop() -> Shop {
    let scan = json!({"Sid": "TableProducts", "Effect": "Allow", "Action": "dynamodb:Scan",
        "Resource": table("Products")});
    let put = json!({"Sid": "TableOrders", "Effect": "Allow", "Action": "dynamodb:PutItem",
        "Resource": table("Orders")});
    let mut desired = Vec::new();
    desired.extend(function("listProducts", scan, "GET--products-11111111", "GET/products"));
    desired.extend(function("createOrder", put, "POST--orders-22222222", "POST/orders"));
    let (bucket, arn) = (
        "shop-dev-site-111122223333-us-east-1",
        "arn:aws:s3:::shop-dev-site-111122223333-us-east-1",
    );
    let policy = canonical(&json!({"Statement": [
        {"Sid": "OnlyThisDistributionReads", "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
         "Action": "s3:GetObject", "Resource": format!("{arn}/*"), "Condition": {"ArnEquals":
            {"aws:SourceArn": format!("arn:aws:cloudfront::{ACCOUNT}:distribution/E1EXAMPLE")}}},
        {"Sid": "OnlyOverTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
         "Resource": [arn, format!("{arn}/*")],
             "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}));
    desired.push(resource(
        "bucket",
        "site",
        "AWS::S3::Bucket",
        bucket,
        json!({
        "block_public_acls": true, "ignore_public_acls": true, "block_public_policy": true,
        "restrict_public_buckets": true, "object_ownership": "BucketOwnerEnforced", "extras": {}}),
    ));
    let policy = json!({"policy": policy});
    desired.push(resource("bucket_policy", "site", "AWS::S3::BucketPolicy", bucket, policy));
    desired.push(resource("api", "main", "AWS::ApiGateway::RestApi", "shop-dev-api", json!({})));
    desired.extend(edge());
    let live = desired
        .iter()
        .map(|d| Live::new(d.address.clone(), &d.type_name, &d.name, d.spec.clone()))
        .collect();
    let observed = vec![Observed {
        kind: Kind::TablePolicy,
        address: Address::new("table", "Orders"),
        name: "shop-dev-Orders".into(),
        policy: Some(table("Orders")),
        shared: false,
        wanted: Value::Null,
        result: Ok(Value::Null),
        not_emulated: false,
        at: "2026-11-22T09:00:01Z".into(),
    }];
    Shop {
        desired,
        live,
        observed,
        unread: BTreeMap::new(),
        accepted: Vec::new(),
        calls: BTreeMap::new(),
        since: None,
        proof: None,
    }
}

impl Shop {
    /// The live spec of an address, to be tampered with.
    pub fn spec(&mut self, address: &str) -> &mut Value {
        let at =
            self.live.iter().position(|l| l.address.as_str() == address).unwrap_or(self.live.len());
        assert!(at < self.live.len(), "{address} is there");
        &mut self.live[at].spec
    }

    /// Makes a live resource vanish.
    pub fn lose(&mut self, address: &str) {
        let before = self.live.len();
        self.live.retain(|l| l.address.as_str() != address);
        assert_eq!(self.live.len() + 1, before, "{address} was there");
    }

    pub fn report(&self) -> Report {
        let reason = |role: &str, sid: &str, why: &str| {
            ((Address::new("role", role), sid.to_string()), why.to_string())
        };
        let reasons = Reasons::from([
            reason("listProducts", "TableProducts", "shows the catalogue"),
            reason("createOrder", "TableOrders", "stores the order"),
        ]);
        let caller = "arn:aws:sts::111122223333:assumed-role/Auditor/kim";
        let (started, finished) = ("2026-11-22T09:00:00Z", "2026-11-22T09:00:02Z");
        report(Input {
            scope: &scope(),
            caller,
            generator: Generator {
                name: "shopstack".into(),
                version: "0.1.0".into(),
                ..Generator::default()
            },
            started,
            finished,
            desired: &self.desired,
            live: &self.live,
            observed: &self.observed,
            unread: &self.unread,
            read_at: &BTreeMap::new(),
            read_calls: &BTreeMap::new(),
            reasons: &reasons,
            places: &Places::new(),
            accepted: &self.accepted,
            calls: &self.calls,
            since: self.since.as_ref(),
            proof: self.proof.as_ref(),
        })
    }
}
