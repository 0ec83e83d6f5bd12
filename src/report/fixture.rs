//! A shop of two functions for tests: what `desired` makes of it, and an account that has exactly
//! that.

use super::{Reasons, Report, TABLE_POLICY, report};
use crate::model::{Address, Desired, Live, Scope};
use crate::policy::canonical;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub const ACCOUNT: &str = "111122223333";
pub const API: &str = "arn:aws:execute-api:us-east-1:111122223333:a1b2c3";

pub struct Shop {
    pub desired: Vec<Desired>,
    pub live: Vec<Live>,
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
    let grants = canonical(&json!({"Statement": [
        {"Sid": "OwnLogs", "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
         "Resource": format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/{name}:*")}, grant]}));
    let role = json!({"tags": {}, "path": "/shopstack/shop/dev/", "description": "", "max_session_seconds": 3600,
        "trust": trust, "policies": {"grants": grants}, "attached": [], "permissions_boundary": null});
    let permission = json!({"statements": {sid: {"action": "lambda:InvokeFunction",
        "principal": "apigateway.amazonaws.com", "source_arn": format!("{API}/prod/{route}"), "source_account": null}}});
    [
        resource("role", id, "AWS::IAM::Role", &name, role),
        resource("function", id, "AWS::Lambda::Function", &name, json!({"role_arn": role_arn})),
        resource("permission", id, "AWS::Lambda::Permission", &name, permission),
    ]
}

/// Two functions, one bucket; the account has everything as wanted.
pub fn shop() -> Shop {
    let scan = json!({"Sid": "TableProducts", "Effect": "Allow", "Action": "dynamodb:Scan", "Resource": table("Products")});
    let put = json!({"Sid": "TableOrders", "Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": table("Orders")});
    let mut desired = Vec::new();
    desired.extend(function("listProducts", scan, "GET--products-11111111", "GET/products"));
    desired.extend(function("createOrder", put, "POST--orders-22222222", "POST/orders"));
    let (bucket, arn) = (
        "shop-dev-site-111122223333-us-east-1",
        "arn:aws:s3:::shop-dev-site-111122223333-us-east-1",
    );
    let policy = canonical(&json!({"Statement": [
        {"Sid": "OnlyThisDistributionReads", "Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"},
         "Action": "s3:GetObject", "Resource": format!("{arn}/*"), "Condition": {"ArnEquals":
            {"aws:SourceArn": format!("arn:aws:cloudfront::{ACCOUNT}:distribution/E1EXAMPLE")}}},
        {"Sid": "OnlyOverTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
         "Resource": [arn, format!("{arn}/*")], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}));
    desired.push(resource("bucket", "site", "AWS::S3::Bucket", bucket, json!({})));
    let policy = serde_json::json!({"policy": policy});
    desired.push(resource("bucket_policy", "site", "AWS::S3::BucketPolicy", bucket, policy));
    desired.push(resource("api", "main", "AWS::ApiGateway::RestApi", "shop-dev-api", json!({})));
    let orders = json!({TABLE_POLICY: null});
    desired.push(resource("table", "Orders", "AWS::DynamoDB::Table", "shop-dev-Orders", orders));
    let live = desired
        .iter()
        .map(|d| Live::new(d.address.clone(), &d.type_name, &d.name, d.spec.clone()))
        .collect();
    Shop { desired, live }
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
        report(&scope(), caller, "0.1.0", started, finished, &self.desired, &self.live, &reasons)
    }
}
