//! The manifest of the site and what differs between two states of it. Pure.

use super::spec::{ObjectSpec, ObjectsSpec};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where the manifest stands; never part of a spec.
pub(super) const KEY: &str = crate::resources::s3::SITE_MANIFEST;
/// The generated configuration of the site.
pub(super) const CONFIG: &str = "config.json";

/// Everything that should be in the bucket, by key; the generated configuration is one of the
/// objects here.
pub(super) type Entries = BTreeMap<String, ObjectSpec>;

#[derive(Serialize, Deserialize)]
struct Manifest {
    format_version: String,
    objects: Entries,
    /// Files that are no longer wanted and stay for a while; absent if there are none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    kept: KeptFiles,
}

/// Files that are no longer wanted, by key.
pub(super) type KeptFiles = BTreeMap<String, Kept>;

/// A file that is no longer wanted, and when it goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Seconds since 1970.
    pub until: u64,
    pub object: ObjectSpec,
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

/// The objects to upload and to delete.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Change {
    pub put: Entries,
    pub remove: Vec<String>,
}

impl Change {
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.remove.is_empty()
    }
}

/// MD5 (hex) of some bytes: what S3 gives as the ETag of an object sent in one piece.
pub(super) fn md5_hex(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The generated configuration as an object; it changes with the stack, so it is never cached.
pub(super) fn config_entry(text: &str) -> ObjectSpec {
    ObjectSpec {
        md5: md5_hex(text.as_bytes()),
        content_type: "application/json".into(),
        cache_control: "no-cache, no-store".into(),
    }
}

/// The objects of a spec, its configuration among them. An entry that a live spec has under the
/// configuration's key (its headers are not as wanted) wins over the text.
pub(super) fn entries(spec: &ObjectsSpec) -> Entries {
    let mut all = spec.objects.clone();
    if !spec.config.is_empty() {
        all.entry(CONFIG.into()).or_insert_with(|| config_entry(&spec.config));
    }
    all
}

/// The manifest's exact text.
pub(super) fn text(entries: &Entries, kept: &KeptFiles) -> String {
    let (objects, kept) = (entries.clone(), kept.clone());
    let manifest = Manifest { format_version: "1.0".into(), objects, kept };
    serde_json::to_string(&manifest).unwrap_or_default()
}

/// Reads a manifest back; what cannot be read records nothing.
pub(super) fn parse(text: &str) -> (Entries, KeptFiles) {
    let read = serde_json::from_str::<Manifest>(text);
    read.map(|manifest| (manifest.objects, manifest.kept)).unwrap_or_default()
}

impl Change {
    /// Takes from the removals what stays until `seconds` from now: files of the site itself, not
    /// what a stranger put there or whose time is up. `before` is the live state, `kept` what
    /// stays already.
    pub fn retain_until(
        &mut self,
        before: &Entries,
        mut kept: KeptFiles,
        seconds: u64,
        now: u64,
    ) -> KeptFiles {
        kept.retain(|key, file| file.until > now && !self.put.contains_key(key));
        if seconds > 0 {
            let known = |key: &String| before.get(key).filter(|o| !o.content_type.is_empty());
            self.remove.retain(|key| {
                let Some(object) = known(key).filter(|_| key != CONFIG) else { return true };
                let file = Kept { until: now.saturating_add(seconds), object: object.clone() };
                kept.insert(key.clone(), file);
                false
            });
        }
        kept
    }
}

/// The way from `before` to `wanted`; `there` are the keys in the bucket.
pub(super) fn change(before: &Entries, wanted: &ObjectsSpec, there: Vec<String>) -> Change {
    let wanted = entries(wanted);
    let remove = there.into_iter().filter(|key| key != KEY && !wanted.contains_key(key)).collect();
    let put = wanted.into_iter().filter(|(key, spec)| before.get(key) != Some(spec)).collect();
    Change { put, remove }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(md5: &str) -> ObjectSpec {
        ObjectSpec { md5: md5.into(), content_type: "t".into(), cache_control: "c".into() }
    }

    #[test]
    fn only_what_differs_is_sent() {
        let spec = |objects: &[(&str, &str)], config: &str| ObjectsSpec {
            objects: objects.iter().map(|(k, m)| (k.to_string(), object(m))).collect(),
            config: config.into(),
        };
        let before = entries(&spec(&[("a", "1"), ("b", "1"), ("gone", "1")], "{}"));
        let there = || ["a", "b", "gone", CONFIG, KEY].map(String::from).to_vec();
        let wanted = spec(&[("a", "1"), ("b", "2"), ("new", "1")], "{}");
        let changed = change(&before, &wanted, there());
        assert_eq!(changed.put.keys().collect::<Vec<_>>(), ["b", "new"]);
        assert_eq!(changed.remove, ["gone"]);
        let config =
            change(&before, &spec(&[("a", "1"), ("b", "1"), ("gone", "1")], "{\"a\":1}"), there());
        assert_eq!(config.put.keys().collect::<Vec<_>>(), [CONFIG]);
        // A live configuration with headers that are not as wanted is sent again.
        let mut odd = spec(&[("a", "1")], "{}");
        odd.objects.insert(CONFIG.into(), object("x"));
        let changed = change(&entries(&odd), &spec(&[("a", "1")], "{}"), there());
        assert_eq!(changed.put.keys().collect::<Vec<_>>(), [CONFIG]);
    }

    #[test]
    fn a_manifest_is_read_back() {
        let entries = Entries::from([("k".into(), object("1"))]);
        let none = KeptFiles::new();
        assert!(!text(&entries, &none).contains("kept"));
        assert_eq!(parse(&text(&entries, &none)), (entries.clone(), none));
        let kept = KeptFiles::from([("old".into(), Kept { until: 9, object: object("1") })]);
        assert_eq!(parse(&text(&entries, &kept)), (entries, kept));
        assert_eq!(parse("<html>"), Default::default());
    }

    #[test]
    fn what_was_the_sites_own_stays_for_its_time_and_nothing_else_does() {
        let stranger = ObjectSpec { content_type: String::new(), ..object("1") };
        let before = Entries::from([
            ("gone".into(), object("1")),
            ("theirs".into(), stranger),
            (CONFIG.into(), object("1")),
        ]);
        let file = |until| Kept { until, object: object("1") };
        let already = KeptFiles::from([
            ("earlier".into(), file(150)),
            ("over".into(), file(100)),
            ("back".into(), file(150)),
        ]);
        let mut change = Change {
            put: Entries::from([("back".into(), object("2"))]),
            remove: ["gone", "theirs", CONFIG].map(String::from).into(),
        };
        let mut none = Change { put: change.put.clone(), remove: change.remove.clone() };
        let kept = change.retain_until(&before, already.clone(), 60, 100);
        assert_eq!(change.remove, ["theirs", CONFIG]);
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["earlier", "gone"]);
        assert_eq!(kept["gone"].until, 160);
        // Without a time to keep, what is kept already stays for its own.
        let kept = none.retain_until(&before, already, 0, 100);
        assert_eq!(none.remove.len(), 3);
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["earlier"]);
    }
}
