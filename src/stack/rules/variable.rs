//! The variables of functions: their names, what their values refer to, and the marks of secrets.

use super::context::Context;
use crate::model::{tag, template};
use crate::stack::compute::{EnvKind, EnvPart, EnvValue, split};
use crate::stack::error::{quote, suggest};
use crate::stack::{Stack, names};
use std::collections::{BTreeMap, BTreeSet};

/// The keys of a value with a mark, of which it has one.
const MARKS: [&str; 4] = ["secret", "ssm", "secrets_manager", "plain"];
/// The limit on a tag's value, which holds the marked names.
const MARKED_NAMES: usize = 256;

pub(super) fn check(context: &mut Context, id: &str, env: &BTreeMap<String, EnvValue>) {
    for (name, value) in env {
        let path = ["functions", id, "env", name];
        context.key(&path, &format!("the variable {}", quote(name)), names::env_var(name), None);
        check_value(context, &path, name, value);
    }
    // Lambda measures the variables as JSON; references count as they stand here.
    let json = |text: &str| serde_json::Value::from(text).to_string().len();
    let size: usize =
        1 + env.iter().map(|(name, value)| json(name) + json(&value.text) + 2).sum::<usize>();
    if size > 4096 {
        let verdict = Err(format!("holds {size} bytes as JSON, but Lambda takes 4096"));
        context.key(&["functions", id, "env"], "`env`", verdict, None);
    }
    let marked = env.iter().filter(|(_, value)| value.kind == EnvKind::Secret);
    let length: usize = marked.map(|(name, _)| name.len() + 1).sum();
    if length > MARKED_NAMES + 1 {
        let what = format!(
            "the names of the marked secrets have {} characters together, but the tag {} takes \
             {MARKED_NAMES}",
            length - 1,
            quote(tag::SECRETS)
        );
        let help = "keep some of them in SSM Parameter Store and name them, `{ ssm: /name }`";
        context.at_value(&["functions", id, "env"], what, Some(help.to_string()));
    }
}

fn check_value(context: &mut Context, path: &[&str], name: &str, value: &EnvValue) {
    if value.kind == EnvKind::Unmarked {
        return check_text(context, path, &value.text);
    }
    let below = |key| path.iter().copied().chain([key]).collect::<Vec<&str>>();
    let given: Vec<_> =
        MARKS.into_iter().filter(|key| context.tree.find(&below(key)).is_some()).collect();
    let [key] = given.as_slice() else {
        let keys = MARKS.map(quote).join(", ");
        let verdict = Err(format!("must hold exactly one of {keys}"));
        return context.key(path, &format!("the variable {}", quote(name)), verdict, None);
    };
    let place = below(key);
    match value.kind {
        EnvKind::Unmarked | EnvKind::Plain => check_text(context, &place, &value.text),
        EnvKind::Secret => check_secret(context, &place, name, &value.text),
        EnvKind::Ssm => {
            check_name(context, &place, value, names::parameter(&value.text));
        }
        EnvKind::SecretsManager => {
            check_name(context, &place, value, names::secret(&value.text));
        }
    }
    if let Some(arn) = &value.kms_key {
        let place = below("kms_key");
        let verdict = match value.kind {
            EnvKind::Ssm | EnvKind::SecretsManager => names::kms_key(arn),
            _ => Err("belongs to `ssm` or `secrets_manager` alone".to_string()),
        };
        context.value(&place, "`kms_key`", verdict, None);
    }
}

/// Errors about a secret must not repeat any part of it.
fn check_secret(context: &mut Context, path: &[&str], name: &str, text: &str) {
    let what = format!("the secret {}", quote(name));
    if text.is_empty() {
        context.value(path, &what, Err("must not be empty".to_string()), None);
    } else if internal(text).is_some() {
        let verdict = Err("holds `{{…}}`, which would be taken for an id of AWS".to_string());
        context.value(path, &what, verdict, None);
    } else if split(text).iter().any(|part| !matches!(part, Ok(EnvPart::Literal(_)))) {
        let verdict = Err("holds `${`, which begins a reference".to_string());
        let help = Some("write `$${` for a literal `${`".to_string());
        context.value(path, &what, verdict, help);
    }
}

