//! Checks which of the rights that `up` needs the caller has.

use super::{Line, failed, passed, unread, warned};
use crate::aws::account::{Account, Asked};
use crate::aws::simulation::{DeniedBy, Simulated};
use crate::cli::session::Session;
use crate::model::ErrorKind;
use crate::planning::deployer;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Checks the caller's rights for `up` by AWS's own simulation.
pub(super) async fn judge_caller(session: &Session, account: &Account) -> Line {
    const CHECK: &str = "rights";
    let source = match account.policy_source(&session.identity.arn).await {
        Ok(Some(source)) => source,
        Ok(None) if session.identity.arn.ends_with(":root") => {
            return passed(CHECK, "the root user needs none");
        }
        Ok(None) => {
            let what = "not known: AWS simulates policies of users and roles alone";
            return warned(CHECK, what, "");
        }
        Err(error) => return unread(CHECK, &error),
    };
    let policies = deployer::policies(&session.scope);
    let asked = asked(policies.get("up").unwrap_or(&Value::Null));
    let simulated = asked.iter().map(|asked| account.simulate(&source, asked));
    match futures_util::future::try_join_all(simulated).await {
        Ok(simulated) => {
            let number = asked.iter().map(|asked| asked.actions.len()).sum();
            judge_rights(&simulated, number)
        }
        Err(error) if error.kind == ErrorKind::AccessDenied => {
            let what = "not known: they cannot be simulated without iam:SimulatePrincipalPolicy";
            warned(
                CHECK,
                what,
                "an `up` stops at the first right that is missing, and goes on later",
            )
        }
        Err(error) => unread(CHECK, &error),
    }
}

/// The line on rights, of which `up` needs this `number`.
fn judge_rights(simulated: &[Simulated], number: usize) -> Line {
    const CHECK: &str = "rights";
    let list = |all: BTreeSet<&str>| all.into_iter().collect::<Vec<_>>().join(", ");
    let mut denied: BTreeMap<DeniedBy, BTreeSet<&str>> = BTreeMap::new();
    for (by, action) in simulated.iter().flat_map(|one| &one.denied) {
        denied.entry(*by).or_default().insert(action);
    }
    let unknown: BTreeSet<&str> =
        simulated.iter().flat_map(|one| &one.unknown).map(String::as_str).collect();
    if denied.is_empty() && unknown.is_empty() {
        return passed(CHECK, format!("the caller has all {number} that `up` needs"));
    }
    if denied.is_empty() {
        let what = format!("conditions of the caller's policies decide on {}", list(unknown));
        return warned(CHECK, what, "the simulation does not know them, and `up` shows the answer");
    }
    let (mut messages, mut help) = (Vec::new(), Vec::new());
    for (by, actions) in denied {
        let (who, remedy) = match by {
            DeniedBy::NoGrant => (
                "the caller lacks",
                "ask for them: `shopstack policy-report --deployer` prints the policy",
            ),
            DeniedBy::ExplicitDeny => (
                "a policy of the caller denies",
                "no grant overrides a denial: its administrators have to change the statement",
            ),
            DeniedBy::Boundary => (
                "the permissions boundary of the caller does not let through",
                "ask the administrators who set that boundary",
            ),
            DeniedBy::Organisation => (
                "a service control policy forbids",
                "ask the administrators of the AWS organisation",
            ),
        };
        messages.push(format!("{who} {}", list(actions)));
        help.push(remedy);
    }
    failed(CHECK, messages.join("; "), help.join("; "))
}

/// The statements of a policy as questions.
fn asked(policy: &Value) -> Vec<Asked> {
    let statements = policy.get("Statement").and_then(Value::as_array);
    let ask = |statement: &Value| {
        let list = |key: &str| {
            let values = statement.get(key).and_then(Value::as_array);
            values.into_iter().flatten().filter_map(Value::as_str)
        };
        let condition = statement.pointer("/Condition/StringEquals").and_then(Value::as_object);
        let context = condition.into_iter().flatten();
        Asked {
            actions: list("Action").map(str::to_string).collect(),
            resources: list("Resource")
                .filter(|r| *r != "*")
                .map(|r| r.replace('*', "x"))
                .collect(),
            context: context
                .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_string())))
                .collect(),
        }
    };
    statements.into_iter().flatten().map(ask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Status;
    use serde_json::json;

    #[test]
    fn statements_are_asked_with_a_resource_of_theirs_and_their_conditions() {
        let policy = json!({"Statement": [
            {"Action": ["iam:PassRole"], "Resource": ["arn:aws:iam::1:role/a*"],
             "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}},
            {"Action": ["s3:ListAllMyBuckets"], "Resource": ["*"]},
        ]});
        let asked = asked(&policy);
        assert_eq!(asked[0].resources, ["arn:aws:iam::1:role/ax"]);
        let service = ("iam:PassedToService".to_string(), "lambda.amazonaws.com".to_string());
        assert_eq!(asked[0].context, [service]);
        assert_eq!((asked[1].actions.len(), asked[1].resources.len()), (1, 0));
    }

    #[test]
    fn who_withholds_a_right_decides_what_to_do() {
        let judge = |denied: &[(DeniedBy, &str)], unknown: &[&str]| {
            let denied = denied.iter().map(|(by, action)| (*by, action.to_string())).collect();
            let unknown = unknown.iter().map(ToString::to_string).collect();
            judge_rights(&[Simulated { denied, unknown }], 9)
        };
        assert_eq!(judge(&[], &[]).status, Status::Passed);
        assert_eq!(judge(&[], &["s3:PutObject"]).status, Status::Warned);
        for (by, message, help) in [
            (DeniedBy::NoGrant, "lacks iam:PassRole", "policy-report --deployer"),
            (DeniedBy::ExplicitDeny, "denies iam:PassRole", "no grant overrides"),
            (DeniedBy::Boundary, "boundary", "who set that boundary"),
            (DeniedBy::Organisation, "service control policy", "AWS organisation"),
        ] {
            let line = judge(&[(by, "iam:PassRole")], &["s3:PutObject"]);
            assert_eq!(line.status, Status::Failed);
            assert!(line.message.contains(message) && line.help.contains(help), "{line:?}");
            assert_eq!(line.help.contains("--deployer"), by == DeniedBy::NoGrant);
        }
    }
}
