//! Patterns in which only `*` is special.

/// True if `pattern`, in which only `*` is special, covers the whole `text`.
pub(super) fn covers(pattern: &str, text: &str) -> bool {
    let Some((first, others)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut rest) = text.strip_prefix(first) else {
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
            assert_eq!(covers(pattern, path), expected, "{pattern} on {path}");
        }
    }
}
