//! AWS::ApiGateway::Account: set where there is no log role, left alone where there is one, never
//! taken away.

mod drift;

use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite};
use serde_json::json;
use shopstack::model::{Op, Owner};
use shopstack::resources::{
    ResourceType,
    apigateway::account::{Account, POLICY, ROLE},
};

pub const SUITE: Suite = Suite {
    type_name: "AWS::ApiGateway::Account",
    prepare: None,
    on_ministack: &[],
    on_moto: &[|_| Box::pin(async { drift::cases() })],
    clean_up: None,
    inventory: Coverage::Elsewhere("shared by all stacks of the account"),
};

/// One test and not several, in a region of its own: there is one account for each, and what is
/// cleared here would be drift to all other tests.
#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::in_region("account", "eu-west-3").await;
    let want =
        desired(&Account, "account.logging", &env.scope.account, json!({"has_log_role": true}));
    let client = &env.clients.apigateway;
    let set = |arn: &str| {
        let patch = shopstack::resources::apigateway::replace("/cloudwatchRoleArn", arn);
        client.update_account().patch_operations(patch).send()
    };
    set("").await.expect("clear");
    assert!(env.discover(&Account, &[&want], &[]).await.is_empty());

    let made = Account
        .create(&env.writer, &step(&want, Op::Create, None), &want.spec)
        .await
        .expect("create");
    let again = Account
        .create(&env.writer, &step(&want, Op::Create, None), &want.spec)
        .await
        .expect("again");
    assert_eq!(made, again);
    let live = env.discover(&Account, &[&want], &[]).await.remove(0);
    assert_eq!((&live.spec, &live.owner), (&want.spec, &Owner::Shared));
    assert!(env.discover(&Account, &[], &[]).await.is_empty());

    let role = env.clients.iam.get_role().role_name(ROLE).send().await.unwrap().role.unwrap();
    assert_eq!(role.path(), "/shopstack-shared/");
    assert!(
        role.assume_role_policy_document()
            .is_some_and(|t| t.contains("aws%3ASourceAccount") || t.contains("aws:SourceAccount"))
    );
    let attached = env.clients.iam.list_attached_role_policies().role_name(ROLE).send().await;
    let attached = attached.unwrap().attached_policies.unwrap_or_default();
    let arns: Vec<_> = attached.iter().filter_map(|policy| policy.policy_arn()).collect();
    assert_eq!(arns, [POLICY]);
    let tags: Vec<_> = role.tags().iter().map(|t| (t.key(), t.value())).collect();
    assert_eq!(tags, [("shopstack:shared", "true")]);

    // Cleared by somebody: the role is found again. Set to another role: left as it is.
    set("").await.expect("clear");
    let healed = Account
        .create(&env.writer, &step(&want, Op::Create, None), &want.spec)
        .await
        .expect("heal");
    assert_eq!(made, healed);
    let other = format!("arn:aws:iam::{}:role/theirs", env.scope.account);
    set(&other).await.expect("set another");
    Account
        .update(&env.writer, &step(&want, Op::Update, None), &live, &want.spec)
        .await
        .expect("update");
    Account.delete(&env.writer, &live).await.expect("delete");
    assert_eq!(env.discover(&Account, &[&want], &[]).await.remove(0).outputs["role_arn"], other);
}
