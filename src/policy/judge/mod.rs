//! Judges statements that are too wide: wildcards, public principals, confused deputies.
//!
//! Pure, and strict on purpose: what this tool writes itself passes every rule without an exception
//! list. The rules are those of AWS's own security checks (IAM.21, S3.5, Lambda.1) and of the
//! common policy linters.

mod escalation;
mod lookup;
mod principals;
mod statement;
#[cfg(test)]
mod tests;

pub use escalation::escalations;
pub use statement::{Conditions, Statement};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// How bad a finding is; the worst first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    High,
    Medium,
    Low,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
        }
    }
}

/// Where a document stands: what is too wide in one place is as it must be in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A role's trust policy.
    Trust,
    /// A policy of a role.
    Identity,
    /// A bucket's policy.
    Bucket,
    /// The resource policy of a function, an API or a table, which speaks of that one only.
    Function,
    /// A policy of the account on log groups, whose names AWS chooses.
    LogGroup,
}

/// A statement's fault, in words that name the offending part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    pub rule: &'static str,
    pub severity: Severity,
    pub message: String,
    /// The replacement to write.
    pub fix: &'static str,
}

/// The context that a statement is judged in.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    pub place: Place,
    /// The account of the stack, twelve digits: any other one is foreign.
    pub account: &'a str,
    /// Source ARNs that the routes of stack.yaml need: only there may a method be `*`, or a path
    /// hold one (for a path parameter).
    pub routes: &'a BTreeSet<String>,
}

impl Judge<'_> {
    /// Everything that is too wide in one statement; a rule appears at most once. Denials are never
    /// too wide.
    pub fn issues(&self, statement: &Statement) -> Vec<Issue> {
        if statement.effect != "Allow" {
            return vec![];
        }
        let mut found = Vec::new();
        found.extend(wildcard_action(statement));
        found.extend(negations(statement));
        found.extend(self.wildcard_resource(statement));
        found.extend(principals::public(statement));
        found.extend(principals::foreign_account(statement, self.account));
        found.extend(principals::confused_deputy(statement, self.place));
        if self.place == Place::Function {
            found.extend(self.wide_source(statement));
        }
        found.extend(lookup::issues(statement, self.place));
        found
    }

    fn wildcard_resource(&self, statement: &Statement) -> Option<Issue> {
        // A trust policy has no resource, and a function's own policy speaks of that function only.
        if matches!(self.place, Place::Trust | Place::Function | Place::LogGroup) {
            return None;
        }
        if lookup::takes_star_alone(statement) {
            return None;
        }
        let wide: Vec<&str> = statement
            .resources
            .iter()
            .map(String::as_str)
            .filter(|r| wild(r) && !self.exact_enough(r))
            .collect();
        let severity = if wide.contains(&"*") { Severity::High } else { Severity::Medium };
        (!wide.is_empty()).then(|| Issue {
            rule: "wildcard-resource",
            severity,
            message: format!("the resource is a wildcard: {}", wide.join(", ")),
            fix: "name the exact ARN of each resource",
        })
    }

    /// `:*` after an exact log group (its streams) and `/*` after an exact bucket (its objects)
    /// cannot be narrower.
    fn exact_enough(&self, resource: &str) -> bool {
        let parts: Vec<&str> = resource.split(':').collect();
        match parts.as_slice() {
            ["arn", partition, "logs", region, account, "log-group", group, "*"] => {
                ![partition, region, account, group]
                    .iter()
                    .any(|part| wild(part) || part.is_empty())
            }
            ["arn", partition, "s3", "", "", objects] if self.place == Place::Bucket => {
                objects.strip_suffix("/*").is_some_and(|bucket| !bucket.is_empty() && !wild(bucket))
                    && !wild(partition)
            }
            _ => false,
        }
    }

    fn wide_source(&self, statement: &Statement) -> Option<Issue> {
        let by_api = statement
            .principals
            .get("Service")
            .is_some_and(|s| s.iter().any(|s| s == "apigateway.amazonaws.com"));
        if !by_api || !principals::source_bound(&statement.conditions) {
            return None;
        }
        let sources: Vec<&String> = statement.condition_values("aws:sourcearn").collect();
        let mut wide: Vec<String> = sources
            .iter()
            .filter_map(|arn| Some(format!("{arn} stands for {}", self.width(arn)?)))
            .collect();
        if sources.is_empty() {
            wide.push("without aws:SourceArn it stands for every API of the account".into());
        }
        (!wide.is_empty()).then(|| Issue {
            rule: "wide-source",
            severity: Severity::Medium,
            message: format!(
                "the source is wider than one API, stage, method and path: {}",
                wide.join("; ")
            ),
            fix: "give aws:SourceArn as `<api>/<stage>/<METHOD>/<path>` of one route",
        })
    }

    /// In what an execute-api ARN is wider than one route; `None` when it is not.
    fn width(&self, arn: &str) -> Option<&'static str> {
        // `{{api.main.execution_arn}}/...` stands for an ARN up to the API's id.
        let (api, route) = match arn.rsplit_once("}}") {
            Some((_, rest)) => ("", rest.strip_prefix('/').unwrap_or_default()),
            None => {
                let tail = arn.splitn(6, ':').nth(5).unwrap_or("*");
                tail.split_once('/').unwrap_or((tail, ""))
            }
        };
        let mut parts = route.splitn(3, '/');
        let (stage, method, path) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        if wild(api) {
            return Some("every API");
        }
        if stage.is_empty() || wild(stage) {
            return Some("every stage");
        }
        match (method, path) {
            (Some(method), _) if wild(method) && !self.routes.contains(arn) => Some("every method"),
            (Some(_), Some(path)) if wild(path) && !self.routes.contains(arn) => {
                Some("more than one path")
            }
            (Some(_), Some(_)) => None,
            (None, _) | (_, None) => Some("every method and path"),
        }
    }
}

