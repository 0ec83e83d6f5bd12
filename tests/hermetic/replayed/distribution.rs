//! Distributions that take their time, are read out of date, and are changed by two at once.

use super::cloudfront::{
    ARN, DEPLOYED, IN_PROGRESS, Shown, index, live, outputs, own_tags, page, wanted,
};
use crate::replay::{Answer, Replay, empty, refused, refused_with};
use crate::support::step::step;
use serde_json::json;
use shopstack::model::{CloudError, ErrorKind, Op, Query};
use shopstack::resources::ResourceType;
use shopstack::resources::cloudfront::distribution::{Distribution, wait_deployed};

async fn deployed(replay: &Replay, minute: u32) -> Result<(), CloudError> {
    wait_deployed(&replay.env.reader.caller, &replay.env.reader, &outputs(minute)).await
}

fn gone() -> Answer {
    refused("NoSuchDistribution").status(404)
}

#[tokio::test]
async fn forty_polls_in_progress_are_waited_out_at_the_catalogues_pace() {
    let get = |answer| ("GetDistribution", answer);
    let replay =
        Replay::start(vec![get(IN_PROGRESS.answer().times(40)), get(DEPLOYED.answer())]).await;
    deployed(&replay, 0).await.expect("it is deployed in the end");
    let pauses = replay.pauses("GetDistribution");
    assert_eq!(pauses.len(), 40);
    assert_eq!(
        pauses[..5],
        [0.2, 0.4, 0.8, 1.6, 3.2],
        "the first looks are close, for emulators and for luck"
    );
    assert!(pauses[5..].iter().all(|pause| *pause == 5.0), "{pauses:?}");
    assert_eq!(
        replay.progress_texts(),
        ["waiting for distribution to be Deployed (usually 3 to 6 minutes)"]
    );
}

#[tokio::test]
async fn a_deployment_that_does_not_end_times_out_and_says_how_to_go_on() {
    let replay = Replay::start(vec![("GetDistribution", IN_PROGRESS.answer().always())]).await;
    let error = deployed(&replay, 0).await.unwrap_err();
    assert!(
        error.message.contains("distribution to be Deployed") && error.message.contains("2400 s"),
        "{error}"
    );
    assert!(error.hint.contains("run the same command again"), "{}", error.hint);
}

#[tokio::test]
async fn a_read_from_before_the_write_is_not_taken_for_deployed() {
    let new = |shown: Shown| Shown { minute: 7, etag: "e2", ..shown }.answer();
    let replay = Replay::start(vec![
        ("GetDistribution", gone().times(2)),
        ("GetDistribution", DEPLOYED.answer().times(3)),
        ("GetDistribution", new(IN_PROGRESS)),
        ("GetDistribution", new(DEPLOYED)),
    ])
    .await;
    deployed(&replay, 7).await.expect("deployed");
    assert_eq!(replay.count("GetDistribution"), 7);
}

