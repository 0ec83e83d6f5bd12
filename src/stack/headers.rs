//! The headers that the website is served with, as stack.yaml describes them; and the
//! Content-Security-Policy that follows.

use super::EnvValue;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Response headers of the site. Each key replaces the default of its header;
/// `X-Content-Type-Options: nosniff` is always sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SiteHeaders {
    /// Content-Security-Policy. A mapping replaces single directives of the default, a text the
    /// whole of it. Unless set, pages load scripts, styles, fonts and media of the site itself,
    /// images of the site and `data:` images, and call the site and this stack's API; no inline
    /// script or style, no form target, no frame. `${api.origin}`, `${api.url}` and `${site.url}`
    /// are filled in.
    pub csp: Option<Csp>,
    /// X-Frame-Options; `SAMEORIGIN` changes the default of `frame-ancestors` as well.
    pub frame_options: FrameOptions,
    /// Referrer-Policy.
    pub referrer_policy: ReferrerPolicy,
    /// Strict-Transport-Security.
    pub hsts: Hsts,
    /// Further headers by name; at most ten.
    #[schemars(extend("maxProperties" = 10,
               "examples" = [{"Permissions-Policy": "camera=(), microphone=()"}]))]
    pub custom: BTreeMap<String, String>,
}

/// A Content-Security-Policy: single directives, or the whole header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend("examples" = [{"style-src": "'self' 'unsafe-inline'"}]))]
pub enum Csp {
    Directives(#[schemars(with = "BTreeMap<String, String>")] BTreeMap<String, EnvValue>),
    Whole(#[schemars(with = "String")] EnvValue),
}

/// Who may show the site in a frame, for browsers without `frame-ancestors`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum FrameOptions {
    /// Nobody.
    #[default]
    Deny,
    /// Pages of the site itself.
    SameOrigin,
}

impl FrameOptions {
    /// As the header and CloudFront's API write it.
    pub fn aws(self) -> &'static str {
        match self {
            Self::Deny => "DENY",
            Self::SameOrigin => "SAMEORIGIN",
        }
    }
}

/// What browsers tell other sites of the page that a link was on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReferrerPolicy {
    #[default]
    NoReferrer,
    NoReferrerWhenDowngrade,
    Origin,
    OriginWhenCrossOrigin,
    SameOrigin,
    StrictOrigin,
    StrictOriginWhenCrossOrigin,
    UnsafeUrl,
}

impl ReferrerPolicy {
    /// As the header and CloudFront's API write it.
    pub fn aws(self) -> &'static str {
        match self {
            Self::NoReferrer => "no-referrer",
            Self::NoReferrerWhenDowngrade => "no-referrer-when-downgrade",
            Self::Origin => "origin",
            Self::OriginWhenCrossOrigin => "origin-when-cross-origin",
            Self::SameOrigin => "same-origin",
            Self::StrictOrigin => "strict-origin",
            Self::StrictOriginWhenCrossOrigin => "strict-origin-when-cross-origin",
            Self::UnsafeUrl => "unsafe-url",
        }
    }
}

/// Strict-Transport-Security: browsers that saw the site use https alone from then on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Hsts {
    /// Seconds that browsers remember it; 0 makes them forget.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub max_age: i32,
    /// Subdomains as well.
    pub subdomains: bool,
    /// Consent to being listed in browsers; needs `subdomains` and a `max_age` of a year.
    pub preload: bool,
}

impl Default for Hsts {
    fn default() -> Self {
        Self { max_age: 31_536_000, subdomains: true, preload: false }
    }
}

/// Directives of the default policy, in the order in which they are sent.
const DEFAULT: [(&str, &str); 11] = [
    ("default-src", "'none'"),
    ("script-src", "'self'"),
    ("style-src", "'self'"),
    ("img-src", "'self' data:"),
    ("media-src", "'self'"),
    ("font-src", "'self'"),
    ("manifest-src", "'self'"),
    ("connect-src", "'self'"),
    ("base-uri", "'none'"),
    ("form-action", "'none'"),
    ("frame-ancestors", "'none'"),
];

