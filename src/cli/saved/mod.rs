//! Saved plans: what `diff --out` wrote and a reviewer approved is what `up --plan` does, or it
//! refuses.
//!
//! Nothing in the file is taken on trust. Its digest tells that it was cut or edited; since whoever
//! edits a file can make its digest anew, every word that a reviewer reads is compared with the
//! plan made now as well.

mod compare;
#[cfg(test)]
mod tests;

use super::error::CliError;
use crate::model::{Address, FieldChange, Owner, Plan, tag, text};
use crate::plan::secret::Seal;
use crate::planning;
use crate::render::document::{self, PlanDocument};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

/// Largest plan that is read; the plan of a site of 20,000 files has a third of it.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Writes a plan where only its owner can read it: names of resources, policies and the variables
/// of functions stand in it. A file that is there already gets the same mode.
pub fn write(path: &Path, plan: &Value) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(plan).unwrap_or_default() + "\n";
    write_private(path, &text).map_err(|e| {
        CliError::new(format!("{}: {e}", path.display()), "name a file that can be written")
    })
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    file.write_all(text.as_bytes())
}

/// The expiry (RFC 3339) that the plan would set; `None` where it sets none.
pub fn expires_at(plan: &PlanDocument) -> Option<String> {
    let of_field = |field: &FieldChange| {
        let tag = match field.path.strip_prefix("tags") {
            Some("") => field.wanted.get(tag::EXPIRES_AT),
            Some(rest) if rest.ends_with(tag::EXPIRES_AT) => Some(&field.wanted),
            _ => None,
        };
        tag.and_then(Value::as_str).map(str::to_string)
    };
    plan.changes.iter().flat_map(|change| &change.fields).find_map(of_field)
}

/// Reads a saved plan. Errors: unreadable, no JSON, not a plan, a plan of another version, one that
/// is not as it was written.
pub fn load(path: &Path) -> Result<PlanDocument, CliError> {
    let fail = |what: String| {
        CliError::new(
            format!("{}: {what}", path.display()),
            "make it again with `shopstack diff --out plan.json`",
        )
    };
    let size = std::fs::metadata(path).map_err(|e| fail(e.to_string()))?.len();
    if size > MAX_BYTES {
        return Err(fail(format!("{size} bytes are too many for a plan")));
    }
    let bytes = std::fs::read(path).map_err(|e| fail(e.to_string()))?;
    let text = text::decode(&bytes).map_err(|at| fail(format!("byte {at} is not UTF-8")))?;
    let value: Value = serde_json::from_str(&text).map_err(|e| fail(format!("not a plan: {e}")))?;
    match value.get("format_version").and_then(Value::as_str) {
        Some(Plan::FORMAT_VERSION) => {}
        Some(other) => {
            let ours = Plan::FORMAT_VERSION;
            return Err(fail(format!(
                "the plan has format {other}, this shopstack writes and reads {ours}"
            )));
        }
        None => {
            return Err(fail("not a plan of shopstack: it has no format_version".into()));
        }
    }
    let plan: PlanDocument = serde_json::from_value(value.clone())
        .map_err(|e| fail(format!("not a plan of shopstack: {e}")))?;
    match &plan.digest {
        None => {
            return Err(fail("the plan has no digest, so it cannot be checked for changes".into()));
        }
        Some(digest) if *digest != document::digest(&value) => {
            return Err(fail("the file was changed after shopstack wrote it".into()));
        }
        Some(_) => {}
    }
    if let Some(secrets) = &plan.secrets
        && !Seal::is_salt(&secrets.salt)
    {
        return Err(fail("not a plan of shopstack: its salt is none".into()));
    }
    Ok(plan)
}

/// Compares the reviewed plan with the one that live AWS and stack.yaml give now.
///
/// Accepts one difference: a resource shared by all stacks of the account, which the plan creates
/// and which another stack has created meanwhile. Less is then done than was reviewed.
///
/// Error: they differ; every difference is named, nothing was changed.
pub fn check(saved: &PlanDocument, now: &Plan) -> Result<(), CliError> {
    let place = [
        ("stack", &saved.stack, &now.stack),
        ("env", &saved.env, &now.env),
        ("account", &saved.account, &now.account),
        ("region", &saved.region, &now.region),
    ];
    for (key, theirs, ours) in place {
        if theirs != ours {
            return Err(CliError::new(
                format!("the saved plan is for {key} `{theirs}`, this run is for `{ours}`"),
                "use the plan where it was made for, or make a new one with `shopstack diff \
                 --out plan.json`",
            ));
        }
    }
    // Under the salt of the saved plan, secrets that are the same have the same digests.
    let seal = saved.secrets.as_ref().map_or_else(Seal::fresh, |s| Seal { salt: s.salt.clone() });
    let shared = now.unchanged.iter().filter(|live| live.owner == Owner::Shared);
    let shared: BTreeSet<Address> = shared.map(|live| live.address.clone()).collect();
    let mut now = now.clone();
    planning::note_refusal(&mut now);
    let current = PlanDocument::new(&now, json!({}), &seal);
    let differences = compare::differences(saved, &current, &shared);
    if differences.is_empty() {
        return Ok(());
    }
    Err(CliError::new(
        format!("AWS or stack.yaml changed since the plan was saved:\n{}", differences.join("\n")),
        "review a new plan: `shopstack diff --out plan.json`; nothing was changed",
    ))
}
