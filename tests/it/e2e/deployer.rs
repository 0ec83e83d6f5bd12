//! The deployer's policies are enough for each command, on a twin that enforces IAM, and not more
//! than it needs: without an action of a sample, `up` fails and names it.

use crate::support::clients::Clients;
use crate::support::env::endpoint;
use crate::support::run::{Run, summary};
use crate::support::shop::Shop;
use serde_json::{Value, json};

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
        let printed = shop.run(&["policy-report", "--deployer", "--json"]);
        assert_eq!(printed.code, 0, "{}", printed.stderr);
        let policies = serde_json::from_str(&printed.stdout).unwrap();
        let user = format!("deployer-{}", shop.stack);
        root.iam.create_user().user_name(&user).send().await.unwrap();
        let key = root.iam.create_access_key().user_name(&user).send().await.unwrap();
        let key = key.access_key.unwrap();
        let key = (key.access_key_id, key.secret_access_key);
        Deployer { shop, root, user, policies, key }
    }

    /// Runs a command with one of the policies, less some actions.
    async fn run(&self, policy: &str, without: &[&str], arguments: &[&str]) -> Run {
        let mut document = self.policies[policy].clone();
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
        Run::execute(command)
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
