//! What an emulator was told and did not keep. Emulators leave out fields that AWS stores; without
//! a memory of that, every run on one would set them again. On AWS nothing here has any effect:
//! `up` looks for losses on emulators alone.

use super::Record;
use super::diff::{self, Difference};
use crate::model::{Address, Live};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A field that read back differently right after it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LostField {
    pub path: Vec<String>,
    /// As it read back.
    pub live: Value,
    /// As it was written.
    pub wanted: Value,
}

pub type Lost = BTreeMap<Address, Vec<LostField>>;

/// What the endpoint did not keep of `written`, the final specs of a run that has just ended well.
pub fn lost(written: &BTreeMap<Address, Value>, live: &[Live]) -> Lost {
    let of = |live: &Live| {
        let fields: Vec<LostField> = diff::differences(&live.spec, written.get(&live.address)?)
            .into_iter()
            .map(|d| LostField { path: d.path, live: d.live, wanted: d.wanted })
            .collect();
        (!fields.is_empty()).then(|| (live.address.clone(), fields))
    };
    live.iter().filter_map(of).collect()
}

/// True where a difference is one that the endpoint is known to make by itself: same value sent,
/// same value back.
pub(super) fn is_known(
    record: Option<&Record>,
    address: &Address,
    difference: &Difference,
) -> bool {
    let Some(record) = record else { return false };
    let same = |stored: &Value, value: &Value| {
        *stored == *value || *stored == record.seal().field(address, &difference.path, value)
    };
    let known = |f: &LostField| {
        f.path == difference.path
            && same(&f.live, &difference.live)
            && same(&f.wanted, &difference.wanted)
    };
    record.lost.get(address).is_some_and(|fields| fields.iter().any(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_lost_field_is_known_until_either_side_changes() {
        let address = Address::new("distribution", "site");
        let live = Live::new(address.clone(), "T", "n", json!({"kept": 1, "oac": ""}));
        let written = BTreeMap::from([(address.clone(), json!({"kept": 1, "oac": "E1"}))]);
        let record = Record { lost: lost(&written, &[live]), ..Record::default() };
        let found = |live: &str, wanted: &str| Difference {
            path: vec!["oac".into()],
            live: json!(live),
            wanted: json!(wanted),
        };
        assert!(is_known(Some(&record), &address, &found("", "E1")));
        assert!(
            !is_known(Some(&record), &address, &found("", "E2")),
            "the author wants another value"
        );
        assert!(
            !is_known(Some(&record), &address, &found("E3", "E1")),
            "somebody set another value"
        );
        assert!(!is_known(None, &address, &found("", "E1")));
    }
}