/// The Content-Security-Policy of a site with these headers. `api` is the origin of the stack's API
/// where it has one; `fill` turns a text with references into the text that is sent.
pub fn content_security_policy(
    headers: Option<&SiteHeaders>,
    api: Option<&str>,
    fill: &dyn Fn(&EnvValue) -> String,
) -> String {
    let csp = headers.and_then(|headers| headers.csp.as_ref());
    let own = match csp {
        Some(Csp::Whole(text)) => return one_line(&fill(text)),
        Some(Csp::Directives(own)) => Some(own),
        None => None,
    };
    let framed = headers.is_some_and(|h| h.frame_options == FrameOptions::SameOrigin);
    let mut all: Vec<(String, String)> =
        DEFAULT.iter().map(|(name, sources)| ((*name).to_string(), (*sources).into())).collect();
    for (name, sources) in &mut all {
        match (name.as_str(), api) {
            ("connect-src", Some(api)) => *sources = format!("{sources} {api}"),
            ("frame-ancestors", _) if framed => *sources = "'self'".into(),
            _ => {}
        }
    }
    for (name, sources) in own.into_iter().flatten() {
        let sources = one_line(&fill(sources));
        match all.iter_mut().find(|(known, _)| known == name) {
            Some(entry) => entry.1 = sources,
            None => all.push((name.clone(), sources)),
        }
    }
    let written = |(name, sources): &(String, String)| format!("{name} {sources}");
    let directives: Vec<_> = all.iter().map(|one| written(one).trim_end().to_string()).collect();
    directives.join("; ")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches(';').to_string()
}

/// A parsed Content-Security-Policy: sources by directive, in lower case.
pub struct ParsedCsp(BTreeMap<String, Vec<String>>);

impl ParsedCsp {
    pub fn parse(text: &str) -> Self {
        let mut all = BTreeMap::new();
        for directive in text.split(';') {
            let mut words = directive.split_whitespace().map(str::to_ascii_lowercase);
            let Some(name) = words.next() else { continue };
            // Browsers take the first of two.
            all.entry(name).or_insert_with(|| words.collect());
        }
        Self(all)
    }

    /// The sources of the first directive of `names` that the policy has; `None`: nothing is
    /// restricted.
    pub fn sources(&self, names: &[&str]) -> Option<&[String]> {
        names.iter().find_map(|name| self.0.get(*name)).map(Vec::as_slice)
    }

    /// Names of the directives that stand in the policy.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All sources of all directives.
    pub fn all_sources(&self) -> impl Iterator<Item = &str> {
        self.0.values().flatten().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(yaml: serde_json::Value, api: Option<&str>) -> String {
        let headers: SiteHeaders = serde_json::from_value(yaml).unwrap();
        content_security_policy(Some(&headers), api, &|value| value.text.clone())
    }

    #[test]
    fn the_default_admits_data_images_own_media_and_the_api() {
        let text = content_security_policy(None, Some("https://api.example"), &|v| v.text.clone());
        assert!(text.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
        for part in [
            "img-src 'self' data:",
            "media-src 'self'",
            "connect-src 'self' https://api.example",
            "frame-ancestors 'none'",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn a_directive_replaces_its_own_default_and_a_text_all_of_them() {
        let json = serde_json::json!({"csp": {"style-src": "'self'  'unsafe-inline'",
            "worker-src": "blob:", "upgrade-insecure-requests": ""}});
        let text = policy(json, Some("https://api.example"));
        assert!(text.contains("; style-src 'self' 'unsafe-inline';"), "{text}");
        assert!(text.ends_with("; upgrade-insecure-requests; worker-src blob:"), "{text}");
        assert!(text.contains("connect-src 'self' https://api.example"), "{text}");
        let json = serde_json::json!({"csp": "default-src 'self';\n  img-src *;"});
        assert_eq!(policy(json, Some("https://api.example")), "default-src 'self'; img-src *");
        let json = serde_json::json!({"frame_options": "SAMEORIGIN"});
        assert!(policy(json, None).ends_with("frame-ancestors 'self'"));
    }

    #[test]
    fn a_directive_that_is_not_there_falls_back() {
        let parsed = ParsedCsp::parse("Default-Src 'self'; IMG-src *; img-src 'none'");
        assert_eq!(parsed.sources(&["style-src", "default-src"]).unwrap(), ["'self'"]);
        assert_eq!(parsed.sources(&["img-src", "default-src"]).unwrap(), ["*"]);
        assert!(parsed.sources(&["form-action"]).is_none());
    }
}
