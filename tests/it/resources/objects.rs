//! AWS::S3::Object: the site is sent, one listing shows it as wanted, every kind of change is seen
//! and mended.

mod drift;

use super::bucket::{create_bucket, site_bucket};
use crate::support::env::TestEnv;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite};
use aws_sdk_s3::primitives::ByteStream;
use serde_json::{Value, json};
use shopstack::model::{Desired, ErrorKind, Live, Op, Owner, spec};
use shopstack::resources::s3::objects::{Objects, files::scan_site, spec::ObjectSpec};
use shopstack::resources::{ResourceType, s3::bucket::Bucket};
use shopstack::stack::ParsedCsp;
use std::collections::BTreeMap;
use std::path::Path;

pub const SUITE: Suite = Suite {
    type_name: "AWS::S3::Object",
    prepare: None,
    on_ministack: &[|shop| Box::pin(async { drift::cases(shop) })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Elsewhere("AWS::S3::Bucket"),
};

/// MD5 of `evil`.
const EVIL: &str = "4034a346ccee15292d823416f7510a2f";

/// The files of a folder, with Cache-Control by these rules.
fn scanned(folder: &Path, cache: &Value) -> BTreeMap<String, ObjectSpec> {
    let site = serde_json::from_value(json!({"folder": "site", "cache": cache})).unwrap();
    scan_site(folder, folder, &site, &ParsedCsp::parse("")).unwrap().objects
}

/// A site of three files on disk, wanted in the test's bucket.
pub struct Site {
    pub folder: tempfile::TempDir,
    pub wanted: Desired,
    pub bucket: Live,
}

impl Site {
    pub async fn new(env: &TestEnv) -> Site {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("img")).unwrap();
        std::fs::write(folder.path().join("index.html"), "<h1>shop</h1>").unwrap();
        std::fs::write(folder.path().join("app.js"), "1").unwrap();
        std::fs::write(folder.path().join("img/ä +%.svg"), "<svg/>").unwrap();
        let bucket = site_bucket(env);
        let live = create_bucket(env, &bucket).await;
        let mut wanted = desired(&Objects, "objects.site", &bucket.name, Value::Null);
        wanted.payload = Some(folder.path().into());
        wanted.spec = json!({"objects": scanned(folder.path(), &json!([{"match": "*", "control": "no-cache"}])),
            "config": "{\"api\":\"x\"}"});
        Site { folder, wanted, bucket: live }
    }

    pub async fn live(&self, env: &TestEnv) -> Live {
        env.discover(&Objects, &[&self.wanted], std::slice::from_ref(&self.bucket)).await.remove(0)
    }

    pub async fn sent(&self, env: &TestEnv) {
        Objects
            .create(&env.writer, &step(&self.wanted, Op::Create, None), &self.wanted.spec)
            .await
            .expect("create");
    }

    /// Reads what is there, mends it, and checks that it is as wanted then. Returns what was found
    /// before.
    async fn mended(&self, env: &TestEnv) -> Value {
        let live = self.live(env).await;
        let change = step(&self.wanted, Op::Update, Some(live.clone()));
        Objects.update(&env.writer, &change, &live, &self.wanted.spec).await.expect("update");
        assert_eq!(self.live(env).await.spec, self.wanted.spec);
        live.spec
    }

    /// Puts an object as a stranger would: until the endpoint's clock shows that it is later than
    /// the manifest.
    async fn put_object(&self, env: &TestEnv, key: &str, text: &str, content_type: &str) {
        let s3 = &env.clients.s3;
        let bucket = &self.wanted.name;
        let manifest =
            s3.head_object().bucket(bucket).key(".shopstack/site.json").send().await.unwrap();
        loop {
            let body = ByteStream::from(text.as_bytes().to_vec());
            s3.put_object()
                .bucket(bucket)
                .key(key)
                .content_type(content_type)
                .body(body)
                .send()
                .await
                .unwrap();
            let now = s3.head_object().bucket(bucket).key(key).send().await.unwrap();
            if now.last_modified() > manifest.last_modified() {
                return;
            }
        }
    }
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("objectslife").await;
    let mut site = Site::new(&env).await;
    assert!(
        env.discover(&Objects, &[&site.wanted], std::slice::from_ref(&site.bucket))
            .await
            .is_empty()
    );
    assert!(env.discover(&Objects, &[&site.wanted], &[]).await.is_empty(), "no bucket, no objects");
    site.sent(&env).await;
    site.sent(&env).await;
    let live = site.live(&env).await;
    assert_eq!((&live.spec, &live.owner), (&site.wanted.spec, &Owner::Ours));
    let head = env
        .clients
        .s3
        .head_object()
        .bucket(&site.wanted.name)
        .key("config.json")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (head.content_type(), head.cache_control()),
        (Some("application/json"), Some("no-cache, no-store"))
    );

    // Files change, come and go, the configuration changes, a cache rule changes.
    std::fs::write(site.folder.path().join("app.js"), "2").unwrap();
    std::fs::write(site.folder.path().join("new.css"), "a{}").unwrap();
    std::fs::remove_file(site.folder.path().join("img/ä +%.svg")).unwrap();
    let rules =
        json!([{"match": "*.html", "control": "no-store"}, {"match": "*", "control": "no-cache"}]);
    site.wanted.spec =
        json!({"objects": scanned(site.folder.path(), &rules), "config": "{\"api\":\"y\"}"});
    let before = site.mended(&env).await;
    assert_eq!(before["config"], json!("{\"api\":\"x\"}"));
    assert_eq!(before["objects"]["img/ä +%.svg"]["content_type"], json!("image/svg+xml"));

    Objects.delete(&env.writer, &live).await.expect("delete");
    Objects.delete(&env.writer, &live).await.expect("deleting what is gone is done");
    assert!(
        env.discover(&Objects, &[&site.wanted], std::slice::from_ref(&site.bucket))
            .await
            .is_empty()
    );
    Bucket.delete(&env.writer, &site.bucket).await.expect("delete bucket");
    Objects.delete(&env.writer, &live).await.expect("no bucket, nothing to delete");
}

