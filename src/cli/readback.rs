//! Emulators other than the local twin leave out fields that AWS stores. After `up` on one of them,
//! what was written is read back, and fields that were not kept are reported: the next `diff` shows
//! them again, and nothing else would say why.

use super::session::Session;
use crate::engine::{self, Outcome};
use crate::model::{Address, Desired, Event, Live, event::Sink};
use crate::plan::diff;
use serde_json::Value;
use std::collections::BTreeMap;

/// Reports each field of this run that the endpoint did not keep. Errors of the read are ignored:
/// the report is an explanation, and `diff` shows the same differences.
pub async fn report(session: &Session, desired: &[Desired], outcome: &Outcome, sink: &Sink) {
    if session.serves || outcome.specs.is_empty() {
        return;
    }
    let finder = crate::resources::Finder(session.reader.afresh());
    let Ok(live) = engine::read(&finder, &session.scope, desired, false).await else { return };
    for line in not_kept(&outcome.specs, &live) {
        sink(Event::Note(line));
    }
}

/// A sentence for each resource that reads back differently than it was written.
fn not_kept(written: &BTreeMap<Address, Value>, live: &[Live]) -> Vec<String> {
    let sentence = |live: &Live| {
        let fields: Vec<String> = diff::differences(&live.spec, written.get(&live.address)?)
            .iter()
            .map(diff::Difference::dotted)
            .collect();
        let address = &live.address;
        (!fields.is_empty())
            .then(|| format!("This endpoint did not keep {} of {address}.", fields.join(", ")))
    };
    live.iter().filter_map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_that_reads_back_differently_is_named_with_its_resource() {
        let address = Address::new("distribution", "site");
        let written = BTreeMap::from([(address.clone(), json!({"kept": 1, "oac": "E1"}))]);
        let live = [
            Live::new(address, "T", "n", json!({"kept": 1, "oac": ""})),
            Live::new(Address::new("table", "T"), "T", "n", json!({"unchanged": 1})),
        ];
        assert_eq!(
            not_kept(&written, &live),
            ["This endpoint did not keep oac of distribution.site."]
        );
    }
}
