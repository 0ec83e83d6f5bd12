//! AWS::WAFv2::WebACL in both scopes: made, read back as wanted, changed, drifted, adopted,
//! deleted.

mod drift;
mod inventory;

use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite, TypeInventory};
use aws_sdk_wafv2::types::{
    AllowAction, ByteMatchStatement, DefaultAction, FieldToMatch, PositionalConstraint, Rule,
    RuleAction, Scope, Statement, TextTransformation, TextTransformationType, UriPath,
    VisibilityConfig,
};
use serde_json::{Value, json};
use shopstack::model::{ErrorKind, Op, Owner};
use shopstack::resources::{ResourceType, waf::web_acl::WebAcl};

pub const SUITE: Suite = Suite {
    type_name: "AWS::WAFv2::WebACL",
    prepare: None,
    on_ministack: &[|_| Box::pin(async { drift::cases() })],
    on_moto: &[|_| Box::pin(async { drift::cases_on_moto() })],
    clean_up: None,
    inventory: Coverage::Own(TypeInventory {
        kind: "web ACL",
        add: |all, clients| Box::pin(inventory::add(all, clients)),
        names: |clients| Box::pin(inventory::names(clients)),
    }),
};

/// A spec as stack.yaml would make it.
pub fn spec(env: &TestEnv, id: &str, waf_scope: &str) -> Value {
    let managed = |priority: i32, group: &str| {
        json!({"priority": priority, "kind": "managed", "group": group, "limit": 0, "action": "none",
               "metrics": true, "sampled": true, "count": []})
    };
    json!({
        "tags": env.scope.tags(id),
        "scope": waf_scope,
        "description": "in front of the shop",
        "default_action": "ALLOW",
        "metric_name": env.scope.name(id),
        "rules": {
            "rate": {"priority": 0, "kind": "rate", "group": "", "limit": 1000, "action": "block",
                     "metrics": true, "sampled": true, "count": []},
            "common": managed(1, "AWSManagedRulesCommonRuleSet"),
            "sqli": managed(2, "AWSManagedRulesSQLiRuleSet"),
        },
    })
}

/// Every field that can change in place, each with another value.
fn changes(env: &TestEnv) -> Vec<(&'static str, Value)> {
    let mut tags = env.scope.tags("cdn");
    tags.insert("team".into(), "shop".into());
    let bots = json!({"priority": 7, "kind": "managed", "group": "AWSManagedRulesBotControlRuleSet", "limit": 0,
                      "action": "count", "metrics": true, "sampled": true, "count": []});
    let mut changes = vec![
        ("/tags", json!(tags)),
        ("/tags", json!(env.scope.tags("cdn"))),
        ("/default_action", json!("BLOCK")),
        ("/metric_name", json!("another-metric")),
        ("/rules/rate/limit", json!(200)),
        ("/rules/rate/action", json!("count")),
        ("/rules/common/action", json!("count")),
        ("/rules/common/priority", json!(5)),
        ("/rules/common/group", json!("AWSManagedRulesKnownBadInputsRuleSet")),
        ("/rules/common/metrics", json!(false)),
        ("/rules/common/sampled", json!(false)),
        ("/rules/sqli", bots),
    ];
    // MiniStack's UpdateWebACL leaves the description as it was at creation.
    if env.scope.account != "000000000000" {
        changes.push(("/description", json!("another text")));
    }
    changes
}

#[tokio::test]
async fn its_whole_life_in_both_scopes() {
    let env = TestEnv::new("webacl").await;
    for (id, waf_scope) in [("cdn", "CLOUDFRONT"), ("api", "REGIONAL")] {
        let wanted = desired(
            &WebAcl,
            &format!("web_acl.{id}"),
            &env.scope.name(id),
            spec(&env, id, waf_scope),
        );
        let create = step(&wanted, Op::Create, None);
        let made = WebAcl.create(&env.writer, &create, &wanted.spec).await.expect("create");
        // A crash after the create: running it again adopts what is there.
        let again = WebAcl.create(&env.writer, &create, &wanted.spec).await.expect("create again");
        assert_eq!(made, again);
        let found = env.discover(&WebAcl, &[&wanted], &[]).await;
        let live = found.iter().find(|live| live.address == wanted.address).expect("found");
        assert_eq!(live.spec, wanted.spec);
        assert_eq!(live.owner, Owner::Ours);
        assert_eq!(live.outputs, made);
        assert!(made["arn"].contains(&made["id"]), "{made:?}");
    }
    let owned = env.discover(&WebAcl, &[], &[]).await;
    let addresses: Vec<_> = owned.iter().map(|live| live.address.as_str()).collect();
    assert_eq!(addresses, ["web_acl.cdn", "web_acl.api"]);
    for live in &owned {
        WebAcl.delete(&env.writer, live).await.expect("delete");
        WebAcl.delete(&env.writer, live).await.expect("deleting what is gone is done");
    }
    assert!(env.discover(&WebAcl, &[], &[]).await.is_empty());
}

