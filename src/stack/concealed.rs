//! Lines of stack.yaml as messages may show them: without the values of `secret:`.

/// The line with this number, counted from 1; the characters of a marked secret are `*`, so that
/// columns stay what they are.
pub(super) fn line(source: &str, number: usize) -> String {
    // Indentation of the line with `secret:` whose value goes on below it.
    let mut inside: Option<usize> = None;
    for (at, line) in source.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let continues = inside.is_some_and(|outer| line.trim().is_empty() || indent > outer);
        let shown = if continues {
            stars(line, 0)
        } else {
            let value = value_of_secret(line);
            inside = value.map(|_| indent);
            value.map_or_else(|| line.to_string(), |from| stars(line, from))
        };
        if at + 1 == number {
            return shown;
        }
    }
    String::new()
}

/// Byte at which the value of a key `secret` begins in this line.
fn value_of_secret(line: &str) -> Option<usize> {
    line.match_indices("secret").find_map(|(at, word)| {
        let before = line.get(..at)?.chars().next_back();
        let begins = before.is_none_or(|c| c.is_whitespace() || "{,'\"".contains(c));
        let end = at + word.len();
        let rest = line.get(end..)?;
        let tail = rest.trim_start_matches(['\'', '"']).trim_start();
        (begins && tail.starts_with(':')).then(|| end + (rest.len() - tail.len()) + 1)
    })
}

fn stars(line: &str, from: usize) -> String {
    let (shown, hidden) = line.split_at_checked(from).unwrap_or(("", line));
    let star = |c: char| if c.is_whitespace() { c } else { '*' };
    shown.to_string() + &hidden.chars().map(star).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn the_value_of_a_secret_is_shown_in_no_line() {
        for (source, number, shown) in [
            ("A: { secret: hush }", 1, "A: { secret: **** *"),
            ("A: {secret: \"hu sh\"}", 1, "A: {secret: *** ****"),
            ("A:\n  'secret' : hush # x", 2, "  'secret' : **** * *"),
            ("A:\n  secret: |\n    hush\n    hush\nB: x", 3, "    ****"),
            ("A:\n  secret: |\n    hush\n    hush\nB: x", 5, "B: x"),
            ("A: { ssm: /secret/x }", 1, "A: { ssm: /secret/x }"),
            ("SMOKE_SECRET: ${smoke.secret}", 1, "SMOKE_SECRET: ${smoke.secret}"),
            ("A: { secret: \"hu\n  sh\" }", 2, "  *** *"),
        ] {
            assert_eq!(line(source, number), shown, "{source}");
        }
    }
}
