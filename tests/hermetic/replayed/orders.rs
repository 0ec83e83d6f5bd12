//! The order of a whole stack's creates and deletes (catalogue 12.1 to 12.3), on the plan of the
//! shop as it stands.

use shopstack::model::provider::Discover;
use shopstack::model::{Address, Live, Op, Plan, Scope};
use shopstack::plan::{Inputs, plan};
use shopstack::resources::Finder;
use shopstack::resources::{self, Context};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Pairs of the catalogue's graphs: the second begins only when the first is done. `*` stands for
/// any id.
const CREATES: &[(&str, &str)] = &[
    ("role.createOrder", "function.createOrder"),
    ("log_group.createOrder", "function.createOrder"),
    ("role.listProducts", "function.listProducts"),
    ("log_group.listProducts", "function.listProducts"),
    ("function.createOrder", "permission.createOrder"),
    ("api.main", "permission.createOrder"),
    ("api.main", "routes.main"),
    ("routes.main", "stage.main"),
    ("account.logging", "stage.main"),
    ("log_group.api", "stage.main"),
    ("stage.main", "association.api"),
    ("web_acl.api", "association.api"),
    ("web_acl.api", "waf_logging.api"),
    ("log_group.waf-api", "waf_logging.api"),
    ("web_acl.cdn", "waf_logging.cdn"),
    ("log_group.waf-cdn", "waf_logging.cdn"),
    ("bucket.site", "distribution.site"),
    ("oac.shared", "distribution.site"),
    ("headers.site", "distribution.site"),
    ("web_acl.cdn", "distribution.site"),
    ("distribution.site", "bucket_policy.site"),
    ("bucket.site", "objects.site"),
];

/// What must not wait, because waiting would only make it slow.
const APART: &[(&str, &str)] = &[
    // API Gateway needs no function that is there, or even active.
    ("function.createOrder", "api.main"),
    ("table.Orders", "function.createOrder"),
    ("objects.site", "distribution.site"),
    ("bucket_policy.site", "objects.site"),
    ("stage.main", "distribution.site"),
    ("waf_logging.cdn", "distribution.site"),
];

const DELETES: &[(&str, &str)] = &[
    ("function.createOrder", "role.createOrder"),
    ("function.listProducts", "role.listProducts"),
    ("function.createOrder", "log_group.createOrder"),
    ("api.main", "log_group.api"),
    ("association.api", "api.main"),
    ("association.api", "web_acl.api"),
    ("waf_logging.api", "web_acl.api"),
    ("waf_logging.cdn", "web_acl.cdn"),
    ("web_acl.api", "log_group.waf-api"),
    ("web_acl.cdn", "log_group.waf-cdn"),
    ("distribution.site", "web_acl.cdn"),
    ("distribution.site", "oac.shared"),
    ("distribution.site", "headers.site"),
    ("distribution.site", "bucket.site"),
];

/// What CloudFront holds up for its minutes; everything else goes meanwhile (catalogue 12.2).
const HELD_UP: &[&str] =
    &["oac.shared", "headers.site", "bucket.site", "web_acl.cdn", "log_group.waf-cdn"];

fn scope() -> Scope {
    Scope {
        stack: "shop".into(),
        env: "t".into(),
        account: "123456789012".into(),
        region: "eu-west-1".into(),
        endpoint: None,
    }
}

fn desired_resources() -> Vec<shopstack::model::Desired> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (stack, _) =
        shopstack::stack::load(&root.join("stack.yaml")).expect("the shop's stack.yaml");
    let scope = scope();
    let context =
        Context { stack: &stack, scope: &scope, root, expires_at: None, judges_conditions: true };
    resources::desired(&context).expect("desired").resources
}

/// The plan that makes everything, or takes everything away. No request is made.
async fn whole(op: Op) -> Plan {
    let replay = crate::replay::Replay::start(vec![]).await;
    let types = Finder(replay.env.reader.clone()).types();
    let (scope, wanted) = (scope(), desired_resources());
    let live: Vec<Live> = wanted
        .iter()
        .map(|d| {
            Live::new(d.address.clone(), &d.type_name, &d.name, d.spec.clone())
                .with_output("id", "x")
        })
        .collect();
    let (desired, live): (&[_], &[_]) =
        if op == Op::Create { (&wanted, &[]) } else { (&[], &live) };
    let (known, adopt) = (BTreeMap::new(), BTreeSet::new());
    let inputs = Inputs {
        scope: &scope,
        desired,
        live,
        known: &known,
        record: None,
        types: &types,
        adopt: &adopt,
    };
    plan(&inputs).expect("a plan")
}

