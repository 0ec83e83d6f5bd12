//! Tests of what is a secret, and of its digests.

use super::*;

fn at() -> Address {
    Address::new(GROUP, "f")
}

#[test]
fn secrets_are_told_by_name_or_by_value() {
    for (name, value) in [
        ("API_KEY", "x"),
        ("db_password", "x"),
        ("DB_PASS", "x"),
        ("auth", "x"),
        ("SENTRY_DSN", "x"),
        ("URL", "postgres://shop:hunter2@db.example/shop"),
        ("X", "-----BEGIN PRIVATE KEY-----"),
        ("X", "Bearer eyJhbGciOi"),
        ("X", "https://ghp_abcdefghij@github.com/shop"),
        ("X", "Server=db;User Id=shop;Pwd=hunter2"),
        ("X", "SG.aB3dE5gH7jK9mN1pQ3sT5.vWxYz"),
        ("X", "https://hooks.slack.com/services/T0/B0/x"),
        ("X", "s3cRet-kEy9aBcD3fGhJ7kLmN5pQr-tUvWx_yZ1"),
        ("X", "sk_live_1"),
        ("X", "eyJhbGciOi.eyJzdWIi.c2ln"),
        ("X", "0123456789abcdef0123456789abcdef"),
        ("X", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ] {
        assert!(is_secret(name, &json!(value)), "{name}={value}");
    }
    for (name, value) in [
        ("PRODUCTS_TABLE", "shop-dev-Products"),
        ("CORS_ORIGINS", "https://d111111abcdef8.cloudfront.net,http://localhost:8080"),
        ("COMPASS", "north"),
        ("AUTHOR", "Ada"),
        ("LOG_LEVEL", "info"),
        ("MAIL", "mailto://ada@example.org/a:b"),
        ("SPINNER", "on"),
        ("TABLE", "shop-dev2-ProductsByCategory-eu-west-1"),
        ("HOST", "d111111abcdef8.cloudfront.net"),
        ("ARN", "arn:aws:dynamodb:eu-west-1:000000000000:table/shop-dev-Products2"),
    ] {
        assert!(!is_secret(name, &json!(value)), "{name}={value}");
    }
}

#[test]
fn a_digest_depends_on_salt_place_and_value() {
    let (seal, value) = (Seal { salt: "s".into() }, json!("hush"));
    let digest = |seal: &Seal, id: &str, path: &str, value: &Value| {
        seal.digest(&Address::new(GROUP, id), path, value).unwrap()
    };
    let first = digest(&seal, "f", "environment.A", &value);
    assert_eq!(first, digest(&seal, "f", "environment.A", &value));
    let others = [
        digest(&Seal { salt: "t".into() }, "f", "environment.A", &value),
        digest(&seal, "g", "environment.A", &value),
        digest(&seal, "f", "environment.B", &value),
        digest(&seal, "f", "environment.A", &json!("hush!")),
    ];
    assert!(first.len() == 64 && !others.contains(&first));
    assert_eq!(seal.digest(&at(), "environment.A", &Value::Null), None);
    assert_eq!(seal.digest(&at(), "environment.A", &json!({"unknown": true})), None);
    assert!(Seal::fresh() != Seal::fresh() && Seal::fresh().salt.len() == 32);
}

#[test]
fn a_sealed_spec_opens_for_who_has_the_value() {
    let seal = Seal::fresh();
    let spec = json!({"memory": 256, "environment": {"API_KEY": "hush", "TABLE": "t"}});
    let sealed = seal.spec(&at(), &spec);
    assert!(
        !sealed.to_string().contains("hush") && sealed["environment"]["TABLE"] == "t",
        "{sealed}"
    );
    assert_eq!(seal.opened(&at(), "", &sealed["memory"], &[&json!(1)]), json!(256));
    let stored = &sealed["environment"]["API_KEY"];
    let open =
        |candidates: &[&Value]| seal.opened(&at(), "environment.API_KEY", stored, candidates);
    assert_eq!(open(&[&json!("other"), &json!("hush")]), "hush");
    assert_eq!(open(&[&json!("other"), &Value::Null]), SENSITIVE);
    let whole = seal.opened(&at(), "environment", &sealed["environment"], &[&spec["environment"]]);
    assert_eq!(whole, spec["environment"]);
    let path = ["environment".to_string(), "API_KEY".to_string()];
    assert_eq!(&seal.field(&at(), &path, &json!("hush")), stored);
    assert_eq!(seal.field(&at(), &path[..1], &spec["environment"]), sealed["environment"]);
    assert_eq!(
        Seal::fresh().spec(&Address::new("table", "T"), &spec),
        spec,
        "only functions have variables"
    );
}