#[tokio::test]
async fn every_field_can_be_changed_and_a_change_shows() {
    let env = TestEnv::new("webaclfields").await;
    let mut wanted =
        desired(&WebAcl, "web_acl.cdn", &env.scope.name("cdn"), spec(&env, "cdn", "CLOUDFRONT"));
    WebAcl
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create");
    let mut live = env.discover(&WebAcl, &[&wanted], &[]).await.remove(0);
    assert_eq!(live.spec, wanted.spec);
    for (path, value) in changes(&env) {
        *wanted.spec.pointer_mut(path).unwrap() = value;
        assert_ne!(live.spec, wanted.spec, "{path}");
        let change = step(&wanted, Op::Update, Some(live.clone()));
        WebAcl.update(&env.writer, &change, &live, &wanted.spec).await.expect(path);
        live = env.discover(&WebAcl, &[], &[]).await.remove(0);
        assert_eq!(live.spec, wanted.spec, "{path}");
    }
    WebAcl.delete(&env.writer, &live).await.expect("delete");
}

/// A rule as a stranger would add it in the console, and Shield's own.
fn strange_rule(name: &str, priority: i32) -> Rule {
    let visibility = VisibilityConfig::builder()
        .metric_name("x")
        .cloud_watch_metrics_enabled(true)
        .sampled_requests_enabled(true)
        .build()
        .unwrap();
    let matched = ByteMatchStatement::builder()
        .search_string(aws_sdk_wafv2::primitives::Blob::new("/admin"))
        .field_to_match(FieldToMatch::builder().uri_path(UriPath::builder().build()).build())
        .text_transformations(
            TextTransformation::builder()
                .priority(0)
                .r#type(TextTransformationType::None)
                .build()
                .unwrap(),
        )
        .positional_constraint(PositionalConstraint::StartsWith)
        .build()
        .unwrap();
    Rule::builder()
        .name(name)
        .priority(priority)
        .statement(Statement::builder().byte_match_statement(matched).build())
        .action(RuleAction::builder().allow(AllowAction::builder().build()).build())
        .visibility_config(visibility)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_strangers_rule_is_drift_that_update_removes_and_shields_rule_stays() {
    let env = TestEnv::new("webacldrift").await;
    let wanted =
        desired(&WebAcl, "web_acl.api", &env.scope.name("api"), spec(&env, "api", "REGIONAL"));
    let made = WebAcl
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .expect("create");
    let waf = &env.clients.wafv2;
    let get = || waf.get_web_acl().name(&wanted.name).id(&made["id"]).scope(Scope::Regional).send();
    let seen = get().await.unwrap();
    let acl = seen.web_acl().unwrap();
    let shield = "ShieldMitigationRuleGroup_000000000000_a_b";
    waf.update_web_acl()
        .name(&wanted.name)
        .id(&made["id"])
        .scope(Scope::Regional)
        .default_action(DefaultAction::builder().allow(AllowAction::builder().build()).build())
        .set_visibility_config(acl.visibility_config().cloned())
        .set_rules(Some(
            [acl.rules(), &[strange_rule("door", 50), strange_rule(shield, 99)]].concat(),
        ))
        .set_lock_token(seen.lock_token.clone())
        .send()
        .await
        .unwrap();

    let live = env.discover(&WebAcl, &[&wanted], &[]).await.remove(0);
    assert_eq!(live.spec["rules"]["door"]["kind"], "other");
    assert!(live.spec["rules"][shield].is_null(), "Shield's rule is nobody's drift");
    let change = step(&wanted, Op::Update, Some(live.clone()));
    WebAcl.update(&env.writer, &change, &live, &wanted.spec).await.expect("update");
    let live = env.discover(&WebAcl, &[&wanted], &[]).await.remove(0);
    assert_eq!(live.spec, wanted.spec);
    let left = get().await.unwrap().web_acl.unwrap();
    assert!(left.rules().iter().any(|rule| rule.name == shield), "Shield's rule is kept");
    WebAcl.delete(&env.writer, &live).await.expect("delete");
}

#[tokio::test]
async fn a_foreign_acl_is_refused_and_can_be_adopted() {
    let env = TestEnv::new("webaclforeign").await;
    let wanted =
        desired(&WebAcl, "web_acl.cdn", &env.scope.name("cdn"), spec(&env, "cdn", "CLOUDFRONT"));
    let mut theirs = wanted.clone();
    theirs.spec["tags"] = json!({"team": "other"});
    theirs.spec["default_action"] = json!("BLOCK");
    WebAcl
        .create(&env.writer, &step(&theirs, Op::Create, None), &theirs.spec)
        .await
        .expect("create");
    assert!(env.discover(&WebAcl, &[], &[]).await.is_empty());

    let live = env.discover(&WebAcl, &[&wanted], &[]).await.remove(0);
    assert!(
        matches!(&live.owner, Owner::Foreign(says) if says.contains("team=other")),
        "{:?}",
        live.owner
    );
    let refused = WebAcl
        .create(&env.writer, &step(&wanted, Op::Create, None), &wanted.spec)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Foreign);
    assert!(refused.hint.contains("--adopt web_acl.cdn"), "{}", refused.hint);

    let adopt = step(&wanted, Op::Adopt, Some(live.clone()));
    WebAcl.update(&env.writer, &adopt, &live, &wanted.spec).await.expect("adopt");
    let live = env.discover(&WebAcl, &[], &[]).await.remove(0);
    assert_eq!((&live.spec, &live.owner), (&wanted.spec, &Owner::Ours));
    WebAcl.delete(&env.writer, &live).await.expect("delete");
}