#[tokio::test]
async fn one_made_a_moment_ago_is_waited_for_until_it_can_be_read_and_no_longer() {
    let replay = Replay::start(vec![
        ("CreateDistributionWithTags", IN_PROGRESS.answer().status(201)),
        ("GetDistribution", gone().times(3)),
        ("GetDistribution", IN_PROGRESS.answer()),
    ])
    .await;
    let wanted = wanted(&replay);
    replay
        .create(&Distribution, &step(&wanted, Op::Create, None))
        .await
        .expect("create does not wait for Deployed");
    assert_eq!(replay.count("CreateDistributionWithTags"), 1);
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn inputs_that_were_made_a_moment_ago_are_waited_for() {
    let create = |answer| ("CreateDistributionWithTags", answer);
    let replay = Replay::start(vec![
        create(refused("InvalidOriginAccessControl").times(3)),
        create(refused("InvalidWebACLId").times(3)),
        create(refused("NoSuchResponseHeadersPolicy").status(404).times(2)),
        create(IN_PROGRESS.answer().status(201)),
        ("GetDistribution", IN_PROGRESS.answer()),
    ])
    .await;
    replay.create(&Distribution, &step(&wanted(&replay), Op::Create, None)).await.expect("create");
    let pauses = replay.pauses("CreateDistributionWithTags");
    assert_eq!(
        pauses,
        [1.0, 2.0, 4.0, 1.0, 2.0, 4.0, 0.5, 1.0],
        "each input has its own budget and pace"
    );
    let bodies: std::collections::BTreeSet<String> =
        replay.texts("CreateDistributionWithTags").into_iter().collect();
    assert_eq!(bodies.len(), 1, "always the same caller reference");
}

#[tokio::test]
async fn one_that_cloudfront_says_exists_is_waited_for_in_the_listing_and_not_made_twice() {
    let replay = Replay::start(vec![
        ("CreateDistributionWithTags", refused("DistributionAlreadyExists").status(409)),
        ("ListDistributions", page(false, None).times(6)),
        ("ListDistributions", page(true, None)),
        ("ListTagsForResource", own_tags()),
        ("GetDistribution", DEPLOYED.answer()),
    ])
    .await;
    let wanted = wanted(&replay);
    replay.create(&Distribution, &step(&wanted, Op::Create, None)).await.expect("found at last");
    assert_eq!(replay.count("CreateDistributionWithTags"), 1);
    assert_eq!(
        replay.progress_texts(),
        ["waiting for the distribution, which exists, to be listed (usually seconds)"]
    );
}

#[tokio::test]
async fn what_the_index_remembers_may_be_gone_and_a_page_may_be_empty_before_the_last() {
    let tags = json!({"shopstack:stack": "replay", "shopstack:env": "t", "shopstack:id": "site"});
    let old = ARN.replace("E1", "E0");
    let replay = Replay::start(vec![
        ("GetResources", index(&[], &tags, "more")),
        ("GetResources more", index(&[&old], &tags, "")),
        // Nothing of this run made it: a 404 is absence, and is not asked for again.
        ("GetDistribution /E0", gone()),
        ("ListDistributions", page(false, Some("next"))),
        ("ListDistributions Marker=next", page(true, None)),
        ("GetDistribution /E1", DEPLOYED.answer()),
        ("ListTagsForResource", own_tags()),
    ])
    .await;
    let wanted = wanted(&replay);
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
    let found = replay.discover(&Distribution, &query).await.expect("discover");
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].spec, found[0].outputs["id"].as_str()), (&wanted.spec, "E1"));
    assert_eq!(replay.left(), [""; 0]);
}

/// Changes the price class, with these answers to reads and updates.
async fn update(answers: Vec<(&str, Answer)>) -> (Replay, Result<(), CloudError>) {
    let replay = Replay::start(answers).await;
    let (mut wanted, live) = (wanted(&replay), live(&replay));
    wanted.spec["price_class"] = json!("PriceClass_All");
    let change = step(&wanted, Op::Update, Some(live.clone()));
    let done = Distribution.update(&replay.env.writer, &change, &live, &wanted.spec).await;
    (replay, done.map(|_| ()))
}

fn stale() -> (&'static str, Answer) {
    ("UpdateDistribution", refused("PreconditionFailed").status(412))
}

#[tokio::test]
async fn an_update_sends_the_whole_configuration_as_it_was_read_with_our_change_in_it() {
    let changed = Shown { etag: "e2", price_class: "PriceClass_All", ..IN_PROGRESS };
    let answers =
        vec![("GetDistribution", DEPLOYED.answer()), ("UpdateDistribution", changed.answer())];
    let (replay, done) = update(answers).await;
    done.expect("update");
    assert_eq!(replay.etags("UpdateDistribution"), ["e1"]);
    let sent = replay.texts("UpdateDistribution").remove(0);
    // Catalogue 8.2: optional on create, required on update; unchanged: the reference, and what AWS
    // fills in.
    for part in [
        "<PriceClass>PriceClass_All</PriceClass>",
        "<CallerReference>ref-1</CallerReference>",
        "<ConnectionMode>direct</ConnectionMode>",
        "<OriginPath></OriginPath>",
        "<CustomHeaders><Quantity>0</Quantity></CustomHeaders>",
        "<OriginAccessIdentity></OriginAccessIdentity>",
        "<SmoothStreaming>false</SmoothStreaming>",
        "<FieldLevelEncryptionId></FieldLevelEncryptionId>",
        "<LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>",
        "<FunctionAssociations><Quantity>0</Quantity></FunctionAssociations>",
        "<TrustedSigners><Enabled>false</Enabled><Quantity>0</Quantity></TrustedSigners>",
        "<TrustedKeyGroups><Enabled>false</Enabled><Quantity>0</Quantity></TrustedKeyGroups>",
        "<CachedMethods><Quantity>2</Quantity>",
        "<WebACLId>arn:acl</WebACLId>",
        "<Logging><Enabled>false</Enabled><IncludeCookies>false</IncludeCookies><Bucket></Bucket><Prefix></Prefix></Logging>",
        "<Aliases><Quantity>0</Quantity></Aliases>",
        "<CacheBehaviors><Quantity>0</Quantity></CacheBehaviors>",
        "<CustomErrorResponses><Quantity>0</Quantity></CustomErrorResponses>",
        "<RestrictionType>none</RestrictionType><Quantity>0</Quantity>",
        "<OriginGroups><Quantity>0</Quantity></OriginGroups>",
        "<HttpVersion>http2and3</HttpVersion>",
        "<ViewerCertificate>",
        "<Staging>false</Staging>",
    ] {
        assert!(sent.contains(part), "{part} is not in {sent}");
    }
    assert!(!sent.contains("TTL>"), "the cache policy sets them: {sent}");
}

