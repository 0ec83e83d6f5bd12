//! Buckets that are not there yet, not gone yet or not empty after all, and deletes that fail in
//! part.

use crate::replay::{Answer, Replay, empty, refused, refused_with, xml};
use crate::support::step::{desired, step};
use serde_json::json;
use shopstack::model::{CloudError, Desired, ErrorKind, Live, Op, Owner, Query};
use shopstack::resources::{ResourceType, s3::bucket::Bucket, s3::objects::Objects};

pub const NAME: &str = "replay-t-site-123456789012-us-east-1";

fn wanted(replay: &Replay) -> Desired {
    let spec = json!({"tags": replay.env.scope.tags("site"), "block_public_acls": true, "ignore_public_acls": true,
        "block_public_policy": true, "restrict_public_buckets": true, "object_ownership": "BucketOwnerEnforced", "extras": {},
        "encryption": "AES256", "versioning": "Enabled",
        "lifecycle": {"old_versions_days": 30, "broken_uploads_days": 7}});
    desired(&Bucket, "bucket.site", NAME, spec)
}

pub fn live(replay: &Replay) -> Live {
    let wanted = wanted(replay);
    Live::new(wanted.address, &wanted.type_name, NAME, wanted.spec)
}

async fn create(replay: &Replay) -> Result<(), CloudError> {
    let wanted = wanted(replay);
    replay.create(&Bucket, &step(&wanted, Op::Create, None)).await
}

fn absent() -> Answer {
    refused("NoSuchBucket").status(404)
}

fn tags(replay: &str) -> Answer {
    let tag = |key: &str, value: &str| {
        format!("<Tag><Key>shopstack:{key}</Key><Value>{value}</Value></Tag>")
    };
    let set = [("stack", replay), ("env", "t"), ("id", "site"), ("region", "us-east-1")]
        .map(|(k, v)| tag(k, v));
    xml(format!("<Tagging><TagSet>{}</TagSet></Tagging>", set.concat()))
}

/// The calls that follow CreateBucket, the first of them late by so many tries.
fn settings(late: usize) -> Vec<(&'static str, Answer)> {
    vec![
        ("PutBucketTagging", absent().times(late)),
        ("PutBucketTagging", empty()),
        ("PutPublicAccessBlock", empty()),
        ("PutBucketOwnershipControls", empty()),
        ("PutBucketVersioning", refused("OperationAborted").status(409)),
        ("PutBucketVersioning", empty()),
        ("PutBucketEncryption", empty()),
        ("PutBucketLifecycleConfiguration", empty()),
        // Not shown yet, then as before, then as written.
        ("GetPublicAccessBlock", absent()),
        ("GetPublicAccessBlock", refused("NoSuchPublicAccessBlockConfiguration").status(404)),
        ("GetPublicAccessBlock", blocked().always()),
        ("GetBucketVersioning", xml("<VersioningConfiguration/>").times(3)),
        (
            "GetBucketVersioning",
            xml("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"),
        ),
        (
            "GetBucketEncryption",
            refused("ServerSideEncryptionConfigurationNotFoundError").status(404).always(),
        ),
        ("GetBucketOwnershipControls", owned().always()),
        ("GetBucketLifecycleConfiguration", lifecycle().always()),
        ("GetBucketTagging", tags("replay").always()),
    ]
}

fn blocked() -> Answer {
    let all = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
    let inside: String = all.iter().map(|name| format!("<{name}>true</{name}>")).collect();
    xml(format!("<PublicAccessBlockConfiguration>{inside}</PublicAccessBlockConfiguration>"))
}

fn lifecycle() -> Answer {
    xml("<LifecycleConfiguration><Rule><ID>shopstack</ID><Filter><Prefix></Prefix></Filter>\
         <Status>Enabled</Status>\
         <NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration>\
         <AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>\
         </AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>")
}

fn owned() -> Answer {
    let rule = "<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>";
    xml(format!("<OwnershipControls>{rule}</OwnershipControls>"))
}

