//! Decides which variables of a function are secrets, and stores their digests in place of their
//! values.
//!
//! A saved plan and the record of an `up` still have to tell whether a value is the one it was.
//! They hold a digest under a salt of their own in its place, slow enough that guessing a weak
//! secret from a leaked file costs something.

#[cfg(test)]
mod tests;

use crate::model::secrecy::{name_is_secret, value_is_secret};
use crate::model::{Address, FieldChange, Step, tag};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};

/// Stands in for a secret value.
pub const SENSITIVE: &str = "(sensitive)";

/// Field of a spec that holds variables by name, whatever its type.
const VARIABLES: &str = "environment";
/// Key of the object that stands in a record for a sealed value.
const SEALED: &str = "sealed";
/// Rounds of SHA-256 per digest: some milliseconds, once per secret and run.
const ROUNDS: u32 = 20_000;

/// The variables that stack.yaml marks as secrets. A function carries their names in a tag, so that
/// they are known where the mark, or the variable, is gone from stack.yaml.
#[derive(Clone, Debug, Default)]
pub struct Marks(BTreeSet<String>);

impl Marks {
    /// The marks of a function's specs, such as the live and the wanted one.
    pub fn of_specs<'a>(specs: impl IntoIterator<Item = &'a Value>) -> Self {
        let named = |spec: &'a Value| spec.get("tags")?.get(tag::SECRETS)?.as_str();
        let names = specs.into_iter().filter_map(named).flat_map(|all| all.split(':'));
        Self(names.map(str::to_string).collect())
    }

    /// The marks of a step, wanted and live.
    pub fn of_step(step: &Step) -> Self {
        Self::of_specs([&step.wanted].into_iter().chain(step.live.as_ref().map(|live| &live.spec)))
    }

    /// True where a variable is marked, or its name or value looks like a secret.
    pub fn is_secret(&self, name: &str, value: &Value) -> bool {
        self.0.contains(name) || name_is_secret(name) || value.as_str().is_some_and(value_is_secret)
    }

    /// The same for the value at a dotted path of a resource's spec.
    pub fn is_secret_at(&self, path: &str, value: &Value) -> bool {
        let variable = path.strip_prefix(VARIABLES).and_then(|rest| rest.strip_prefix('.'));
        variable.is_some_and(|name| self.is_secret(name, value))
    }
}

/// A secret variable of a difference, with its values; absent is null.
#[derive(Debug)]
pub struct Secret<'a> {
    /// `environment.API_KEY`
    pub path: String,
    pub live: &'a Value,
    pub applied: &'a Value,
    pub wanted: &'a Value,
}

/// The secrets that a difference touches: the variable itself, or those of a whole environment.
pub fn secrets<'a>(field: &'a FieldChange, marks: &Marks) -> Vec<Secret<'a>> {
    let sides = [&field.live, &field.applied, &field.wanted];
    let Some(rest) = field.path.strip_prefix(VARIABLES) else {
        return vec![];
    };
    if let Some(name) = rest.strip_prefix('.') {
        let [live, applied, wanted] = sides;
        let found = sides.iter().any(|value| marks.is_secret(name, value));
        return found
            .then(|| Secret { path: field.path.clone(), live, applied, wanted })
            .into_iter()
            .collect();
    }
    let names: BTreeSet<&String> =
        sides.iter().filter_map(|v| v.as_object()).flat_map(Map::keys).collect();
    let of = |side: &'a Value, name: &str| side.get(name).unwrap_or(&Value::Null);
    let all = names.into_iter().map(|name| Secret {
        path: format!("{VARIABLES}.{name}"),
        live: of(&field.live, name),
        applied: of(&field.applied, name),
        wanted: of(&field.wanted, name),
    });
    all.filter(|s| {
        let name = s.path.rsplit('.').next().unwrap_or_default();
        [s.live, s.applied, s.wanted].iter().any(|value| marks.is_secret(name, value))
    })
    .collect()
}

