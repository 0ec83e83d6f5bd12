//! The deployer's policies are enough for each command, on a twin that enforces IAM, and not more
//! than it needs: without an action that the twin asks about, the command fails and names it.

use crate::support::clients::Clients;
use crate::support::env::endpoint;
use crate::support::own_twin::OwnTwin;
use crate::support::run::{Run, summary};
use crate::support::shop::Shop;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Stdio;

/// An IAM user whose only policy is the one that a test names.
struct Deployer<'a> {
    shop: &'a Shop,
    root: &'a Clients,
    user: String,
    policies: Value,
    key: (String, String),
}

impl<'a> Deployer<'a> {
    async fn create(shop: &'a Shop, root: &'a Clients) -> Deployer<'a> {
        Deployer::named(shop, root, "deployer").await
    }

    async fn named(shop: &'a Shop, root: &'a Clients, name: &str) -> Deployer<'a> {
        let printed = shop.run(&["policy-report", "--deployer", "--json"]);
        assert_eq!(printed.code, 0, "{}", printed.stderr);
        let policies = serde_json::from_str(&printed.stdout).unwrap();
        let user = format!("{name}-{}", shop.stack);
        root.iam.create_user().user_name(&user).send().await.unwrap();
        let key = root.iam.create_access_key().user_name(&user).send().await.unwrap();
        let key = key.access_key.unwrap();
        let key = (key.access_key_id, key.secret_access_key);
        Deployer { shop, root, user, policies, key }
    }

    /// Runs a command with one of the policies, or with several joined by `+`, less some actions.
    async fn run(&self, policies: &str, without: &[&str], arguments: &[&str]) -> Run {
        let all = policies.split('+').map(|policy| &self.policies[policy]["Statement"]);
        let all: Vec<_> = all.flat_map(|list| list.as_array().unwrap().clone()).collect();
        let mut document = json!({"Version": "2012-10-17", "Statement": all});
        for statement in document["Statement"].as_array_mut().unwrap() {
            // A single action stands bare.
            let actions = match statement["Action"].take() {
                Value::Array(list) => list,
                single => vec![single],
            };
            let kept = actions.into_iter().filter(|action| !without.iter().any(|n| action == n));
            statement["Action"] = kept.collect();
        }
        let statements = document["Statement"].as_array_mut().unwrap();
        statements.retain(|s| s["Action"] != json!([]));
        let put = self.root.iam.put_user_policy().user_name(&self.user).policy_name("deployer");
        put.policy_document(document.to_string()).send().await.unwrap();
        let mut command = self.shop.command(arguments);
        command.env("AWS_ACCESS_KEY_ID", &self.key.0).env("AWS_SECRET_ACCESS_KEY", &self.key.1);
        let mut command = tokio::process::Command::from(command);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Run::wait(command.spawn().unwrap()).await
    }

    async fn expect(&self, code: i32, policy: &str, arguments: &[&str]) -> Run {
        let run = self.run(policy, &[], arguments).await;
        assert_eq!(run.code, code, "{policy} {arguments:?}\n{}{}", run.stdout, run.stderr);
        run
    }

    async fn delete(self) {
        let iam = &self.root.iam;
        let policy = iam.delete_user_policy().user_name(&self.user).policy_name("deployer");
        policy.send().await.unwrap();
        let key = iam.delete_access_key().user_name(&self.user).access_key_id(&self.key.0);
        key.send().await.unwrap();
        iam.delete_user().user_name(&self.user).send().await.unwrap();
    }
}

#[tokio::test]
async fn the_policies_are_enough_for_the_whole_story() {
    let shop = Shop::new("deployer", &endpoint()).with_quick_crates().with_small_site();
    let (root, _) = shop.clients().await;
    let deployer = Deployer::create(&shop, &root).await;

    deployer.expect(2, "diff", &["diff"]).await;
    deployer.expect(0, "up", &["up", "--yes", "--no-smoke"]).await;
    for command in ["diff", "outputs", "history", "envs"] {
        deployer.expect(0, "diff", &[command]).await;
    }
    // Its exit code tells of findings, which are not this test's.
    let report = deployer.run("diff", &[], &["policy-report", "--json"]).await;
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(report["coverage"]["unread"], 0, "{}", report["reads"]);
    // What is no longer wanted is deleted.
    shop.cut("waf:", "logs:");
    deployer.expect(0, "up", &["up", "--yes", "--no-smoke"]).await;

    let down = ["down", "--yes", "--destroy-data", "--json"];
    let down = deployer.expect(0, "down", &down).await;
    assert_eq!(summary(&down.lines())["remaining"], json!([]));
    deployer.delete().await;
}

