//! Which distribution is ours, and which only looks like it: the index lags, tags can be set by
//! whoever may tag.

use super::cloudfront::{ARN, DEPLOYED, Shown, index, own_tags, page, wanted};
use crate::replay::Replay;
use serde_json::json;
use shopstack::model::{Owner, Query};
use shopstack::resources::cloudfront::distribution::Distribution;

#[tokio::test]
async fn one_that_is_not_wanted_any_more_is_listed_for_the_index_lags() {
    let replay = Replay::start(vec![
        ("GetResources", index(&[], &json!({}), "")),
        ("ListDistributions", page(true, None)),
        ("GetDistribution", DEPLOYED.answer()),
        ("ListTagsForResource", own_tags()),
    ])
    .await;
    let query = Query { scope: &replay.env.scope, wanted: vec![], found: &[], thorough: false };
    let found = replay.discover(&Distribution, &query).await.expect("discover");
    assert_eq!((found.len(), found[0].address.as_str()), (1, "distribution.site"));
}

#[tokio::test]
async fn a_copy_by_hand_is_told_of_and_neither_taken_for_ours_nor_deleted() {
    let tags = json!({"shopstack:stack": "replay", "shopstack:env": "t", "shopstack:id": "site",
                      "shopstack:region": "us-east-1"});
    let copy = ARN.replace("E1", "E0");
    let ours = Shown { reference: "0123456789abcdef0123456789abcdef", ..DEPLOYED };
    let replay = Replay::start(vec![
        // The original is not in the index yet.
        ("GetResources", index(&[&copy], &tags, "")),
        ("ListDistributions", page(true, None)),
        ("GetDistribution /E0", Shown { id: "E0", ..DEPLOYED }.answer()),
        ("GetDistribution /E1", ours.answer()),
        ("ListTagsForResource", own_tags()),
    ])
    .await;
    let wanted = wanted(&replay);
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
    let found = replay.discover(&Distribution, &query).await.expect("discover");
    let seen: Vec<_> =
        found.iter().map(|l| (l.outputs["id"].as_str(), l.address.as_str(), &l.owner)).collect();
    assert_eq!(
        seen,
        [("E1", "distribution.site", &Owner::Ours), ("E0", "distribution.~E0", &Owner::Stray)]
    );
}

/// Address and owner of the one distribution that the index names.
async fn discovered(wanted_too: bool, shown: Shown, tags: serde_json::Value) -> (String, Owner) {
    let items: String =
        tags.as_object().unwrap().iter().fold(String::new(), |all, (key, value)| {
            format!("{all}<Tag><Key>{key}</Key><Value>{}</Value></Tag>", value.as_str().unwrap())
        });
    let replay = Replay::start(vec![
        ("GetResources", index(&[ARN], &tags, "")),
        ("GetDistribution", shown.answer()),
        (
            "ListTagsForResource",
            crate::replay::xml(format!("<Tags><Items>{items}</Items></Tags>")).always(),
        ),
        ("ListDistributions", page(false, None).always()),
    ])
    .await;
    let wanted = wanted(&replay);
    let wanted = if wanted_too { vec![&wanted] } else { vec![] };
    let query = Query { scope: &replay.env.scope, wanted, found: &[], thorough: false };
    let mut found = replay.discover(&Distribution, &query).await.expect("discover");
    // For the next conversation.
    tokio::time::resume();
    let live = found.remove(0);
    (live.address.to_string(), live.owner)
}

#[tokio::test]
async fn a_distribution_that_merely_carries_our_tags_is_never_ours() {
    let tags = |id: &str| json!({"shopstack:stack": "replay", "shopstack:env": "t", "shopstack:id": id, "shopstack:region": "us-east-1"});
    let bare = || json!({"shopstack:stack": "replay", "shopstack:env": "t"});
    let theirs = Shown { comment: "payments team", ..DEPLOYED };
    let ours = Shown {
        comment: "payments team",
        reference: "0123456789abcdef0123456789abcdef",
        ..DEPLOYED
    };
    let marker =
        "shopstack:stack=payments shopstack:env=prod shopstack:id=site shopstack:region=us-east-1";
    let neighbour = Shown { comment: marker, ..ours };
    let (stray, site) =
        (("distribution.~E1".into(), Owner::Stray), ("distribution.site".into(), Owner::Ours));
    for wanted in [true, false] {
        for id in ["site", "x"] {
            assert_eq!(discovered(wanted, theirs.clone(), tags(id)).await, stray, "{id}");
            assert_eq!(
                discovered(wanted, neighbour.clone(), tags(id)).await,
                stray,
                "another stack's, {id}"
            );
        }
        assert_eq!(discovered(wanted, theirs.clone(), bare()).await, stray);
        assert_eq!(
            discovered(wanted, ours.clone(), tags("site")).await,
            site,
            "only its comment was changed"
        );
        assert_eq!(
            discovered(wanted, DEPLOYED, tags("x")).await,
            site,
            "its comment knows its id better than a tag does"
        );
        assert_eq!(discovered(wanted, DEPLOYED, bare()).await, site);
    }
}
