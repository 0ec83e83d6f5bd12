//! Tables and indexes that are busy, not readable yet, not gone yet, and listings with empty pages.

use crate::replay::{Answer, Replay, json as answer, refused, refused_with};
use crate::support::step::{desired, step};
use serde_json::{Value, json};
use shopstack::model::{Address, CloudError, Desired, Live, Op, Owner, Query};
use shopstack::resources::{self, ResourceType, dynamodb::table::Table};

const ARN: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/replay-t-T";

fn wanted(replay: &Replay) -> Desired {
    let key = |name: &str| json!({"name": name, "kind": "S"});
    let index = json!({"hash_key": key("user"), "range_key": null, "projection": "ALL", "non_key_attributes": []});
    let spec = json!({"tags": replay.env.scope.tags("T"), "hash_key": key("id"), "range_key": null,
        "indexes": {"byUser": index}, "billing": {"mode": "PAY_PER_REQUEST", "read": null, "write": null,
        "max_read": null, "max_write": null}, "point_in_time_recovery": true, "deletion_protection": false, "stream": null, "seed": null, "extras": {}});
    desired(&Table, "table.T", "replay-t-T", spec)
}

fn table(status: &str, index: Option<&str>) -> Value {
    let schema = |name: &str| json!([{"AttributeName": name, "KeyType": "HASH"}]);
    let indexes: Vec<Value> = index
        .iter()
        .map(|status| {
            json!({"IndexName": "byUser", "IndexStatus": status, "KeySchema": schema("user"),
                   "Projection": {"ProjectionType": "ALL"}})
        })
        .collect();
    json!({"TableName": "replay-t-T", "TableArn": ARN, "TableStatus": status, "KeySchema": schema("id"),
        "AttributeDefinitions": [{"AttributeName": "user", "AttributeType": "S"},
                                 {"AttributeName": "id", "AttributeType": "S"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}, "GlobalSecondaryIndexes": indexes})
}

fn described(status: &str, index: &str) -> (&'static str, Answer) {
    ("DescribeTable", answer(json!({"Table": table(status, Some(index))})))
}

fn absent() -> Answer {
    refused_with(
        "ResourceNotFoundException",
        "Requested resource not found: Table: replay-t-T not found",
    )
}

fn in_use(words: &str) -> Answer {
    refused_with("ResourceInUseException", words)
}

fn created() -> (&'static str, Answer) {
    ("CreateTable", answer(json!({"TableDescription": table("CREATING", Some("CREATING"))})))
}

fn backups(status: &str) -> Answer {
    let recovery = json!({"PointInTimeRecoveryStatus": status});
    let description =
        json!({"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery});
    answer(json!({"ContinuousBackupsDescription": description}))
}

async fn create(replay: &Replay) -> Result<(), CloudError> {
    replay.create(&Table, &step(&wanted(replay), Op::Create, None)).await
}

fn live(replay: &Replay) -> Live {
    let wanted = wanted(replay);
    Live::new(wanted.address, &wanted.type_name, &wanted.name, wanted.spec).with_output("arn", ARN)
}

#[tokio::test]
async fn a_fresh_table_is_waited_for_with_its_indexes_and_its_backups() {
    let (describe, creating) = described("CREATING", "CREATING");
    let (_, building) = described("ACTIVE", "CREATING");
    let replay = Replay::start(vec![
        (
            "CreateTable",
            refused_with(
                "LimitExceededException",
                "Only 10 tables can be created, updated, or deleted simultaneously",
            ),
        ),
        created(),
        (describe, absent().times(2)),
        (describe, creating.times(5)),
        // A table is ACTIVE while an index is still being built.
        (describe, building.times(6)),
        described("ACTIVE", "ACTIVE"),
        ("UpdateContinuousBackups", refused("ContinuousBackupsUnavailableException").times(6)),
        ("UpdateContinuousBackups", answer(json!({}))),
        ("DescribeContinuousBackups", backups("DISABLED").times(5)),
        ("DescribeContinuousBackups", backups("ENABLED")),
    ])
    .await;
    create(&replay).await.expect("create");
    assert_eq!(replay.pauses("DescribeContinuousBackups"), [0.2, 0.4, 0.8, 1.6, 2.0]);
    let pauses = replay.pauses("DescribeTable");
    assert_eq!(pauses[2..6], [0.2, 0.4, 0.8, 1.6]);
    assert!(pauses[6..].iter().all(|pause| *pause == 2.0), "{pauses:?}");
    assert_eq!(replay.pauses("UpdateContinuousBackups"), [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]);
    let told = replay.progress_texts();
    assert!(
        told.contains(
            &"waiting for the table `replay-t-T` to become ACTIVE (usually ten seconds)".into()
        ),
        "{told:?}"
    );
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn a_table_that_stays_creating_times_out_and_says_how_to_go_on() {
    let (describe, creating) = described("CREATING", "CREATING");
    let replay = Replay::start(vec![created(), (describe, creating.always())]).await;
    let error = create(&replay).await.unwrap_err();
    assert!(
        error.message.contains("`replay-t-T` to become ACTIVE") && error.message.contains("1800 s"),
        "{error}"
    );
    assert!(error.hint.contains("run the same command again"));
}

#[tokio::test]
async fn a_table_on_its_way_out_is_waited_for_and_made_anew() {
    let (describe, deleting) = described("DELETING", "DELETING");
    let replay = Replay::start(vec![
        ("CreateTable", in_use("Table already exists: replay-t-T")),
        (describe, deleting.times(4)),
        (describe, absent()),
        created(),
        described("ACTIVE", "ACTIVE"),
        ("UpdateContinuousBackups", answer(json!({}))),
        ("DescribeContinuousBackups", backups("ENABLED")),
    ])
    .await;
    create(&replay).await.expect("create");
    assert_eq!(replay.count("CreateTable"), 2);
    assert!(
        replay.progress_texts().contains(
            &"waiting for the table `replay-t-T` to be gone (usually ten seconds)".into()
        )
    );
}

#[tokio::test]
async fn a_name_that_is_taken_by_a_table_nobody_can_read_ends_in_awss_words() {
    let taken = in_use("Table already exists: replay-t-T").always();
    let replay =
        Replay::start(vec![("CreateTable", taken), ("DescribeTable", absent().always())]).await;
    let error = create(&replay).await.unwrap_err();
    assert_eq!(error.code, "ResourceInUseException");
    assert!(
        (115..=125).contains(&replay.asked().last().unwrap().at.as_secs()),
        "two minutes are given to the lag"
    );
}

#[tokio::test]
async fn deleting_waits_for_busy_indexes_and_for_the_name() {
    let busy = "Attempt to change a resource which is still in use: Cannot delete table while \
                indexes are being created, updated, or deleted";
    let (describe, deleting) = described("DELETING", "DELETING");
    let replay = Replay::start(vec![
        described("ACTIVE", "ACTIVE"),
        ("DeleteTable", in_use(busy).times(3)),
        ("DeleteTable", answer(json!({"TableDescription": table("DELETING", None)}))),
        (describe, deleting.times(5)),
        (describe, absent()),
    ])
    .await;
    Table.delete(&replay.env.writer, &live(&replay)).await.expect("delete");
    assert_eq!(replay.pauses("DeleteTable"), [0.5, 1.0, 2.0]);
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn a_table_that_is_deleting_already_is_only_waited_for() {
    let (describe, deleting) = described("DELETING", "DELETING");
    let replay = Replay::start(vec![(describe, deleting.times(3)), (describe, absent())]).await;
    Table.delete(&replay.env.writer, &live(&replay)).await.expect("delete");
    assert_eq!(replay.count("DeleteTable"), 0);
}

/// A read right after UpdateTable may show the table as it was, ACTIVE and all.
#[tokio::test]
async fn a_change_that_a_read_does_not_show_yet_is_waited_for() {
    let describe =
        |index: Option<&str>| ("DescribeTable", answer(json!({"Table": table("ACTIVE", index)})));
    let replay = Replay::start(vec![
        describe(None),
        ("UpdateTable", in_use("Table is being updated: replay-t-T")),
        ("UpdateTable", answer(json!({}))),
        describe(None),
        described("UPDATING", "CREATING"),
        described("ACTIVE", "CREATING"),
        described("ACTIVE", "ACTIVE"),
    ])
    .await;
    let (wanted, mut live) = (wanted(&replay), live(&replay));
    live.spec["indexes"] = json!({});
    let change = step(&wanted, Op::Update, Some(live.clone()));
    Table.update(&replay.env.writer, &change, &live, &wanted.spec).await.expect("update");
    assert_eq!(replay.left(), [""; 0]);
    let told = replay.progress_texts();
    let waits = "waiting for index `byUser` of the table `replay-t-T` to be built (minutes; \
                 longer the more items)";
    assert_eq!(told.last().unwrap(), waits);
}

fn lost() -> Answer {
    refused("InternalServerError").status(500)
}

/// Only one of two indexes can be made at a time, and neither twice: a repeat would fail on what
/// the first try did.
#[tokio::test]
async fn a_change_whose_answer_was_lost_is_looked_for_before_it_is_sent_again() {
    let describe =
        |index: Option<&str>| ("DescribeTable", answer(json!({"Table": table("ACTIVE", index)})));
    let exists = || {
        refused_with("ValidationException", "Attempting to create an index which already exists")
    };
    let one = || refused_with("ValidationException", "One or more parameter values were invalid");
    let (building, built) = (described("UPDATING", "CREATING"), described("ACTIVE", "ACTIVE"));
    // What follows the lost answer, how often it is sent, and the code at the end.
    let cases = [
        ("it took effect", vec![building.clone(), built.clone()], 1, ""),
        (
            "it did not",
            vec![describe(None), ("UpdateTable", answer(json!({}))), built.clone()],
            2,
            "",
        ),
        (
            "it did, and reads late",
            vec![describe(None), ("UpdateTable", exists()), describe(None), building, built],
            2,
            "",
        ),
        (
            "it did not, and never will",
            vec![
                describe(None),
                ("UpdateTable", one()),
                ("DescribeTable", describe(None).1.always()),
            ],
            2,
            "ValidationException",
        ),
    ];
    for (what, after, sent, code) in cases {
        let mut script = vec![describe(None), ("UpdateTable", lost())];
        script.extend(after);
        let replay = Replay::start(script).await;
        let (wanted, mut live) = (wanted(&replay), live(&replay));
        live.spec["indexes"] = json!({});
        let change = step(&wanted, Op::Update, Some(live.clone()));
        let done = Table.update(&replay.env.writer, &change, &live, &wanted.spec).await;
        assert_eq!(done.err().map(|e| e.code).unwrap_or_default(), code, "{what}");
        assert_eq!((replay.count("UpdateTable"), replay.left()), (sent, vec![]), "{what}");
        tokio::time::resume();
    }
}

/// CreateTable carried the tags; its answer got lost, and the tags are not listed yet.
#[tokio::test]
async fn a_table_of_ours_that_reads_as_untagged_at_first_is_ours_all_the_same() {
    for late in [3, usize::MAX] {
        let replay = Replay::start(vec![
            ("CreateTable", lost()),
            ("CreateTable", in_use("Table already exists: replay-t-T")),
            ("DescribeTable", answer(json!({"Table": table("ACTIVE", Some("ACTIVE"))})).always()),
            ("DescribeContinuousBackups", backups("ENABLED")),
            ("ListTagsOfResource", answer(json!({"Tags": []})).times(late)),
            ("ListTagsOfResource", answer(tag_list(&tags_of_t())).always()),
        ])
        .await;
        let made = create(&replay).await;
        match late {
            usize::MAX => assert_eq!(made.unwrap_err().kind, shopstack::model::ErrorKind::Foreign),
            _ => made.expect("adopted"),
        }
        assert_eq!((replay.count("UpdateTable"), replay.left()), (0, vec![]));
        tokio::time::resume();
    }
}

/// TagResource is asynchronous: the run waits for its tags to be read, so that the next diff is
/// clean.
#[tokio::test]
async fn tags_that_read_as_before_are_waited_for() {
    let tags = |value: &str| answer(json!({"Tags": [{"Key": "shopstack:stack", "Value": value}]}));
    let replay = Replay::start(vec![
        described("ACTIVE", "ACTIVE"),
        ("TagResource", answer(json!({}))),
        ("ListTagsOfResource", tags("old").times(4)),
        ("ListTagsOfResource", tags("replay")),
    ])
    .await;
    let (mut wanted, mut live) = (wanted(&replay), live(&replay));
    wanted.spec["tags"] = json!({"shopstack:stack": "replay"});
    live.spec["tags"] = json!({"shopstack:stack": "old"});
    let change = step(&wanted, Op::Update, Some(live.clone()));
    Table.update(&replay.env.writer, &change, &live, &wanted.spec).await.expect("update");
    assert_eq!(replay.pauses("ListTagsOfResource"), [0.2, 0.4, 0.8, 1.6]);
    assert_eq!(replay.left(), [""; 0]);
}

/// What the last `up` applied and nobody wants any more, a moment after it was made: the index has
/// not heard of it.
#[tokio::test]
async fn a_removed_table_that_the_index_does_not_know_is_found_by_its_name() {
    let replay = Replay::start(vec![
        ("GetResources", super::cloudfront::index(&[], &json!({}), "")),
        ("DescribeTable \"replay-t-Kept\"", absent()),
        ("DescribeTable \"replay-t-T\"", answer(json!({"Table": table("ACTIVE", None)}))),
        ("DescribeContinuousBackups", refused("TableNotFoundException").always()),
        ("ListTagsOfResource", answer(tag_list(&tags_of_t()))),
        ("Scan", answer(json!({"Count": 1}))),
    ])
    .await;
    let scope = &replay.env.scope;
    let mut kept = wanted(&replay);
    (kept.address, kept.name) = (Address::new("table", "Kept"), "replay-t-Kept".into());
    let arn = resources::derivable_arn(scope, &Address::new("table", "T")).unwrap();
    let reader = replay.env.reader.with_candidates(scope, vec![arn]).await.expect("the index");
    let query = Query { scope, wanted: vec![&kept], found: &[], thorough: false };
    let found = Table.discover(&reader, &query).await.expect("discover");
    let seen: Vec<_> =
        found.iter().map(|l| (l.address.as_str(), &l.owner, l.data.as_deref())).collect();
    assert_eq!(seen, [("table.T", &Owner::Ours, Some("at least 1 item"))]);
    assert_eq!(replay.left(), [""; 0]);
}

/// DynamoDB denies the tags of a table that does not exist, since the ARN could be anyone's.
#[tokio::test]
async fn denied_tags_mean_a_vanished_table_only_where_the_table_is_gone() {
    let lines = |then: Answer| {
        let words = "Access denied. The user is not authorized to access this resource.";
        vec![
            ("GetResources", super::cloudfront::index(&[], &json!({}), "")),
            ("ListTables", answer(json!({"TableNames": ["replay-t-T"]}))),
            described("ACTIVE", "ACTIVE"),
            ("ListTagsOfResource", refused_with("AccessDeniedException", words)),
            ("DescribeTable \"arn:aws:dynamodb", then),
        ]
    };
    let replay = Replay::start(lines(absent())).await;
    let query = Query { scope: &replay.env.scope, wanted: vec![], found: &[], thorough: true };
    assert_eq!(replay.discover(&Table, &query).await.expect("a vanished table").len(), 0);

    replay.script(lines(answer(json!({"Table": table("ACTIVE", None)}))));
    let there = replay.discover(&Table, &query).await;
    assert_eq!(there.expect_err("the table is there").code, "AccessDeniedException");
}

#[tokio::test]
async fn tables_and_tags_are_read_past_empty_pages() {
    let tag = |key: &str, value: &str| json!({"Key": format!("shopstack:{key}"), "Value": value});
    let replay = Replay::start(vec![
        ("GetResources", super::cloudfront::index(&[], &json!({}), "")),
        ("ListTables", answer(json!({"TableNames": [], "LastEvaluatedTableName": "m"}))),
        ("ListTables \"m\"", answer(json!({"TableNames": ["replay-t-T", "someone-elses"]}))),
        described("ACTIVE", "ACTIVE"),
        ("ListTagsOfResource", answer(json!({"Tags": [], "NextToken": "n"}))),
        (
            "ListTagsOfResource \"n\"",
            answer(json!({"Tags": [tag("stack", "replay"), tag("env", "t"), tag("id", "T")]})),
        ),
        ("Scan", answer(json!({"Count": 0}))),
    ])
    .await;
    let query = Query { scope: &replay.env.scope, wanted: vec![], found: &[], thorough: true };
    let found = replay.discover(&Table, &query).await.expect("discover");
    assert_eq!(found[0].address.as_str(), "table.T");
    assert_eq!(replay.left(), [""; 0]);
}

fn tag_list(tags: &Value) -> Value {
    let all = tags.as_object().unwrap();
    json!({"Tags": all.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect::<Vec<_>>()})
}

/// A restored backup keeps the tags of its original; it is not the original.
#[tokio::test]
async fn a_copy_under_another_name_is_no_stand_in() {
    let tags = json!({"shopstack:stack": "replay", "shopstack:env": "t", "shopstack:id": "T"});
    let mut restored = table("ACTIVE", None);
    restored["TableName"] = json!("replay-t-T-restored");
    restored["TableArn"] = json!(format!("{ARN}-restored"));
    let replay = Replay::start(vec![
        ("GetResources", super::cloudfront::index(&[&format!("{ARN}-restored")], &tags, "")),
        ("DescribeTable \"replay-t-T\"", absent()),
        ("DescribeTable \"replay-t-T-restored\"", answer(json!({"Table": restored}))),
        ("DescribeContinuousBackups", refused("TableNotFoundException").always()),
        ("ListTagsOfResource", answer(tag_list(&tags))),
    ])
    .await;
    let wanted = wanted(&replay);
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
    let found = replay.discover(&Table, &query).await.expect("discover");
    let seen: Vec<_> = found.iter().map(|live| (live.name.as_str(), &live.owner)).collect();
    assert_eq!(seen, [("replay-t-T-restored", &Owner::Stray)]);
    assert_ne!(found[0].address, wanted.address);
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn a_time_to_live_is_never_taken_from_the_index() {
    let plain = tags_of_t();
    let mut timed = plain.clone();
    timed["shopstack:expires-at"] = json!("2030-01-01T00:00:00Z");
    // What the index has, what is wanted with which protection, and what the table itself says.
    for (indexed, protected, own, asked) in
        [(&timed, false, &plain, 1), (&plain, true, &timed, 1), (&plain, false, &timed, 0)]
    {
        let mut script = vec![
            ("GetResources", super::cloudfront::index(&[ARN], indexed, "")),
            described("ACTIVE", "ACTIVE"),
            ("DescribeContinuousBackups", refused("TableNotFoundException")),
        ];
        script.push(("ListTagsOfResource", answer(tag_list(own))));
        let replay = Replay::start(script).await;
        let mut wanted = wanted(&replay);
        wanted.spec["tags"] = indexed.clone();
        wanted.spec["deletion_protection"] = json!(protected);
        let query =
            Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
        let found = replay.discover(&Table, &query).await.expect("discover");
        assert_eq!(replay.count("ListTagsOfResource"), asked);
        assert_eq!(&found[0].spec["tags"], if asked == 1 { own } else { indexed });
        // The next conversation stops the clock again.
        tokio::time::resume();
    }
}

fn tags_of_t() -> Value {
    json!({"shopstack:stack": "replay", "shopstack:env": "t", "shopstack:id": "T", "shopstack:region": "us-east-1"})
}
