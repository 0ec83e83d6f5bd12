//! Every IAM policy that shopstack writes, and the exported plan, under the judges that others
//! trust: parliament, cloudsplaining, cfn-lint and checkov. The deployer's policies are those of
//! the snapshot that the unit tests hold against the code.

use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Past the test harness, which swallows what a passing test prints.
fn print_past_harness(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// A program of a Python environment of the tests, which must have it where one is named.
fn program(variable: &str, name: &str) -> Option<PathBuf> {
    let Some(tools) = std::env::var_os(variable) else {
        print_past_harness(&format!("NOT RUN: {variable} names no environment with {name}"));
        return None;
    };
    let path = PathBuf::from(tools).join("bin").join(name);
    assert!(path.is_file(), "{} is missing", path.display());
    Some(path)
}

fn judge(name: &str) -> Option<PathBuf> {
    program("SHOPSTACK_TEST_POLICY_TOOLS", name)
}

fn linter(name: &str) -> Option<PathBuf> {
    program("SHOPSTACK_TEST_TOOLS", name)
}

fn text(output: &Output) -> String {
    let [out, error] = [&output.stdout, &output.stderr].map(|b| String::from_utf8_lossy(b));
    format!("{out}{error}")
}

fn shopstack(arguments: &[&str]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_shopstack"))
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(run.status.success(), "{arguments:?}: {}", text(&run));
    String::from_utf8(run.stdout).unwrap()
}

/// The deployer's policies as AWS would get them, with a trust policy for GitHub's jobs.
fn deployer() -> Value {
    let snapshot = root().join("src/planning/snapshots/deployer.snap");
    let snapshot = std::fs::read_to_string(snapshot).unwrap();
    let (_, json) = snapshot.split_once("\n---\n").unwrap();
    let mut policies: Value = serde_json::from_str(json).unwrap();
    let scope = shopstack::model::Scope {
        stack: "shop".into(),
        env: "dev".into(),
        account: "111122223333".into(),
        region: "us-east-1".into(),
        endpoint: None,
    };
    policies["trust"] = shopstack::planning::deployer::trust(&scope, &["owner/name".to_string()]);
    policies
}

#[test]
fn the_judges_find_nothing_in_any_policy() {
    let (Some(python), Some(cfn_lint)) = (judge("python"), linter("cfn-lint")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let run = Command::new(python)
        .arg(root().join("tests/tools/policies.py"))
        .arg(file("plan.json", shopstack(&["export"])))
        .arg(file("deployer.json", deployer().to_string()))
        .arg(cfn_lint)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", text(&run));
    print_past_harness(text(&run).trim());
}

#[test]
fn the_judges_find_what_is_too_wide() {
    let (Some(python), Some(cfn_lint)) = (judge("python"), linter("cfn-lint")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("plan.json");
    std::fs::write(&plan, shopstack(&["export"])).unwrap();
    let mut wide = deployer();
    wide["diff"]["Statement"][0]["Resource"] = "*".into();
    wide["diff"]["Statement"][0]["Action"] =
        serde_json::json!(["iam:PutRolePolicy", "dynamodb:PutItme", "s3:PutObject"]);
    let deployer = folder.path().join("deployer.json");
    std::fs::write(&deployer, wide.to_string()).unwrap();
    let run = Command::new(python)
        .arg(root().join("tests/tools/policies.py"))
        .args([plan, deployer, cfn_lint])
        .output()
        .unwrap();
    let told = text(&run);
    assert_eq!(run.status.code(), Some(1), "{told}");
    for part in
        ["parliament: UNKNOWN_ACTION", "cloudsplaining: infrastructure_modification", "W3037"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn checkov_finds_nothing_beyond_the_exceptions() {
    let Some(checkov) = judge("checkov") else { return };
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("plan.json");
    std::fs::write(&plan, shopstack(&["export"])).unwrap();
    let skips = shopstack(&["export", "--format", "checkov-skips"]);
    let run = Command::new(checkov)
        .args(["--framework", "terraform_plan", "--skip-download", "--compact", "-o", "json"])
        .args(["--skip-check", skips.trim(), "-f"])
        .arg(&plan)
        .env("BC_SKIP_MAPPING", "TRUE")
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", text(&run));
    let result: Value = serde_json::from_slice(&run.stdout).unwrap();
    let summary = &result["summary"];
    assert_eq!(summary["failed"], 0, "{summary}");
    assert!(summary["passed"].as_u64().unwrap() > 80, "{summary}");
    print_past_harness(&format!("checkov: {summary}"));
}
