//! Finds parts of pages that the site's Content-Security-Policy blocks. Pure.
//!
//! Looks at the markup of pages and at the names of files, not at what scripts and style sheets do
//! later; a form is looked at where it names its target.

use crate::stack::ParsedCsp;
use std::collections::{BTreeMap, BTreeSet};

/// A blocked use -> the files that contain it.
pub type Blocked = BTreeMap<&'static str, BTreeSet<String>>;

/// Keys that are named of each kind.
const SHOWN: usize = 3;
/// Script types that hold data and are never run.
const DATA_TYPES: [&str; 3] = ["application/json", "application/ld+json", "text/template"];

/// Adds what the file at `key` holds. `markup` says whether it is a page.
pub fn inspect(key: &str, bytes: &[u8], markup: bool, csp: &ParsedCsp, found: &mut Blocked) {
    let mut tell = |what: &'static str| {
        found.entry(what).or_default().insert(key.to_string());
    };
    if key.to_ascii_lowercase().ends_with(".wasm") && !evaluates(csp, "'wasm-unsafe-eval'") {
        tell("WebAssembly");
    }
    if !markup {
        return;
    }
    for tag in tags(&String::from_utf8_lossy(bytes)) {
        judge(&tag, csp, &mut tell);
    }
}

/// The sentence for the plan; `None` where nothing is blocked.
pub fn note(found: &Blocked) -> Option<String> {
    let part = |(what, keys): (&&str, &BTreeSet<String>)| {
        let shown: Vec<_> = keys.iter().take(SHOWN).map(String::as_str).collect();
        let more = keys.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{what} in {}{more}", shown.join(", "))
    };
    let parts: Vec<_> = found.iter().map(part).collect();
    (!parts.is_empty()).then(|| {
        format!(
            "the site is served with a Content-Security-Policy, which keeps browsers from using: \
             {}; `site.headers.csp` allows more",
            parts.join("; ")
        )
    })
}

fn evaluates(csp: &ParsedCsp, keyword: &str) -> bool {
    csp.sources(&["script-src", "default-src"])
        .is_none_or(|s| s.iter().any(|s| s == keyword || s == "'unsafe-eval'"))
}

/// True where the directive lets code or style stand in the page itself: by a word, or by a hash or
/// nonce, which are taken to fit.
fn inline(csp: &ParsedCsp, directives: &[&str]) -> bool {
    csp.sources(directives).is_none_or(|sources| {
        let fits = |s: &String| {
            s == "'unsafe-inline'" || s.starts_with("'sha") || s.starts_with("'nonce-")
        };
        sources.iter().any(fits)
    })
}

