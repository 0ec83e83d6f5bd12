//! The error of a command: exit code, message lines, remedy.

use crate::model::{CloudError, ErrorKind};
use serde_json::{Value, json};

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
#[derive(Debug, Default)]
pub struct CliError {
    /// The exit code.
    pub code: u8,
    pub message: String,
    pub hint: String,
    /// AWS's error code, empty where it is not AWS's error.
    pub aws: String,
}

impl CliError {
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::coded(code::ERROR, message, hint)
    }

    /// With an exit code of its own.
    pub fn coded(code: u8, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into(), aws: String::new() }
    }

    /// Several errors of one kind of thing, each on its own lines.
    pub fn join<E: std::fmt::Display>(errors: &[E], hint: &str) -> Self {
        Self::new(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), hint)
    }

    /// The `--json` document of a failed command.
    pub fn document(&self) -> Value {
        json!({ "error": self.fields() })
    }

    /// `message`, and `help` and `code` where there are any.
    pub fn fields(&self) -> Value {
        let mut fields = json!({ "message": self.message });
        for (key, value) in [("help", &self.hint), ("code", &self.aws)] {
            if let Some(fields) = fields.as_object_mut().filter(|_| !value.is_empty()) {
                fields.insert(key.into(), value.as_str().into());
            }
        }
        fields
    }
}

impl From<CloudError> for CliError {
    fn from(error: CloudError) -> Self {
        let code = match error.kind {
            ErrorKind::Interrupted => code::INTERRUPTED,
            ErrorKind::Lock => code::LOCKED,
            _ => code::ERROR,
        };
        Self { code, message: error.to_string(), hint: error.hint, aws: error.code }
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
        let aws = errors.first().map(|error| error.code.clone()).unwrap_or_default();
        Self { aws, ..Self::join(&errors, &hints.join("\n")) }
    }
}
