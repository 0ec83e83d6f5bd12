//! Bad input: each of it is one clear message with the way out, exit code 1, nothing on stdout, and
//! nothing half-done. A broken stack.yaml has its own tests in `tests/stack.rs`, usage and regions
//! in `cli.rs`.

pub mod endpoint;

use crate::e2e::project::{Project, Run, changes, done};
use crate::faults::inventory::Inventory;
use crate::support;
use endpoint::Endpoint;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::net::TcpSocket;

/// Every command that speaks to AWS.
const COMMANDS: [&[&str]; 9] = [
    &["diff", "--json"],
    &["up", "--yes", "--json"],
    &["down", "--yes", "--json"],
    &["smoke", "--json"],
    &["outputs", "--json"],
    &["policy-report", "--format", "json"],
    &["envs", "--json"],
    &["history", "--json"],
    &["unlock", "--yes", "--json"],
];

/// One message, which holds all of these words, and the way out; nothing else anywhere.
fn refused(run: &Run, words: &[&str]) {
    assert_eq!(run.code, 1, "{}", run.stderr);
    // A command that tells its story line by line ends it with a summary; the others have nothing
    // to say.
    for line in run.lines() {
        assert_eq!(
            (&line["event"], &line["result"], &line["changed"]),
            (&json!("summary"), &json!("failed"), &json!(0))
        );
        assert_eq!(line["calls"]["write"], 0);
    }
    assert!(run.stdout.lines().count() <= 1, "{}", run.stdout);
    for word in words {
        assert!(run.stderr.contains(word), "no {word:?} in: {}", run.stderr);
    }
    let lines = |start: &str| run.stderr.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(
        (lines("error: "), lines("  help: ")),
        (1, 1),
        "one message with one way out: {}",
        run.stderr
    );
    for never in ["panicked", "backtrace", "src/", "test-secret"] {
        assert!(!run.stderr.contains(never), "{never} in: {}", run.stderr);
    }
}

/// Nothing of the stack is there: no resource, no record, no lock.
async fn untouched(project: &Project, endpoint: &str) {
    let (clients, _) = project.clients().await;
    let there = Inventory::take(&clients, &project.stack, endpoint).await;
    assert_eq!(there.differences(&Inventory::default()), Vec::<String>::new());
}

#[test]
fn an_unreadable_plan_says_how_to_make_one() {
    let project = Project::new("noplan", "http://127.0.0.1:9").with_quick_crates();
    let file = project.path("plan.json");
    let up = || project.run(&["up", "--plan", "plan.json", "--yes", "--json"]);
    refused(&up(), &["plan.json: No such file", "diff --out plan.json"]);
    for text in ["", "{", "[]", "{\"format_version\":\"1.0\"}", "\u{0}\u{1}"] {
        std::fs::write(&file, text).unwrap();
        refused(&up(), &["plan.json: not a plan", "diff --out plan.json"]);
    }
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    refused(&up(), &["plan.json: ", "UTF-8"]);
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    refused(&up(), &["plan.json: ", "directory"]);
}

#[tokio::test]
async fn a_plan_for_elsewhere_is_refused() {
    let endpoint = support::endpoint().await;
    let project = Project::new("elsewhere", &endpoint).with_quick_crates();
    assert_eq!(project.run(&["diff", "--out", "plan.json"]).code, 2);
    let whole: Value =
        serde_json::from_slice(&std::fs::read(project.path("plan.json")).unwrap()).unwrap();
    for (key, other, here) in [
        ("account", "210987654321", "000000000000"),
        ("region", "eu-west-1", "us-east-1"),
        ("stack", "another", project.stack.as_str()),
        ("env", "prod", "dev"),
        ("format_version", "99.0", "1.0"),
    ] {
        let mut plan = whole.clone();
        plan[key] = json!(other);
        std::fs::write(project.path("plan.json"), plan.to_string()).unwrap();
        let run = project.run(&["up", "--plan", "plan.json", "--yes", "--json"]);
        let version = key == "format_version";
        let said = if version {
            format!("the plan has format {other}")
        } else {
            format!("for {key} `{other}`")
        };
        refused(&run, &[&said, here, "diff --out plan.json"]);
    }
    untouched(&project, &endpoint).await;
}

