//! Which variables of a function are secrets, and how their values are kept where they must not be
//! read: as digests.
//!
//! A saved plan and the record of an `up` still have to tell whether a value is the one it was.
//! They hold a digest under a salt of their own in its place, slow enough that guessing a weak
//! secret from a leaked file costs something.

#[cfg(test)]
mod tests;

use crate::model::{Address, FieldChange};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};

/// Stands in for a secret value.
pub const SENSITIVE: &str = "(sensitive)";

/// Group of the addresses whose variables may be secrets.
const GROUP: &str = "function";
const VARIABLES: &str = "environment";
/// Key of the object that stands in a record for a sealed value.
const SEALED: &str = "sealed";
/// Rounds of SHA-256 per digest: some milliseconds, once per secret and run.
const ROUNDS: u32 = 20_000;

/// Parts of names that people give to secrets, upper case.
const WORDS: [&str; 11] = [
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "KEY",
    "CREDENTIAL",
    "PRIVATE",
    "SIGNATURE",
    "SALT",
    "DSN",
];
/// Whole words of a name that would be too common as parts: `PASS` stands in COMPASS.
const WHOLE_WORDS: [&str; 5] = ["PASS", "PWD", "PIN", "AUTH", "CERT"];
/// How the values of well-known kinds of secrets begin.
const BEGINNINGS: [&str; 24] = [
    "AKIA",
    "ASIA",
    "AIza",
    "SG.",
    "dop_v1_",
    "gho_",
    "ghp_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "hf_",
    "npm_",
    "pypi-",
    "rk_live_",
    "shpat_",
    "sk-ant-",
    "sk-proj-",
    "sk_live_",
    "sk_test_",
    "whsec_",
    "xapp-",
    "xox",
    "ya29.",
];
/// What stands inside of values that carry a secret among other things, lower case.
const CARRIERS: [&str; 9] = [
    "-----begin",
    "bearer ",
    "basic ",
    "hooks.slack.com/services/",
    "pwd=",
    "password=",
    "accountkey=",
    "secret=",
    "token=",
];

/// True where a variable's name or its value looks like a secret.
pub fn is_secret(name: &str, value: &Value) -> bool {
    name_is_secret(name) || value.as_str().is_some_and(value_is_secret)
}

/// The same for the value at a dotted path of a resource's spec.
pub fn is_secret_at(address: &Address, path: &str, value: &Value) -> bool {
    let variable = path.strip_prefix(VARIABLES).and_then(|rest| rest.strip_prefix('.'));
    address.group() == GROUP && variable.is_some_and(|name| is_secret(name, value))
}

fn name_is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let whole = |word: &str| WHOLE_WORDS.contains(&word);
    WORDS.iter().any(|word| name.contains(word))
        || name.split(|c: char| !c.is_ascii_alphanumeric()).any(whole)
}

fn value_is_secret(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let parts = || value.split(|c: char| !(c.is_ascii_alphanumeric() || "+=_-.".contains(c)));
    CARRIERS.iter().any(|part| lower.contains(part))
        || parts()
            .any(|part| BEGINNINGS.iter().any(|start| part.starts_with(start)) || is_jwt(part))
        || user_in_url(value)
        || is_random(value)
}

/// A long token without words in it. One with dashes or dots needs a long piece between them, for
/// names of things have those too.
fn is_random(value: &str) -> bool {
    let some = |text: &str, test: fn(&char) -> bool| text.chars().any(|c| test(&c));
    let mixed = |text: &str| {
        some(text, char::is_ascii_lowercase)
            && some(text, char::is_ascii_uppercase)
            && some(text, char::is_ascii_digit)
    };
    let all = |signs: &str| value.chars().all(|c| c.is_ascii_alphanumeric() || signs.contains(c));
    let hex = value.chars().all(|c| c.is_ascii_hexdigit()) && some(value, char::is_ascii_digit);
    let pieces = || value.split(['-', '.', ':', '_']);
    hex && value.len() >= 32
        || value.len() >= 24 && mixed(value) && all("+/=_")
        || value.len() >= 24
            && all("+/=_-.:")
            && pieces().any(|piece| piece.len() >= 16 && mixed(piece))
}

/// `postgres://user:password@host/…`, or a long key in place of the user.
fn user_in_url(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else {
        return false;
    };
    let place = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    place.rsplit_once('@').is_some_and(|(user, _)| user.contains(':') || user.len() >= 20)
}

fn is_jwt(value: &str) -> bool {
    value.starts_with("eyJ") && value.split('.').count() == 3
}

/// One secret variable of a difference, with its values; absent is null.
#[derive(Debug)]
pub struct Secret<'a> {
    /// `environment.API_KEY`
    pub path: String,
    pub live: &'a Value,
    pub applied: &'a Value,
    pub wanted: &'a Value,
}

/// The secrets that a difference of `address` touches: the variable itself, or those of a whole
/// environment.
pub fn secrets<'a>(address: &Address, field: &'a FieldChange) -> Vec<Secret<'a>> {
    let sides = [&field.live, &field.applied, &field.wanted];
    let Some(rest) = field.path.strip_prefix(VARIABLES).filter(|_| address.group() == GROUP) else {
        return vec![];
    };
    if let Some(name) = rest.strip_prefix('.') {
        let [live, applied, wanted] = sides;
        let found = sides.iter().any(|value| is_secret(name, value));
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
        [s.live, s.applied, s.wanted].iter().any(|value| is_secret(name, value))
    })
    .collect()
}

/// The difference as it may be shown.
pub fn masked(address: &Address, field: &FieldChange) -> FieldChange {
    let mut shown = field.clone();
    for path in secrets(address, field).into_iter().map(|s| s.path) {
        for side in [&mut shown.live, &mut shown.applied, &mut shown.wanted] {
            let value = match path == field.path {
                true => Some(side),
                false => path.strip_prefix("environment.").and_then(|name| side.get_mut(name)),
            };
            // What is absent or unknown tells nothing.
            if let Some(value) = value.filter(|v| is_known(v)) {
                *value = SENSITIVE.into();
            }
        }
    }
    shown
}

/// A spec as it may be shown.
pub fn hidden(address: &Address, spec: &Value) -> Value {
    let mut shown = spec.clone();
    if address.group() == GROUP
        && let Some(variables) = shown.get_mut(VARIABLES).and_then(Value::as_object_mut)
    {
        variables
            .iter_mut()
            .filter(|(name, v)| is_secret(name, v))
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
        let mut sealed = spec.clone();
        if address.group() == GROUP
            && let Some(variables) = sealed.get_mut(VARIABLES).and_then(Value::as_object_mut)
        {
            for (name, value) in variables.iter_mut().filter(|(name, value)| is_secret(name, value))
            {
                *value = self.value(address, &format!("{VARIABLES}.{name}"), value);
            }
        }
        sealed
    }

    /// One value of a spec, sealed where it is a secret.
    pub fn field(&self, address: &Address, path: &[String], value: &Value) -> Value {
        let field = FieldChange {
            path: path.join("."),
            live: value.clone(),
            applied: Value::Null,
            wanted: Value::Null,
            replaces: false,
        };
        let mut sealed = value.clone();
        for secret in secrets(address, &field) {
            let at = if secret.path == field.path {
                Some(&mut sealed)
            } else {
                path_end(&secret.path, &mut sealed)
            };
            if let Some(at) = at {
                *at = self.value(address, &secret.path, secret.live);
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

fn path_end<'a>(path: &str, value: &'a mut Value) -> Option<&'a mut Value> {
    value.get_mut(path.rsplit('.').next()?)
}
