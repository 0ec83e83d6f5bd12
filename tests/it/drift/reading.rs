//! Reading cannot write: every read there is, before a proxy that lets no change pass, and keeps a
//! list of those that tried. It judges requests by the verbs of HTTP and of AWS's operations, and
//! not by any list of the code under test.

use super::bench::Bench;
use crate::faults::lane::Lane;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shopstack::model::{Desired, Live, Query};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_reads_writes() {
    let mut bench = Bench::up(Lane::new("driftread").await).await;
    let (before, rows) = (bench.lane.inventory().await, ledger(&bench).await);
    commands(&bench).await;
    every_type(&bench).await;
    assert_eq!(
        bench.lane.inventory().await.differences(&before),
        Vec::<String>::new(),
        "no resource, no tag"
    );
    assert_eq!(ledger(&bench).await, rows, "no record, no lock");
    control(&mut bench).await;
    bench.down().await;
}

/// The rows of the shared table that are this stack's, lock and record among them, as they are.
async fn ledger(bench: &Bench) -> Vec<String> {
    let query =
        bench.clients.dynamodb.query().table_name("shopstack").key_condition_expression("pk = :pk");
    let query = query.expression_attribute_values(
        ":pk",
        AttributeValue::S(format!("{}/dev", bench.scope.stack)),
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
async fn commands(bench: &Bench) {
    let lane = &bench.lane;
    lane.proxy.read_only();
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
        let passed = lane.proxy.passed();
        let ended = lane.run(arguments).await;
        assert_eq!(ended.code, code, "{arguments:?}: {ended:?}");
        ran += usize::from(lane.proxy.passed() > passed);
    }
    assert!(ran >= 7, "{ran} commands asked the endpoint");
    assert_eq!(lane.proxy.read_write(), Vec::<String>::new());
    // Where there is something to tell.
    let group = bench.live("log_group.api").name.clone();
    let keeps = |days: i32| {
        bench.clients.logs.put_retention_policy().log_group_name(&group).retention_in_days(days)
    };
    keeps(1).send().await.unwrap();
    lane.proxy.read_only();
    assert_eq!(lane.run(&["diff", "--json"]).await.code, 3);
    assert_eq!(lane.run(&["diff", "--out", "plan.json"]).await.code, 3);
    lane.edit("memory: 256", "memory: 320");
    assert_eq!(lane.run(&["diff"]).await.code, 2);
    lane.edit("memory: 320", "memory: 256");
    assert_eq!(lane.proxy.read_write(), Vec::<String>::new());
    keeps(30).send().await.unwrap();
}

/// Every type's own read: wanted and not, thorough and not, with and without what it builds on.
async fn every_type(bench: &Bench) {
    bench.lane.proxy.read_only();
    for resource in shopstack::resources::TYPES {
        let info = resource.info();
        let wanted: Vec<&Desired> =
            bench.desired.iter().filter(|d| d.type_name == info.type_name).collect();
        assert!(!wanted.is_empty(), "the shop has no {}", info.type_name);
        let found: Vec<Live> = bench
            .all()
            .iter()
            .filter(|l| info.read_after.contains(&l.type_name.as_str()))
            .cloned()
            .collect();
        let passed = bench.lane.proxy.passed();
        for thorough in [false, true] {
            for wanted in [wanted.clone(), vec![]] {
                for found in [found.as_slice(), &[]] {
                    let query =
                        Query { scope: &bench.scope, wanted: wanted.clone(), found, thorough };
                    resource.discover(&bench.reader(), &query).await.unwrap();
                }
            }
        }
        assert!(bench.lane.proxy.passed() > passed, "{} asked nothing", info.type_name);
    }
    assert_eq!(bench.lane.proxy.read_write(), Vec::<String>::new());
}

/// The proxy does catch what writes: the lock of an `up`, and an update of every type.
async fn control(bench: &mut Bench) {
    let before = bench.lane.inventory().await;
    bench.lane.edit("memory: 256", "memory: 320");
    bench.lane.proxy.read_only();
    let up = bench.lane.run(&["up", "--yes", "--no-smoke"]).await;
    assert_eq!(up.code, 1, "{up:?}");
    assert_eq!(bench.lane.proxy.read_write(), ["DynamoDB UpdateItem"], "the lock comes first");
    bench.lane.edit("memory: 320", "memory: 256");
    for info in shopstack::resources::TYPES.iter().map(|r| r.info()) {
        // Neither has anything to write here: the log role is there, and MiniStack has no logging.
        if ["AWS::ApiGateway::Account", "AWS::WAFv2::LoggingConfiguration"]
            .contains(&info.type_name)
        {
            continue;
        }
        let mut wanted = bench.desired.clone();
        wanted.iter_mut().filter(|d| d.type_name == info.type_name).for_each(another);
        let mut plan = bench.plan(&wanted);
        plan.steps.retain(|step| step.type_name == info.type_name);
        bench.lane.proxy.read_only();
        let came = bench.apply(&plan).await;
        let refused = bench.lane.proxy.read_write();
        println!("drift: {} was refused {refused:?}", info.type_name);
        assert!(came.is_err() && !refused.is_empty(), "{}: {came:?}", info.type_name);
    }
    assert_eq!(
        bench.lane.inventory().await.differences(&before),
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
        "AWS::Lambda::Permission" => spec["statements"] = json!({}),
        "AWS::S3::BucketPolicy" => spec["policy"]["statements"] = json!({}),
        "AWS::S3::Object" => spec["config"] = json!("{}"),
        "AWS::CloudFront::OriginAccessControl" => spec["signing_behavior"] = json!("never"),
        "AWS::CloudFront::ResponseHeadersPolicy" => spec["frame_options"] = json!("SAMEORIGIN"),
        "AWS::WAFv2::WebACLAssociation" => spec["web_acl_arn"] = json!("arn:aws:wafv2:x"),
        _ => spec["tags"]["stray"] = json!("x"),
    }
}
