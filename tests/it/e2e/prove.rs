//! `policy-report --prove`: every grant is needed but the one that was planted, every forbidden
//! call is refused, nothing is left behind, and no endpoint but the twin is touched.

use crate::support::env::{endpoint, moto};
use crate::support::run::{Run, assert_refused};
use crate::support::shop::Shop;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Names of the shop's environments that a proof made; other tests have proofs of their own.
fn proofs(shop: &Shop) -> Vec<String> {
    let run = shop.run(&["envs", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let all = run.last()["environments"].as_array().unwrap().clone();
    let ours = all.iter().filter(|env| env["stack"] == shop.stack.as_str());
    let names = ours.map(|env| env["env"].as_str().unwrap().to_string());
    names.filter(|name| name.starts_with("proof-")).collect()
}

/// `action on resource` of the grants with a verdict, and the attribute behind it.
fn grants(proof: &Value, verdict: &str) -> Vec<String> {
    let all = proof["grants"].as_array().unwrap().iter().filter(|g| g["verdict"] == verdict);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    all.map(|g| {
        let words = [&g["address"], &g["action"], &g["attribute"]].map(text);
        words.join(" ").trim().to_string()
    })
    .collect()
}

#[test]
fn every_grant_is_needed_but_a_planted_one_and_every_forbidden_call_is_refused() {
    let shop = Shop::new("prove", &endpoint());
    shop.edit("actions: [dynamodb:Scan]", "actions: [dynamodb:Scan, dynamodb:Query]");
    shop.events(&["up", "--yes", "--no-smoke"]);
    let run = shop.run(&["policy-report", "--prove", "--json"]);
    let report: Value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}{}", run.stdout, run.stderr));
    let proof = &report["proof"];
    assert_eq!(run.code, 2, "{proof:#}");

    assert_eq!(grants(proof, "unused"), ["role.listProducts dynamodb:Query"], "{proof:#}");
    let needed = grants(proof, "needed");
    for grant in [
        "role.listProducts dynamodb:Scan",
        "role.createOrder dynamodb:BatchGetItem",
        "role.createOrder dynamodb:UpdateItem",
        "role.createOrder dynamodb:PutItem",
        "role.createOrder dynamodb:GetItem",
        "role.createOrder dynamodb:GetItem delivery",
        "bucket_policy.site s3:GetObject",
    ] {
        assert!(needed.iter().any(|n| n == grant), "{grant} in {needed:?}");
    }
    let silent = grants(proof, "not_emulated");
    // Logs are written, routes call functions, and transactions change attributes, whatever the
    // policies say.
    let known = [" logs:", "permission.", "UpdateItem stock"];
    let unknown: Vec<_> =
        silent.iter().filter(|grant| !known.iter().any(|part| grant.contains(part))).collect();
    assert!(unknown.is_empty() && silent.len() == 8, "{silent:?}");
    let calls = proof["forbidden"].as_array().unwrap();
    // MiniStack looks at the attributes of reads alone.
    let unseen =
        |call: &Value| call["verdict"] == "not_emulated" && call["action"] == "dynamodb:UpdateItem";
    let open: Vec<_> = calls.iter().filter(|c| c["verdict"] != "refused" && !unseen(c)).collect();
    let refused = calls.iter().filter(|c| c["verdict"] == "refused").count();
    assert!(open.is_empty() && refused >= 90, "{refused} refused, open: {open:#?}");
    for principal in
        ["role.createOrder", "role.listProducts", "anonymous", "caller", "another distribution"]
    {
        assert!(calls.iter().any(|c| c["principal"] == principal), "{principal}");
    }
    let findings = report["findings"].as_array().unwrap().iter();
    let rules: BTreeSet<&str> = findings.map(|f| f["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["excess-grant", "unused-grant"].into(), "{}", report["findings"]);
    let scan = report["needs"].as_array().unwrap().iter().find(|n| n["action"] == "dynamodb:Scan");
    assert!(scan.is_some_and(|need| need["observed"].is_string()), "{}", report["needs"]);
    assert_eq!(proof["policies_sha256"].as_str().map(str::len), Some(64));
    assert!(proof["code_sha256"]["createOrder"].is_string());
    assert!(!proof.to_string().contains("proof-"), "names of the proof's environment: {proof:#}");

    assert_eq!(proofs(&shop), [""; 0]);
    shop.events(&["down", "--yes", "--destroy-data"]);
}

/// Interrupted in the middle of its trials, it takes its environment down all the same.
#[test]
fn an_interrupted_proof_leaves_nothing_behind() {
    let shop = Shop::new("provestop", &endpoint()).with_small_site();
    let mut command = shop.command(&["policy-report", "--prove", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    while !said.contains(" without ") {
        assert!(stderr.read_line(&mut said).unwrap() > 0, "it ended before a trial: {said}");
    }
    assert_eq!(proofs(&shop).len(), 1, "{said}");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    std::io::Read::read_to_string(&mut stderr, &mut said).unwrap();
    let code = child.wait().unwrap().code();
    assert_eq!(code, Some(130), "{said}");
    assert_eq!(proofs(&shop), [""; 0], "{said}");
}

#[tokio::test]
async fn another_endpoint_is_refused_before_anything_is_changed() {
    let shop = Shop::new("provemoto", &moto()).with_quick_crates();
    let run: Run = shop.run(&["policy-report", "--prove"]);
    assert_refused(&run, &["--prove", "local twin", "shopstack --local policy-report --prove"]);
    let (clients, _) = shop.clients().await;
    let tables = clients.dynamodb.list_tables().send().await.unwrap();
    assert!(!json!(tables.table_names()).to_string().contains(&shop.stack), "nothing was made");
}