/// A right that the deployer lacks is no other account, and AWS says which.
#[tokio::test]
async fn a_bucket_that_refuses_a_read_is_refused_with_awss_words() {
    let sentence = "User: u is not authorized to perform: s3:GetEncryptionConfiguration";
    let replay = Replay::start(vec![
        ("GetResources", indexed(&[]).1),
        ("GetBucketEncryption", refused_with("AccessDenied", sentence).status(403)),
        ("GetPublicAccessBlock", blocked()),
        ("GetBucketVersioning", xml("<VersioningConfiguration/>")),
        ("GetBucketOwnershipControls", owned()),
        ("GetBucketTagging", tags("replay")),
    ])
    .await;
    let wanted = wanted(&replay);
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &[], thorough: false };
    let found = replay.discover(&Bucket, &query).await.expect("discover");
    let Owner::Foreign(says) = &found[0].owner else { panic!("{:?}", found[0].owner) };
    assert!(says.contains(sentence) && says.contains("GetBucketEncryption"), "{says}");
}

#[tokio::test]
async fn a_name_freed_late_and_a_bucket_not_visible_yet_are_waited_for() {
    let mut script = vec![
        ("HeadBucket", empty().status(404)),
        // Deleted minutes ago; S3 is not done with it.
        ("CreateBucket", refused("OperationAborted").status(409).times(5)),
        ("CreateBucket", empty()),
    ];
    script.extend(settings(3));
    let replay = Replay::start(script).await;
    create(&replay).await.expect("create");
    assert_eq!(replay.pauses("CreateBucket"), [0.5, 1.0, 2.0, 4.0, 5.0]);
    assert_eq!(replay.pauses("PutBucketTagging"), [0.5, 1.0, 2.0]);
    assert_eq!(replay.left(), [""; 0]);
    let mut writes = replay.operations();
    writes.dedup();
    let order = [
        "PutBucketTagging",
        "PutPublicAccessBlock",
        "PutBucketOwnershipControls",
        "PutBucketVersioning",
    ];
    assert_eq!(writes[2..6], order, "one after the other, whose it is first");
}

#[tokio::test]
async fn a_404_on_a_bucket_that_this_run_did_not_make_ends_at_once_in_awss_words() {
    let mut script = vec![("HeadBucket", empty()), ("GetBucketTagging", tags("replay"))];
    script.push(("PutBucketTagging", absent().always()));
    let replay = Replay::start(script).await;
    let error = create(&replay).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::NotFound, "NoSuchBucket"));
    assert_eq!(
        (replay.count("PutBucketTagging"), replay.asked().last().unwrap().at.as_secs()),
        (1, 0),
        "no lag"
    );
}

/// S3 says that the account has it, and a read does not show it yet.
async fn exists(stack: &str) -> (Replay, Result<(), CloudError>) {
    let mut script = vec![
        ("HeadBucket", empty().status(404).times(3)),
        ("CreateBucket", refused("BucketAlreadyOwnedByYou").status(409)),
        ("HeadBucket", empty()),
        ("GetBucketTagging", tags(stack)),
    ];
    script.extend(settings(0));
    let replay = Replay::start(script).await;
    let made = create(&replay).await;
    (replay, made)
}

#[tokio::test]
async fn one_that_exists_and_cannot_be_read_yet_is_waited_for() {
    let (replay, made) = exists("replay").await;
    made.expect("ours");
    assert_eq!(replay.count("HeadBucket"), 4);
}

#[tokio::test]
async fn one_that_exists_and_is_somebody_elses_is_not_touched() {
    let (replay, made) = exists("other").await;
    let error = made.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Foreign);
    assert!(error.message.contains("stack `other`"), "{error}");
    assert_eq!(replay.count("PutBucketTagging"), 0);
}

/// Nobody can adopt a bucket of another account.
#[tokio::test]
async fn the_name_of_another_accounts_bucket_keeps_awss_words_and_no_adoption_is_offered() {
    let words = "The requested bucket name is not available.";
    let replay = Replay::start(vec![
        ("HeadBucket", empty().status(404)),
        ("CreateBucket", refused_with("BucketAlreadyExists", words).status(409)),
    ])
    .await;
    let error = create(&replay).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Foreign, "BucketAlreadyExists"));
    assert!(error.message.contains(words), "{error}");
    assert!(error.hint.contains("choose another `name`"), "{}", error.hint);
    assert!(!error.hint.contains("--adopt"), "{}", error.hint);

    replay.script(vec![("HeadBucket", empty().status(403))]);
    let error = create(&replay).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Foreign);
    assert!(error.message.contains("another AWS account"), "{error}");
    assert!(error.hint.contains("choose another `name`"), "{}", error.hint);
    assert!(!error.hint.contains("--adopt"), "{}", error.hint);
}