#[tokio::test]
async fn a_clean_look_is_one_read() {
    let env = TestEnv::new("objectscount").await;
    let site = Site::new(&env).await;
    site.sent(&env).await;
    let reads = || env.calls().read;
    let before = reads();
    site.live(&env).await;
    assert_eq!(reads() - before, 1);
    Bucket.delete(&env.writer, &site.bucket).await.expect("delete bucket");
}

#[tokio::test]
async fn what_strangers_do_is_seen_and_mended() {
    let env = TestEnv::new("objectsdrift").await;
    let site = Site::new(&env).await;
    site.sent(&env).await;

    site.put_object(&env, "app.js", "evil", "text/javascript; charset=utf-8").await;
    assert_eq!(site.mended(&env).await["objects"]["app.js"]["md5"], json!(EVIL));
    // The same bytes under other headers: the listing shows nothing but the time.
    site.put_object(&env, "app.js", "1", "text/plain").await;
    assert_eq!(site.mended(&env).await["objects"]["app.js"]["content_type"], json!("text/plain"));
    site.put_object(&env, "config.json", "{\"api\":\"evil\"}", "application/json").await;
    assert_eq!(site.mended(&env).await["config"], json!("{\"api\":\"evil\"}"));
    site.put_object(&env, "config.json", "{\"api\":\"x\"}", "text/plain").await;
    assert_eq!(
        site.mended(&env).await["objects"]["config.json"]["content_type"],
        json!("text/plain")
    );
    site.put_object(&env, "evil.html", "evil", "text/html").await;
    assert_eq!(site.mended(&env).await["objects"]["evil.html"]["md5"], json!(EVIL));
    let s3 = &env.clients.s3;
    s3.delete_object().bucket(&site.wanted.name).key("index.html").send().await.unwrap();
    assert_eq!(site.mended(&env).await["objects"]["index.html"], Value::Null);
    s3.delete_object().bucket(&site.wanted.name).key("config.json").send().await.unwrap();
    assert_eq!(site.mended(&env).await["config"], json!(""));
    // Without a manifest nobody knows whether the run that sent the files came to its end.
    s3.delete_object().bucket(&site.wanted.name).key(".shopstack/site.json").send().await.unwrap();
    assert_eq!(site.mended(&env).await["objects"], json!({}));
    s3.head_object()
        .bucket(&site.wanted.name)
        .key(".shopstack/site.json")
        .send()
        .await
        .expect("a manifest again");
    Bucket.delete(&env.writer, &site.bucket).await.expect("delete bucket");
}

