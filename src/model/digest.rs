//! Digests as lower-case hexadecimal text.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Lower-case hexadecimal of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// SHA-256 of `bytes`, 64 hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a JSON value in the canonical form of RFC 8785, 64 hexadecimal digits: independent of
/// the order of keys and the layout.
pub fn sha256_of_json(value: &Value) -> String {
    sha256_hex(&serde_json_canonicalizer::to_vec(value).unwrap_or_default())
}