#[tokio::test]
async fn a_plan_that_is_out_of_date_names_what_changed() {
    let endpoint = support::endpoint().await;
    let project = Project::new("outofdate", &endpoint).with_quick_crates();
    let up = |project: &Project| {
        project.run(&["up", "--plan", "plan.json", "--yes", "--no-smoke", "--json"])
    };
    project.run(&["diff", "--out", "plan.json"]);
    assert_eq!(up(&project).code, 0, "a plan of a moment ago is done");
    let (clients, _) = project.clients().await;

    project.edit("memory: 256", "memory: 320");
    assert_eq!(project.run(&["diff", "--out", "plan.json"]).code, 2);
    // Somebody else, behind the plan's back.
    let name = project.name("createOrder");
    clients
        .lambda
        .update_function_configuration()
        .function_name(&name)
        .timeout(20)
        .send()
        .await
        .unwrap();
    refused(
        &up(&project),
        &["changed since the plan was saved", "function.createOrder: needs a change now"],
    );
    let name = project.name("listProducts");
    clients
        .lambda
        .update_function_configuration()
        .function_name(&name)
        .timeout(20)
        .send()
        .await
        .unwrap();
    refused(&up(&project), &["function.listProducts: timeout differs as well now"]);
    // The file itself.
    project.edit("memory: 320", "memory: 384");
    refused(
        &up(&project),
        &["function.listProducts: memory is not what it was", "nothing was changed"],
    );
    let now =
        clients.lambda.get_function_configuration().function_name(&name).send().await.unwrap();
    assert_eq!((now.memory_size, now.timeout), (Some(256), Some(20)), "nothing was done");

    // The words of the columns, asked for one by one.
    let only = |which: &str| project.run(&["diff", "--json", "--only", which]);
    let (drift, change) = (only("drift"), only("change"));
    assert_eq!(
        changes(&drift.lines()[0]),
        [
            "function.listProducts: update both [memory, timeout]",
            "function.createOrder: update drift [timeout]"
        ]
        .map(String::from)
        .into_iter()
        .rev()
        .collect::<Vec<_>>()
    );
    assert_eq!(
        changes(&change.lines()[0]),
        ["function.listProducts: update both [memory, timeout]"]
    );
    assert_eq!((drift.code, change.code), (2, 2));

    project.run(&["diff", "--out", "plan.json"]);
    let run = up(&project);
    assert_eq!(
        (run.code, done(&run.lines())),
        (0, vec!["function.createOrder", "function.listProducts"])
    );
    let history = project.run(&["history", "--json"]).lines();
    let runs: Vec<_> = history[0]["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["changed"].as_u64().unwrap())
        .collect();
    assert!(runs.len() == 2 && runs.contains(&2), "{history:?}");
    for run in history[0]["runs"].as_array().unwrap() {
        assert!(
            run["who"].as_str().unwrap().starts_with("arn:aws:") && run["when"].is_string(),
            "{run}"
        );
    }
    project.events(&["down", "--yes", "--destroy-data"]);
}

#[test]
fn expired_credentials_are_told_by_their_name_and_asked_once() {
    let expired = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
        <Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error>\
        <RequestId>b1c2</RequestId></ErrorResponse>";
    let endpoint = Endpoint::always(403, expired);
    let project = Project::new("expired", &endpoint.url).with_quick_crates();
    for command in COMMANDS {
        let before = endpoint.asked.load(Ordering::SeqCst);
        refused(
            &project.run(command),
            &["ExpiredToken", "token included in the request is expired", "aws sso login"],
        );
        let asked = endpoint.asked.load(Ordering::SeqCst) - before;
        assert!(asked <= 3, "{command:?} asked {asked} times");
    }
}

#[test]
fn an_endpoint_that_is_not_there_is_named_in_seconds() {
    // Bound and never listened on: nobody else gets the port while this test runs.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let project = Project::new("unreachable", &url).with_quick_crates();
    std::thread::scope(|threads| {
        for command in COMMANDS {
            let (project, url) = (&project, &url);
            threads.spawn(move || {
                let start = Instant::now();
                refused(&project.run(command), &[url, "--local"]);
                // Several times what it takes; what is to be caught here are minutes.
                assert!(
                    start.elapsed() < Duration::from_secs(45),
                    "{command:?} took {:?}",
                    start.elapsed()
                );
            });
        }
    });
}

#[test]
fn an_endpoint_that_is_no_aws_is_told_so() {
    let endpoint = Endpoint::always(200, "<html>Welcome to nginx</html>");
    let project = Project::new("nginx", &endpoint.url).with_quick_crates();
    let run = project.run(&["diff", "--json"]);
    refused(&run, &["sts", "AWS_ENDPOINT_URL"]);
}

#[tokio::test]
async fn what_aws_says_and_we_do_not_know_is_passed_over_or_shown() {
    let behind = support::endpoint().await;
    let project = Project::new("unknown", &behind).with_quick_crates();
    project.events(&["up", "--yes", "--no-smoke"]);
    let through = |rewrite: fn(&str) -> String| {
        let endpoint = Endpoint::rewriting(&behind, rewrite);
        let run = project.run_at(&endpoint.url, &["diff", "--json"]);
        assert!(
            !run.stderr.contains("panicked") && !run.stderr.contains("backtrace"),
            "{}",
            run.stderr
        );
        (run, endpoint.changed.load(Ordering::SeqCst))
    };
    // Members that no model has, in every JSON object and beside every XML list that comes.
    let (run, changed) = through(|text| {
        let json = text
            .replacen('{', "{\"FutureMember\": {\"a\": [1, null, \"x\"]}, ", 1)
            .replace(", }", "}");
        let xml = text.replacen("<Enabled>", "<FutureElement><A>1</A></FutureElement><Enabled>", 1);
        if text.starts_with("{\"") { json } else { xml }
    });
    assert!(changed > 10, "{changed} answers were rewritten");
    let addresses = |run: &Run| -> Vec<String> { changes(&run.lines()[0]) };
    assert!(run.code != 1, "{}", run.stderr);
    let differing: Vec<String> = addresses(&run).into_iter().filter(|c| !of_the_port(c)).collect();
    assert_eq!(differing, Vec::<String>::new());

    // Words that no list has: shown as what is there.
    for (known, unknown, address) in [
        ("PAY_PER_REQUEST", "PAY_PER_MINUTE", "table.Orders"),
        ("provided.al2023", "provided.al2099", "function.createOrder"),
        ("x86_64", "riscv128", "function.createOrder"),
        ("AES256", "ROT13", "bucket.site"),
        ("BucketOwnerEnforced", "BucketOwnerReleased", "bucket.site"),
        ("PriceClass_100", "PriceClass_Moon", "distribution.site"),
        ("http2and3", "http9", "distribution.site"),
        ("REGIONAL", "ORBITAL", "api.main"),
        ("AWS_PROXY", "AWS_MAGIC", "routes.main"),
        ("sigv4", "sigv99", "oac.site"),
    ] {
        let endpoint = Endpoint::rewriting(&behind, move |text| {
            // ARNs of WAF and names of log groups are no words of a list.
            if text.contains(known) { text.replace(known, unknown) } else { text.to_string() }
        });
        let run = project.run_at(&endpoint.url, &["diff", "--json"]);
        assert!(endpoint.changed.load(Ordering::SeqCst) > 0, "{known} was never told");
        assert!([2, 3].contains(&run.code), "{known}: {} {}", run.code, run.stderr);
        let plan = &run.lines()[0];
        let change = plan["changes"].as_array().unwrap().iter().find(|c| c["address"] == address);
        let shown = change.map(ToString::to_string).unwrap_or_default();
        assert!(shown.contains(unknown), "{unknown} is not shown at {address}: {plan}");
    }
    project.events(&["down", "--yes", "--destroy-data"]);
}

/// An emulator's addresses are the endpoint's, so a plan through another port differs there.
fn of_the_port(change: &str) -> bool {
    ["function.", "routes.main", "headers.site", "objects.site", "stage.main"]
        .iter()
        .any(|a| change.starts_with(a))
}
