//! The cargo profile that functions are built with.

use super::lambda_crate::Crate;

/// The profile to build with: the project's `lambda`, where it has one. Profiles belong to the
/// workspace's root manifest or its cargo configuration, and cargo has no question for them.
pub(super) fn choose(crates: &[&Crate]) -> &'static str {
    let files = ["Cargo.toml", ".cargo/config.toml", ".cargo/config"];
    let own = crates.first().is_some_and(|one| {
        let texts = files.iter().filter_map(|f| std::fs::read(one.workspace_root.join(f)).ok());
        texts.into_iter().any(|bytes| has_lambda_profile(&String::from_utf8_lossy(&bytes)))
    });
    if own { "lambda" } else { "release" }
}

/// True for TOML with a table `profile.lambda`, however that is written.
fn has_lambda_profile(text: &str) -> bool {
    let parsed = text.trim_start_matches('\u{feff}').parse::<toml::Table>();
    parsed.is_ok_and(|table| table.get("profile").is_some_and(|p| p.get("lambda").is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_found_however_it_is_written() {
        for text in [
            "[profile.lambda]\nopt-level = 3\n",
            "[profile.lambda] # small\ninherits = \"release\"\n",
            "[ profile . \"lambda\" ]\ninherits = \"release\"\n",
            "[profile]\nlambda = { inherits = \"release\" }\n",
            "profile.lambda.inherits = \"release\"\n",
            "[profile.lambda.package.serde]\nopt-level = 3\n",
            "\u{feff}[profile.lambda]\r\ninherits = \"release\"\r\n",
        ] {
            assert!(has_lambda_profile(text), "{text}");
        }
        for text in [
            "",
            "# [profile.lambda]\n",
            "text = \"\"\"\n[profile.lambda]\n\"\"\"\n",
            "[profile.lambda-old]\ninherits = \"release\"\n",
            "not toml [profile.lambda]",
        ] {
            assert!(!has_lambda_profile(text), "{text}");
        }
    }
}