#[tokio::test]
async fn a_file_that_changed_since_the_plan_is_not_sent() {
    let env = TestEnv::new("objectsrace").await;
    let site = Site::new(&env).await;
    std::fs::write(site.folder.path().join("app.js"), "later").unwrap();
    let create = step(&site.wanted, Op::Create, None);
    let refused = Objects.create(&env.writer, &create, &site.wanted.spec).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(refused.message.contains("app.js"), "{refused}");

    // A plan is data: its keys must not reach out of the site folder.
    let mut outside = site.wanted.clone();
    outside.spec["objects"]["../secret"] =
        spec::to_value(&json!({"md5": "", "content_type": "", "cache_control": ""}));
    outside.spec["objects"].as_object_mut().unwrap().remove("app.js");
    let refused = Objects
        .create(&env.writer, &step(&outside, Op::Create, None), &outside.spec)
        .await
        .unwrap_err();
    assert!(refused.message.contains("../secret"), "{refused}");
    Bucket.delete(&env.writer, &site.bucket).await.expect("delete bucket");
}

#[tokio::test]
async fn what_is_no_longer_wanted_stays_for_its_time() {
    let env = TestEnv::new("objectskeep").await;
    let mut site = Site::new(&env).await;
    site.sent(&env).await;
    site.wanted.context = json!({"keep_seconds": 3600});
    site.wanted.spec["objects"].as_object_mut().unwrap().remove("app.js");
    site.put_object(&env, "theirs.txt", "theirs", "text/plain").await;
    site.mended(&env).await;
    let keys = || async {
        let listed = env.clients.s3.list_objects_v2().bucket(&site.wanted.name).send().await;
        let keys: Vec<_> =
            listed.unwrap().contents().iter().filter_map(|o| o.key()).map(String::from).collect();
        keys
    };
    assert!(keys().await.contains(&"app.js".to_string()), "kept");
    assert!(!keys().await.contains(&"theirs.txt".to_string()), "a stranger's file goes at once");

    // Its time is up: the manifest says so.
    let s3 = &env.clients.s3;
    let manifest = ".shopstack/site.json";
    let got = s3.get_object().bucket(&site.wanted.name).key(manifest).send().await.unwrap();
    let text = got.body.collect().await.unwrap().to_vec();
    let mut text: Value = serde_json::from_slice(&text).unwrap();
    text["kept"]["app.js"]["until"] = json!(1);
    let put = s3.put_object().bucket(&site.wanted.name).key(manifest);
    put.body(ByteStream::from(text.to_string().into_bytes())).send().await.unwrap();
    let live = site.live(&env).await;
    assert!(live.due.contains("objects.app.js"), "{:?}", live.due);
    site.mended(&env).await;
    assert!(!keys().await.contains(&"app.js".to_string()));
    assert!(site.live(&env).await.due.is_empty());
    Objects.delete(&env.writer, &site.live(&env).await).await.expect("delete");
    Bucket.delete(&env.writer, &site.bucket).await.expect("delete bucket");
}

#[tokio::test]
async fn a_folder_answers_with_its_own_page() {
    let env = TestEnv::new("objectsindex").await;
    let mut site = Site::new(&env).await;
    std::fs::create_dir(site.folder.path().join("about")).unwrap();
    std::fs::write(site.folder.path().join("about/index.html"), "<h1>about</h1>").unwrap();
    let rules = json!([{"match": "*", "control": "no-cache"}]);
    let parsed = serde_json::from_value(json!({"folder": "site", "cache": rules})).unwrap();
    let path = site.folder.path();
    let mut folder = scan_site(path, path, &parsed, &ParsedCsp::parse("")).unwrap();
    folder.add_index_pages("index.html");
    site.wanted.spec["objects"] = json!(folder.objects);
    site.wanted.context = json!({"default_object": "index.html"});
    site.sent(&env).await;
    assert_eq!(site.live(&env).await.spec, site.wanted.spec);
    for key in ["about", "about/", "about/index.html"] {
        let got = env.clients.s3.get_object().bucket(&site.wanted.name).key(key).send().await;
        let got = got.unwrap_or_else(|e| panic!("{key}: {e:?}"));
        assert_eq!(got.content_type(), Some("text/html; charset=utf-8"), "{key}");
        assert_eq!(got.body.collect().await.unwrap().to_vec(), b"<h1>about</h1>", "{key}");
    }
    Objects.delete(&env.writer, &site.live(&env).await).await.expect("delete");
    Bucket.delete(&env.writer, &site.bucket).await.expect("delete bucket");
}
