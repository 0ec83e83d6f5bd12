//! Digests over the report in the canonical form of RFC 8785 (JSON Canonicalization Scheme).

use super::{Digest, Report};
use crate::model::digest::sha256_of_json as sha256;
use serde_json::Value;

/// Keys of the report that hold times.
const TIMES: [&str; 2] = ["started", "finished"];

/// Both digests; the report's own `digest` is not part of either.
pub(super) fn digest(report: &Report) -> Digest {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    if let Some(map) = value.as_object_mut() {
        map.remove("digest");
    }
    let whole = sha256(&value);
    strip_times(&mut value);
    Digest {
        algorithm: "SHA-256 over RFC 8785 canonical JSON",
        content: sha256(&value),
        report: whole,
    }
}

/// Takes out what differs between two runs on an unchanged account.
fn strip_times(report: &mut Value) {
    let Some(map) = report.as_object_mut() else { return };
    for key in TIMES {
        map.remove(key);
    }
    if let Some(proof) = map.get_mut("proof").and_then(Value::as_object_mut) {
        for key in TIMES {
            proof.remove(key);
        }
    }
    // `changes` is about the older report that was given, not about the account.
    map.remove("changes");
    for read in map.get_mut("reads").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(read) = read.as_object_mut() {
            read.remove("at");
        }
    }
}