#[tokio::test]
async fn an_etag_stale_once_is_read_again_and_the_change_made_on_what_is_there_then() {
    let theirs = Shown { etag: "e2", reference: "ref-2", ..DEPLOYED };
    let done = Shown { etag: "e3", price_class: "PriceClass_All", ..IN_PROGRESS };
    let (replay, result) = update(vec![
        ("GetDistribution", DEPLOYED.answer()),
        stale(),
        ("GetDistribution", theirs.answer()),
        ("UpdateDistribution", done.answer()),
    ])
    .await;
    result.expect("the second try is on fresh data");
    assert_eq!(replay.etags("UpdateDistribution"), ["e1", "e2"]);
    let sent = replay.texts("UpdateDistribution");
    assert!(sent[0].contains("ref-1") && sent[1].contains("ref-2"), "{sent:?}");
    assert!(sent[1].contains("PriceClass_All"));
}

#[tokio::test]
async fn an_etag_stale_twice_is_somebody_elses_work() {
    let (replay, result) =
        update(vec![("GetDistribution", DEPLOYED.answer().times(2)), stale(), stale()]).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("changed by somebody else since the plan"), "{error}");
    assert_eq!(replay.count("UpdateDistribution"), 2);
}

#[tokio::test]
async fn it_is_disabled_and_detached_in_one_update_and_deleted_when_every_edge_knows() {
    let off = |shown: Shown, etag| Shown { enabled: false, etag, minute: 7, ..shown };
    let replay = Replay::start(vec![
        ("GetDistribution", DEPLOYED.answer()),
        ("UpdateDistribution", off(IN_PROGRESS, "e2").answer()),
        // Still as before the update, and Deployed.
        ("GetDistribution", DEPLOYED.answer().times(2)),
        ("GetDistribution", off(IN_PROGRESS, "e2").answer().times(40)),
        ("GetDistribution", off(DEPLOYED, "e3").answer()),
        ("DeleteDistribution", empty().status(204)),
        ("GetDistribution", off(DEPLOYED, "e3").answer()),
        ("GetDistribution", gone()),
    ])
    .await;
    Distribution.delete(&replay.env.writer, &live(&replay)).await.expect("delete");
    let sent = replay.texts("UpdateDistribution");
    assert_eq!(sent.len(), 1);
    assert!(
        sent[0].contains("<Enabled>false</Enabled>") && sent[0].contains("<WebACLId></WebACLId>"),
        "{}",
        sent[0]
    );
    assert_eq!(
        replay.etags("DeleteDistribution"),
        ["e3"],
        "the ETag changes when a propagation ends"
    );
    let pauses = replay.pauses("GetDistribution");
    assert!(pauses[8..43].iter().all(|pause| *pause == 10.0), "{pauses:?}");
    assert_eq!(
        replay.progress_texts(),
        [
            "waiting for distribution to be disabled everywhere (usually 3 to 6 minutes)",
            "waiting for distribution to be gone (usually seconds)"
        ]
    );
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn one_that_is_enabled_again_meanwhile_is_disabled_once_more() {
    let shown = |enabled, etag, minute, status| {
        Shown { enabled, etag, minute, status, ..DEPLOYED }.answer()
    };
    let replay = Replay::start(vec![
        ("GetDistribution", DEPLOYED.answer()),
        ("UpdateDistribution", shown(false, "e2", 7, "InProgress")),
        ("GetDistribution", shown(false, "e2", 7, "InProgress")),
        // A read from before our update, and then somebody's own.
        ("GetDistribution", DEPLOYED.answer()),
        ("GetDistribution", shown(true, "e3", 9, "InProgress")),
        ("UpdateDistribution", shown(false, "e4", 10, "InProgress")),
        ("GetDistribution", shown(false, "e5", 10, "Deployed")),
        ("DeleteDistribution", empty().status(204)),
        ("GetDistribution", gone()),
    ])
    .await;
    Distribution.delete(&replay.env.writer, &live(&replay)).await.expect("delete");
    assert_eq!(replay.etags("UpdateDistribution"), ["e1", "e3"]);
    assert_eq!(replay.etags("DeleteDistribution"), ["e5"]);
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn one_that_is_enabled_again_and_again_is_left_to_a_person() {
    let shown = |enabled, etag, minute| Shown { enabled, etag, minute, ..IN_PROGRESS }.answer();
    let replay = Replay::start(vec![
        ("GetDistribution", DEPLOYED.answer()),
        ("UpdateDistribution", shown(false, "e2", 7)),
        ("GetDistribution", shown(true, "e3", 9)),
        ("UpdateDistribution", shown(false, "e4", 10)),
        ("GetDistribution", shown(true, "e5", 12)),
    ])
    .await;
    let error = Distribution.delete(&replay.env.writer, &live(&replay)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(
        error.message.contains("enabled it again") && error.hint.contains("see who enables it"),
        "{error:?}"
    );
    assert_eq!(replay.count("DeleteDistribution"), 0);
}

/// CloudFront's words where a flat-rate pricing plan demands the web ACL.
const MUST_HAVE_ACL: &str = "You can't remove or replace the web ACL for your distribution. \
                             Distributions with a pricing plan subscription must have a web ACL \
                             resource.";
/// The same for deleting, which comes with the code of a stale ETag.
const SUBSCRIBED: &str = "You can't delete this distribution while it's subscribed to a pricing \
                          plan. After you cancel the pricing plan, you can delete the \
                          distribution at the end of the monthly billing cycle.";

#[tokio::test]
async fn a_pricing_plan_that_demands_the_acl_has_it_disabled_and_explained() {
    let off = Shown { enabled: false, etag: "e2", minute: 7, ..IN_PROGRESS };
    let replay = Replay::start(vec![
        ("GetDistribution", DEPLOYED.answer()),
        ("UpdateDistribution", refused_with("InvalidArgument", MUST_HAVE_ACL)),
        ("UpdateDistribution", off.answer()),
    ])
    .await;
    let error = Distribution.delete(&replay.env.writer, &live(&replay)).await.unwrap_err();
    assert!(
        error.message.starts_with(MUST_HAVE_ACL) && error.message.contains("it is disabled now"),
        "{error}"
    );
    assert!(
        error.hint.contains("cancel its pricing plan") && error.hint.contains("billing cycle"),
        "{}",
        error.hint
    );
    let sent = replay.texts("UpdateDistribution");
    assert!(sent.iter().all(|text| text.contains("<Enabled>false</Enabled>")), "{sent:?}");
    assert!(sent[1].contains("<WebACLId>arn:acl</WebACLId>"), "{}", sent[1]);
    assert_eq!((replay.count("GetDistribution"), replay.count("DeleteDistribution")), (1, 0));
}

#[tokio::test]
async fn a_pricing_plan_that_keeps_it_from_being_deleted_is_no_stale_etag() {
    let off = Shown { enabled: false, ..DEPLOYED };
    let replay = Replay::start(vec![
        ("GetDistribution", off.answer().times(2)),
        ("DeleteDistribution", refused_with("PreconditionFailed", SUBSCRIBED).status(412)),
    ])
    .await;
    let error = Distribution.delete(&replay.env.writer, &live(&replay)).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("PreconditionFailed", SUBSCRIBED));
    assert!(error.hint.contains("cancel its pricing plan"), "{}", error.hint);
    assert_eq!(replay.count("DeleteDistribution"), 1);
}

#[tokio::test]
async fn a_pricing_plan_that_allows_less_than_stack_yaml_wants_is_explained() {
    let words =
        "Distributions with the Free pricing plan can't have the following features: Price class";
    let refusal = ("UpdateDistribution", refused_with("InvalidArgument", words));
    let (replay, result) = update(vec![("GetDistribution", DEPLOYED.answer()), refusal]).await;
    let error = result.unwrap_err();
    assert_eq!(error.message, words);
    assert!(error.hint.contains("pricing plan does not allow this"), "{}", error.hint);
    assert_eq!(replay.count("UpdateDistribution"), 1);
}
