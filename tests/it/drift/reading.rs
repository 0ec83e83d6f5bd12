//! Reading cannot write: every read there is, before a proxy that lets no change pass, and keeps a
//! list of those that tried. It judges requests by the verbs of HTTP and of AWS's operations, and
//! not by any list of the code under test.

use crate::resources::SUITES;
use crate::support::deployed::DeployedShop;
use crate::support::proxied::ProxiedShop;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shopstack::model::{Desired, Live, Query};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_reads_writes() {
    let shop = ProxiedShop::new("driftread").await;
    // The shop itself does without some types.
    for prepare in SUITES.iter().filter_map(|suite| suite.prepare) {
        prepare(&shop);
    }
    let mut deployed = DeployedShop::up(shop).await;
    let (before, rows) = (deployed.shop.inventory().await, ledger(&deployed).await);
    commands(&deployed).await;
    every_type(&deployed).await;
    assert_eq!(
        deployed.shop.inventory().await.differences(&before),
        Vec::<String>::new(),
        "no resource, no tag"
    );
    assert_eq!(ledger(&deployed).await, rows, "no record, no lock");
    control(&mut deployed).await;
    deployed.down().await;
}

/// The rows of the shared table that are this stack's, lock and record among them, as they are.
async fn ledger(deployed: &DeployedShop) -> Vec<String> {
    let query = deployed
        .clients
        .dynamodb
        .query()
        .table_name("shopstack")
        .key_condition_expression("pk = :pk");
    let query = query.expression_attribute_values(
        ":pk",
        AttributeValue::S(format!("{}/dev", deployed.scope.stack)),
    );
    let rows = query.send().await.unwrap().items.unwrap_or_default();
    let one = |row: &std::collections::HashMap<String, AttributeValue>| {
        let sorted: std::collections::BTreeMap<_, _> = row.iter().collect();
        format!("{sorted:?}")
    };
    rows.iter().map(one).collect()
}

/// The binary, with nothing to do, with drift and with changes; and the other commands that only
/// tell something.
async fn commands(deployed: &DeployedShop) {
    let shop = &deployed.shop;
    shop.proxy.read_only();
    let mut ran = 0;
    for (arguments, code) in [
        (&["diff"][..], 0),
        (&["diff", "--json"], 0),
        (&["diff", "--markdown", "-v"], 0),
        (&["--env", "never", "diff", "--json"], 2),
        (&["outputs", "--json"], 0),
        (&["history"], 0),
        (&["envs"], 0),
        (&["policy-report", "--json"], 0),
        (&["graph", "--format", "dot"], 0),
        (&["graph", "--format", "mermaid", "--plan"], 0),
    ] {
        let passed = shop.proxy.passed();
        let ended = shop.run(arguments).await;
        // What the types' cases prepare, such as a table without protection, are findings.
        let report = arguments[0] == "policy-report" && ended.code == 2;
        assert!(report || ended.code == code, "{arguments:?}: {ended:?}");
        ran += usize::from(shop.proxy.passed() > passed);
    }
    assert!(ran >= 7, "{ran} commands asked the endpoint");
    assert_eq!(shop.proxy.read_write(), Vec::<String>::new());
    // Where there is something to tell.
    let group = deployed.live("log_group.api").name.clone();
    let keeps = |days: i32| {
        deployed.clients.logs.put_retention_policy().log_group_name(&group).retention_in_days(days)
    };
    keeps(1).send().await.unwrap();
    shop.proxy.read_only();
    assert_eq!(shop.run(&["diff", "--json"]).await.code, 3);
    assert_eq!(shop.run(&["diff", "--out", "plan.json"]).await.code, 3);
    shop.edit_all("memory: 256", "memory: 320");
    assert_eq!(shop.run(&["diff"]).await.code, 2);
    shop.edit_all("memory: 320", "memory: 256");
    assert_eq!(shop.proxy.read_write(), Vec::<String>::new());
    keeps(365).send().await.unwrap();
}

