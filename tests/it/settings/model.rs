//! AWS's models, as botocore has them among the tests' tools.

use crate::support::env::tools;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::process::Command;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/settings.py");

/// Members of an input, with theirs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Members(pub BTreeMap<String, Members>);

/// What each writing operation takes, by service and operation.
pub type Operations = BTreeMap<String, BTreeMap<String, Members>>;

/// Codes of errors with their HTTP status, by service and operation.
pub type Errors = BTreeMap<String, BTreeMap<String, BTreeMap<String, u16>>>;

pub fn operations(services: &[&str]) -> Operations {
    read_models("members", services)
}

pub fn errors(services: &[&str]) -> Errors {
    read_models("errors", services)
}

fn read_models<T: DeserializeOwned>(what: &str, services: &[&str]) -> T {
    let mut command = Command::new(tools().join("bin/python"));
    let output = command.arg(SCRIPT).arg(what).args(services).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The name of the model of a service that actions name otherwise.
pub fn name_of(service: &str) -> &str {
    match service {
        "tag" | "tagging" | "resourcegroupstagging" => "resourcegroupstaggingapi",
        other => other,
    }
}

impl Members {
    /// What is at a path such as `Rules.Action`.
    pub fn at(&self, path: &str) -> Option<&Members> {
        path.split('.').try_fold(self, |members, part| members.0.get(part))
    }

    /// The names of all that is below, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (name, below) in &self.0 {
            names.push(name);
            names.extend(below.names());
        }
        names.sort_unstable();
        names.dedup();
        names
    }
}