#[tokio::test]
async fn an_untagged_bucket_whose_first_page_is_empty_is_not_taken_for_an_empty_one() {
    let page = "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker></ListVersionsResult>";
    let replay = Replay::start(vec![
        ("HeadBucket", empty()),
        ("GetBucketTagging", refused("NoSuchTagSet").status(404)),
        ("ListObjectVersions", xml(page)),
    ])
    .await;
    assert_eq!(create(&replay).await.unwrap_err().kind, ErrorKind::Foreign);
}

fn versions(keys: &[&str], next: Option<&str>) -> Answer {
    let one =
        |key: &&str| format!("<Version><Key>{key}</Key><VersionId>v-{key}</VersionId></Version>");
    let next = next.map(|key| format!("<NextKeyMarker>{key}</NextKeyMarker>")).unwrap_or_default();
    let keys: String = keys.iter().map(one).collect();
    xml(format!(
        "<ListVersionsResult><IsTruncated>{}</IsTruncated>{next}{keys}</ListVersionsResult>",
        !next.is_empty()
    ))
}

fn failed(key: &str, code: &str) -> String {
    format!(
        "<Error><Key>{key}</Key><VersionId>v-{key}</VersionId><Code>{code}</Code><Message>so</Message></Error>"
    )
}

fn deleted(errors: &[String]) -> Answer {
    xml(format!("<DeleteResult>{}</DeleteResult>", errors.concat()))
}

#[tokio::test]
async fn emptying_goes_past_empty_pages_and_sends_again_what_failed_in_a_200() {
    let replay = Replay::start(vec![
        ("ListObjectVersions", versions(&[], Some("a"))),
        ("ListObjectVersions key-marker=a", versions(&["b", "c", "d"], None)),
        ("DeleteObjects", deleted(&[failed("c", "InternalError"), failed("d", "SlowDown")])),
        ("DeleteObjects", deleted(&[failed("d", "InternalError")])),
        ("DeleteObjects", deleted(&[failed("d", "NoSuchKey")])),
        ("DeleteBucket", empty().status(204)),
        // HeadBucket may go on answering 200.
        ("HeadBucket", empty().times(4)),
        ("HeadBucket", empty().status(404)),
    ])
    .await;
    Bucket.delete(&replay.env.writer, &live(&replay)).await.expect("delete");
    let sent = replay.texts("DeleteObjects");
    assert!(!sent[1].contains("<Key>b</Key>") && sent[1].contains("<Key>c</Key>"), "{sent:?}");
    assert!(
        !sent[2].contains("<Key>c</Key>") && sent[2].contains("<VersionId>v-d</VersionId>"),
        "{sent:?}"
    );
    assert_eq!(replay.pauses("HeadBucket"), [0.2, 0.4, 0.8, 1.6]);
    assert_eq!(replay.left(), [""; 0]);
}

#[tokio::test]
async fn a_key_that_may_not_be_deleted_is_named_at_once() {
    let replay = Replay::start(vec![
        ("ListObjectVersions", versions(&["b", "c"], None)),
        ("DeleteObjects", deleted(&[failed("b", "InternalError"), failed("c", "AccessDenied")])),
    ])
    .await;
    let error = Bucket.delete(&replay.env.writer, &live(&replay)).await.unwrap_err();
    assert_eq!(error.code, "AccessDenied");
    assert!(error.message.contains("c of bucket"), "{error}");
}

#[tokio::test]
async fn objects_are_listed_past_an_empty_page_and_a_bucket_that_has_just_gone_has_none() {
    let listing = |keys: &str, next: &str| {
        let next = if next.is_empty() {
            String::new()
        } else {
            format!("<NextContinuationToken>{next}</NextContinuationToken>")
        };
        xml(format!("<ListBucketResult>{keys}{next}</ListBucketResult>"))
    };
    let stray = "<Contents><Key>stray.html</Key><LastModified>2026-01-01T00:00:00Z</LastModified><ETag>\"e\"</ETag></Contents>";
    let replay = Replay::start(vec![
        ("ListObjectsV2", listing("", "t")),
        ("ListObjectsV2 continuation-token=t", listing(stray, "")),
        ("ListObjectsV2", absent()),
    ])
    .await;
    let bucket = live(&replay);
    let wanted = desired(&Objects, "objects.site", NAME, json!({"objects": {}, "config": ""}));
    let found = [bucket];
    let query =
        Query { scope: &replay.env.scope, wanted: vec![&wanted], found: &found, thorough: false };
    let objects = replay.discover(&Objects, &query).await.expect("discover");
    assert_eq!(objects[0].spec["objects"]["stray.html"]["md5"], "e");
    assert_eq!(replay.discover(&Objects, &query).await.expect("gone is no error").len(), 0);
}

