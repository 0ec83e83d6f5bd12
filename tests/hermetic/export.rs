//! `export`: the stack as a Terraform plan document, made without asking anybody.

use crate::support::shop::Shop;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn exported(shop: &Shop) -> Value {
    let run = shop.run(&["export", "--format", "tfplan-json"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

fn resources<'a>(plan: &'a Value, kind: &str) -> Vec<&'a Value> {
    let all = plan["planned_values"]["root_module"]["resources"].as_array().unwrap();
    all.iter().filter(|resource| resource["type"] == kind).collect()
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => vec![],
    }
}

/// Every type that a stack can have is a block, and none refers to what the stack does not have.
#[test]
fn a_stack_of_ones_own_is_a_plan_too() {
    let shop = Shop::offline();
    let text = "name: own\nregion: us-east-1\ntables: { T: { key: id } }\nfunctions:\n  \
        job: { crate: lambdas/list-products, schedule: rate(1 day), on: { table: T }, \
        dead_letter: \"arn:aws:sqs:us-east-1:123456789012:q\" }\nalarms: {}\n";
    shop.write("stack.yaml", text);
    let plan = exported(&shop);
    let one = |kind: &str| resources(&plan, kind)[0]["values"].clone();
    assert_eq!(one("aws_cloudwatch_event_rule")["schedule_expression"], "rate(1 day)");
    assert_eq!(one("aws_cloudwatch_event_target")["target_id"], "function");
    let source = one("aws_lambda_event_source_mapping");
    assert_eq!((&source["batch_size"], &source["enabled"]), (&json!(100), &json!(true)));
    let failed = &source["destination_config"][0]["on_failure"][0]["destination_arn"];
    assert_eq!(failed, "arn:aws:sqs:us-east-1:123456789012:q");
    assert_eq!(
        one("aws_cloudwatch_metric_alarm")["comparison_operator"],
        "GreaterThanOrEqualToThreshold"
    );
    references_lead_somewhere(&plan);
}

