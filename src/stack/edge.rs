//! What faces the internet, as stack.yaml describes it: API, site, distribution.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// An API Gateway REST API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Name of the stage, the first part of every URL path.
    #[serde(default = "stage")]
    #[schemars(extend("pattern" = "^[A-Za-z0-9_-]{1,128}$", "examples" = ["v1"]))]
    pub stage: String,
    /// `METHOD /path: function`, one a line, in the order of the file. A path segment may be a
    /// `{parameter}`.
    #[serde(deserialize_with = "routes")]
    #[schemars(
        with = "BTreeMap<String, String>",
        extend(
            "minProperties" = 1,
            "propertyNames" = {"pattern": "^(GET|HEAD|POST|PUT|PATCH|DELETE) /"},
            "examples" = [{"GET /products": "listProducts"}]
        )
    )]
    pub routes: Vec<Route>,
    /// Which websites may call the API from a browser; none unless set.
    pub cors: Option<Cors>,
    /// Ceiling on calls, all callers together.
    #[serde(default)]
    pub throttling: Throttling,
}

fn stage() -> String {
    "v1".to_string()
}

/// One method on one path, and the logical id of the function that answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Route {
    pub method: String,
    pub path: String,
    pub function: String,
}

impl Route {
    /// As stack.yaml writes it: `GET /products`.
    pub fn key(&self) -> String {
        if self.path.is_empty() {
            self.method.clone()
        } else {
            format!("{} {}", self.method, self.path)
        }
    }
}

/// Never fails on a key: one without a space becomes a method without a path, which the rules then
/// refuse with its place.
fn routes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Route>, D::Error> {
    let map = serde_json::Map::deserialize(deserializer)?;
    let route = |(key, function): (String, serde_json::Value)| {
        let (method, path) = key.split_once(' ').unwrap_or((&key, ""));
        let function = function.as_str().unwrap_or_default().to_string();
        Route { method: method.to_string(), path: path.to_string(), function }
    };
    Ok(map.into_iter().map(route).collect())
}

/// Cross-origin calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// `site` for this stack's own site, or exact origins such as `https://shop.example`; http for
    /// localhost alone.
    #[schemars(with = "Vec<String>", extend("minItems" = 1,
               "uniqueItems" = true, "examples" = [["site"]]))]
    pub origins: Vec<Origin>,
}

/// A website that may call the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Origin {
    /// The origin of this stack's own distribution.
    Site,
    /// Scheme, host and, unless the scheme's own, port.
    Exact(String),
}

impl From<String> for Origin {
    fn from(text: String) -> Self {
        if text == "site" { Self::Site } else { Self::Exact(text) }
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Site => "site".to_string(),
            Origin::Exact(text) => text,
        }
    }
}

/// A token bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Throttling {
    /// Requests a second in the long run.
    #[schemars(range(min = 1, max = 10_000))]
    pub rate: u32,
    /// Requests that may come at once.
    #[schemars(range(min = 1, max = 5_000))]
    pub burst: u32,
}

impl Default for Throttling {
    fn default() -> Self {
        Self { rate: 50, burst: 100 }
    }
}

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

/// A CloudFront distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cdn {
    /// Where in the world CloudFront answers from: the more, the dearer.
    pub price_class: PriceClass,
    /// The file that `/` stands for.
    #[schemars(extend("examples" = ["index.html"]))]
    pub default_object: String,
    /// What viewers see in place of an error, by its status code.
    #[schemars(
        with = "BTreeMap<String, ErrorPage>",
        extend("propertyNames" = {"enum": ["400", "403", "404", "405",
                   "414", "416", "500", "501", "502", "503", "504"]})
    )]
    pub error_pages: BTreeMap<u16, ErrorPage>,
}

impl Default for Cdn {
    fn default() -> Self {
        let (price_class, error_pages) = (PriceClass::default(), BTreeMap::new());
        Self { price_class, default_object: "index.html".to_string(), error_pages }
    }
}

/// CloudFront's price classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PriceClass {
    /// North America, Europe and Israel.
    #[default]
    #[serde(rename = "PriceClass_100")]
    Class100,
    /// Those of 100, and most of Asia, the Middle East and Africa.
    #[serde(rename = "PriceClass_200")]
    Class200,
    /// Everywhere.
    #[serde(rename = "PriceClass_All")]
    All,
}

impl PriceClass {
    /// As CloudFront's API writes it.
    pub fn aws(self) -> &'static str {
        match self {
            Self::Class100 => "PriceClass_100",
            Self::Class200 => "PriceClass_200",
            Self::All => "PriceClass_All",
        }
    }
}

/// What stands in place of an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorPage {
    /// Path of a file of the site, with a leading `/`.
    #[schemars(extend("pattern" = "^/", "examples" = ["/404.html"]))]
    pub page: String,
    /// The status that viewers get with it.
    #[schemars(extend("enum" = [200, 400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]))]
    pub status: u16,
    /// Seconds that CloudFront remembers the error.
    #[serde(default = "error_ttl")]
    #[schemars(range(min = 0, max = 31_536_000))]
    pub cache_seconds: u32,
}

fn error_ttl() -> u32 {
    10
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
