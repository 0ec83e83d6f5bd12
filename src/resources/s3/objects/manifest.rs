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
}

/// What to send and what to delete.
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

/// The generated configuration as an object; it changes with the stack, so nobody may keep it.
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
pub(super) fn text(entries: &Entries) -> String {
    let manifest = Manifest { format_version: "1.0".into(), objects: entries.clone() };
    serde_json::to_string(&manifest).unwrap_or_default()
}

/// Reads a manifest back; what cannot be read records nothing.
pub(super) fn parse(text: &str) -> Entries {
    serde_json::from_str::<Manifest>(text).map(|m| m.objects).unwrap_or_default()
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
        assert_eq!(parse(&text(&entries)), entries);
        assert!(parse("<html>").is_empty());
    }
}
