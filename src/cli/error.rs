//! What a command fails with: exit code, message lines, remedy.

use crate::model::{CloudError, ErrorKind};

/// Exit codes of the contract.
pub mod code {
    pub const OK: u8 = 0;
    pub const ERROR: u8 = 1;
    pub const CHANGES: u8 = 2;
    pub const DRIFT: u8 = 3;
    pub const SMOKE: u8 = 4;
    pub const LOCKED: u8 = 5;
    pub const LEFT: u8 = 6;
    pub const INTERRUPTED: u8 = 130;
}

/// A failed command.
#[derive(Debug)]
pub struct CliError {
    pub code: u8,
    pub message: String,
    pub hint: String,
}

impl CliError {
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code: code::ERROR, message: message.into(), hint: hint.into() }
    }

    /// Several errors of one kind of thing, each on its own lines.
    pub fn all<E: std::fmt::Display>(errors: &[E], hint: &str) -> Self {
        Self::new(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), hint)
    }
}

impl From<CloudError> for CliError {
    fn from(error: CloudError) -> Self {
        let code = match error.kind {
            ErrorKind::Interrupted => code::INTERRUPTED,
            ErrorKind::Lock => code::LOCKED,
            _ => code::ERROR,
        };
        Self { code, message: error.to_string(), hint: error.hint }
    }
}

impl From<Vec<CloudError>> for CliError {
    fn from(errors: Vec<CloudError>) -> Self {
        let mut hints: Vec<&str> = Vec::new();
        for error in errors.iter().filter(|e| !e.hint.is_empty()) {
            if !hints.contains(&error.hint.as_str()) {
                hints.push(&error.hint);
            }
        }
        Self::all(&errors, &hints.join("\n        "))
    }
}
