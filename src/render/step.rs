//! How a command ended, as Markdown for a CI step's summary.

/// Longest error that is shown; GitHub takes a megabyte a step.
const ROOM: usize = 20_000;

/// A heading, facts as a table, and what went wrong.
pub fn markdown(heading: &str, facts: &[(&str, String)], error: Option<&str>) -> String {
    let mut text = format!("### {}\n", cell(heading));
    if !facts.is_empty() {
        text.push_str("\n| | |\n|---|---|\n");
    }
    for (name, value) in facts {
        text.push_str(&format!("| {} | {} |\n", cell(name), cell(value)));
    }
    if let Some(error) = error {
        let shown: String = error.chars().take(ROOM).collect();
        let fence = fence(&shown);
        text.push_str(&format!("\n{fence}text\n{shown}\n{fence}\n"));
    }
    text
}

/// Longer than any run of backticks inside.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// Text that neither ends a cell nor is Markdown or HTML of its own; addresses stay links.
fn cell(text: &str) -> String {
    let mut safe = String::new();
    for c in crate::model::text::one_line(text).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '|' | '`' | '*' | '[' | ']' | '\\' => safe.extend(['\\', c]),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_peoples_words_stay_words() {
        let facts = [("site", "https://a.example/".to_string()), ("b|c", "x\n| y |".to_string())];
        let text = markdown("shop/<b>", &facts, Some("```\nno `ticks`"));
        assert!(text.starts_with("### shop/&lt;b&gt;\n"), "{text}");
        assert!(text.contains("| site | https://a.example/ |\n"), "{text}");
        assert!(text.contains("| b\\|c | x \\| y \\| |\n"), "{text}");
        assert!(text.contains("\n````text\n```\nno `ticks`\n````\n"), "{text}");
    }
}
