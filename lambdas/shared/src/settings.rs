//! Settings come from environment variables, and a missing one stops the function at its start, by
//! name.

/// Reads a variable that must be there and not blank. The error names it, for the function's own
/// log only.
pub fn required(name: &str) -> Result<String, String> {
    match std::env::var(name) {
        Ok(value) if !value.trim().is_empty() => Ok(value.trim().to_owned()),
        _ => Err(format!("the environment variable {name} is not set")),
    }
}

/// Reads a variable that may be absent; absent is the empty string.
pub fn optional(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}