/// Everything in an account: on a twin of its own.
#[tokio::test(flavor = "multi_thread")]
async fn the_policies_are_enough_for_sweep() {
    let twin = OwnTwin::start();
    let shop = Shop::new("sweeper", &twin.url).with_quick_crates().with_small_site();
    let (root, _) = shop.clients().await;
    // Another stack lives here as well, of which the deployer may read nothing.
    let other = Shop::new("other", &twin.url).with_quick_crates().in_region("eu-west-1");
    other.events(&["up", "--yes", "--no-smoke"]);
    let deployer = Deployer::create(&shop, &root).await;
    deployer.expect(0, "up", &["up", "--yes", "--no-smoke", "--ttl", "1s"]).await;
    let envs = deployer.expect(0, "diff", &["envs", "--json"]).await;
    let listed = envs.last()["environments"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 1, "{listed:?}");

    let swept = deployer.expect(0, "down", &["sweep", "--yes", "--json"]).await;
    assert!(swept.stdout.contains("\"status\":\"deleted\""), "{}", swept.stdout);
    other.events(&["down", "--yes", "--destroy-data"]);
    let shared = ["sweep", "--shared", "--yes", "--json"];
    let refused = deployer.run("down", &[], &shared).await;
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    let removed = deployer.expect(0, "down+sweep_shared", &shared).await;
    let kept = removed.lines().into_iter().filter(|line| line["status"] == "kept");
    let kept: Vec<_> = kept.map(|line| line["message"].clone()).collect();
    assert_eq!(kept, [json!("API Gateway in eu-west-1 logs by it")]);
    // The role goes with the last region that names it.
    let removed = other.run(&shared);
    assert!(removed.code == 0 && !removed.stdout.contains("\"kept\""), "{removed:#?}");
    let left = shop.run(&["envs", "--json"]).last();
    assert_eq!((&left["environments"], &left["shared"]), (&json!([]), &json!([])));
    deployer.delete().await;
}

/// `up` goes on where it was refused, so each of these is missed at its own step.
#[tokio::test]
async fn without_an_action_up_is_refused_and_names_it() {
    let shop = Shop::new("deprived", &endpoint()).with_quick_crates().with_small_site();
    let (root, _) = shop.clients().await;
    let deployer = Deployer::create(&shop, &root).await;
    for actions in
        [["iam:CreateRole", "s3:CreateBucket"], ["lambda:CreateFunction", "s3:PutBucketPolicy"]]
    {
        let run = deployer.run("up", &actions, &["up", "--yes", "--no-smoke"]).await;
        assert_eq!(run.code, 1, "{actions:?}\n{}{}", run.stdout, run.stderr);
        for action in actions {
            assert!(run.stderr.contains(action), "{action}: {}", run.stderr);
        }
    }
    deployer.expect(0, "up", &["up", "--yes", "--no-smoke"]).await;
    deployer.expect(0, "down", &["down", "--yes", "--destroy-data"]).await;
    deployer.delete().await;
}

/// Actions of the policy for `diff` without which `diff` of the shop succeeds on the twin: it does
/// not ask about them, the tag index spares the call, or they are for `policy-report`, `history`
/// and stacks with events or alarms. `as_aws::deployer` shows that calls are made that need them.
const NOT_MISSED: &[&str] = &[
    "cloudfront:GetOriginAccessControl",
    "cloudfront:GetResponseHeadersPolicy",
    "cloudfront:ListDistributions",
    "cloudfront:ListTagsForResource",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListTagsForResource",
    "dynamodb:ListTables",
    "dynamodb:ListTagsOfResource",
    "dynamodb:Query",
    "dynamodb:Scan",
    "events:DescribeRule",
    "events:ListRules",
    "events:ListTagsForResource",
    "events:ListTargetsByRule",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "lambda:ListAliases",
    "lambda:ListFunctionEventInvokeConfigs",
    "lambda:ListFunctionUrlConfigs",
    "lambda:ListFunctions",
    "lambda:ListVersionsByFunction",
    "logs:DescribeResourcePolicies",
    "s3:GetBucketTagging",
    "s3:GetObject",
    "s3:ListAllMyBuckets",
    "s3:ListBucketVersions",
    "sts:GetCallerIdentity",
];

/// Users that ask side by side.
const LANES: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn without_any_other_read_diff_is_refused_and_names_it() {
    let shop = Shop::new("unread", &endpoint()).with_quick_crates().with_small_site();
    let (root, _) = shop.clients().await;
    shop.events(&["up", "--yes", "--no-smoke"]);
    let mut deployers = Vec::new();
    for lane in 0..LANES {
        deployers.push(Deployer::named(&shop, &root, &format!("deployer{lane}")).await);
    }
    let actions = actions_of(&deployers[0].policies["diff"]);
    let lanes = deployers.iter().enumerate().map(|(lane, deployer)| {
        let mine: Vec<_> = actions.iter().skip(lane).step_by(LANES).cloned().collect();
        async move {
            let mut without = Vec::new();
            for action in mine {
                let run = deployer.run("diff", &[&action], &["diff"]).await;
                let operation = action.replacen(':', " ", 1);
                match run.code {
                    // Others change what all environments share meanwhile.
                    0 | 2 | 3 => without.push(action),
                    1 if run.stderr.contains(&action) || run.stderr.contains(&operation) => {}
                    code => panic!("without {action}: exit {code}\n{}", run.stderr),
                }
            }
            without
        }
    });
    let mut unnoticed: Vec<String> = join_all(lanes).await.into_iter().flatten().collect();
    unnoticed.retain(|action| !NOT_MISSED.contains(&action.as_str()));
    assert_eq!(unnoticed, [""; 0], "of {} actions", actions.len());
    shop.events(&["down", "--yes", "--destroy-data"]);
    for deployer in deployers {
        deployer.delete().await;
    }
}

/// Every action of a policy, once.
fn actions_of(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().unwrap();
    let lists = statements.iter().flat_map(|statement| match &statement["Action"] {
        Value::Array(list) => list.clone(),
        single => vec![single.clone()],
    });
    lists.map(|action| action.as_str().unwrap().to_string()).collect()
}
