//! The shape of the rule table, and what a broken rule looks like.

use std::fmt;

/// One row of the import table.
#[derive(Clone, Debug)]
pub struct Row {
    pub layer: u8,
    pub module: &'static str,
    pub imports: &'static [&'static str],
}

/// A path, and the files that may name it.
#[derive(Clone, Debug)]
pub struct Restricted {
    /// Resolved: the module that defines it, the item, and what is behind that.
    pub path: &'static str,
    /// File names or folders that end with `/`.
    pub from: &'static [&'static str],
    pub why: &'static str,
}

/// A breach that is known and still allowed. It fails as soon as nothing needs it.
#[derive(Clone, Debug)]
pub struct Exception {
    pub rule: &'static str,
    /// The file, or a folder that ends with `/`; empty for all.
    pub file: &'static str,
    /// Part of the message. For a circle all files that may be in it, separated by spaces.
    pub detail: &'static str,
}

/// All that the checker holds the sources to.
#[derive(Clone, Debug)]
pub struct Rules {
    pub package: &'static str,
    pub rows: &'static [Row],
    /// The document whose tables repeat `rows`.
    pub document: &'static str,
    /// What `src/main.rs` may import.
    pub main_imports: &'static [&'static str],
    /// The module whose folders are services with resource types.
    pub types: &'static str,
    /// Parts of that module which all types share.
    pub shared: &'static [&'static str],
    /// The folder with a test file of each type's name.
    pub type_tests: &'static str,
    /// Beginnings of the names of SDK crates, and the modules that may use them.
    pub sdk: &'static [&'static str],
    pub sdk_modules: &'static [&'static str],
    pub restricted: &'static [Restricted],
    /// Methods with the files that may call them.
    pub restricted_methods: &'static [Restricted],
    /// Files that may write to stdout and stderr.
    pub printing: &'static [&'static str],
    /// Words that say too little as the whole name of a function.
    pub vague: &'static [&'static str],
    pub file_lines: usize,
    pub function_lines: usize,
    pub columns: usize,
    pub exceptions: &'static [Exception],
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    pub file: String,
    pub line: usize,
    pub rule: &'static str,
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: [{}] {}", self.file, self.line, self.rule, self.message)
    }
}

/// Collects violations.
#[derive(Default)]
pub struct Findings(Vec<Violation>);

impl Findings {
    pub fn add(&mut self, rule: &'static str, file: &str, line: usize, message: String) {
        assert!(crate::RULE_NAMES.contains(&rule), "{rule} is not among the names of the rules");
        self.0.push(Violation { file: file.to_string(), line, rule, message });
    }

    /// What no exception allows, and the exceptions that nothing needs.
    pub fn without_exceptions(mut self, exceptions: &[Exception]) -> Vec<Violation> {
        self.0.sort();
        self.0.dedup();
        let mut used = vec![false; exceptions.len()];
        self.0.retain(|violation| {
            let allowed = exceptions.iter().position(|exception| exception.allows(violation));
            if let Some(at) = allowed {
                used[at] = true;
            }
            allowed.is_none()
        });
        for (exception, _) in exceptions.iter().zip(used).filter(|(_, used)| !used) {
            let Exception { rule, file, detail } = exception;
            self.0.push(Violation {
                file: file.to_string(),
                line: 0,
                rule: "stale-exception",
                message: format!("nothing breaks `{rule}` here any more ({detail}): remove it"),
            });
        }
        self.0
    }
}

impl Exception {
    fn allows(&self, violation: &Violation) -> bool {
        if self.rule != violation.rule {
            return false;
        }
        if self.rule == "circle" {
            let known: Vec<&str> = self.detail.split(' ').collect();
            return violation.message.split(" <-> ").all(|file| known.contains(&file));
        }
        is_within(&violation.file, self.file) && violation.message.contains(self.detail)
    }
}

/// True if `file` is `place`, or lies in it where `place` is a folder.
pub fn is_within(file: &str, place: &str) -> bool {
    file == place || ((place.is_empty() || place.ends_with('/')) && file.starts_with(place))
}
