//! One field with another value for it: how a stranger sets it, and what a plan then has to say.

use super::deployed::DeployedShop;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use shopstack::model::{Live, Op};
use std::path::PathBuf;

/// A field of one resource, its other value, and where the usual expectation does not hold.
#[derive(Clone, Debug)]
pub struct Case {
    /// As `drift::fields` lists it.
    pub field: &'static str,
    /// Address of the resource; empty for that of `DriftCases`.
    pub at: &'static str,
    keys: Vec<String>,
    inner: Vec<String>,
    pub to: Value,
    /// Fields that cannot but change along with it.
    pub also: Vec<(String, Value)>,
    /// Why no stranger's change is tried.
    pub no_drift: Option<&'static str>,
    /// Why no change of the author is tried.
    pub no_change: Option<&'static str>,
    pub op: Op,
    /// What the plan shows as live after the stranger, where that is not simply the other value;
    /// null for anything.
    pub seen_as: Option<Value>,
    /// Steps on other resources that follow from it: address, operation and field.
    pub with: Vec<(&'static str, Op, &'static str)>,
    /// The local file or folder that the author's change sends.
    pub payload: Option<PathBuf>,
}

pub fn case(field: &'static str, to: Value) -> Case {
    Case {
        field,
        at: "",
        keys: vec![],
        inner: vec![],
        to,
        also: vec![],
        no_drift: None,
        no_change: None,
        op: Op::Update,
        seen_as: None,
        with: vec![],
        payload: None,
    }
}

/// A field that no case can cover.
pub fn gap(field: &'static str, reason: &'static str) -> Case {
    case(field, Value::Null).no_drift(reason).no_change(reason)
}

impl Case {
    pub fn at(self, at: &'static str) -> Case {
        Case { at, ..self }
    }

    /// What the stars of the field stand for.
    pub fn keys(self, keys: &[&str]) -> Case {
        Case { keys: keys.iter().map(ToString::to_string).collect(), ..self }
    }

    /// The part of a document that is changed.
    pub fn inner(self, inner: &[&str]) -> Case {
        Case { inner: inner.iter().map(ToString::to_string).collect(), ..self }
    }

    pub fn also(mut self, path: &str, to: Value) -> Case {
        self.also.push((path.to_string(), to));
        self
    }

    pub fn no_drift(self, reason: &'static str) -> Case {
        Case { no_drift: Some(reason), ..self }
    }

    pub fn no_change(self, reason: &'static str) -> Case {
        Case { no_change: Some(reason), ..self }
    }

    pub fn op(self, op: Op) -> Case {
        Case { op, ..self }
    }

    pub fn seen_as(self, live: Value) -> Case {
        Case { seen_as: Some(live), ..self }
    }

    pub fn also_updates(self, address: &'static str, field: &'static str) -> Case {
        self.with_op(address, Op::Update, field)
    }

    pub fn with_op(mut self, address: &'static str, op: Op, field: &'static str) -> Case {
        self.with.push((address, op, field));
        self
    }

    pub fn payload(self, path: PathBuf) -> Case {
        Case { payload: Some(path), ..self }
    }

    /// The field's path in a spec, stars filled in.
    pub fn path(&self) -> Vec<String> {
        let mut keys = self.keys.iter();
        let fill = |part: &str| match part {
            "*" => keys
                .next()
                .unwrap_or_else(|| panic!("{} has more stars than keys", self.field))
                .clone(),
            part => part.to_string(),
        };
        self.field.split('.').map(fill).chain(self.inner.iter().cloned()).collect()
    }

    /// The paths that a plan names, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.also.iter().map(|(path, _)| path.clone()).collect();
        names.push(self.path().join("."));
        names.sort();
        names
    }

    /// A spec with this case's values.
    pub fn applied_to(&self, spec: &Value) -> Value {
        let mut spec = spec.clone();
        let entry = self.field.ends_with('*') || !self.inner.is_empty();
        set_value(&mut spec, &self.path(), &self.to, entry);
        for (path, to) in &self.also {
            let path: Vec<String> = path.split('.').map(str::to_string).collect();
            set_value(&mut spec, &path, to, false);
        }
        spec
    }
}

/// Sets the value at a path; a null entry of a map goes out of it.
fn set_value(spec: &mut Value, path: &[String], to: &Value, entry: bool) {
    let (last, above) = path.split_last().expect("a path");
    let mut place = spec;
    for part in above {
        place = &mut place[part.as_str()];
    }
    if place.is_null() {
        *place = Value::Object(Map::new());
    }
    let place = place.as_object_mut().unwrap_or_else(|| panic!("{path:?} leads into no object"));
    if entry && to.is_null() {
        place.shift_remove(last);
    } else {
        place.insert(last.clone(), to.clone());
    }
}

/// What a stranger is told: the resource as it is, and the spec that its live one is to become.
pub struct OutOfBandChange<'a> {
    pub live: &'a Live,
    pub case: &'a Case,
    pub target: Value,
}

impl OutOfBandChange<'_> {
    /// The field's new value.
    pub fn to(&self) -> &Value {
        &self.case.to
    }

    pub fn text(&self) -> &str {
        self.case.to.as_str().expect("a text")
    }

    pub fn number(&self) -> i32 {
        i32::try_from(self.case.to.as_i64().expect("a whole number")).expect("a small one")
    }

    pub fn flag(&self) -> bool {
        self.case.to.as_bool().expect("true or false")
    }

    pub fn key(&self) -> &str {
        self.case.keys.first().expect("a key")
    }

    pub fn output(&self, key: &str) -> &str {
        self.live.outputs.get(key).unwrap_or_else(|| panic!("{} has no {key}", self.live.address))
    }
}

/// How a stranger changes a resource outside shopstack, through the SDK alone.
pub type ApplyChange = for<'a> fn(&'a DeployedShop, &'a OutOfBandChange<'a>) -> BoxFuture<'a, ()>;

/// All cases of one type.
pub struct DriftCases {
    pub type_name: &'static str,
    /// Address of the resource that cases are tried on, unless they name another.
    pub at: &'static str,
    pub cases: Vec<Case>,
    pub change: ApplyChange,
}