/// For each step everything that is done before it begins.
fn before(plan: &Plan) -> BTreeMap<String, BTreeSet<String>> {
    let after: BTreeMap<&Address, &Vec<Address>> =
        plan.steps.iter().map(|s| (&s.address, &s.after)).collect();
    let mut all = BTreeMap::new();
    for step in &plan.steps {
        let (mut seen, mut open) = (BTreeSet::new(), step.after.clone());
        while let Some(address) = open.pop() {
            if seen.insert(address.to_string()) {
                open.extend(after.get(&address).into_iter().copied().flatten().cloned());
            }
        }
        all.insert(step.address.to_string(), seen);
    }
    all
}

fn misordered(plan: &Plan, pairs: &[(&str, &str)], wanted: bool) -> Vec<String> {
    let before = before(plan);
    let known = |address: &str| {
        assert!(before.contains_key(address), "no step {address}: {:?}", before.keys())
    };
    let mut wrong = Vec::new();
    for (first, second) in pairs {
        known(first);
        known(second);
        if before[*second].contains(*first) != wanted {
            wrong.push(format!("{first} and {second}"));
        }
    }
    wrong
}

#[tokio::test]
async fn creates_come_in_the_catalogues_order_and_wait_for_nothing_else() {
    let plan = whole(Op::Create).await;
    assert_eq!(misordered(&plan, CREATES, true), [""; 0], "the second must wait for the first");
    assert_eq!(misordered(&plan, APART, false), [""; 0], "the second must not wait for the first");
}

#[tokio::test]
async fn deletes_come_in_the_catalogues_order_and_cloudfront_holds_up_only_what_it_uses() {
    let plan = whole(Op::Delete).await;
    assert_eq!(misordered(&plan, DELETES, true), [""; 0], "the second must wait for the first");
    let before = before(&plan);
    let waits = |address: &&String| before[*address].contains("distribution.site");
    let held_up: BTreeSet<&str> = before.keys().filter(waits).map(String::as_str).collect();
    assert_eq!(
        held_up,
        HELD_UP.iter().copied().collect(),
        "the rest goes while CloudFront takes its minutes"
    );
    // Neither does one function, ACL or API hold up another's log group.
    for (group, writer) in [
        ("log_group.createOrder", "function.listProducts"),
        ("log_group.waf-api", "web_acl.cdn"),
        ("log_group.waf-api", "waf_logging.cdn"),
        ("log_group.waf-cdn", "web_acl.api"),
        ("log_group.waf-cdn", "api.main"),
        ("log_group.api", "web_acl.api"),
        ("web_acl.cdn", "association.api"),
    ] {
        assert!(!before[group].contains(writer), "{group} waits for {writer}");
    }
    // What goes with its container is no step of its own.
    for inside in [
        "stage.main",
        "routes.main",
        "permission.createOrder",
        "bucket_policy.site",
        "objects.site",
    ] {
        assert!(plan.steps.iter().all(|s| s.address.as_str() != inside), "{inside}");
    }
}

/// Whatever writes to one function, API, ACL, bucket's settings or distribution does it one after
/// the other.
#[tokio::test]
async fn one_thing_has_one_writer_at_a_time() {
    let plan = whole(Op::Create).await;
    let before = before(&plan);
    for group in [
        &["function.createOrder", "permission.createOrder"][..],
        &["api.main", "routes.main", "stage.main", "association.api"],
        &["web_acl.api", "waf_logging.api"],
        &["web_acl.api", "association.api"],
        &["web_acl.cdn", "waf_logging.cdn"],
        &["bucket.site", "bucket_policy.site"],
    ] {
        for (position, one) in group.iter().enumerate() {
            for other in &group[position + 1..] {
                assert!(
                    before[*other].contains(*one) || before[*one].contains(*other),
                    "{one} and {other}"
                );
            }
        }
    }
    // Nothing writes twice to anything else: one step for each address.
    let addresses: BTreeSet<_> = plan.steps.iter().map(|s| &s.address).collect();
    assert_eq!(addresses.len(), plan.steps.len());
}

/// A principal that AWS cannot resolve comes back as a unique id (catalogue 1.6). Ours are
/// services, which never do.
#[test]
fn no_document_of_ours_names_a_role_or_user_as_its_principal() {
    let mut seen = 0;
    for wanted in desired_resources() {
        let documents = [&wanted.spec["policy"], &wanted.spec["trust"]];
        let statements =
            documents.into_iter().filter_map(|d| d["statements"].as_object()).flatten();
        for (sid, statement) in statements {
            let kinds = statement["principals"].as_object().expect("a principal");
            for (kind, names) in kinds {
                let everyone = kind == "AWS" && *names == serde_json::json!(["*"]);
                assert!(kind == "Service" || everyone, "{} {sid}: {statement}", wanted.address);
                seen += 1;
            }
        }
    }
    assert!(seen >= 4, "{seen} principals");
}