/// True where `url` may be loaded or called. Addresses without scheme or host are the site's own.
fn loads(csp: &ParsedCsp, directives: &[&str], url: &str) -> bool {
    let Some(sources) = csp.sources(directives) else { return true };
    let url = url.trim().to_ascii_lowercase();
    let (scheme, rest) = match url.split_once("//") {
        Some(("" | "https:", rest)) => ("https:", rest),
        Some(("http:", rest)) => ("http:", rest),
        _ => match ["data:", "blob:"].iter().find(|scheme| url.starts_with(**scheme)) {
            Some(scheme) => return sources.iter().any(|s| s == scheme),
            None => return sources.iter().any(|s| s == "'self'" || s == "*"),
        },
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    sources.iter().any(|source| {
        let named = source.split_once("//").map_or(source.as_str(), |(_, named)| named);
        let named = named.split('/').next().unwrap_or_default();
        let below =
            named.strip_prefix('*').is_some_and(|end| !end.is_empty() && host.ends_with(end));
        source == "*" || source == scheme || named == host || below
    })
}

/// A start tag: its name and attributes, names in lower case.
#[derive(Debug)]
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

fn judge(tag: &Tag, csp: &ParsedCsp, tell: &mut dyn FnMut(&'static str)) {
    const STYLE: [&str; 3] = ["style-src-elem", "style-src", "default-src"];
    const SCRIPT: [&str; 3] = ["script-src-elem", "script-src", "default-src"];
    if tag.get("style").is_some() && !inline(csp, &["style-src-attr", "style-src", "default-src"]) {
        tell("style attributes");
    }
    let handler = |(name, _): &(String, String)| name.len() > 2 && name.starts_with("on");
    if tag.attributes.iter().any(handler)
        && !inline(csp, &["script-src-attr", "script-src", "default-src"])
    {
        tell("event attributes such as onclick");
    }
    match tag.name.as_str() {
        "style" if !inline(csp, &STYLE) => tell("inline style"),
        "script" => match tag.get("src") {
            Some(url) if !loads(csp, &SCRIPT, url) => tell("scripts of other sites"),
            None if !is_data(tag) && !inline(csp, &SCRIPT) => tell("inline script"),
            _ => {}
        },
        "link"
            if tag.get("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("stylesheet"))
                && tag.get("href").is_some_and(|url| !loads(csp, &STYLE, url)) =>
        {
            tell("style sheets of other sites");
        }
        "img" if tag.get("src").is_some_and(|u| !loads(csp, &["img-src", "default-src"], u)) => {
            tell("images of other places");
        }
        "video" | "audio" | "source"
            if tag.get("src").is_some_and(|u| !loads(csp, &["media-src", "default-src"], u)) =>
        {
            tell("media of other places");
        }
        "iframe" => {
            let frames = ["frame-src", "child-src", "default-src"];
            if tag.get("src").is_some_and(|url| !loads(csp, &frames, url)) {
                tell("frames");
            }
        }
        "object" | "embed" => {
            let url = tag.get("data").or_else(|| tag.get("src"));
            if url.is_some_and(|url| !loads(csp, &["object-src", "default-src"], url)) {
                tell("plug-in content");
            }
        }
        "form" => {
            let target = tag.get("action").filter(|a| !a.is_empty() && !a.starts_with('#'));
            if target.is_some_and(|url| !loads(csp, &["form-action"], url)) {
                tell("forms that are sent");
            }
        }
        _ => {}
    }
}

fn is_data(script: &Tag) -> bool {
    script.get("type").is_some_and(|kind| DATA_TYPES.contains(&kind.to_ascii_lowercase().as_str()))
}

/// The start tags of a page, comments and the insides of scripts and styles left out.
fn tags(text: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('<') {
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
            continue;
        }
        if !after.starts_with(|c: char| c.is_ascii_alphabetic()) {
            rest = after;
            continue;
        }
        let (tag, behind) = tag(after);
        rest = match tag.name.as_str() {
            name @ ("script" | "style" | "textarea" | "title") => skip(behind, name),
            _ => behind,
        };
        found.push(tag);
    }
    found
}

/// The text behind the next end tag of that name.
fn skip<'t>(text: &'t str, name: &str) -> &'t str {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("</") {
        if after.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return after;
        }
        rest = after;
    }
    ""
}

/// Reads a tag behind its `<`; gives back the text behind its `>`.
fn tag(text: &str) -> (Tag, &str) {
    let end = |c: char| c.is_ascii_whitespace() || c == '>' || c == '/';
    let (name, mut rest) = text.split_at(text.find(end).unwrap_or(text.len()));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(behind) = rest.strip_prefix('>') {
            rest = behind;
            break;
        }
        if rest.is_empty() {
            break;
        }
        // An attribute's name may be anything, a stray `=` included.
        let stop = |(i, c): (usize, char)| (i > 0 && c == '=') || end(c);
        let length = rest.char_indices().find(|at| stop(*at)).map_or(rest.len(), |(i, _)| i);
        let (key, after) = rest.split_at(length);
        let (value, after) = match after.trim_start().strip_prefix('=') {
            Some(after) => value(after.trim_start()),
            None => ("", after),
        };
        attributes.push((key.to_ascii_lowercase(), value.to_string()));
        rest = after;
    }
    (Tag { name: name.to_ascii_lowercase(), attributes }, rest)
}

