//! Tests of what is a secret, and of its digests.

use super::*;

fn at() -> Address {
    Address::new("function", "f")
}

#[test]
fn secrets_are_told_by_name_or_by_value() {
    for (name, value) in [
        ("API_KEY", "x"),
        ("db_password", "x"),
        ("DB_PASS", "x"),
        ("auth", "x"),
        ("ADMIN_LOGIN", "letmein2026"),
        ("SESSION_COOKIE", "x"),
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
        assert!(Marks::default().is_secret(name, &json!(value)), "{name}={value}");
    }
    for (name, value) in [
        ("PRODUCTS_TABLE", "shop-dev-Products"),
        ("CORS_ORIGINS", "https://d111111abcdef8.cloudfront.net,http://localhost:8080"),
        ("COMPASS", "north"),
        ("LOGIN_PAGE", "/login.html"),
        ("AUTHOR", "Ada"),
        ("LOG_LEVEL", "info"),
        ("MAIL", "mailto://ada@example.org/a:b"),
        ("SPINNER", "on"),
        ("TABLE", "shop-dev2-ProductsByCategory-eu-west-1"),
        ("HOST", "d111111abcdef8.cloudfront.net"),
        ("ARN", "arn:aws:dynamodb:eu-west-1:000000000000:table/shop-dev-Products2"),
    ] {
        assert!(!Marks::default().is_secret(name, &json!(value)), "{name}={value}");
    }
}

#[test]
fn a_digest_depends_on_salt_place_and_value() {
    let (seal, value) = (Seal { salt: "s".into() }, json!("hush"));
    let digest = |seal: &Seal, id: &str, path: &str, value: &Value| {
        seal.digest(&Address::new("function", id), path, value).unwrap()
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
}

#[test]
fn a_mark_counts_on_either_side_and_for_the_record() {
    let spec = |mark: bool| {
        let mut spec = json!({"tags": {}, "environment": {"LOGO": "hush", "MODE": "a"}});
        if mark {
            spec["tags"][tag::SECRETS] = json!("OTHER:LOGO");
        }
        spec
    };
    let field = FieldChange {
        path: "environment.LOGO".into(),
        live: json!("hush"),
        applied: json!("hush"),
        wanted: json!("hush2"),
        replaces: false,
    };
    let whole = FieldChange {
        path: "environment".into(),
        live: Value::Null,
        applied: Value::Null,
        wanted: json!({"LOGO": "hush", "MODE": "a"}),
        ..field.clone()
    };
    for (live, wanted, hidden) in [(true, false, true), (false, true, true), (false, false, false)]
    {
        let (live, wanted) = (spec(live), spec(wanted));
        let marks = Marks::of_specs([&live, &wanted]);
        for field in [&field, &whole] {
            let shown = json!(masked(field, &marks)).to_string();
            assert_eq!(!shown.contains("hush"), hidden, "{shown}");
        }
        assert_eq!(secrets(&field, &marks).len(), usize::from(hidden));
    }
    let seal = Seal::fresh();
    let sealed = seal.spec(&at(), &spec(true)).to_string();
    assert!(!sealed.contains("hush") && sealed.contains("\"MODE\":\"a\""), "{sealed}");
    assert!(Seal::is_salt(&seal.salt) && !Seal::is_salt(&"0".repeat(33)));
    assert!(!Seal::is_salt("0123456789ABCDEF0123456789abcdef"));
}
