//! The record of the last successful `up`: what was applied, by whom, when. A memory for words and
//! a hint where to look, never for decisions.

use super::secret::Seal;
use super::shorten;
use crate::model::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// More resources than any environment has. Each recorded resource that stack.yaml no longer has
/// costs a read.
const MAX_SPECS: usize = 2000;

/// An `up`, as it is kept in the `shopstack` table.
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
    /// Normalised specs by address, every template filled in; fields too large to be kept are
    /// digests.
    pub specs: BTreeMap<Address, Value>,
    /// Of the digests that stand in `specs` for secrets.
    #[serde(default)]
    pub salt: String,
}

/// A record's entry for one resource, opened for comparing.
pub struct Applied<'a> {
    record: &'a Record,
    address: &'a Address,
    pub spec: Value,
}

impl Applied<'_> {
    /// The applied value at `path`; null when the record does not know it. Whether a secret was one
    /// of the `candidates` is found out by its digest.
    pub fn at(&self, path: &[String], candidates: &[&Value]) -> Value {
        let mut value = Some(&self.spec);
        for part in path {
            value = value.and_then(|v| v.get(part));
        }
        let opened =
            |stored| self.record.seal().opened(self.address, &path.join("."), stored, candidates);
        value.map_or(Value::Null, opened)
    }
}

impl Record {
    /// The record as it is kept: no secret in it, under a salt of its own, and no larger than an
    /// item may be.
    pub fn sealed(mut self) -> Self {
        let seal = Seal::fresh();
        self.specs = sealed(&seal, &self.specs);
        self.salt = seal.salt;
        self
    }

    /// A record out of the shared table, which others can write. `None` for what no `up` wrote, a
    /// record of a newer version among it: only words are lost. Nothing in it decides anything.
    pub fn parse(text: &str) -> Option<Self> {
        let record: Self = serde_json::from_str(text).ok()?;
        let sealed = record.salt.is_empty() || Seal::is_salt(&record.salt);
        (sealed && record.specs.len() <= MAX_SPECS).then_some(record)
    }

    /// True where the record is of exactly these specs.
    pub fn is_of(&self, specs: &BTreeMap<Address, Value>) -> bool {
        self.specs == sealed(&self.seal(), specs)
    }

    pub(super) fn seal(&self) -> Seal {
        Seal { salt: self.salt.clone() }
    }

    /// The spec applied at an address. The specs in `known`, such as the live and the wanted one,
    /// open the digests of fields too large to keep; a digest of neither is null.
    pub fn applied<'a>(&'a self, address: &'a Address, known: &[&Value]) -> Option<Applied<'a>> {
        let spec = self.specs.get(address)?;
        let spec = if shorten::is_short(spec) {
            let seal = self.seal();
            let known: Vec<Value> = known.iter().map(|spec| seal.spec(address, spec)).collect();
            shorten::opened(spec, &known)
        } else {
            spec.clone()
        };
        Some(Applied { record: self, address, spec })
    }
}

fn sealed(seal: &Seal, specs: &BTreeMap<Address, Value>) -> BTreeMap<Address, Value> {
    let specs =
        specs.iter().map(|(address, spec)| (address.clone(), seal.spec(address, spec))).collect();
    shorten::shortened(specs, shorten::ROOM)
}

#[cfg(test)]
mod tests {
    use super::super::Inputs;
    use super::super::tests::BASE;
    use super::*;
    use crate::model::{Cause, Desired, Live, Op, Scope};
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn a_kept_record_holds_no_secret_and_still_knows_it() {
        let at = Address::new("function", "f");
        let specs = BTreeMap::from([(
            at.clone(),
            json!({"memory": 1, "environment": {"API_KEY": "hush", "A": "b"}}),
        )]);
        let path = ["environment".to_string(), "API_KEY".to_string()];
        let record = Record { specs: specs.clone(), ..Record::default() }.sealed();
        let text = serde_json::to_string(&record).unwrap();
        assert!(!text.contains("hush"), "{text}");
        let record: Record = serde_json::from_str(&text).unwrap();
        assert!(record.is_of(&specs));
        let mut other = specs;
        other.get_mut(&at).unwrap()["environment"]["API_KEY"] = json!("hush2");
        assert!(!record.is_of(&other));
        let (hush, new) = (json!("hush"), json!("new"));
        let applied = record.applied(&at, &[]).unwrap();
        assert_eq!(applied.at(&path, &[&new, &hush]), hush);
        assert_eq!(applied.at(&path, &[&new]), super::super::secret::SENSITIVE);
        assert_eq!(applied.at(&["memory".into()], &[]), json!(1));
        assert_eq!(applied.at(&["gone".into()], &[]), Value::Null);
    }

