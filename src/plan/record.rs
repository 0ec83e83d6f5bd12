//! The record of the last successful `up`: what was applied, by whom, when. A memory for words, never for decisions.

use super::lost::Lost;
use super::secret::Seal;
use crate::model::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One `up`, as it is kept in the `shopstack` table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Caller's ARN.
    pub who: String,
    /// RFC 3339, UTC.
    pub when: String,
    /// Commit of the stack's repository; empty when there is none.
    pub commit: String,
    /// SHA-256 of the plan that was applied.
    pub plan_hash: String,
    /// Normalised specs by address, every template filled in.
    pub specs: BTreeMap<Address, Value>,
    /// Of the digests that stand in `specs` and `lost` for secrets.
    #[serde(default)]
    pub salt: String,
    /// What an emulator did not keep; always empty on AWS.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lost: Lost,
}

impl Record {
    /// The record as it is kept: no secret in it, under a salt of its own.
    pub fn sealed(mut self) -> Self {
        let seal = Seal::fresh();
        self.specs = sealed(&seal, &self.specs);
        for (address, fields) in &mut self.lost {
            for field in fields {
                field.live = seal.field(address, &field.path, &field.live);
                field.wanted = seal.field(address, &field.path, &field.wanted);
            }
        }
        self.salt = seal.salt;
        self
    }

    /// True where the record is of exactly these specs.
    pub fn is_of(&self, specs: &BTreeMap<Address, Value>) -> bool {
        self.specs == sealed(&self.seal(), specs)
    }

    pub(super) fn seal(&self) -> Seal {
        Seal { salt: self.salt.clone() }
    }

    /// The applied value at `path` of an address's spec; null when the record does not know it. Whether a secret was
    /// one of the `candidates` is found out by its digest.
    pub fn applied(&self, address: &Address, path: &[String], candidates: &[&Value]) -> Value {
        let mut value = self.specs.get(address);
        for part in path {
            value = value.and_then(|v| v.get(part));
        }
        value.map_or(Value::Null, |stored| self.seal().opened(address, &path.join("."), stored, candidates))
    }
}

fn sealed(seal: &Seal, specs: &BTreeMap<Address, Value>) -> BTreeMap<Address, Value> {
    specs.iter().map(|(address, spec)| (address.clone(), seal.spec(address, spec))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::lost::LostField;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_kept_record_holds_no_secret_and_still_knows_it() {
        let at = Address::new("function", "f");
        let specs = BTreeMap::from([(at.clone(), json!({"memory": 1, "environment": {"API_KEY": "hush", "A": "b"}}))]);
        let path = ["environment".to_string(), "API_KEY".to_string()];
        let field = LostField { path: path.to_vec(), live: json!("hush-live"), wanted: json!("hush") };
        let lost = BTreeMap::from([(at.clone(), vec![field])]);
        let record = Record { specs: specs.clone(), lost, ..Record::default() }.sealed();
        let text = serde_json::to_string(&record).unwrap();
        assert!(!text.contains("hush"), "{text}");
        let record: Record = serde_json::from_str(&text).unwrap();
        assert!(record.is_of(&specs));
        let mut other = specs;
        other.get_mut(&at).unwrap()["environment"]["API_KEY"] = json!("hush2");
        assert!(!record.is_of(&other));
        let (hush, new) = (json!("hush"), json!("new"));
        assert_eq!(record.applied(&at, &path, &[&new, &hush]), hush);
        assert_eq!(record.applied(&at, &path, &[&new]), super::super::secret::SENSITIVE);
        assert_eq!(record.applied(&at, &["memory".into()], &[]), json!(1));
        assert_eq!(record.applied(&at, &["gone".into()], &[]), Value::Null);
    }
}
