//! The Content-Type of a file: by stack.yaml, by its fixed place, by its name's ending.

use crate::stack::Site;

/// An unknown type is a download and never a page.
const UNKNOWN: &str = "application/octet-stream";

/// Registered types that the table of `mime_guess` has under older names, or not at all.
const NEWER: [(&str, &str); 20] = [
    ("cjs", "text/javascript"),
    ("ical", "text/calendar"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("m4a", "audio/mp4"),
    ("map", "application/json"),
    ("mjs", "text/javascript"),
    ("obj", "model/obj"),
    ("otf", "font/otf"),
    ("stl", "model/stl"),
    ("tgz", "application/gzip"),
    ("toml", "application/toml"),
    ("topojson", "application/json"),
    ("ts", "video/mp2t"),
    ("usdz", "model/vnd.usdz+zip"),
    ("vcf", "text/vcard"),
    ("woff", "font/woff"),
    ("xml", "application/xml"),
    ("xsl", "application/xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
];

/// Files without an ending to which a standard or a platform gives a fixed place (RFC 8615's
/// registry, RFC 8414, RFC 7033, Apple's universal links, Matrix, ACME).
const PLACES: [(&str, &str); 15] = [
    ("apple-app-site-association", "application/json"),
    (".well-known/apple-app-site-association", "application/json"),
    (".well-known/apple-developer-merchantid-domain-association", "text/plain"),
    (".well-known/atproto-did", "text/plain"),
    (".well-known/core", "application/link-format"),
    (".well-known/discord", "text/plain"),
    (".well-known/host-meta", "application/xrd+xml"),
    (".well-known/jwks", "application/json"),
    (".well-known/nodeinfo", "application/json"),
    (".well-known/oauth-authorization-server", "application/json"),
    (".well-known/oauth-protected-resource", "application/json"),
    (".well-known/openid-configuration", "application/json"),
    (".well-known/webfinger", "application/jrd+json"),
    (".well-known/matrix/client", "application/json"),
    (".well-known/matrix/server", "application/json"),
];
/// Where certificate authorities look for their challenge (RFC 8555).
const ACME: &str = ".well-known/acme-challenge/";

/// The media type of the file at `key`, without a character set unless stack.yaml names one.
pub fn media_type(key: &str, site: &Site) -> String {
    if let Some(own) = site.own_type(key) {
        return own.to_string();
    }
    if let Some((_, known)) = PLACES.iter().find(|(place, _)| *place == key) {
        return (*known).to_string();
    }
    let name = key.rsplit('/').next().unwrap_or_default();
    let Some((_, ending)) = name.rsplit_once('.') else {
        return if key.starts_with(ACME) { "text/plain" } else { UNKNOWN }.to_string();
    };
    let ending = ending.to_ascii_lowercase();
    let newer = NEWER.iter().find(|(known, _)| *known == ending).map(|(_, newer)| *newer);
    newer.or_else(|| mime_guess::from_ext(&ending).first_raw()).unwrap_or(UNKNOWN).to_string()
}

/// The same with the character set of a text that is UTF-8; of any other text the file itself must
/// tell it.
pub fn content_type(key: &str, bytes: &[u8], site: &Site) -> String {
    let kind = media_type(key, site);
    let utf8 =
        kind.starts_with("text/") && !kind.contains(';') && std::str::from_utf8(bytes).is_ok();
    if utf8 { format!("{kind}; charset=utf-8") } else { kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media_type_of(key: &str, bytes: &[u8]) -> String {
        let site = serde_json::json!({"folder": "site", "types": {
            "data/*.bin": "application/x-data", "*.bin": "application/x-other",
            "LICENSE": "text/plain", "*.latin": "text/plain; charset=iso-8859-1"}});
        content_type(key, bytes, &serde_json::from_value(site).unwrap())
    }

    #[test]
    fn names_tell_types() {
        for (name, expected) in [
            ("a.html", "text/html; charset=utf-8"),
            ("a.HTM", "text/html; charset=utf-8"),
            ("a.xhtml", "application/xhtml+xml"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.cjs", "text/javascript; charset=utf-8"),
            ("a.js.map", "application/json"),
            ("a.json", "application/json"),
            ("a.webmanifest", "application/manifest+json"),
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.xml", "application/xml"),
            ("a.svg", "image/svg+xml"),
            ("a.png", "image/png"),
            ("a.jpg", "image/jpeg"),
            ("a.gif", "image/gif"),
            ("a.webp", "image/webp"),
            ("a.avif", "image/avif"),
            ("a.heic", "image/heic"),
            ("a.bmp", "image/bmp"),
            ("a.ico", "image/x-icon"),
            ("a.woff", "font/woff"),
            ("a.woff2", "font/woff2"),
            ("a.ttf", "font/ttf"),
            ("a.otf", "font/otf"),
            ("a.pdf", "application/pdf"),
            ("a.wasm", "application/wasm"),
            ("a.mp4", "video/mp4"),
            ("a.webm", "video/webm"),
            ("a.mp3", "audio/mpeg"),
            ("a.ogg", "audio/ogg"),
            ("a.wav", "audio/wav"),
            ("a.m4a", "audio/mp4"),
            ("a.m3u8", "application/vnd.apple.mpegurl"),
            ("a.vtt", "text/vtt; charset=utf-8"),
            ("a.csv", "text/csv; charset=utf-8"),
            ("a.md", "text/markdown; charset=utf-8"),
            ("a.rss", "application/rss+xml"),
            ("a.ics", "text/calendar; charset=utf-8"),
            ("a.yaml", "application/yaml"),
            ("a.zip", "application/zip"),
            ("a.eml", "message/rfc822"),
            ("a.glb", "model/gltf-binary"),
            ("a.unheard-of", UNKNOWN),
            ("README", UNKNOWN),
        ] {
            assert_eq!(media_type_of(name, b"x"), expected, "{name}");
        }
    }

    #[test]
    fn files_without_an_ending_are_known_by_their_place() {
        let acme = ".well-known/acme-challenge/token";
        assert_eq!(media_type_of(acme, b"x"), "text/plain; charset=utf-8");
        assert_eq!(media_type_of("apple-app-site-association", b"{}"), "application/json");
        assert_eq!(media_type_of(".well-known/openid-configuration", b"{}"), "application/json");
        assert_eq!(media_type_of("deep/apple-app-site-association", b"{}"), UNKNOWN);
    }

    #[test]
    fn stack_yaml_decides_by_its_first_match_and_a_charset_is_only_told_where_it_holds() {
        assert_eq!(media_type_of("data/a.bin", b"x"), "application/x-data");
        assert_eq!(media_type_of("a.bin", b"x"), "application/x-other");
        assert_eq!(media_type_of("LICENSE", b"x"), "text/plain; charset=utf-8");
        assert_eq!(media_type_of("a.latin", b"x"), "text/plain; charset=iso-8859-1");
        assert_eq!(media_type_of("a.html", b"caf\xe9"), "text/html");
    }
}
