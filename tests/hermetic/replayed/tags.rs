//! Tags of an API that are not as stack.yaml has them.

use super::api::{api, live};
use crate::replay::{Replay, empty};
use crate::support::step::step;
use shopstack::model::Op;
use shopstack::resources::{ResourceType, apigateway::api::RestApi};

/// Emulators show the tags that an API was made with, so none of them has this case.
#[tokio::test]
async fn a_tag_that_somebody_added_is_taken_away() {
    let replay = Replay::start(vec![("UntagResource tagKeys=stray", empty().status(204))]).await;
    let wanted = api(&replay);
    let mut live = live(&replay);
    live.spec["tags"]["stray"] = "x".into();
    let update = step(&wanted, Op::Update, Some(live.clone()));
    RestApi.update(&replay.env.writer, &update, &live, &wanted.spec).await.expect("update");
    assert_eq!(replay.operations(), ["UntagResource"]);
    assert_eq!(replay.left(), [""; 0]);
}
