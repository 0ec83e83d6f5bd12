//! Every rule of the judge, on a statement that breaks it and on one that just does not.

use super::*;
use crate::policy::canonical;
use serde_json::json;

const ACCOUNT: &str = "111122223333";
const API: &str = "arn:aws:execute-api:us-east-1:111122223333:abc";

fn findings_of(place: Place, statement: Value) -> Vec<(&'static str, Severity)> {
    let routes = BTreeSet::from([format!("{API}/prod/GET/products/*")]);
    let document = canonical(&json!({"Statement": statement}));
    let judge = Judge { place, account: ACCOUNT, routes: &routes };
    let all = Statement::parse_all(&document);
    assert_eq!(all.len(), 1);
    judge.issues(&all[0].1).into_iter().map(|issue| (issue.rule, issue.severity)).collect()
}

fn identity(action: Value, resource: Value) -> Vec<(&'static str, Severity)> {
    findings_of(Place::Identity, json!({"Effect": "Allow", "Action": action, "Resource": resource}))
}

#[test]
fn wildcards_in_actions() {
    let table = json!("arn:aws:dynamodb:us-east-1:111122223333:table/T");
    assert_eq!(identity(json!("dynamodb:PutItem"), table.clone()), []);
    assert_eq!(identity(json!("dynamodb:*"), table.clone()), [("wildcard-action", Severity::High)]);
    assert_eq!(
        identity(json!(["dynamodb:Put*", "s3:GetObject"]), table),
        [("wildcard-action", Severity::Medium), ("resource-mismatch", Severity::Medium)]
    );
}

#[test]
fn wildcards_in_resources() {
    let put = || json!("logs:PutLogEvents");
    assert_eq!(identity(put(), json!("arn:aws:logs:us-east-1:1:log-group:/aws/lambda/f:*")), []);
    for wide in
        ["arn:aws:logs:us-east-1:1:log-group:/aws/lambda/*:*", "arn:aws:logs:*:1:log-group:f:*"]
    {
        assert_eq!(
            identity(put(), json!(wide)),
            [("wildcard-resource", Severity::Medium)],
            "{wide}"
        );
    }
    assert_eq!(
        identity(json!("s3:GetObject"), json!("arn:aws:s3:::b/*")),
        [("wildcard-resource", Severity::Medium)]
    );
    assert_eq!(identity(put(), json!(["*", "arn:x"])), [("wildcard-resource", Severity::High)]);
}