/// The name of a parameter or secret, which may differ from one environment to the next.
fn check_name(context: &mut Context, path: &[&str], value: &EnvValue, verdict: names::Verdict) {
    context.value(path, &quote(&value.text), verdict, None);
    let fixed = |part: &EnvPart| {
        let fixed = [EnvPart::Env, EnvPart::Stack, EnvPart::Region];
        matches!(part, EnvPart::Literal(_)) || fixed.contains(part)
    };
    if !value.parts.iter().all(fixed) {
        let what = "a name may refer to `${env}`, `${stack}` and `${region}` alone".to_string();
        return context.at_value(path, what, None);
    }
    check_text(context, path, &value.text);
}

/// Checks the references in a value.
pub(super) fn check_text(context: &mut Context, path: &[&str], text: &str) {
    let known = [
        "${api.url}",
        "${api.origin}",
        "${api.cors_origins}",
        "${api.cors_expose}",
        "${api.cors_credentials}",
        "${site.url}",
        "${smoke.secret}",
        "${region}",
        "${env}",
        "${stack}",
    ];
    let tables = context.stack.tables.keys();
    let tables: Vec<_> = tables
        .flat_map(|t| [format!("${{table.{t}.name}}"), format!("${{table.{t}.arn}}")])
        .collect();
    let known: Vec<_> = tables.iter().map(String::as_str).chain(known).collect();
    if let Some(inner) = internal(text) {
        let help = Some("shopstack keeps that form for itself; write it otherwise".to_string());
        context.at_part(
            path,
            &inner,
            format!("{} would be taken for an id of AWS", quote(&inner)),
            help,
        );
    }
    let parts = split(text);
    let is_alone = parts.len() == 1;
    for part in parts {
        let (written, problem) = match &part {
            Err(written) if written.ends_with('}') => ((*written).to_string(), "means nothing"),
            Err(written) => ((*written).to_string(), "is not closed by `}`"),
            Ok(EnvPart::SmokeSecret) if !is_alone => {
                ("${smoke.secret}".to_string(), "is a value of its own, without text beside it")
            }
            Ok(part) => match dangling(context.stack, part) {
                Some(found) if context.references => found,
                _ => continue,
            },
        };
        let help = match problem {
            "is not closed by `}`" => {
                Some("close it, or write `$${` for a literal `${`".to_string())
            }
            _ if written == "${smoke.secret}" => Some("give it a variable of its own".to_string()),
            _ if known.contains(&written.as_str()) => {
                Some("add that part to the stack, or remove the reference".to_string())
            }
            _ => suggest(&written, &known, "there are"),
        };
        context.at_part(
            path,
            &written,
            format!("the reference {} {problem}", quote(&written)),
            help,
        );
    }
}

/// The first `{{…}}` that would be read as a reference between resources.
fn internal(text: &str) -> Option<String> {
    let mut found = BTreeSet::new();
    template::references(&serde_json::Value::String(text.to_string()), &mut found);
    let start = text.find("{{").filter(|_| !found.is_empty())?;
    let length = text.get(start..)?.find("}}")? + 2;
    text.get(start..start + length).map(str::to_string)
}

/// As written, and what is wrong, if the part refers to something that the stack does not have.
fn dangling(stack: &Stack, part: &EnvPart) -> Option<(String, &'static str)> {
    let (table, attribute) = match part {
        EnvPart::TableName(id) => (id, "name"),
        EnvPart::TableArn(id) => (id, "arn"),
        EnvPart::ApiUrl | EnvPart::ApiOrigin if stack.api.is_none() => {
            let written = if *part == EnvPart::ApiUrl { "${api.url}" } else { "${api.origin}" };
            return Some((written.to_string(), "needs an `api`"));
        }
        EnvPart::SiteUrl if stack.site.is_none() => {
            return Some(("${site.url}".to_string(), "needs a `site`"));
        }
        EnvPart::CorsOrigins | EnvPart::CorsExpose | EnvPart::CorsCredentials
            if stack.api.as_ref().is_none_or(|api| api.cors.is_none()) =>
        {
            let name = match part {
                EnvPart::CorsOrigins => "origins",
                EnvPart::CorsExpose => "expose",
                _ => "credentials",
            };
            return Some((format!("${{api.cors_{name}}}"), "needs `api.cors`"));
        }
        _ => return None,
    };
    let problem = "names a table that does not exist";
    (!stack.tables.contains_key(table))
        .then(|| (format!("${{table.{table}.{attribute}}}"), problem))
}
