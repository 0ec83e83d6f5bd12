//! Two reports compared: access gained and lost, findings new and settled.

use super::{Access, Changes, Finding, Report};
use crate::model::Scope;
use crate::model::text::short_line;
use serde_json::Value;
use std::collections::BTreeSet;

/// Far above any report of a stack.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The relevant parts of an older report.
#[derive(Clone, Debug, PartialEq)]
pub struct Older {
    finished: String,
    digest: String,
    access: BTreeSet<Access>,
    findings: BTreeSet<String>,
}

impl Older {
    /// Reads a report that `policy-report --format json` wrote for the same environment of the same
    /// account and region.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence without a full stop.
    pub fn parse(text: &str, scope: &Scope) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err("it is larger than any report".into());
        }
        let value: Value =
            serde_json::from_str(text).map_err(|e| format!("it is not JSON: {e}"))?;
        let field = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        let (version, ours) = (field("format_version"), Report::FORMAT_VERSION);
        if version.split('.').next() != ours.split('.').next() {
            return Err(format!("its format_version is `{version}`, this version reads {ours}"));
        }
        let about = [
            ("stack", &scope.stack),
            ("env", &scope.env),
            ("account", &scope.account),
            ("region", &scope.region),
        ];
        if let Some((what, ours)) = about.into_iter().find(|(key, ours)| field(key) != *ours) {
            let theirs = short_line(field(what));
            return Err(format!("it is about {what} `{theirs}`, not about {what} `{ours}`"));
        }
        let listed = |key: &str| {
            value
                .get(key)
                .and_then(Value::as_array)
                .ok_or_else(|| format!("it has no list `{key}`"))
        };
        let access = listed("access")?.iter().map(access).collect::<Option<_>>();
        let ids = listed("findings")?.iter().map(|f| Some(f.get("id")?.as_str()?.to_string()));
        Ok(Self {
            finished: field("finished").into(),
            digest: value
                .pointer("/digest/report")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .into(),
            access: access.ok_or("an entry of `access` lacks a field")?,
            findings: ids.collect::<Option<_>>().ok_or("a finding has no id")?,
        })
    }

    pub(super) fn changes(&self, access: &[Access], findings: &[Finding]) -> Changes {
        let now: BTreeSet<Access> = access.iter().cloned().collect();
        let open: BTreeSet<String> = findings.iter().map(|f| f.id.clone()).collect();
        Changes {
            since: self.finished.clone(),
            since_digest: self.digest.clone(),
            gained: now.difference(&self.access).cloned().collect(),
            lost: self.access.difference(&now).cloned().collect(),
            new_findings: open.difference(&self.findings).cloned().collect(),
            settled_findings: self.findings.difference(&open).cloned().collect(),
        }
    }
}

fn access(value: &Value) -> Option<Access> {
    let text = |key: &str| Some(value.get(key)?.as_str()?.to_string());
    let conditions = value.get("conditions")?.as_array()?;
    Some(Access {
        principal: text("principal")?,
        action: text("action")?,
        resource: text("resource")?,
        conditions: conditions
            .iter()
            .map(|c| c.as_str().map(str::to_string))
            .collect::<Option<_>>()?,
        effect: text("effect")?,
    })
}
