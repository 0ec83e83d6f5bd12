//! Many kinds of change by hand in one deployed shop: each is drift at its address and, where it
//! bears on access, a finding; the exported plan shows it to checkov; and `up` puts it right.

mod hands;

use crate::support::env::{endpoint, moto, policy_tools};
use crate::support::shop::Shop;
use hands::Hands;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

/// One kind of change: the name of what is done, where `diff` shows it, and the report's rule.
pub struct Mutation {
    pub kind: &'static str,
    pub drift: &'static str,
    /// Address and rule of the finding; none for what is no matter of access.
    pub finding: Option<(&'static str, &'static str)>,
    /// The check of checkov that fails on the exported plan.
    pub checkov: Option<&'static str>,
    pub on_moto: bool,
}

const fn mutation(kind: &'static str, drift: &'static str) -> Mutation {
    Mutation { kind, drift, finding: None, checkov: None, on_moto: true }
}

impl Mutation {
    const fn finds(mut self, address: &'static str, rule: &'static str) -> Self {
        self.finding = Some((address, rule));
        self
    }

    const fn checkov(mut self, check: &'static str) -> Self {
        self.checkov = Some(check);
        self
    }

    const fn ministack_alone(mut self) -> Self {
        self.on_moto = false;
        self
    }
}

#[rustfmt::skip] // One kind a line reads as the table that it is.
const MUTATIONS: &[Mutation] = &[
    mutation("statement widened", "role.createOrder").finds("role.createOrder", "wildcard-action").checkov("CKV_AWS_355"),
    mutation("inline policy added", "role.createOrder").finds("role.createOrder", "privilege-escalation").checkov("CKV_AWS_290"),
    mutation("managed policy attached", "role.createOrder").finds("role.createOrder", "managed-policy"),
    mutation("permissions boundary set", "role.createOrder").finds("role.createOrder", "changed-boundary"),
    mutation("trust opened", "role.listProducts").finds("role.listProducts", "public-principal").checkov("CKV_AWS_60"),
    mutation("public access block lifted", "bucket.site").finds("bucket.site", "public-access-block-off").checkov("CKV_AWS_53"),
    mutation("access lists allowed", "bucket.site").finds("bucket.site", "access-list-grants").checkov("CKV2_AWS_65"),
    mutation("versioning suspended", "bucket.site").checkov("CKV_AWS_21"),
    mutation("bucket policy replaced", "bucket_policy.site").finds("bucket_policy.site", "public-principal").checkov("CKV_AWS_70"),
    mutation("object replaced", "objects.site"),
    mutation("permission for everyone", "permission.createOrder").finds("permission.createOrder", "public-principal").checkov("CKV_AWS_301"),
    mutation("function URL", "function.createOrder").finds("function.createOrder", "function-url").ministack_alone(),
    mutation("environment changed", "function.listProducts"),
    mutation("table without backups", "table.Orders").checkov("CKV_AWS_28"),
    mutation("stream switched on", "table.Orders"),
    mutation("table policy", "table.Products").finds("table.Products", "foreign-account").ministack_alone(),
    mutation("log retention cut", "log_group.createOrder").checkov("CKV_AWS_338"),
    mutation("log subscription", "log_group.listProducts").finds("log_group.listProducts", "log-subscription"),
    mutation("route added", "routes.main").finds("routes.main", "anonymous-route"),
    mutation("firewall detached from the API", "association.api").finds("association.api", "acl-detached").checkov("CKV2_AWS_29").ministack_alone(),
    mutation("firewall detached from the site", "distribution.site").finds("distribution.site", "acl-detached").checkov("CKV_AWS_68"),
    mutation("access log format changed", "stage.main"),
    mutation("API policy", "api.main").finds("api.main", "excess-statement"),
];

fn report(shop: &Shop) -> (i32, Value) {
    let run = shop.run(&["policy-report", "--json"]);
    let value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}{}", run.stdout, run.stderr));
    (run.code, value)
}

fn finding_ids(report: &Value) -> BTreeSet<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["id"].as_str().unwrap().to_string()).collect()
}

