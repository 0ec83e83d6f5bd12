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

/// The currency that the shop sells in: `CURRENCY`, or US dollars where it is not set.
pub fn currency() -> String {
    match optional("CURRENCY").trim() {
        "" => "USD".to_owned(),
        currency => currency.to_owned(),
    }
}

/// A number of seconds; 0 where the variable is absent. The error names the variable.
pub fn seconds(name: &str) -> Result<u32, String> {
    match optional(name).trim() {
        "" => Ok(0),
        digits => digits.parse().map_err(|_| {
            format!("the environment variable {name} is not a whole number of seconds")
        }),
    }
}
