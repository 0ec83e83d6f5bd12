//! Origin access controls: in use for a while after their distribution went, listed late, changed
//! by two at once.

use crate::replay::{Answer, Replay, empty, refused, xml};
use crate::support::step::{desired, step};
use serde_json::json;
use shopstack::model::{CloudError, Desired, ErrorKind, Live, Op, Query};
use shopstack::resources::{ResourceType, cloudfront::oac::OriginAccessControl};

fn config(replay: &str) -> String {
    let marker = format!(
        "shopstack:stack={replay} shopstack:env=t shopstack:id=site shopstack:region=us-east-1"
    );
    format!(
        "<Description>{marker}</Description><Name>replay-t-site</Name><SigningProtocol>sigv4</SigningProtocol>\
         <SigningBehavior>always</SigningBehavior><OriginAccessControlOriginType>s3</OriginAccessControlOriginType>"
    )
}

fn control_answer(etag: &str) -> Answer {
    xml(format!(
        "<OriginAccessControl><Id>O1</Id><OriginAccessControlConfig>{}</OriginAccessControlConfig></OriginAccessControl>",
        config("replay")
    ))
    .etag(etag)
}

fn page(stack: Option<&str>, next: &str) -> Answer {
    let item = stack.map(|stack| {
        format!(
            "<Items><OriginAccessControlSummary><Id>O1</Id>{}</OriginAccessControlSummary></Items>",
            config(stack)
        )
    });
    let next =
        if next.is_empty() { String::new() } else { format!("<NextMarker>{next}</NextMarker>") };
    xml(format!(
        "<OriginAccessControlList><Marker></Marker>{next}<MaxItems>100</MaxItems>\
         <IsTruncated>{}</IsTruncated><Quantity>{}</Quantity>{}</OriginAccessControlList>",
        !next.is_empty(),
        u8::from(item.is_some()),
        item.unwrap_or_default()
    ))
}

fn wanted(replay: &Replay) -> Desired {
    let spec = json!({"description": replay.env.scope.marker("site"), "origin_type": "s3",
                      "signing_behavior": "always", "signing_protocol": "sigv4"});
    desired(&OriginAccessControl, "oac.site", "replay-t-site", spec)
}

async fn delete(replay: &Replay) -> Result<(), CloudError> {
    let wanted = wanted(replay);
    let live = Live::new(wanted.address, &wanted.type_name, &wanted.name, wanted.spec)
        .with_output("id", "O1");
    OriginAccessControl.delete(&replay.env.writer, &live).await
}

fn in_use() -> Answer {
    refused("OriginAccessControlInUse").status(409)
}

#[tokio::test]
async fn one_still_in_use_is_tried_again_until_the_distribution_has_let_go() {
    let replay = Replay::start(vec![
        ("GetOriginAccessControl", control_answer("e1")),
        ("DeleteOriginAccessControl", in_use().times(8)),
        ("DeleteOriginAccessControl", empty().status(204)),
    ])
    .await;
    delete(&replay).await.expect("delete");
    assert_eq!(
        replay.pauses("DeleteOriginAccessControl"),
        [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0, 5.0]
    );
    let told =
        "cloudfront DeleteOriginAccessControl: it is busy with a change of its own; trying again";
    assert_eq!(replay.progress_texts(), [told]);
}

#[tokio::test]
async fn one_that_stays_in_use_ends_in_awss_words_after_five_minutes() {
    let always = in_use().always();
    let answers = vec![
        ("GetOriginAccessControl", control_answer("e1")),
        ("DeleteOriginAccessControl", always),
    ];
    let replay = Replay::start(answers).await;
    let error = delete(&replay).await.unwrap_err();
    assert_eq!(error.code, "OriginAccessControlInUse");
    let waited = replay.asked().last().unwrap().at.as_secs();
    assert!((280..=300).contains(&waited), "{waited} s");
}

#[tokio::test]
async fn an_etag_stale_twice_is_somebody_elses_work() {
    let stale = || ("DeleteOriginAccessControl", refused("PreconditionFailed").status(412));
    let get = |etag| ("GetOriginAccessControl", control_answer(etag));
    let replay = Replay::start(vec![get("e1"), stale(), get("e2"), stale()]).await;
    let error = delete(&replay).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("changed by somebody else since the plan"), "{error}");
    assert_eq!(replay.etags("DeleteOriginAccessControl"), ["e1", "e2"]);
}

#[tokio::test]
async fn one_that_exists_and_is_not_listed_yet_is_waited_for_and_adopted() {
    let replay = Replay::start(vec![
        ("ListOriginAccessControls", page(None, "").times(4)),
        ("CreateOriginAccessControl", refused("OriginAccessControlAlreadyExists").status(409)),
        ("ListOriginAccessControls", page(Some("replay"), "")),
        ("GetOriginAccessControl", control_answer("e1")),
        ("UpdateOriginAccessControl", control_answer("e2")),
    ])
    .await;
    let wanted = wanted(&replay);
    replay
        .create(&OriginAccessControl, &step(&wanted, Op::Create, None))
        .await
        .expect("found at last");
    assert_eq!(replay.count("CreateOriginAccessControl"), 1);
    assert_eq!(
        replay.progress_texts(),
        ["waiting for `replay-t-site`, which exists, to be listed (usually seconds)"]
    );
}

