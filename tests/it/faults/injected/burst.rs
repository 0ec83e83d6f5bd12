//! One microburst process: started on a free port in front of the endpoint, given rules, asked what
//! fired, ended.

use crate::support::env::tools;
use crate::support::rows::Row;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

pub struct Burst {
    pub url: String,
    http: reqwest::Client,
    _process: Child,
}

/// Seeds Python's generator, from which microburst draws, since it has no option for that.
const START: &str = "import random, sys; random.seed(int(sys.argv.pop(1))); \
                     from microburst.cli import main; sys.exit(main())";

impl Burst {
    /// Without rules it passes everything on to `endpoint`.
    pub async fn start(endpoint: &str, seed: u64) -> Burst {
        // Another test of this process may have been first; any provider will do, for all of this
        // is plain http.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http =
            reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        let tools = tools();
        for _ in 0..5 {
            let port =
                std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut command = Command::new(tools.join("bin/python"));
            command.args([
                "-c",
                START,
                &seed.to_string(),
                "--upstream",
                endpoint,
                "--port",
                &port.to_string(),
            ]);
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true);
            let mut process = command.spawn().unwrap();
            let url = format!("http://127.0.0.1:{port}");
            while process.try_wait().unwrap().is_none() {
                if http
                    .get(format!("{url}/_microburst/health"))
                    .send()
                    .await
                    .is_ok_and(|a| a.status().is_success())
                {
                    return Burst { url, http, _process: process };
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        panic!("microburst ends at once: {}/bin/python -m microburst", tools.display());
    }

    /// Replaces all rules; the first that matches a request wins.
    pub async fn rules(&self, rules: &[Value]) {
        let rules = Value::from(rules.to_vec());
        let request =
            self.http.post(format!("{}/_microburst/rules", self.url)).body(rules.to_string());
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// How often each of the rules fired, in their order.
    pub async fn fired(&self) -> Vec<u64> {
        let answer = self.http.get(format!("{}/_microburst/rules", self.url)).send().await.unwrap();
        let rules: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        rules.as_array().unwrap().iter().map(|rule| rule["fired_count"].as_u64().unwrap()).collect()
    }

    /// Injects the errors of these rows, each as often as it says.
    pub async fn inject(&self, rows: &[&Row]) {
        self.rules(&rows.iter().flat_map(|row| rules(row)).collect::<Vec<_>>()).await;
    }

    /// The rows whose error did not come as often as it should.
    pub async fn missed(&self, rows: &[&Row]) -> Vec<String> {
        let mut fired = self.fired().await.into_iter();
        let mut missed = Vec::new();
        for row in rows {
            let errors = fired.by_ref().nth(rules(row).len() - 1).unwrap();
            if errors != u64::from(row.times) {
                missed.push(format!("{row} came {errors} times"));
            }
        }
        missed
    }
}

/// A row as rules: the error, and before it a rule that lets the first calls through.
fn rules(row: &Row) -> Vec<Value> {
    let (service, operation) = row.operation.split_once(':').unwrap();
    let service = if service == "tag" { "resourcegroupstaggingapi" } else { service };
    let mut rules = Vec::new();
    if row.after > 0 {
        rules.push(
            json!({"service": service, "operation": operation, "times": row.after, "latency": 1}),
        );
    }
    rules.push(json!({"service": service, "operation": operation, "times": row.times,
                      "error": {"code": row.code, "status": row.status, "message": row.message}}));
    rules
}
