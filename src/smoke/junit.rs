//! The report as JUnit XML, which every CI system can show.

use super::CheckResult;
use crate::model::SmokeStatus;
use std::fmt::Write;

/// One `testsuite` with one `testcase` for each check.
pub(super) fn document(stack: &str, results: &[CheckResult]) -> String {
    let count =
        |status: SmokeStatus| results.iter().filter(|result| result.status == status).count();
    // Checks run side by side: the longest one is how long the whole took.
    let longest = results.iter().map(|result| result.elapsed_ms).max().unwrap_or_default();
    let name = escape(stack);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let totals = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\"",
        results.len(),
        count(SmokeStatus::Failed),
        count(SmokeStatus::Skipped),
        seconds(longest)
    );
    let _ = writeln!(xml, "<testsuites {totals}>\n  <testsuite name=\"smoke of {name}\" {totals}>");
    for result in results {
        let _ = write!(
            xml,
            "    <testcase classname=\"{name}.smoke\" name=\"{}\" time=\"{}\"",
            escape(&result.check),
            seconds(result.elapsed_ms)
        );
        let message = escape(&result.message);
        let _ = match result.status {
            SmokeStatus::Passed => writeln!(xml, "/>"),
            SmokeStatus::Skipped => writeln!(xml, "><skipped message=\"{message}\"/></testcase>"),
            SmokeStatus::Failed => {
                writeln!(
                    xml,
                    "><failure message=\"{message}\" type=\"smoke\">{message}</failure></testcase>"
                )
            }
        };
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// Text for attributes and elements; characters that XML 1.0 cannot carry at all become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c if c < ' ' || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_said_cannot_break_the_document() {
        let result = |check: &str, status, message: &str| CheckResult {
            check: check.into(),
            status,
            elapsed_ms: 1042,
            message: message.into(),
        };
        let xml = document(
            "a&b",
            &[
                result("site", SmokeStatus::Passed, "fine"),
                result("waf", SmokeStatus::Skipped, "1 < 2"),
                result("order", SmokeStatus::Failed, "got <p class=\"x\">it's ]]> \u{1}\n&amp;"),
            ],
        );
        let case = |name: &str, result: &str| {
            format!(
                "    <testcase classname=\"a&amp;b.smoke\" name=\"{name}\" time=\"1.042\"{result}\n"
            )
        };
        let message = "got &lt;p class=&quot;x&quot;&gt;it&apos;s ]]&gt; \u{FFFD}&#10;&amp;amp;";
        let skipped = "><skipped message=\"1 &lt; 2\"/></testcase>";
        let failure = format!(
            "><failure message=\"{message}\" type=\"smoke\">{message}</failure></testcase>"
        );

        let expected = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"1.042\">\n  \
             <testsuite name=\"smoke of a&amp;b\" tests=\"3\" failures=\"1\" errors=\"0\" \
             skipped=\"1\" time=\"1.042\">\n{}{}{}  </testsuite>\n</testsuites>\n",
            case("site", "/>"),
            case("waf", skipped),
            case("order", &failure),
        );
        assert_eq!(xml, expected);
    }
}