fn wildcard_action(statement: &Statement) -> Option<Issue> {
    let wide: Vec<&str> =
        statement.actions.iter().map(String::as_str).filter(|a| wild(a)).collect();
    let whole = wide.iter().any(|action| *action == "*" || action.ends_with(":*"));
    (!wide.is_empty()).then(|| Issue {
        rule: "wildcard-action",
        severity: if whole { Severity::High } else { Severity::Medium },
        message: format!("the action is a wildcard: {}", wide.join(", ")),
        fix: "list the actions that are called, one by one",
    })
}

/// "Everything but": grows with every service that AWS adds.
fn negations(statement: &Statement) -> Vec<Issue> {
    let rules: [(&'static str, &str, bool); 3] = [
        ("not-action", "NotAction", !statement.not_actions.is_empty()),
        ("not-resource", "NotResource", !statement.not_resources.is_empty()),
        ("not-principal", "NotPrincipal", !statement.not_principals.is_empty()),
    ];
    let used = rules.into_iter().filter(|(_, _, used)| *used);
    used.map(|(rule, element, _)| Issue {
        rule,
        severity: Severity::High,
        message: format!(
            "{element} in a statement that allows: it grants everything but what it names"
        ),
        fix: "say what is allowed, not what is not",
    })
    .collect()
}

/// True where a bucket's policy refuses every request, on bucket and objects alike, that does not
/// come over TLS.
pub fn denies_plain_http(document: &Value, bucket: &str) -> bool {
    let arn = format!("arn:aws:s3:::{bucket}");
    let objects = format!("{arn}/*");
    Statement::parse_all(document).iter().any(|(_, statement)| {
        let all_resources = statement.resources.iter().any(|r| r == "*")
            || (statement.resources.contains(&arn) && statement.resources.contains(&objects));
        let only_condition = statement.conditions.len() == 1
            && statement.conditions.get("Bool").is_some_and(|keys| {
                keys.len() == 1
                    && keys.get("aws:SecureTransport").is_some_and(|values| *values == ["false"])
            });
        statement.effect == "Deny"
            && statement.principals.values().flatten().any(|p| p == "*")
            && statement.actions.iter().any(|a| a == "s3:*" || a == "*")
            && all_resources
            && only_condition
    })
}

/// True where IAM would match more than this very text.
fn wild(text: &str) -> bool {
    text.contains(['*', '?'])
}