/// Every type's own read: wanted and not, thorough and not, with and without what it builds on.
async fn every_type(deployed: &DeployedShop) {
    deployed.shop.proxy.read_only();
    for resource in shopstack::resources::TYPES {
        let info = resource.info();
        let wanted: Vec<&Desired> =
            deployed.desired.iter().filter(|d| d.type_name == info.type_name).collect();
        assert!(!wanted.is_empty(), "the shop has no {}", info.type_name);
        let found: Vec<Live> = deployed
            .live_resources()
            .iter()
            .filter(|l| info.read_after.contains(&l.type_name.as_str()))
            .cloned()
            .collect();
        let passed = deployed.shop.proxy.passed();
        for thorough in [false, true] {
            for wanted in [wanted.clone(), vec![]] {
                for found in [found.as_slice(), &[]] {
                    let query =
                        Query { scope: &deployed.scope, wanted: wanted.clone(), found, thorough };
                    resource.discover(&deployed.reader(), &query).await.unwrap();
                }
            }
        }
        assert!(deployed.shop.proxy.passed() > passed, "{} asked nothing", info.type_name);
    }
    assert_eq!(deployed.shop.proxy.read_write(), Vec::<String>::new());
}

/// The proxy does catch what writes: the lock of an `up`, and an update of every type.
async fn control(deployed: &mut DeployedShop) {
    let before = deployed.shop.inventory().await;
    deployed.shop.edit_all("memory: 256", "memory: 320");
    deployed.shop.proxy.read_only();
    let up = deployed.shop.run(&["up", "--yes", "--no-smoke"]).await;
    assert_eq!(up.code, 1, "{up:?}");
    assert_eq!(deployed.shop.proxy.read_write(), ["DynamoDB UpdateItem"], "the lock comes first");
    deployed.shop.edit_all("memory: 320", "memory: 256");
    for info in shopstack::resources::TYPES.iter().map(|r| r.info()) {
        // Neither has anything to write here: the log role is there, and MiniStack has no logging.
        if ["AWS::ApiGateway::Account", "AWS::WAFv2::LoggingConfiguration"]
            .contains(&info.type_name)
        {
            continue;
        }
        let mut wanted = deployed.desired.clone();
        wanted.iter_mut().filter(|d| d.type_name == info.type_name).for_each(another);
        let mut plan = deployed.plan(&wanted);
        plan.steps.retain(|step| step.type_name == info.type_name);
        deployed.shop.proxy.read_only();
        let came = deployed.apply(&plan).await;
        let refused = deployed.shop.proxy.read_write();
        println!("drift: {} was refused {refused:?}", info.type_name);
        assert!(came.is_err() && !refused.is_empty(), "{}: {came:?}", info.type_name);
    }
    assert_eq!(
        deployed.shop.inventory().await.differences(&before),
        Vec::<String>::new(),
        "nothing came through"
    );
}

/// Wants something else of a resource.
fn another(desired: &mut Desired) {
    let spec = &mut desired.spec;
    match desired.type_name.as_str() {
        "AWS::ApiGateway::Resource" => {
            spec["routes"]["PUT /orders"] = spec["routes"]["POST /orders"].clone()
        }
        "AWS::ApiGateway::DomainName" => spec["mappings"]["x"] = json!("a/b"),
        "AWS::ApiGateway::Authorizer" => spec["pattern"] = json!("x"),
        "AWS::Lambda::EventSourceMapping" => spec["batch_size"] = json!(7),
        "AWS::Lambda::Permission" => spec["statements"] = json!({}),
        "AWS::S3::BucketPolicy" => spec["policy"]["statements"] = json!({}),
        "AWS::S3::Object" => spec["config"] = json!("{}"),
        "AWS::CloudFront::OriginAccessControl" => spec["signing_behavior"] = json!("never"),
        "AWS::CloudFront::ResponseHeadersPolicy" => spec["frame_options"] = json!("SAMEORIGIN"),
        "AWS::WAFv2::WebACLAssociation" => spec["web_acl_arn"] = json!("arn:aws:wafv2:x"),
        _ => spec["tags"]["stray"] = json!("x"),
    }
}
