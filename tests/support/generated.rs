//! Files of the repository that the code generates, such as `stack.schema.json`. Others read them
//! as they are, so they cannot be snapshots of insta, but a change of them is accepted in the same
//! way.

use std::path::Path;

/// Compares the repository's file at `path` with `text`; with `INSTA_UPDATE=always`, as for
/// snapshots, writes it instead.
pub fn assert_generated(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&file, text).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let advice = "is out of date; with INSTA_UPDATE=always the test writes it";
    assert!(committed == text, "{path} {advice}. Generated:\n{text}");
}