/// The shared one as a listing shows it.
fn shared_page(signing_behavior: &str) -> Answer {
    let own = "shopstack:stack=replay shopstack:env=t shopstack:id=site shopstack:region=us-east-1";
    let config = config("replay").replace(own, SHARED).replace("replay-t-site", "shopstack");
    let config = config.replace("always", signing_behavior);
    xml(format!(
        "<OriginAccessControlList><Marker></Marker><MaxItems>100</MaxItems>\
         <IsTruncated>false</IsTruncated><Quantity>1</Quantity><Items><OriginAccessControlSummary>\
         <Id>O1</Id>{config}</OriginAccessControlSummary></Items></OriginAccessControlList>"
    ))
}

const SHARED: &str = "shopstack:shared=true for the distributions of all stacks of this account";

/// Twenty environments that update it at once all want the same.
#[tokio::test]
async fn the_shared_one_that_another_run_updates_meanwhile_is_as_wanted() {
    let stale = || ("UpdateOriginAccessControl", refused("PreconditionFailed").status(412));
    let get = |etag| ("GetOriginAccessControl", control_answer(etag));
    let replay = Replay::start(vec![
        ("ListOriginAccessControls", shared_page("never").times(2)),
        get("e1"),
        stale(),
        get("e2"),
        stale(),
        ("ListOriginAccessControls", shared_page("always")),
    ])
    .await;
    let spec = json!({"description": SHARED, "origin_type": "s3", "signing_behavior": "always",
                      "signing_protocol": "sigv4"});
    let wanted = desired(&OriginAccessControl, "oac.shared", "shopstack", spec);
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
    let found = replay.discover(&OriginAccessControl, &query).await.expect("discover");
    let change = step(&wanted, Op::Update, Some(found[0].clone()));
    let writer = &replay.env.writer;
    let updated = OriginAccessControl.update(writer, &change, &found[0], &wanted.spec).await;
    assert!(updated.is_ok(), "{updated:?}");
    assert_eq!(replay.etags("UpdateOriginAccessControl"), ["e1", "e2"]);
    assert_eq!(replay.left(), [""; 0]);
}

/// Whoever wants the shared one finds it as it is; what somebody changed in it is drift.
#[tokio::test]
async fn the_shared_one_is_everybodys_and_a_change_in_it_shows() {
    let marker = SHARED;
    for (from, to, differs) in [
        ("", "", false),
        ("always", "never", true),
        ("<OriginAccessControlOriginType>s3", "<OriginAccessControlOriginType>mediastore", true),
        (marker, "shopstack:shared=true and more", true),
    ] {
        let listed = format!(
            "<OriginAccessControlList><Marker></Marker><MaxItems>100</MaxItems>\
             <IsTruncated>false</IsTruncated><Quantity>1</Quantity><Items><OriginAccessControlSummary>\
             <Id>O1</Id>{}</OriginAccessControlSummary></Items></OriginAccessControlList>",
            config("replay")
        );
        let own =
            "shopstack:stack=replay shopstack:env=t shopstack:id=site shopstack:region=us-east-1";
        let listed = listed.replace(own, marker).replace("replay-t-site", "shopstack");
        let listed = if from.is_empty() { listed } else { listed.replace(from, to) };
        let replay = Replay::start(vec![("ListOriginAccessControls", xml(listed).always())]).await;
        let spec = json!({"description": marker, "origin_type": "s3",
                          "signing_behavior": "always", "signing_protocol": "sigv4"});
        let wanted = desired(&OriginAccessControl, "oac.shared", "shopstack", spec);
        let query =
            Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
        let found = replay.discover(&OriginAccessControl, &query).await.expect("discover");
        assert_eq!(found[0].owner, shopstack::model::Owner::Shared);
        assert_eq!(found[0].spec != wanted.spec, differs, "{to}");
        let nobody = Query { wanted: vec![], thorough: true, ..query };
        assert_eq!(replay.discover(&OriginAccessControl, &nobody).await.expect("discover"), []);
        tokio::time::resume();
    }
}

#[tokio::test]
async fn one_of_somebody_else_is_found_behind_an_empty_page_and_left_alone() {
    let replay = Replay::start(vec![
        ("ListOriginAccessControls", page(None, "next")),
        ("ListOriginAccessControls Marker=next", page(Some("other"), "")),
    ])
    .await;
    let wanted = wanted(&replay);
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
    let found = replay.discover(&OriginAccessControl, &query).await.expect("discover");
    assert!(
        matches!(&found[0].owner, shopstack::model::Owner::Foreign(says) if says.contains("other")),
        "{found:?}"
    );
}