    /// The row may have been written by anybody: what is no record is none, at once.
    #[test]
    fn a_row_that_no_up_wrote_is_no_record() {
        let whole = json!({"who": "w", "when": "t", "commit": "", "plan_hash": "", "specs": {},
            "salt": Seal::fresh().salt});
        let with = |key: &str, value: Value| {
            let mut changed = whole.clone();
            changed[key] = value;
            changed.to_string()
        };
        assert!(Record::parse(&whole.to_string()).is_some());
        assert!(Record::parse(&with("salt", json!(""))).is_some());
        let many: BTreeMap<_, _> = (0..5000).map(|n| (format!("table.{n}"), json!({}))).collect();
        for text in [
            String::new(),
            "null".into(),
            "[".repeat(100_000),
            with("salt", json!("x".repeat(300_000))),
            with("salt", json!("x\n::error::")),
            with("salt", json!(7)),
            with("specs", json!([])),
            with("specs", json!(many)),
            with("who", json!({"a": 1})),
        ] {
            let shown: String = text.chars().take(60).collect();
            assert!(Record::parse(&text).is_none(), "{shown}");
        }
    }

    #[test]
    fn the_record_of_five_thousand_files_fits_an_item_and_still_knows_them() {
        let at = Address::new("objects", "site");
        let objects = |changed: usize| -> BTreeMap<String, Value> {
            let one = |n: usize| {
                let md5 = format!("{:032x}", if n == changed { usize::MAX } else { n });
                let object = json!({"md5": md5, "content_type": "text/html; charset=utf-8",
                    "cache_control": "public, max-age=31536000, immutable"});
                (format!("articles/2026/{n:05}/index.html"), object)
            };
            (0..5000).map(one).collect()
        };
        let spec = |changed: usize| json!({"objects": objects(changed), "config": "{}"});
        let none = usize::MAX;
        let specs = BTreeMap::from([
            (at.clone(), spec(none)),
            (Address::new("table", "T"), json!({"seed": null})),
        ]);
        let record = Record { specs: specs.clone(), ..Record::default() }.sealed();
        let text = serde_json::to_string(&record).unwrap();
        assert!(
            text.len() < 350_000,
            "DynamoDB takes 400 KB an item, this record has {} bytes",
            text.len()
        );
        let record: Record = serde_json::from_str(&text).unwrap();
        assert!(record.is_of(&specs));
        assert!(!record.is_of(&BTreeMap::from([(at.clone(), spec(7))])));
        // The applied value is known as long as one side still has it.
        let path = ["objects", "articles/2026/00007/index.html", "md5"].map(String::from);
        let (old, new, other) = (spec(none), spec(7), spec(8));
        let md5 = json!(format!("{:032x}", 7));
        assert_eq!(record.applied(&at, &[&old, &new]).unwrap().at(&path, &[]), md5);
        assert_eq!(record.applied(&at, &[&new, &old]).unwrap().at(&path, &[]), md5);
        assert_eq!(record.applied(&at, &[&new, &other]).unwrap().at(&path, &[]), Value::Null);
        assert_eq!(record.applied(&at, &[&new]).unwrap().at(&["config".into()], &[]), json!("{}"));
    }

    /// Write access to the record's row cannot hide drift: an opened trust policy, a lifted public
    /// access block, disabled backups.
    #[test]
    fn no_entry_of_a_record_hides_drift() {
        for (field, live, wanted) in [
            ("trust", json!({"Principal": "*"}), json!({"Principal": "lambda.amazonaws.com"})),
            ("block_public_policy", json!(false), json!(true)),
            ("point_in_time_recovery", json!(false), json!(true)),
        ] {
            let at = Address::new("box", "x");
            let lost = json!([{"path": [field], "live": live, "wanted": wanted},
                {"path": ["trust", "Principal"], "live": "*", "wanted": "lambda.amazonaws.com"}]);
            let row = json!({"who": "", "when": "", "commit": "", "plan_hash": "",
                "specs": {"box.x": {field: wanted}}, "lost": {"box.x": lost}});
            let record: Record = serde_json::from_value(row).unwrap();
            let desired = Desired {
                address: at.clone(),
                type_name: BASE.type_name.into(),
                name: "n".into(),
                spec: json!({field: wanted}),
                context: Value::Null,
                depends_on: BTreeSet::new(),
                payload: None,
            };
            for endpoint in [None, Some("http://127.0.0.1:4566".to_string())] {
                let scope = Scope {
                    stack: "s".into(),
                    env: "e".into(),
                    account: "000000000000".into(),
                    region: "us-east-1".into(),
                    endpoint,
                };
                let live = Live::new(at.clone(), BASE.type_name, "n", json!({field: live}));
                let plan = super::super::plan(&Inputs {
                    scope: &scope,
                    desired: std::slice::from_ref(&desired),
                    live: &[live],
                    known: &BTreeMap::new(),
                    record: Some(&record),
                    types: &[&BASE],
                    adopt: &BTreeSet::new(),
                })
                .unwrap();
                let steps: Vec<_> = plan.steps.iter().map(|s| (s.op, s.cause)).collect();
                assert_eq!(steps, [(Op::Update, Cause::Drift)], "{field}");
            }
        }
    }
}