fn indexed(replay_names: &[&str]) -> (&'static str, Answer) {
    let tags = json!({"shopstack:stack": "replay", "shopstack:env": "t", "shopstack:id": "site"});
    let arns: Vec<String> =
        replay_names.iter().map(|name| format!("arn:aws:s3:::{name}")).collect();
    let arns: Vec<&str> = arns.iter().map(String::as_str).collect();
    ("GetResources", super::cloudfront::index(&arns, &tags, ""))
}

fn keys(keys: &[&str]) -> Answer {
    let contents: String =
        keys.iter().map(|k| format!("<Contents><Key>{k}</Key></Contents>")).collect();
    xml(format!("<ListBucketResult>{contents}</ListBucketResult>"))
}

/// The site has left stack.yaml: what is in its bucket, and what `up` says of it.
async fn unwanted(found: &[&str], manifest: Answer) -> Option<String> {
    let unset = |code: &str| refused(code).status(404);
    let replay = Replay::start(vec![
        indexed(&[NAME]),
        ("HeadBucket", empty()),
        ("GetPublicAccessBlock", unset("NoSuchPublicAccessBlockConfiguration")),
        ("GetBucketVersioning", xml("<VersioningConfiguration/>")),
        ("GetBucketEncryption", unset("ServerSideEncryptionConfigurationNotFoundError")),
        ("GetBucketOwnershipControls", unset("OwnershipControlsNotFoundError")),
        ("GetBucketTagging", tags("replay")),
        ("GetObject", manifest),
        ("ListObjectsV2", keys(found)),
    ])
    .await;
    let query = Query { scope: &replay.env.scope, wanted: vec![], found: &[], thorough: false };
    let mut found = replay.discover(&Bucket, &query).await.expect("discover");
    assert_eq!(
        (found.len(), found[0].address.as_str(), &found[0].owner),
        (1, "bucket.site", &Owner::Ours)
    );
    // The next conversation stops the clock again.
    tokio::time::resume();
    found.remove(0).data
}

#[tokio::test]
async fn objects_beyond_the_sites_own_are_a_loss() {
    let manifest = || {
        xml(json!({"format_version": "1.0", "objects": {"index.html": {}, "config.json": {}}})
            .to_string())
    };
    let site = [".shopstack/site.json", "config.json", "index.html"];
    assert_eq!(unwanted(&site, manifest()).await, None);
    let with = |more: &[&'static str]| [&site[..], more].concat();
    let one = unwanted(&with(&["uploads/a.jpg"]), manifest()).await;
    assert_eq!(one.as_deref(), Some("1 object that is not the site's"));
    let unrecorded = unwanted(&["a", "b"], refused("NoSuchKey").status(404)).await;
    assert_eq!(unrecorded.as_deref(), Some("2 objects that are not the site's"));
}

#[tokio::test]
async fn a_bucket_that_merely_carries_our_tags_is_not_ours() {
    for thorough in [false, true] {
        let replay = Replay::start(vec![
            indexed(&["team-backups", "team-secrets"]),
            ("ListBuckets", xml("<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>")),
            ("HeadBucket", empty().always()),
            // This one lets nobody look, and still stops no run.
            ("GetBucketTagging /team-secrets", refused("AccessDenied").status(403)),
            ("GetBucketTagging", tags("replay")),
        ])
        .await;
        let query = Query { scope: &replay.env.scope, wanted: vec![], found: &[], thorough };
        let found = replay.discover(&Bucket, &query).await.expect("discover");
        let seen: Vec<_> = found.iter().map(|live| (live.name.as_str(), &live.owner)).collect();
        assert_eq!(seen, [("team-backups", &Owner::Stray)]);
        tokio::time::resume();
    }
}
