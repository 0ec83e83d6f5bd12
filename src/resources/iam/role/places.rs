//! Where a role's grants stand in stack.yaml, and what they are for.

use super::{grant_sid, secrets};
use crate::resources::place::{Place, by_key};
use crate::stack::{EnvKind, EnvValue, Function, Stack};

/// Statements for what variables name, with the kind of the variables.
const NAMED: [(&str, Option<EnvKind>); 3] = [
    (secrets::PARAMETERS, Some(EnvKind::Ssm)),
    (secrets::SECRETS, Some(EnvKind::SecretsManager)),
    (secrets::KEYS, None),
];

pub(super) fn places(stack: &Stack) -> Vec<Place> {
    let mut places = by_key(&["functions"], stack.functions.keys());
    for (id, function) in &stack.functions {
        for (position, grant) in function.grants.iter().enumerate() {
            let sid = grant_sid(&function.grants, position);
            let path = ["functions", id, "grants", &position.to_string()];
            places.push(Place::of_part(id, &sid, &path).with_reason(&grant.reason));
        }
        for (sid, kind) in NAMED {
            let names = variables(function, kind);
            if let Some(first) = names.first() {
                let place = Place::of_part(id, sid, &["functions", id, "env", first]);
                let reason = format!("what the variables name: {}", names.join(", "));
                places.push(place.with_reason(&reason));
            }
        }
    }
    places
}

/// The variables of a kind, or all those with a key of their own.
fn variables(function: &Function, kind: Option<EnvKind>) -> Vec<&str> {
    let fits = |value: &EnvValue| kind.map_or(value.kms_key.is_some(), |kind| value.kind == kind);
    function.env.iter().filter(|(_, v)| fits(v)).map(|(name, _)| name.as_str()).collect()
}
