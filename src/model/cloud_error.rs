//! An error from the cloud in the terms a person needs: operation, AWS's code and words, request
//! id, remedy.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What an error means to the engine and to the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The thing asked for does not exist.
    NotFound,
    /// The caller lacks a right; AWS's own sentence is in the message.
    AccessDenied,
    /// No credentials, or expired ones.
    Credentials,
    /// Refused for the rate of requests.
    Throttled,
    /// A count quota is exhausted; trying again cannot help.
    Quota,
    /// Somebody else changed the thing, or it is busy.
    Conflict,
    /// No connection to the endpoint comes about: nothing was sent.
    Unreachable,
    /// The answer was lost (a 5xx, a cut connection, a time-out): the call may or may not have
    /// taken effect.
    Ambiguous,
    /// The endpoint (never real AWS) does not know the operation.
    NotEmulated,
    /// A foreign resource holds the name.
    Foreign,
    /// Under way at AWS; the caller chose not to wait for it.
    Pending,
    /// Interrupted by a signal.
    Interrupted,
    /// The stack's lock is held by somebody else, or was lost.
    Lock,
    /// Anything else.
    Other,
}

/// One failed call, or one refusal of ours, with what to do about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CloudError {
    pub kind: ErrorKind,
    /// Service and operation, `dynamodb CreateTable`; empty for refusals of our own.
    pub operation: String,
    /// AWS's error code as on the wire.
    pub code: String,
    /// AWS's own words, or ours.
    pub message: String,
    pub request_id: Option<String>,
    /// What the reader can do now.
    pub hint: String,
}

impl CloudError {
    /// An error of our own making, with its remedy.
    pub fn ours(kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            kind,
            operation: String::new(),
            code: String::new(),
            message: message.into(),
            request_id: None,
            hint: hint.into(),
        }
    }

    /// An answer of AWS that our code could not read: a missing member, a wrong shape.
    pub fn shape(operation: &str, what: &str) -> Self {
        let mut error = Self::ours(
            ErrorKind::Other,
            format!("the answer of {operation} has no {what}"),
            "run the command again; if it stays, the endpoint differs from AWS's API model",
        );
        error.operation = operation.to_string();
        error
    }

    pub fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::NotFound
    }

    /// True where code equals `code` and the message holds `fragment` (empty matches all).
    pub fn matches(&self, code: &str, fragment: &str) -> bool {
        self.code == code && self.message.contains(fragment)
    }
}

impl fmt::Display for CloudError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.operation.is_empty() {
            write!(f, "{}: ", self.operation)?;
        }
        if !self.code.is_empty() {
            write!(f, "{}: ", self.code)?;
        }
        f.write_str(&self.message)?;
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for CloudError {}

/// Turns "not found" into `None`, and leaves other errors alone.
pub fn optional<T>(result: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
