//! AWS::WAFv2::LoggingConfiguration: its life where the endpoint knows it, and "not emulated" where
//! it does not.

mod drift;

use super::web_acl::spec;
use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite};
use serde_json::json;
use shopstack::model::{ErrorKind, Op, Owner};
use shopstack::resources::{ResourceType, waf::waf_logging::WafLogging, waf::web_acl::WebAcl};

pub const SUITE: Suite = Suite {
    type_name: "AWS::WAFv2::LoggingConfiguration",
    prepare: None,
    on_ministack: &[],
    on_moto: &[|shop| Box::pin(async { drift::cases(shop) })],
    clean_up: None,
    inventory: Coverage::Elsewhere("MiniStack has no logging of web ACLs"),
};

#[tokio::test]
async fn its_whole_life_or_not_emulated() {
    let env = TestEnv::new("waflogging").await;
    let acl =
        desired(&WebAcl, "web_acl.cdn", &env.scope.name("cdn"), spec(&env, "cdn", "CLOUDFRONT"));
    let group = "aws-waf-logs-waflogging-t-cdn";
    let destination = format!("arn:aws:logs:us-east-1:{}:log-group:{group}", env.scope.account);
    let template = json!({"web_acl_arn": "{{web_acl.cdn.arn}}", "destination": destination,
                          "redacted_headers": ["authorization", "cookie"]});
    let wanted = desired(&WafLogging, "waf_logging.cdn", "waflogging-t-cdn", template);
    let first = env.discover(&WafLogging, &[&wanted], &[]).await;

    WebAcl.create(&env.writer, &step(&acl, Op::Create, None), &acl.spec).await.expect("acl");
    let found = env.discover(&WebAcl, &[&acl], &[]).await;
    let mut filled = wanted.spec.clone();
    filled["web_acl_arn"] = json!(found[0].outputs["arn"]);
    let create = step(&wanted, Op::Create, None);
    let made = WafLogging.create(&env.writer, &create, &filled).await;
    let seen = env.discover(&WafLogging, &[&wanted], &found).await;
    if let Err(error) = made {
        assert_eq!(error.kind, ErrorKind::NotEmulated, "{error}");
        assert!(first[0].not_emulated, "the first plan says so, before there is an ACL");
        assert!(seen[0].not_emulated && seen[0].address == wanted.address);
        assert!(env.discover(&WafLogging, &[], &found).await.is_empty(), "nothing to delete");
    } else {
        assert!(first.is_empty());
        WafLogging.create(&env.writer, &create, &filled).await.expect("create again");
        assert_eq!((&seen[0].spec, &seen[0].owner), (&filled, &Owner::Ours));
        for (field, value) in [
            ("redacted_headers", json!(["x-api-key"])),
            ("redacted_headers", json!([])),
            ("destination", json!(format!("{destination}-2"))),
        ] {
            let live = env.discover(&WafLogging, &[&wanted], &found).await.remove(0);
            filled[field] = value;
            assert_ne!(live.spec, filled, "{field}");
            let change = step(&wanted, Op::Update, Some(live.clone()));
            WafLogging.update(&env.writer, &change, &live, &filled).await.expect(field);
            let owned = env.discover(&WafLogging, &[], &found).await.remove(0);
            assert_eq!((&owned.spec, owned.address.as_str()), (&filled, "waf_logging.cdn"));
        }
        let live = env.discover(&WafLogging, &[], &found).await.remove(0);
        WafLogging.delete(&env.writer, &live).await.expect("delete");
        WafLogging.delete(&env.writer, &live).await.expect("deleting what is gone is done");
        assert!(env.discover(&WafLogging, &[&wanted], &found).await.is_empty());
    }
    WebAcl.delete(&env.writer, &found[0]).await.expect("delete acl");
}