fn references_lead_somewhere(plan: &Value) {
    let planned: BTreeSet<String> = plan["resource_changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| resource["address"].as_str().unwrap().to_string())
        .collect();
    for resource in plan["configuration"]["root_module"]["resources"].as_array().unwrap() {
        for reference in texts(&resource["expressions"]).iter().filter(|t| t.starts_with("aws_")) {
            let target = reference.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
            assert!(planned.contains(&target), "{} refers to {reference}", resource["address"]);
        }
    }
}

#[test]
fn the_shop_is_a_plan_in_which_each_reference_leads_somewhere() {
    let plan = exported(&Shop::offline());
    assert_eq!(plan["format_version"], "1.2");
    let of_lists = |list: &Value| -> BTreeSet<String> {
        let all = list.as_array().unwrap().iter();
        all.map(|resource| resource["address"].as_str().unwrap().to_string()).collect()
    };
    let planned = of_lists(&plan["planned_values"]["root_module"]["resources"]);
    assert_eq!(planned, of_lists(&plan["resource_changes"]));
    let configured = &plan["configuration"]["root_module"]["resources"];
    assert_eq!(planned, of_lists(configured));
    let count = plan["resource_changes"].as_array().unwrap().len();
    assert_eq!(planned.len(), count, "no address stands twice");

    references_lead_somewhere(&plan);
    for kind in [
        "aws_api_gateway_deployment",
        "aws_api_gateway_gateway_response",
        "aws_api_gateway_integration",
        "aws_api_gateway_method",
        "aws_api_gateway_method_settings",
        "aws_api_gateway_resource",
        "aws_api_gateway_rest_api",
        "aws_api_gateway_stage",
        "aws_cloudfront_distribution",
        "aws_cloudfront_origin_access_control",
        "aws_cloudfront_response_headers_policy",
        "aws_cloudwatch_log_group",
        "aws_dynamodb_table",
        "aws_iam_role",
        "aws_iam_role_policy",
        "aws_lambda_function",
        "aws_lambda_permission",
        "aws_s3_bucket",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
        "aws_wafv2_web_acl",
        "aws_wafv2_web_acl_association",
        "aws_wafv2_web_acl_logging_configuration",
    ] {
        assert!(!resources(&plan, kind).is_empty(), "{kind}");
    }
    // What AWS gives once it is made is no text of ours.
    assert!(!plan.to_string().contains("{{"), "a reference of ours is left");
}

#[test]
fn checkers_find_what_they_look_for_where_terraform_has_it() {
    let plan = exported(&Shop::offline());
    let first = |kind: &str| resources(&plan, kind)[0]["values"].clone();
    let block = first("aws_s3_bucket_public_access_block");
    for switch in [
        "block_public_acls",
        "block_public_policy",
        "ignore_public_acls",
        "restrict_public_buckets",
    ] {
        assert_eq!(block[switch], true, "{switch}");
    }
    assert_eq!(
        first("aws_s3_bucket_versioning")["versioning_configuration"],
        json!([{"status": "Enabled"}])
    );
    let table = first("aws_dynamodb_table");
    assert_eq!(table["point_in_time_recovery"], json!([{"enabled": true}]));
    assert_eq!(table["deletion_protection_enabled"], true);
    let distribution = first("aws_cloudfront_distribution");
    let behaviour = &distribution["default_cache_behavior"][0];
    assert_eq!(behaviour["viewer_protocol_policy"], "redirect-to-https", "as on AWS");
    for resource in resources(&plan, "aws_lambda_permission") {
        let values = &resource["values"];
        assert_eq!(values["principal"], "apigateway.amazonaws.com");
        assert!(values["source_arn"].is_string(), "{values}");
        assert!(values.get("source_account").is_none(), "no null stands for a condition");
    }
    for resource in resources(&plan, "aws_iam_role_policy") {
        let policy: Value =
            serde_json::from_str(resource["values"]["policy"].as_str().unwrap()).unwrap();
        for statement in policy["Statement"].as_array().unwrap() {
            assert_ne!(statement["Resource"], "*", "{policy}");
        }
    }
    let tls: Value =
        serde_json::from_str(first("aws_s3_bucket_policy")["policy"].as_str().unwrap()).unwrap();
    assert!(tls.to_string().contains(r#"{"Bool":{"aws:SecureTransport":"false"}}"#), "{tls}");
}

#[test]
fn a_marked_secret_stands_in_no_export_and_in_no_error() {
    let shop = Shop::offline();
    shop.edit("      CURRENCY: USD\n", "      CURRENCY: USD\n      LOGO: { secret: hush-one }\n");
    let run = shop.run(&["export"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("LOGO") && !run.stdout.contains("hush"), "the export");
    shop.edit("hush-one", "hush-${two}");
    for arguments in [&["validate"][..], &["validate", "--json"], &["export"]] {
        let run = shop.run(arguments);
        assert_eq!(run.code, 1);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("LOGO") && !said.contains("hush"), "{said}");
    }
}

/// An alias where no secret may stand, and an anchor beside a mistake.
#[test]
fn an_anchor_gives_no_secret_away_in_an_error() {
    for mistake in ["memory: *hush", "timeout: 9999\n    nonsense: *hush"] {
        let shop = Shop::offline();
        let marked = "      CURRENCY: USD\n      LOGO: { secret: *hush }\n";
        shop.edit("      CURRENCY: USD\n", marked);
        shop.edit("  createOrder:\n", &format!("  createOrder:\n    {mistake}\n"));
        let anchors = "x-a: &hush s3cr3t-value\nnonsense: { a: s3cr3t-value }\n";
        shop.write("stack.yaml", &(anchors.to_string() + &shop.read("stack.yaml")));
        let run = shop.run(&["validate"]);
        assert_eq!(run.code, 1, "{}", run.stdout);
        assert!(run.stderr.contains("nonsense: { a: ************ }"), "{}", run.stderr);
        assert!(!run.stderr.contains("s3cr3t"), "{}", run.stderr);
    }
}

#[test]
fn accepted_checks_of_checkov_are_listed_until_their_day() {
    let shop = Shop::offline();
    let stack = shop.read("stack.yaml");
    let stack = stack.split("\nexceptions:").next().unwrap();
    shop.write(
        "stack.yaml",
        &format!(
            "{stack}\nexceptions:\n  \
             - {{ rule: CKV_AWS_18, reason: r, approver: a, expires: 9999-12-31 }}\n  \
             - {{ rule: CKV2_AWS_62, reason: r, approver: a, expires: 9999-12-31 }}\n  \
             - {{ rule: CKV_AWS_59, reason: r, approver: a, expires: 2020-01-31 }}\n  \
             - {{ rule: no-tls-deny, reason: r, approver: a, expires: 9999-12-31 }}\n"
        ),
    );
    let run = shop.run(&["export", "--format", "checkov-skips"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "CKV2_AWS_62,CKV_AWS_18\n"), "{}", run.stderr);
}
