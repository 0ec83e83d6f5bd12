//! Rows of words in columns.

/// The rows below their headings, each column as wide as its longest word.
pub fn columns(headings: &[&str], rows: &[Vec<String>]) -> String {
    let heads: Vec<String> = headings.iter().map(ToString::to_string).collect();
    let all = || std::iter::once(&heads).chain(rows);
    let longest = |column: usize| {
        all().filter_map(|row| row.get(column)).map(|word| word.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(longest).collect();
    let line = |row: &Vec<String>| {
        let words = row.iter().zip(&widths).map(|(word, width)| format!("{word:<width$}"));
        words.collect::<Vec<_>>().join("  ").trim_end().to_string()
    };
    all().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_are_as_wide_as_their_longest_word() {
        let rows = vec![vec!["shop".into(), "é".into()], vec!["x".into(), "dev".into()]];
        assert_eq!(super::columns(&["A", "ENV"], &rows), "A     ENV\nshop  é\nx     dev");
    }
}
