//! The judge as a process: a proxy to which every name of AWS leads, with its own authority and
//! MiniStack behind it.

use crate::support::env::{endpoint, tools};
use crate::support::shop::{SECRET, Shop};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Where the judge's Python package lies.
const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools");

/// One judge for one region. It ends with this value.
pub struct Judge {
    child: Child,
    folder: TempDir,
    proxy: String,
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command with the judge's Python environment: `python -m judge.<module>`.
pub fn module(name: &str) -> Command {
    let mut command = Command::new(tools().join("bin/python"));
    command.current_dir(PACKAGE).args(["-m", &format!("judge.{name}")]);
    command
}

impl Judge {
    /// Plays AWS for a stack that lives in `region` and signs with `secret`.
    pub fn start(region: &str, secret: &str) -> Judge {
        let folder = tempfile::tempdir().unwrap();
        let url = endpoint();
        let port = url.trim_end_matches('/').rsplit(':').next().unwrap();
        let mut command = module("aws");
        command.args(["--upstream", port, "--region", region, "--secret", secret]);
        command.arg("--folder").arg(folder.path()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().expect("the judge prints its port");
        Judge { child, folder, proxy: format!("http://127.0.0.1:{port}") }
    }

    /// What a run of the binary needs to take this for AWS: credentials, proxy and certificates.
    pub fn variables(&self) -> Vec<(String, String)> {
        let bundle = self.folder.path().join("ca.pem").to_str().unwrap().to_string();
        [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("HTTPS_PROXY", &self.proxy),
            ("HTTP_PROXY", &self.proxy),
            ("AWS_CA_BUNDLE", &bundle),
            // Cargo has nothing to fetch, and must not ask the judge.
            ("CARGO_NET_OFFLINE", "true"),
        ]
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .to_vec()
    }

    /// A shop that takes the judge for AWS.
    pub fn shop(&self, name: &str, region: &str) -> Shop {
        let mut shop = Shop::new(name, &endpoint()).in_region(region);
        shop.endpoint = None;
        shop.variables = self.variables();
        shop
    }

    /// Everything judged so far.
    pub async fn report(&self) -> Value {
        // Without a provider reqwest panics.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let proxy = reqwest::Proxy::http(&self.proxy).unwrap();
        let client = reqwest::Client::builder().proxy(proxy).build().unwrap();
        let text = client.get("http://judge.invalid/report").send().await.unwrap();
        serde_json::from_str(&text.text().await.unwrap()).unwrap()
    }

    /// The report, which must hold no finding.
    pub async fn acquits(&self) -> Value {
        let report = self.report().await;
        let found = serde_json::to_string_pretty(&report["findings"]).unwrap();
        assert_eq!(report["findings"], serde_json::json!([]), "the judge found: {found}");
        report
    }
}
