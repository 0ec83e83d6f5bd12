//! Rules for the headers that the site is served with.

use super::context::Context;
use super::variable::check_text;
use crate::stack::error::{quote, suggest};
use crate::stack::names::{self, Verdict};
use crate::stack::{Csp, EnvValue, Hsts, ParsedCsp, SiteHeaders};

/// Directives that browsers know (CSP Level 3 and its companions).
const DIRECTIVES: [&str; 26] = [
    "base-uri",
    "block-all-mixed-content",
    "child-src",
    "connect-src",
    "default-src",
    "fenced-frame-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "object-src",
    "report-to",
    "report-uri",
    "require-trusted-types-for",
    "sandbox",
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "style-src",
    "style-src-attr",
    "style-src-elem",
    "trusted-types",
    "upgrade-insecure-requests",
];
/// `worker-src` last, so that the list above stays in order.
const WORKERS: &str = "worker-src";
/// Words that mean a host of that name where they stand without quotes.
const KEYWORDS: [&str; 6] =
    ["none", "self", "strict-dynamic", "unsafe-eval", "unsafe-inline", "wasm-unsafe-eval"];
/// Headers with a key of their own.
const KEYED: [(&str, &str); 5] = [
    ("content-security-policy", "site.headers.csp"),
    ("x-frame-options", "site.headers.frame_options"),
    ("referrer-policy", "site.headers.referrer_policy"),
    ("strict-transport-security", "site.headers.hsts"),
    ("cache-control", "site.cache"),
];
/// Headers that the site's files, the connection or CloudFront decide.
const FIXED: [&str; 13] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "last-modified",
    "set-cookie",
    "transfer-encoding",
    "vary",
    "via",
    "x-content-type-options",
    // CloudFront takes it as a setting of its own alone, and browsers no longer read it.
    "x-xss-protection",
];
/// CloudFront's limit on the value of a custom header.
const VALUE_LENGTH: usize = 1783;
/// The minimum age for browsers' preload lists.
const PRELOAD_AGE: i32 = 31_536_000;

pub(super) fn check(context: &mut Context, headers: &SiteHeaders) {
    let SiteHeaders { csp, frame_options: _, referrer_policy: _, hsts, custom } = headers;
    match csp {
        Some(Csp::Whole(text)) => check_policy(context, text),
        Some(Csp::Directives(all)) => {
            for (name, sources) in all {
                check_directive(context, name, sources);
            }
        }
        None => {}
    }
    let Hsts { max_age, subdomains, preload } = hsts;
    if *preload && (!subdomains || *max_age < PRELOAD_AGE) {
        let verdict = Err("needs `subdomains: true` and a `max_age` of a year or more".to_string());
        context.key(&["site", "headers", "hsts", "preload"], "`preload`", verdict, None);
    }
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in custom {
        let path = ["site", "headers", "custom", name.as_str()];
        let lower = name.to_ascii_lowercase();
        let keyed = KEYED.iter().find(|(known, _)| *known == lower);
        let verdict = match names::header(name) {
            Ok(()) if keyed.is_some() => Err("has a key of its own".to_string()),
            Ok(()) if FIXED.contains(&lower.as_str()) => Err("is not for a stack to set".into()),
            Ok(()) if seen.contains(&lower) => {
                Err("stands there twice: case makes no difference".to_string())
            }
            verdict => verdict,
        };
        let help = keyed.map(|(_, key)| format!("write it as `{key}`"));
        context.key(&path, &format!("the header {}", quote(name)), verdict, help);
        context.value(&path, &format!("the value of {}", quote(name)), header_value(value), None);
        seen.push(lower);
    }
}

fn header_value(value: &str) -> Verdict {
    if value.is_empty() || value.len() > VALUE_LENGTH {
        return Err(format!("must have 1 to {VALUE_LENGTH} bytes, but has {}", value.len()));
    }
    match value.chars().find(|c| !c.is_ascii_graphic() && *c != ' ') {
        Some(c) => Err(format!("holds {c:?}, but may hold printable ASCII alone")),
        None => Ok(()),
    }
}

fn check_directive(context: &mut Context, name: &str, sources: &EnvValue) {
    let path = ["site", "headers", "csp", name];
    if !is_directive(name) {
        let known: Vec<_> = DIRECTIVES.into_iter().chain([WORKERS]).collect();
        let verdict = Err("is no directive of a Content-Security-Policy".to_string());
        context.key(&path, &quote(name), verdict, suggest(name, &known, "there are"));
    }
    if sources.text.contains([';', ',']) {
        let what = "a directive's sources are separated by spaces".to_string();
        context.at_value(&path, what, Some("give each directive a line of its own".to_string()));
    }
    check_sources(context, &path, &sources.text, &ParsedCsp::parse(&format!("x {}", sources.text)));
    check_text(context, &path, &sources.text);
}

fn check_policy(context: &mut Context, text: &EnvValue) {
    let path = ["site", "headers", "csp"];
    let parsed = ParsedCsp::parse(&text.text);
    if let Some(unknown) = parsed.names().find(|name| !is_directive(name)) {
        let known: Vec<_> = DIRECTIVES.into_iter().chain([WORKERS]).collect();
        let what = format!("{} is no directive of a Content-Security-Policy", quote(unknown));
        context.at_part(&path, unknown, what, suggest(unknown, &known, "there are"));
    }
    if parsed.names().next().is_none() {
        let what = "`csp` holds no directive".to_string();
        context.at_value(&path, what, Some("remove it to have the default".to_string()));
    }
    check_sources(context, &path, &text.text, &parsed);
    check_text(context, &path, &text.text);
}

fn is_directive(name: &str) -> bool {
    name == WORKERS || DIRECTIVES.contains(&name)
}

fn check_sources(context: &mut Context, path: &[&str], text: &str, parsed: &ParsedCsp) {
    let bare = parsed.all_sources().find(|source| KEYWORDS.contains(source));
    if let Some(word) = bare {
        let what = format!("{} is a host of that name unless it stands in quotes", quote(word));
        context.at_part(path, word, what, Some(format!("write `'{word}'`")));
    }
    if let Some(c) = text.chars().find(|c| !c.is_ascii_graphic() && !c.is_ascii_whitespace()) {
        let what = format!("a Content-Security-Policy cannot hold {c:?}");
        context.at_value(path, what, None);
    }
}
