//! AWS::WAFv2::WebACLAssociation: put before a stage, read back, replaced by a stranger, repaired,
//! taken away.

mod drift;

use super::web_acl::spec;
use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite};
use serde_json::json;
use shopstack::model::{Address, Live, Op, Owner};
use shopstack::resources::{ResourceType, waf::association::WafAssociation, waf::web_acl::WebAcl};

pub const SUITE: Suite = Suite {
    type_name: "AWS::WAFv2::WebACLAssociation",
    prepare: None,
    on_ministack: &[|shop| Box::pin(drift::cases(shop))],
    on_moto: &[],
    clean_up: Some(|shop| Box::pin(drift::clean_up(shop))),
    inventory: Coverage::Elsewhere("AWS::WAFv2::WebACL"),
};

/// Makes an API with one stage by hand, and returns the API's id and the stage as the engine would
/// have found it.
async fn stage(env: &TestEnv) -> (String, Live) {
    let api = &env.clients.apigateway;
    let made = api.create_rest_api().name(env.scope.name("api")).send().await.unwrap();
    let id = made.id().unwrap().to_string();
    let root = match made.root_resource_id() {
        Some(root) => root.to_string(),
        None => api.get_resources().rest_api_id(&id).send().await.unwrap().items()[0]
            .id()
            .unwrap()
            .to_string(),
    };
    let method = api.put_method().rest_api_id(&id).resource_id(&root).http_method("GET");
    method.authorization_type("NONE").send().await.unwrap();
    let integration = api.put_integration().rest_api_id(&id).resource_id(&root).http_method("GET");
    integration.r#type(aws_sdk_apigateway::types::IntegrationType::Mock).send().await.unwrap();
    api.create_deployment().rest_api_id(&id).stage_name("t").send().await.unwrap();
    let arn = format!("arn:aws:apigateway:us-east-1::/restapis/{id}/stages/t");
    let live =
        Live::new(Address::parse("stage.main").unwrap(), "AWS::ApiGateway::Stage", "t", json!({}));
    (id, live.with_output("arn", arn))
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("wafassoc").await;
    let (api, stage) = stage(&env).await;
    let mut acls = Vec::new();
    for id in ["api", "else"] {
        let acl = desired(
            &WebAcl,
            &format!("web_acl.{id}"),
            &env.scope.name(id),
            spec(&env, id, "REGIONAL"),
        );
        WebAcl.create(&env.writer, &step(&acl, Op::Create, None), &acl.spec).await.expect("acl");
        acls.extend(
            env.discover(&WebAcl, &[&acl], &[])
                .await
                .into_iter()
                .filter(|l| l.address == acl.address),
        );
    }
    let found = [stage.clone(), acls[0].clone()];
    let filled =
        json!({"web_acl_arn": acls[0].outputs["arn"], "resource_arn": stage.outputs["arn"]});
    let template =
        json!({"web_acl_arn": "{{web_acl.api.arn}}", "resource_arn": "{{stage.main.arn}}"});
    let wanted = desired(&WafAssociation, "association.api", "wafassoc-t-api", template);
    let create = step(&wanted, Op::Create, None);
    assert!(env.discover(&WafAssociation, &[&wanted], &found).await.is_empty());
    assert!(
        env.discover(&WafAssociation, &[&wanted], &[]).await.is_empty(),
        "no stage yet, so nothing to ask"
    );

    WafAssociation.create(&env.writer, &create, &filled).await.expect("create");
    // moto keeps every association ever made beside the others: there, a stage cannot change its
    // ACL.
    let replaces = env.scope.account == "000000000000";
    if replaces {
        WafAssociation.create(&env.writer, &create, &filled).await.expect("create again");
    }
    let live = env.discover(&WafAssociation, &[&wanted], &found).await.remove(0);
    assert_eq!((&live.spec, &live.address, &live.owner), (&filled, &wanted.address, &Owner::Ours));

    if replaces {
        // A stranger puts another ACL in front of the stage: drift, and mended.
        let waf = &env.clients.wafv2;
        let (theirs, arn) = (&acls[1].outputs["arn"], &stage.outputs["arn"]);
        waf.associate_web_acl().web_acl_arn(theirs).resource_arn(arn).send().await.unwrap();
        let live = env.discover(&WafAssociation, &[&wanted], &found).await.remove(0);
        assert_eq!(live.spec["web_acl_arn"], json!(theirs));
        assert_eq!(live.owner, Owner::Ours);
        let change = step(&wanted, Op::Update, Some(live.clone()));
        WafAssociation.update(&env.writer, &change, &live, &filled).await.expect("update");
    }
    let owned = env.discover(&WafAssociation, &[], &found).await.remove(0);
    assert_eq!((&owned.spec, owned.address.as_str()), (&filled, "association.api"));
    WafAssociation.delete(&env.writer, &owned).await.expect("delete");
    assert!(env.discover(&WafAssociation, &[&wanted], &found).await.is_empty());
    WafAssociation.delete(&env.writer, &owned).await.expect("deleting what is gone is done");
    for acl in &acls {
        WebAcl.delete(&env.writer, acl).await.expect("delete acl");
    }
    env.clients.apigateway.delete_rest_api().rest_api_id(api).send().await.unwrap();
}