#[test]
fn negations_and_denials() {
    let not = json!({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:x"});
    assert_eq!(
        findings_of(Place::Identity, not),
        [("not-action", Severity::High), ("not-resource", Severity::High)]
    );
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"});
    assert_eq!(findings_of(Place::Bucket, deny), []);
}

fn bucket(principal: Value, condition: Value) -> Vec<&'static str> {
    let statement = json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*", "Condition": condition});
    findings_of(Place::Bucket, statement).into_iter().map(|(rule, _)| rule).collect()
}

#[test]
fn the_public_and_what_narrows_it() {
    for open in [
        json!({}),
        json!({"Bool": {"aws:SecureTransport": "true"}}),
        json!({"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}),
        json!({"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}),
        json!({"StringLike": {"aws:PrincipalArn": "*"}}),
        json!({"ArnLike": {"aws:SourceArn": ["arn:aws:sns:us-east-1:*:t"]}}),
        json!({"IpAddress": {"aws:SourceIp": ["0.0.0.0/0", "10.0.0.0/8"]}}),
    ] {
        assert_eq!(bucket(json!("*"), open.clone()), ["public-principal"], "{open}");
        assert_eq!(bucket(json!({"AWS": "*"}), open.clone()), ["public-principal"], "{open}");
    }
    assert!(bucket(json!("*"), json!({"StringEquals": {"AWS:PrincipalOrgID": "o-1"}})).is_empty());
    assert!(
        bucket(
            json!("*"),
            json!({"ArnLike": {"AWS:SourceArn": "arn:aws:sns:us-east-1:111122223333:*"}})
        )
        .is_empty()
    );
}

#[test]
fn other_accounts() {
    assert_eq!(
        bucket(json!({"AWS": "arn:aws:iam::999999999999:root"}), json!({})),
        ["foreign-account"]
    );
    assert_eq!(bucket(json!({"AWS": "999999999999"}), json!({})), ["foreign-account"]);
    assert!(bucket(json!({"AWS": "arn:aws:iam::111122223333:role/r"}), json!({})).is_empty());
    let cloudfront = json!({"Service": "cloudfront.amazonaws.com"});
    let source =
        json!({"ArnEquals": {"aws:SourceArn": "arn:aws:cloudfront::999999999999:distribution/E1"}});
    assert_eq!(bucket(cloudfront, source), ["foreign-account"]);
    for condition in [
        json!({"StringEquals": {"aws:PrincipalAccount": "999999999999"}}),
        json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::999999999999:role/*"}}),
    ] {
        assert_eq!(bucket(json!("*"), condition), ["foreign-account"]);
    }
}

#[test]
fn half_of_all_addresses_is_the_public() {
    let from = |range: &str| bucket(json!("*"), json!({"IpAddress": {"aws:SourceIp": range}}));
    for wide in ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "2000::/3"] {
        assert_eq!(from(wide), ["public-principal"], "{wide}");
    }
    for narrow in ["10.0.0.0/8", "203.0.113.7", "2001:db8::/32"] {
        assert!(from(narrow).is_empty(), "{narrow}");
    }
}

#[test]
fn an_identity_provider_alone_is_everybody_who_has_an_account_there() {
    let trust = |provider: &str, condition: Value| {
        let statement = json!({"Effect": "Allow", "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition});
        findings_of(Place::Trust, statement).into_iter().map(|(rule, _)| rule).collect::<Vec<_>>()
    };
    let github = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    let key = |end: &str| format!("token.actions.githubusercontent.com:{end}");
    for open in [
        json!({}),
        json!({"StringEquals": {key("aud"): "sts.amazonaws.com"}}),
        json!({"StringLike": {key("sub"): "*"}}),
        json!({"StringLike": {key("sub"): "repo:*"}}),
    ] {
        assert_eq!(trust(github, open.clone()), ["public-principal"], "{open}");
    }
    for narrow in ["repo:acme/shop:ref:refs/heads/main", "repo:acme/*"] {
        let condition = json!({"StringLike": {key("sub"): narrow}});
        assert!(trust(github, condition).is_empty(), "{narrow}");
    }
    let saml = "arn:aws:iam::111122223333:saml-provider/corporate";
    assert_eq!(trust(saml, json!({})), ["public-principal"]);
    let sign_in = json!({"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}});
    assert!(trust(saml, sign_in).is_empty());
}

#[test]
fn services_must_be_bound() {
    let cloudfront = || json!({"Service": "cloudfront.amazonaws.com"});
    assert_eq!(bucket(cloudfront(), json!({})), ["confused-deputy"]);
    assert!(
        bucket(cloudfront(), json!({"ArnEquals": {"aws:SourceArn": "{{distribution.site.arn}}"}}))
            .is_empty()
    );
    let trust = |condition: Value| {
        let service = json!({"Service": "lambda.amazonaws.com"});
        findings_of(
            Place::Trust,
            json!({"Effect": "Allow", "Principal": service,
                   "Action": "sts:AssumeRole", "Condition": condition}),
        )
    };
    assert_eq!(trust(json!({})), [("confused-deputy", Severity::Medium)]);
    assert_eq!(trust(json!({"StringEquals": {"aws:SourceAccount": ACCOUNT}})), []);
}

fn invoked_by(source: &str) -> Vec<&'static str> {
    let statement = json!({"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction", "Condition": {"ArnLike": {"aws:SourceArn": source}}});
    findings_of(Place::Function, statement).into_iter().map(|(rule, _)| rule).collect()
}

#[test]
fn sources_name_one_route() {
    for exact in ["/prod/GET/products", "/prod/GET/", "/prod/GET/products/*"] {
        assert!(invoked_by(&format!("{API}{exact}")).is_empty(), "{exact}");
    }
    assert!(invoked_by("{{api.main.execution_arn}}/prod/GET/products").is_empty());
    for wide in
        ["", "/*/*", "/*/GET/products", "/prod/*/products", "/prod/GET/*", "/prod/GET", "/prod"]
    {
        assert_eq!(invoked_by(&format!("{API}{wide}")), ["wide-source"], "{wide}");
    }
    assert_eq!(invoked_by("{{api.main.execution_arn}}/*/GET/products"), ["wide-source"]);
    assert_eq!(
        invoked_by("arn:aws:execute-api:us-east-1:111122223333:*/prod/GET/products"),
        ["wide-source"]
    );
    assert_eq!(invoked_by("arn:aws:execute-api:us-east-1:*:*"), ["confused-deputy"]);
}

#[test]
fn a_source_account_alone_is_every_api_of_the_account() {
    let statement = json!({"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}});
    assert_eq!(findings_of(Place::Function, statement), [("wide-source", Severity::Medium)]);
}

#[test]
fn the_tls_denial_must_cover_bucket_and_objects_without_further_conditions() {
    let policy = |resource: Value, condition: Value| {
        canonical(&json!({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": resource, "Condition": condition}}))
    };
    let both = || json!(["arn:aws:s3:::b", "arn:aws:s3:::b/*"]);
    let plain = || json!({"Bool": {"aws:SecureTransport": false}});
    assert!(denies_plain_http(&policy(both(), plain()), "b"));
    assert!(!denies_plain_http(&policy(both(), plain()), "other"));
    assert!(!denies_plain_http(&policy(json!("arn:aws:s3:::b/*"), plain()), "b"));
    assert!(!denies_plain_http(
        &policy(both(), json!({"Bool": {"aws:SecureTransport": true}})),
        "b"
    ));
    let further = json!({"Bool": {"aws:SecureTransport": false},
                         "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}});
    assert!(!denies_plain_http(&policy(both(), further), "b"));
    assert!(!denies_plain_http(&Value::Null, "b"));
}
