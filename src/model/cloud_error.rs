//! An error from AWS with everything that a person needs: operation, AWS's code and message,
//! request ID, remedy.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The meaning of an error for the engine and for the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The resource does not exist.
    NotFound,
    /// The caller lacks a permission; the message contains AWS's own.
    AccessDenied,
    /// Missing or expired credentials.
    Credentials,
    /// Rejected because of the request rate.
    Throttled,
    /// A count quota is exhausted; retrying cannot help.
    Quota,
    /// Somebody else changed the resource, or it is busy.
    Conflict,
    /// No connection to the endpoint: nothing was sent.
    Unreachable,
    /// The response was lost (a 5xx, a broken connection, a time-out): the call may or may not have
    /// taken effect.
    Ambiguous,
    /// The endpoint, which is not AWS, does not support the operation.
    NotEmulated,
    /// A foreign resource has the name.
    Foreign,
    /// Still running at AWS; the caller chose not to wait.
    Pending,
    /// Interrupted by a signal.
    Interrupted,
    /// Somebody else holds the stack's lock, or this run lost it.
    Lock,
    /// Anything else.
    Other,
}

/// A failed call or one of shopstack's own errors, with what to do about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CloudError {
    pub kind: ErrorKind,
    /// Service and operation, `dynamodb CreateTable`; empty for shopstack's own errors.
    pub operation: String,
    /// AWS's error code as on the wire.
    pub code: String,
    /// AWS's message, or shopstack's own.
    pub message: String,
    pub request_id: Option<String>,
    /// The remedy.
    pub hint: String,
}

impl CloudError {
    /// One of shopstack's own errors, with its remedy.
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

    /// A response of AWS that cannot be parsed: a missing member, a wrong shape.
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

    /// True if the code equals `code` and the message contains `fragment` (empty matches all).
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

/// Converts "not found" to `None` and returns other errors unchanged.
pub fn optional<T>(result: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
