//! Ways by which a principal can give itself more rights than its policies list.

use super::Statement;
use crate::policy::pattern::matches;

/// A way to escalate: all its actions are needed together.
struct Way {
    actions: &'static [&'static str],
    how: &'static str,
}

const fn way(actions: &'static [&'static str], how: &'static str) -> Way {
    Way { actions, how }
}

/// Publicly documented ways, as the common IAM linters test them; and those that open one of the
/// stack's own resources to others.
#[rustfmt::skip] // One way a line reads as the table that it is.
const WAYS: &[Way] = &[
    way(&["iam:CreatePolicyVersion"], "it rewrites a policy that it has"),
    way(&["iam:SetDefaultPolicyVersion"], "it returns to a wider version of a policy"),
    way(&["iam:AttachRolePolicy"], "it attaches any policy to a role"),
    way(&["iam:AttachUserPolicy"], "it attaches any policy to a user"),
    way(&["iam:AttachGroupPolicy"], "it attaches any policy to a group"),
    way(&["iam:PutRolePolicy"], "it writes any policy into a role"),
    way(&["iam:PutUserPolicy"], "it writes any policy into a user"),
    way(&["iam:PutGroupPolicy"], "it writes any policy into a group"),
    way(&["iam:AddUserToGroup"], "it joins a group with more rights"),
    way(&["iam:CreateAccessKey"], "it makes keys of another user"),
    way(&["iam:CreateLoginProfile"], "it sets the password of another user"),
    way(&["iam:UpdateLoginProfile"], "it changes the password of another user"),
    way(&["iam:UpdateAssumeRolePolicy"], "it lets itself assume another role"),
    way(&["iam:DeleteRolePermissionsBoundary"], "it removes the ceiling of a role"),
    way(&["iam:PutRolePermissionsBoundary"], "it raises the ceiling of a role"),
    way(&["iam:PassRole", "lambda:CreateFunction"], "it runs code of its own as another role"),
    way(&["iam:PassRole", "ec2:RunInstances"], "it starts a machine that has another role"),
    way(&["iam:PassRole", "cloudformation:CreateStack"], "it deploys as another role"),
    way(&["iam:PassRole", "ecs:RegisterTaskDefinition"], "it runs a container as another role"),
    way(&["iam:PassRole", "codebuild:CreateProject"], "it runs a build as another role"),
    way(&["iam:PassRole", "glue:CreateDevEndpoint"], "it opens a shell that has another role"),
    way(&["iam:PassRole", "sagemaker:CreateNotebookInstance"], "it gets a notebook's role"),
    way(&["iam:PassRole", "states:CreateStateMachine"], "it runs a workflow as another role"),
    way(&["iam:PassRole", "scheduler:CreateSchedule"], "it makes calls as another role"),
    way(&["lambda:UpdateFunctionCode"], "it replaces the code of a function that has other rights"),
    way(&["lambda:UpdateFunctionConfiguration"], "it puts a layer into another function"),
    way(&["lambda:AddPermission"], "it lets others call a function"),
    way(&["s3:PutBucketPolicy"], "it opens a bucket to others"),
    way(&["s3:PutBucketPublicAccessBlock"], "it lifts a bucket's public access block"),
    way(&["dynamodb:PutResourcePolicy"], "it opens a table to others"),
    way(&["apigateway:UpdateRestApiPolicy"], "it opens an API to others"),
    way(&["logs:PutResourcePolicy"], "it opens log groups to others"),
];

/// The ways open to a principal with these statements: `iam:PutRolePolicy: it writes any policy
/// into a role`. Resources and conditions are not weighed: one of the stack's own roles needs none
/// of these actions at all. `Deny` is passed over for the same reason.
pub fn escalations(statements: &[Statement]) -> Vec<String> {
    let granted = |action: &str| statements.iter().any(|s| grants(s, action));
    let mut found: Vec<String> = WAYS
        .iter()
        .filter(|way| way.actions.iter().all(|action| granted(action)))
        .map(|way| format!("{}: {}", way.actions.join(" and "), way.how))
        .collect();
    let assumes =
        |s: &&Statement| grants(s, "sts:AssumeRole") && s.resources.iter().any(|r| r.contains('*'));
    if statements.iter().any(|s| assumes(&s)) {
        found.push("sts:AssumeRole: it assumes roles that no policy lists".into());
    }
    found
}

/// True where an allowing statement of an identity policy covers the action.
fn grants(statement: &Statement, action: &str) -> bool {
    let named = |list: &[String]| list.iter().any(|pattern| matches(pattern, action));
    statement.effect == "Allow"
        && (named(&statement.actions)
            || (!statement.not_actions.is_empty() && !named(&statement.not_actions)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn statement(actions: &[&str], resource: &str) -> Statement {
        Statement::read(&json!({"effect": "Allow", "actions": actions, "resources": [resource]}))
    }

    #[test]
    fn ways_up_are_found_whole_and_in_wildcards() {
        assert!(escalations(&[statement(&["dynamodb:PutItem"], "t")]).is_empty());
        assert!(escalations(&[statement(&["iam:PassRole"], "*")]).is_empty());
        let apart = [statement(&["iam:Pass*"], "*"), statement(&["lambda:CreateFunction"], "*")];
        assert_eq!(
            escalations(&apart),
            ["iam:PassRole and lambda:CreateFunction: it runs code of its own as another role"]
        );
        assert!(escalations(&[statement(&["*"], "*")]).len() > 20);
        assert_eq!(
            escalations(&[statement(&["sts:AssumeRole"], "arn:aws:iam::1:role/*")]).len(),
            1
        );
    }
}
