//! The website as stack.yaml describes it: its files, and the headers they are served with.

use super::SiteHeaders;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Response headers; defaults unless set.
    pub headers: Option<SiteHeaders>,
}

impl Site {
    /// The Cache-Control header of the file at `path` (no leading `/`), defaults included.
    pub fn cache_control(&self, path: &str) -> &str {
        let own = self
            .cache
            .iter()
            .find(|rule| matches(&rule.pattern, path))
            .map(|rule| rule.control.as_str());
        let fresh = path.ends_with(".html") || path == "config.json";
        own.unwrap_or(if fresh { "no-cache" } else { "public, max-age=3600" })
    }
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

/// Whether `pattern`, in which only `*` is special, covers the whole of `path`.
fn matches(pattern: &str, path: &str) -> bool {
    let Some((first, others)) = pattern.split_once('*') else {
        return pattern == path;
    };
    let Some(mut rest) = path.strip_prefix(first) else {
        return false;
    };
    let (middle, last) = others.rsplit_once('*').unwrap_or(("", others));
    // The earliest place for each middle piece leaves the most room for those after it.
    for piece in middle.split('*') {
        let Some(place) = rest.find(piece) else {
            return false;
        };
        rest = rest.get(place + piece.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_cover_the_whole_path() {
        for (pattern, path, expected) in [
            ("*.html", "a/b.html", true),
            ("*.html", "b.html.bak", false),
            ("images/*", "images/a/b.png", true),
            ("images/*", "x/images/a.png", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "abX", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("app.js", "app.js", true),
            ("**x", "yx", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} on {path}");
        }
    }
}