/// The difference as it may be shown.
pub fn masked(field: &FieldChange, marks: &Marks) -> FieldChange {
    let mut shown = field.clone();
    for path in secrets(field, marks).into_iter().map(|s| s.path) {
        for side in [&mut shown.live, &mut shown.applied, &mut shown.wanted] {
            let value = match path == field.path {
                true => Some(side),
                false => path.strip_prefix("environment.").and_then(|name| side.get_mut(name)),
            };
            // Absent and unknown values reveal nothing.
            if let Some(value) = value.filter(|v| is_known(v)) {
                *value = SENSITIVE.into();
            }
        }
    }
    shown
}

/// A spec as it may be shown.
pub fn hidden(spec: &Value, marks: &Marks) -> Value {
    let mut shown = spec.clone();
    if let Some(variables) = shown.get_mut(VARIABLES).and_then(Value::as_object_mut) {
        variables
            .iter_mut()
            .filter(|(name, v)| marks.is_secret(name, v))
            .for_each(|(_, v)| *v = SENSITIVE.into());
    }
    shown
}

/// False for what is absent or not known yet.
fn is_known(value: &Value) -> bool {
    !value.is_null() && *value != json!({"unknown": true})
}

/// Makes digests under one salt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    pub salt: String,
}

impl Seal {
    /// With a salt that no other has. A salt is no secret: it stands beside its digests.
    pub fn fresh() -> Self {
        // Each state is keyed by the operating system's random numbers.
        let part = || RandomState::new().build_hasher().finish();
        Self { salt: format!("{:016x}{:016x}", part(), part()) }
    }

    /// True for what `fresh` may have made. Salts come from files and rows that others can write,
    /// and a long one would be hashed 20,000 times.
    pub fn is_salt(text: &str) -> bool {
        text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
    }

    /// The digest of a value at its place; equal values at other places have other digests.
    ///
    /// None for what is absent or not known yet.
    pub fn digest(&self, address: &Address, path: &str, value: &Value) -> Option<String> {
        if !is_known(value) {
            return None;
        }
        let text = json!([self.salt, address, path, value]).to_string();
        let mut digest = Sha256::digest(text.as_bytes());
        for _ in 0..ROUNDS {
            digest =
                Sha256::new().chain_update(digest).chain_update(self.salt.as_bytes()).finalize();
        }
        Some(digest.iter().map(|b| format!("{b:02x}")).collect())
    }

    /// A spec with its secrets sealed.
    pub fn spec(&self, address: &Address, spec: &Value) -> Value {
        let (mut sealed, marks) = (spec.clone(), Marks::of_specs([spec]));
        if let Some(variables) = sealed.get_mut(VARIABLES).and_then(Value::as_object_mut) {
            for (name, value) in
                variables.iter_mut().filter(|(name, value)| marks.is_secret(name, value))
            {
                *value = self.value(address, &format!("{VARIABLES}.{name}"), value);
            }
        }
        sealed
    }

    fn value(&self, address: &Address, path: &str, value: &Value) -> Value {
        self.digest(address, path, value).map_or(Value::Null, |digest| json!({ SEALED: digest }))
    }

    /// A value out of a record, opened where it is that of a candidate: only who has the value can
    /// tell what it was. What no candidate opens was another value, and reads `(sensitive)`.
    pub fn opened(
        &self,
        address: &Address,
        path: &str,
        stored: &Value,
        candidates: &[&Value],
    ) -> Value {
        let Value::Object(map) = stored else {
            return stored.clone();
        };
        if let Some(digest) =
            map.get(SEALED).and_then(Value::as_str).filter(|_| map.len() == 1 && path.contains('.'))
        {
            let same =
                |value: &&&Value| self.digest(address, path, value).as_deref() == Some(digest);
            return candidates
                .iter()
                .find(same)
                .map_or_else(|| SENSITIVE.into(), |value| (*value).clone());
        }
        let open = |(name, value): (&String, &Value)| {
            let inside: Vec<&Value> = candidates.iter().filter_map(|c| c.get(name)).collect();
            (name.clone(), self.opened(address, &format!("{path}.{name}"), value, &inside))
        };
        map.iter().map(open).collect()
    }
}