fn value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.split_once(quote).unwrap_or((inner, ""));
        }
    }
    let end = text.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::content_security_policy;

    fn blocked_in(page: &str, csp: Option<&str>) -> Vec<&'static str> {
        let default = content_security_policy(None, None, &|value| value.text.clone());
        let csp = ParsedCsp::parse(csp.unwrap_or(&default));
        let mut found = Blocked::new();
        inspect("a.html", page.as_bytes(), true, &csp, &mut found);
        found.into_keys().collect()
    }

    #[test]
    fn each_kind_of_what_the_default_blocks_is_told() {
        for (page, told) in [
            ("<style>a{}</style>", "inline style"),
            ("<STYLE media=print>", "inline style"),
            ("<p style='color: red'>", "style attributes"),
            ("<script>alert(1)</script>", "inline script"),
            ("<script type=module>import 'x'</script>", "inline script"),
            ("<script src=\"https://cdn.example/a.js\"></script>", "scripts of other sites"),
            ("<script src=//cdn.example/a.js></script>", "scripts of other sites"),
            ("<button type=button onClick='go()'>", "event attributes such as onclick"),
            ("<form method=post action=/send>", "forms that are sent"),
            ("<link rel=stylesheet href='https://fonts.example/c'>", "style sheets of other sites"),
            ("<img src='https://img.example/a.png'>", "images of other places"),
            ("<video><source src=https://v.example/a.mp4></video>", "media of other places"),
            ("<iframe src=/inner.html></iframe>", "frames"),
            ("<embed src=/a.pdf>", "plug-in content"),
        ] {
            assert_eq!(blocked_in(page, None), [told], "{page}");
        }
    }

    #[test]
    fn what_the_default_lets_in_is_not_told() {
        for page in [
            "<img src=\"data:image/png;base64,AA\">",
            "<img src=/a.png><video src=a.mp4></video>",
            "<script src=/a.js></script><link rel=stylesheet href=a.css>",
            "<link rel=preconnect href=https://x.example>",
            "<!-- <style>a{}</style> <p style=x> -->",
            "<script type=\"application/ld+json\">{\"a\": \"<p style=x>\"}</script>",
            "<title><style></title>",
            "<form id=checkout novalidate><form action='#'>",
            "a < b, <1>, <",
            "<p data-on=\"a > b\" title='style=x'>",
        ] {
            assert!(blocked_in(page, None).is_empty(), "{page}");
        }
    }

    #[test]
    fn a_policy_of_ones_own_counts() {
        let own = "style-src 'unsafe-inline'; script-src 'sha256-x' https://cdn.example; \
                   img-src *.example; form-action 'self'";
        for page in [
            "<style></style><p style=a>",
            "<script>a</script><script src=https://cdn.example/a.js></script>",
            "<img src=https://a.example/x.png>",
            "<form action=/send><iframe src=https://x>",
        ] {
            assert!(blocked_in(page, Some(own)).is_empty(), "{page}");
        }
        assert_eq!(blocked_in("<form action=https://x>", Some(own)), ["forms that are sent"]);
        assert_eq!(
            blocked_in("<img src=https://example/x>", Some(own)),
            ["images of other places"]
        );
    }

    #[test]
    fn the_note_names_kinds_files_and_the_key() {
        let csp = ParsedCsp::parse("default-src 'self'");
        let mut all = Blocked::new();
        inspect("app.wasm", b"", false, &csp, &mut all);
        for n in 0..5 {
            inspect(&format!("{n}.html"), b"<style>", true, &csp, &mut all);
        }
        let note = note(&all).unwrap();
        assert!(note.contains("WebAssembly in app.wasm; "), "{note}");
        assert!(note.contains("inline style in 0.html, 1.html, 2.html and 2 more;"), "{note}");
        assert!(super::note(&Blocked::new()).is_none());
    }
}