/// Checks of checkov that fail on what AWS has, beside the exceptions of stack.yaml.
fn checkov(shop: &Shop) -> BTreeSet<String> {
    let plan = shop.run(&["export", "--live"]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    shop.write("live.json", &plan.stdout);
    let skips = shop.run(&["export", "--format", "checkov-skips"]).stdout;
    failed_checks(&shop.path("live.json"), skips.trim())
}

/// Runs checkov on a plan document.
pub fn failed_checks(plan: &std::path::Path, skips: &str) -> BTreeSet<String> {
    let run = Command::new(policy_tools().join("bin/checkov"))
        .args(["--framework", "terraform_plan", "--skip-download", "--compact", "-o", "json"])
        .args(["--skip-check", skips, "-f"])
        .arg(plan)
        .env("BC_SKIP_MAPPING", "TRUE")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let result: Value = serde_json::from_str(&text)
        .unwrap_or_else(|e| panic!("{e}: {text}{}", String::from_utf8_lossy(&run.stderr)));
    assert!(result["summary"]["passed"].as_u64().unwrap() > 40, "{}", result["summary"]);
    let failed = result["results"]["failed_checks"].as_array().unwrap().iter();
    failed.map(|check| check["check_id"].as_str().unwrap().to_string()).collect()
}

/// The report as SARIF is what SARIF's own schema asks for, and Microsoft's validator has no error.
fn check_sarif(shop: &Shop) {
    let run = shop.run(&["policy-report", "--format", "sarif", "--out", "report.sarif"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    let check = "import sys; from pydantic_sarif.model import \
        StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif; \
        print(len(Sarif.model_validate_json(open(sys.argv[1]).read()).runs[0].results))";
    let run = Command::new(policy_tools().join("bin/python"))
        .args(["-c", check])
        .arg(shop.path("report.sarif"))
        .output()
        .unwrap();
    let results = String::from_utf8_lossy(&run.stdout);
    assert!(results.trim().parse::<usize>().is_ok_and(|n| n >= 12), "{run:?}");

    let Some(tools) = std::env::var_os("SHOPSTACK_TEST_NODE_TOOLS") else {
        println!("NOT RUN: the SARIF validator, which needs Node.js and npm");
        return;
    };
    let run = Command::new(PathBuf::from(tools).join("node_modules/.bin/sarif-multitool"))
        .arg("validate")
        .arg(shop.path("report.sarif"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 files scanned"), "{run:?}");
    assert!(!said.contains(": error "), "{said}");
}

/// Addresses of the changes of a plan, and why they are there.
fn drifts(plan: &Value) -> BTreeSet<String> {
    let changes = plan["changes"].as_array().unwrap().iter();
    let drift = changes.filter(|c| c["cause"] == "drift");
    drift.map(|c| c["address"].as_str().unwrap().to_string()).collect()
}

/// What is not as it should be after all kinds of changes that this endpoint can hold.
async fn mutate(shop: &Shop, on_moto: bool) -> Vec<String> {
    let hands = Hands::connect(shop).await;
    let mutations: Vec<_> = MUTATIONS.iter().filter(|m| m.on_moto || !on_moto).collect();
    for mutation in &mutations {
        hands.change(mutation.kind).await;
    }
    let (_, plan) = shop.diff();
    let drift = drifts(&plan);
    let (code, found) = report(shop);
    assert_eq!(code, 2, "{found}");
    let findings = found["findings"].as_array().unwrap();
    let mut wrong = Vec::new();
    for mutation in &mutations {
        if !drift.contains(mutation.drift) {
            wrong.push(format!("{}: no drift of {}", mutation.kind, mutation.drift));
        }
        // Whatever else drifts is a finding as well.
        let Some((address, rule)) = mutation.finding else {
            if !findings.iter().any(|f| f["address"] == mutation.drift) {
                wrong.push(format!("{}: no finding of {}", mutation.kind, mutation.drift));
            }
            continue;
        };
        if !findings.iter().any(|f| f["address"] == address && f["rule"] == rule) {
            wrong.push(format!("{}: no finding {rule} of {address}", mutation.kind));
        }
    }
    if on_moto {
        return wrong;
    }
    check_sarif(shop);
    let failed = checkov(shop);
    for mutation in &mutations {
        if mutation.checkov.is_some_and(|check| !failed.contains(check)) {
            wrong.push(format!("{}: checkov has no {:?}", mutation.kind, mutation.checkov));
        }
    }
    wrong
}

#[tokio::test]
async fn changes_by_hand_are_drift_findings_and_checkovs_and_up_puts_them_right() {
    let shop = Shop::new("hands", &endpoint()).with_quick_crates().with_small_site();
    shop.events(&["up", "--yes", "--no-smoke"]);
    assert!(MUTATIONS.len() >= 20);
    assert!(MUTATIONS.iter().filter(|m| m.checkov.is_some()).count() >= 12);
    assert_eq!(mutate(&shop, false).await, Vec::<String>::new());

    shop.events(&["up", "--yes", "--no-smoke"]);
    let (code, plan) = shop.diff();
    assert_eq!((code, &plan["changes"]), (0, &serde_json::json!([])));
    let (code, after) = report(&shop);
    assert_eq!(code, 0, "{}", after["findings"]);
    assert_eq!(checkov(&shop), not_on_an_emulator());
    shop.events(&["down", "--yes", "--destroy-data"]);
}

/// What checkov finds on MiniStack and not on AWS: it speaks plain http, and has no logging of
/// firewalls.
fn not_on_an_emulator() -> BTreeSet<String> {
    BTreeSet::from(["CKV2_AWS_31".to_string(), "CKV_AWS_34".to_string()])
}

#[tokio::test]
async fn the_same_on_another_emulator() {
    let shop = Shop::new("handsm", &moto()).with_quick_crates().with_small_site();
    let up = shop.run(&["up", "--yes", "--no-smoke", "--json"]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    let before: BTreeSet<String> = drifts(&shop.diff().1);
    let never_kept = finding_ids(&report(&shop).1);
    assert_eq!(mutate(&shop, true).await, Vec::<String>::new());

    let up = shop.run(&["up", "--yes", "--no-smoke", "--json"]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    assert_eq!(drifts(&shop.diff().1), before, "what moto never kept");
    assert_eq!(finding_ids(&report(&shop).1), never_kept);
    shop.events(&["down", "--yes", "--destroy-data"]);
}
