//! What a GitHub runner gets besides the log: a summary of each step in Markdown, outputs for later
//! steps, JUnit of the smoke test.

use crate::support::env::endpoint;
use crate::support::inventory::leftovers;
use crate::support::run::Run;
use crate::support::shop::Shop;
use serde_json::Value;
use std::collections::BTreeMap;

/// How a step ended, and what it left in the runner's two files.
struct Step {
    run: Run,
    summary: String,
    outputs: BTreeMap<String, String>,
}

/// Runs one step as a runner does, with files of its own.
fn step(shop: &Shop, arguments: &[&str]) -> Step {
    let folder = tempfile::tempdir().unwrap();
    let (summary, outputs) = (folder.path().join("summary"), folder.path().join("output"));
    let mut command = shop.command(arguments);
    command.env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_OUTPUT", &outputs);
    let run = Run::execute(command);
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    Step { run, summary: read(&summary), outputs: parse(&read(&outputs)) }
}

/// Outputs as the runner reads them: `name<<mark`, lines, `mark`.
fn parse(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(head) = lines.next() {
        let (name, mark) = head.split_once("<<").unwrap_or_else(|| panic!("{head} in {text}"));
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != mark).collect();
        found.insert(name.to_string(), value.join("\n"));
    }
    found
}

#[tokio::test]
async fn each_step_has_a_summary_and_outputs() {
    // A region of its own: `sweep` looks at all environments of one.
    let region = "ap-northeast-1";
    let shop = Shop::new("runner", &endpoint()).with_small_site().in_region(region);
    let stack = shop.stack.clone();
    let head = format!("name: {stack}\nregion: {region}\nsite: {{ folder: site }}\n");
    let cdn = "cdn: { error_pages: { 403: { page: /404.html, status: 404 } } }\n";
    shop.write("stack.yaml", &(head + cdn));
    let (clients, _) = shop.clients().await;

    let diff = step(&shop, &["diff"]);
    assert_eq!(diff.run.code, 2, "{}", diff.run.stderr);
    assert!(diff.summary.contains("bucket.site"), "{}", diff.summary);
    let changes: usize = diff.outputs["changes"].parse().unwrap();
    assert!(changes >= 4, "{:?}", diff.outputs);

    let up = step(&shop, &["up", "--yes", "--ttl", "1s"]);
    assert_eq!(up.run.code, 0, "{}", up.run.stderr);
    let heading = format!("### {stack}/dev in {region}");
    for part in [&heading, "| site | http://", "### Smoke test of", "| site | passed"] {
        assert!(up.summary.contains(part), "no {part} in {}", up.summary);
    }
    let outputs: Value = shop.run(&["outputs", "--json"]).last();
    for name in ["site_url", "bucket", "distribution_id"] {
        assert_eq!(up.outputs[name], outputs[name].as_str().unwrap(), "{name}");
    }
    assert_eq!((up.outputs["env"].as_str(), up.outputs["result"].as_str()), ("dev", "ok"));
    // What is no text is JSON, on one line.
    assert!(up.outputs.values().all(|value| !value.contains('\n')), "{:?}", up.outputs);

    let junit = shop.path("junit.xml");
    let smoke = step(&shop, &["smoke", "--junit", junit.to_str().unwrap()]);
    assert_eq!(smoke.run.code, 0, "{}", smoke.run.stderr);
    assert!(smoke.summary.contains("| bucket | passed"), "{}", smoke.summary);
    let report = std::fs::read_to_string(junit).unwrap();
    assert!(report.contains("<testcase") && !report.contains("<failure"), "{report}");

    // The second may not be over yet.
    let line = format!("| {stack}/dev | expired at");
    let dry = (0..20).map(|_| step(&shop, &["sweep", "--dry-run"]));
    let last = dry.map(|step| step.summary).find(|summary| summary.contains(&line));
    assert!(last.is_some(), "no dry run has `{line}`");
    let sweep = step(&shop, &["sweep", "--yes"]);
    assert_eq!(sweep.run.code, 0, "{}", sweep.run.stderr);
    let line = format!("| {stack}/dev | deleted");
    assert!(sweep.summary.contains(&line), "{}", sweep.summary);
    let deleted = format!("[\"{stack}/dev\"]");
    assert_eq!((&sweep.outputs["deleted"], &*sweep.outputs["result"]), (&deleted, "ok"));
    let down = step(&shop, &["down", "--yes"]);
    assert_eq!((&*down.outputs["result"], &*down.outputs["remaining"]), ("ok", "[]"));
    assert_eq!(leftovers(&clients, &stack).await, Vec::<String>::new());

    let failed = step(&shop, &["down", "--stack", "No Name", "--yes"]);
    assert_eq!(failed.run.code, 1);
    assert!(failed.summary.contains("### shopstack down: exit code 1"), "{}", failed.summary);
}
