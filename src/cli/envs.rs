//! `envs`: the environments that exist in this account and region, by ownership; and what they
//! share.

use super::args::Global;
use super::error::{CliError, code};
use super::output::Output;
use super::session::{Project, Session};
use super::time;
use crate::aws::census::{self, Environment};
use crate::aws::ledger::{Ledger, TABLE};
use crate::model::text::one_line;
use crate::model::{CloudError, SharedPiece};
use crate::render::table;
use crate::resources::TYPES;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

/// How many environments' runs are read at a time.
const AT_ONCE: usize = 8;

pub async fn command(global: &Global, output: &Output) -> Result<u8, CliError> {
    let project = if global.file.exists() { Some(Project::load(global)?) } else { None };
    let place = project.as_ref().map(Project::place).unwrap_or_default();
    let session = Session::open(global, &place, output).await?;
    let found = census::environments(&session.reader).await?;
    let ledger = session.ledger(output);
    let looks = found.into_iter().map(|one| described(&ledger, one));
    let all: Vec<(Environment, Runs)> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
    let shared = shared_pieces(&session, &ledger).await?;

    if output.json {
        let region = &session.scope.region;
        let list: Vec<_> = all.iter().map(|(one, runs)| document(one, runs, region)).collect();
        output.json_line(&json!({"environments": list, "shared": shared}));
        return Ok(code::OK);
    }
    if all.is_empty() {
        output.result("No environments here.");
    } else {
        output.result(&text(&all, &session.scope.region));
    }
    for piece in &shared {
        output.result(&format!("shared  {}  {}", piece.type_name, piece.name));
    }
    Ok(code::OK)
}

/// Facts from an environment's recorded runs.
#[derive(Debug, Default)]
struct Runs {
    /// RFC 3339.
    first: Option<String>,
    who: Option<String>,
    commit: Option<String>,
    /// US dollars.
    monthly_floor: Option<f64>,
}

async fn described(ledger: &Ledger, one: Environment) -> Result<(Environment, Runs), CloudError> {
    let rows = ledger.beside(&one.stack, &one.env).documents("run#").await?;
    let rows: Vec<Value> = rows.iter().filter_map(|row| serde_json::from_str(row).ok()).collect();
    let text = |row: Option<&Value>, key: &str| {
        let text = row?.get(key)?.as_str().filter(|text| !text.is_empty())?;
        Some(one_line(text))
    };
    let runs = Runs {
        first: text(rows.first(), "when"),
        who: text(rows.last(), "who"),
        commit: text(rows.last(), "commit"),
        monthly_floor: rows.last().and_then(|row| row.get("monthly_floor")?.as_f64()),
    };
    Ok((one, runs))
}

/// Type of the table of locks and records, among the shared pieces.
pub const TABLE_TYPE: &str = "AWS::DynamoDB::Table";

/// The existing resources that all environments of the account share.
pub async fn shared_pieces(
    session: &Session,
    ledger: &Ledger,
) -> Result<Vec<SharedPiece>, CloudError> {
    let mut pieces = Vec::new();
    for resource_type in TYPES {
        pieces.extend(resource_type.shared(&session.reader).await?);
    }
    if ledger.exists().await? {
        pieces.push(SharedPiece { type_name: TABLE_TYPE.into(), name: TABLE.into() });
    }
    Ok(pieces)
}

fn document(one: &Environment, runs: &Runs, region: &str) -> Value {
    json!({
        "stack": one.stack, "env": one.env, "region": region,
        "created_at": runs.first,
        "age_seconds": runs.first.as_deref().and_then(time::since).map(|age| age.as_secs()),
        "expires_at": one.expires_at,
        "expired": one.expires_at.as_deref().is_some_and(time::is_past),
        "resources": one.resources, "monthly_floor_usd": runs.monthly_floor,
        "who": runs.who, "commit": runs.commit,
    })
}

fn text(all: &[(Environment, Runs)], region: &str) -> String {
    let headings =
        ["STACK", "ENV", "REGION", "AGE", "EXPIRES", "RESOURCES", "FLOOR", "BY", "COMMIT"];
    let unknown = || "-".to_string();
    let row = |(one, runs): &(Environment, Runs)| {
        let age = runs.first.as_deref().and_then(time::since).map(time::rough);
        let by =
            runs.who.as_deref().map(|who| who.rsplit(['/', ':']).next().unwrap_or(who).to_string());
        let commit = runs.commit.as_ref().map(|commit| short(commit));
        vec![
            one_line(&one.stack),
            one_line(&one.env),
            region.to_string(),
            age.unwrap_or_else(unknown),
            one.expires_at.as_deref().map_or_else(|| "never".to_string(), expiry),
            one.resources.to_string(),
            runs.monthly_floor.map_or_else(unknown, |floor| format!("${floor:.2}")),
            by.unwrap_or_else(unknown),
            commit.unwrap_or_else(unknown),
        ]
    };
    table::columns(&headings, &all.iter().map(row).collect::<Vec<_>>())
}

/// A commit's first characters, and whether files were not as committed.
fn short(commit: &str) -> String {
    let dirty = if commit.ends_with("-dirty") { "-dirty" } else { "" };
    format!("{}{dirty}", commit.get(..12).unwrap_or(commit).trim_end_matches("-dirty"))
}

fn expiry(at: &str) -> String {
    match time::parse_rfc3339(at) {
        Some(instant) => match instant.duration_since(std::time::SystemTime::now()) {
            Ok(left) => format!("in {}", time::rough(left)),
            Err(_) => "expired".to_string(),
        },
        None => one_line(at),
    }
}
