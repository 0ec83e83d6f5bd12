//! The website as stack.yaml describes it: its files, and the headers they are served with.

use super::{SiteDomain, SiteHeaders, glob};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// A static website in a private bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Folder of the files, relative to this file.
    #[schemars(extend("examples" = ["site"]))]
    pub folder: String,
    /// Refuse to delete the bucket when the site leaves this file; on by default, except in
    /// environments with a time to live. Lifting it is a step of its own.
    pub protect: Option<bool>,
    /// Cache-Control by path: the first match counts. Unless matched: `no-cache` for `*.html`, one
    /// hour for all else. The generated `config.json` is never kept.
    #[serde(default)]
    pub cache: Vec<CacheRule>,
    /// Content-Type by path, for files whose name does not tell it: the first match counts. A text
    /// that is UTF-8 gets its `charset` unless the type has parameters of its own.
    #[serde(default, deserialize_with = "types")]
    #[schemars(with = "BTreeMap<String, String>",
               extend("examples" = [{"*.foo": "application/x-foo"}]))]
    pub types: Vec<TypeRule>,
    /// What an address answers that ends in a folder, such as `/about/`.
    #[serde(default)]
    pub index: IndexPages,
    /// How long files stay that are no longer wanted, so that pages which are open in a browser
    /// still find their parts: a number and `m`, `h` or `d`. Unless set, they go with the deploy.
    #[schemars(extend("pattern" = "^[0-9]{1,5}[mhd]$", "examples" = ["7d"]))]
    pub keep: Option<String>,
    /// Days that the old version of a replaced or deleted file stays in the bucket, for going back
    /// from a bad deploy; 30 unless set.
    #[schemars(range(min = 1, max = 3650))]
    pub old_versions_days: Option<i32>,
    /// Response headers; defaults unless set.
    pub headers: Option<SiteHeaders>,
    /// A domain of your own; CloudFront's unless set. One environment can have it: name it in that
    /// one's overlay.
    pub domain: Option<SiteDomain>,
}

impl Site {
    /// The Cache-Control header of the file at `path` (no leading `/`), defaults included.
    pub fn cache_control(&self, path: &str) -> &str {
        let own = self
            .cache
            .iter()
            .find(|rule| glob::covers(&rule.pattern, path))
            .map(|rule| rule.control.as_str());
        let fresh = path.ends_with(".html") || path == "config.json";
        own.unwrap_or(if fresh { "no-cache" } else { "public, max-age=3600" })
    }

    /// Seconds that files stay which are no longer wanted. `None` for what is no such time.
    pub fn keep_seconds(&self) -> Option<u64> {
        let Some(keep) = &self.keep else { return Some(0) };
        let (number, unit) = keep.split_at_checked(keep.len().checked_sub(1)?)?;
        let seconds = match unit {
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        let digits = number.chars().all(|c| c.is_ascii_digit());
        number.parse::<u64>().ok().filter(|_| digits)?.checked_mul(seconds)
    }

    /// The Content-Type that `types` has for the file at `path`.
    pub fn own_type(&self, path: &str) -> Option<&str> {
        let rule = self.types.iter().find(|rule| glob::covers(&rule.pattern, path));
        rule.map(|rule| rule.media_type.as_str())
    }
}

/// What stands for the folders of the site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IndexPages {
    /// Nothing but for `/`, which `cdn.default_object` stands for: S3 has no folders.
    #[default]
    None,
    /// The folder's own file of the name that `cdn.default_object` has: `/about/` and `/about`
    /// answer with `about/index.html`.
    Rewrite,
}

/// A Content-Type for the files that a pattern matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypeRule {
    /// A file's path in the folder; `*` stands for any characters, `/` among them.
    pub pattern: String,
    /// The header's value.
    pub media_type: String,
}

/// In the order of the file.
fn types<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<TypeRule>, D::Error> {
    let map = serde_json::Map::deserialize(deserializer)?;
    let rule = |(pattern, value): (String, serde_json::Value)| TypeRule {
        pattern,
        media_type: value.as_str().unwrap_or_default().to_string(),
    };
    Ok(map.into_iter().map(rule).collect())
}

/// A Cache-Control header for the files that a pattern matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheRule {
    /// A file's path in the folder; `*` stands for any characters, `/` among them.
    #[serde(rename = "match")]
    #[schemars(extend("examples" = ["*.html", "images/*"]))]
    pub pattern: String,
    /// The header's value.
    #[schemars(extend("examples" = ["no-cache", "public, max-age=86400"]))]
    pub control: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_number_and_a_unit() {
        let seconds = |keep: &str| {
            let site = serde_json::json!({"folder": "site", "keep": keep});
            serde_json::from_value::<Site>(site).unwrap().keep_seconds()
        };
        assert_eq!([seconds("7d"), seconds("90m")], [Some(604_800), Some(5400)]);
        for keep in ["", "d", "7", "+7d", "7 d", "7w", "é"] {
            assert_eq!(seconds(keep), None, "{keep}");
        }
    }
}
