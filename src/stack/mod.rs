//! stack.yaml to [`Stack`]: strict parsing whose errors point at file, line and column. Pure but
//! for [`load`].
//!
//! Three passes over one tree that remembers where everything stood: `node` reads the YAML, `shape`
//! holds it against the JSON Schema generated from the types themselves, `rules` check what a
//! schema cannot say (names, references). Between them `overlay` merges what `environments` says.

mod alarms;
mod anything;
mod authorizer;
mod check;
mod compute;
mod concealed;
mod data;
mod domain;
mod edge;
mod env_name;
mod error;
mod glob;
mod headers;
mod names;
mod node;
mod overlay;
mod partial;
mod places;
mod region;
mod resolved;
mod rules;
mod schema;
mod shape;
mod site;
mod span;
mod types;
mod waf;

pub use alarms::Alarms;
pub use authorizer::{Authorizer, AuthorizerKind};
pub use compute::{
    Architecture, EnvKind, EnvPart, EnvValue, Function, Grant, LogLevel, TableEvents,
};
pub(crate) use compute::{READS, WRITES};
pub use data::{Attribute, AttributeType, Billing, Index, Projection, Table};
pub use domain::{ApiDomain, SiteDomain};
pub use edge::{Api, Cdn, Cors, ErrorPage, Geo, Origin, PriceClass, Route, Throttling};
pub use env_name::environment_name;
pub use error::StackError;
pub use headers::{
    Csp, FrameOptions, Hsts, ParsedCsp, ReferrerPolicy, SiteHeaders, content_security_policy,
};
pub use places::Lines;
pub use region::REGIONS;
pub use resolved::{Resolved, resolve};
pub use schema::json_schema;
pub use site::{CacheRule, IndexPages, Site, TypeRule};
pub use types::{
    AcceptedFinding, Build, Logs, Smoke, SmokeCheck, SmokeOrder, SmokeProducts, SmokeRequest, Stack,
};
pub use waf::{ManagedGroup, Waf, WafGroup, WafScope};

use crate::model::text;
use node::Node;
use std::path::Path;

/// Larger than any hand-written stack, small enough that a wrong file is refused at once.
const MAX_BYTES: usize = 1024 * 1024;

/// Parses and checks the text of a stack.yaml, without its environments' overlays; `file_name` only
/// names the file in messages.
///
/// # Errors
/// See [`parse_for`].
pub fn parse(source: &str, file_name: &str) -> Result<Stack, Vec<StackError>> {
    parse_for(source, file_name, None)
}

/// Parses and checks the text of a stack.yaml, for the environment `env` if one is given.
///
/// # Errors
/// Every error that could be found, in the order of the file; those of overlays for other
/// environments too. A YAML syntax error hides those behind it, and an unknown key or a wrong type
/// hides dangling references, which would mostly be its own echo.
pub fn parse_for(
    source: &str,
    file_name: &str,
    env: Option<&str>,
) -> Result<Stack, Vec<StackError>> {
    let mut report = error::Report::new(source, file_name);
    let stack =
        read_tree(source, &mut report).and_then(|tree| check::check(&tree, env, &mut report));
    match stack {
        Some(stack) if report.is_clean() => Ok(stack),
        _ => Err(report.into_errors()),
    }
}

/// True for what may be the name of a stack.
pub fn is_stack_name(name: &str) -> bool {
    names::stack(name).is_ok()
}

/// Checks what is to be the name of an AWS region.
///
/// # Errors
/// A sentence: not a region's name, with what may have been meant, or a region of a partition that
/// is not supported.
pub fn check_region(name: &str) -> Result<(), String> {
    region::check(name).map_err(|wrong| match region::suggestion(name) {
        Some(meant) if meant.ends_with('?') => format!("`{name}` {wrong}: {meant}"),
        _ => format!("`{name}` {wrong}"),
    })
}

/// Reads and parses a file without its environments' overlays; gives back its text too, for
/// messages and hashes.
///
/// # Errors
/// Those of [`parse_for`], or a single one that says why the file cannot be read.
pub fn load(path: &Path) -> Result<(Stack, String), Vec<StackError>> {
    load_for(path, None)
}

/// The same for the environment `env` if one is given.
///
/// # Errors
/// See [`load`].
pub fn load_for(path: &Path, env: Option<&str>) -> Result<(Stack, String), Vec<StackError>> {
    let name = path.display().to_string();
    let source = read(path)
        .map_err(|(message, help)| vec![StackError::without_place(&name, message, Some(help))])?;
    let source = text::decode(&source).map_err(|at| vec![not_utf8(&name, &source, at)])?;
    let stack = parse_for(&source, &name, env)?;
    Ok((stack, source))
}

/// Paths in `stack` that `exists` denies: each function's crate, each seed file, the site's folder.
///
/// `env` is the environment that `stack` was read for. `exists` gets the path as written, relative
/// to the folder of stack.yaml, and answers for the disk: this module never looks. Commands that
/// need no sources (`down`, `outputs`) need not ask.
pub fn missing_paths(
    stack: &Stack,
    source: &str,
    file_name: &str,
    env: &str,
    exists: &dyn Fn(&str) -> bool,
) -> Vec<StackError> {
    let mut report = error::Report::new(source, file_name);
    if let Some(tree) = read_tree(source, &mut report) {
        let tree = overlay::merge(&tree, schema::merged_schema(), env).tree;
        rules::missing_paths(stack, &tree, &mut report, exists);
    }
    report.into_errors()
}

/// The gaps of the OpenAPI description that `api.openapi` names: a description that cannot be read
/// is one error, and each undescribed route another.
///
/// `read` gets the path as written, relative to the folder of stack.yaml; its error is a sentence's
/// end, such as `does not exist`.
pub fn undescribed_routes(
    stack: &Stack,
    source: &str,
    file_name: &str,
    read: &dyn Fn(&str) -> Result<String, String>,
) -> Vec<StackError> {
    let mut report = error::Report::new(source, file_name);
    if let (Some(tree), Some(api)) = (read_tree(source, &mut report), &stack.api) {
        rules::described::check(api, &tree, &mut report, read);
    }
    report.into_errors()
}

/// Files that `cdn` names and that are not among those of the site, of which `served` knows.
///
/// Only what stands in stack.yaml, or in an overlay of `env`, is held against the files: a site
/// need not have an index.html.
pub fn missing_pages(
    stack: &Stack,
    source: &str,
    file_name: &str,
    env: &str,
    served: &dyn Fn(&str) -> bool,
) -> Vec<StackError> {
    let mut report = error::Report::new(source, file_name);
    if let Some(tree) = read_tree(source, &mut report) {
        let tree = overlay::merge(&tree, schema::merged_schema(), env).tree;
        rules::missing_pages(stack, &tree, &mut report, served);
    }
    report.into_errors()
}

fn read_tree(source: &str, report: &mut error::Report) -> Option<Node> {
    if source.len() > MAX_BYTES {
        let help =
            "is this really a stack.yaml? One of any sensible stack stays under 1 MiB".to_string();
        report.whole_file(format!("the file is too large: {} bytes", source.len()), help);
        return None;
    }
    let tree = node::parse(source, report)?;
    report.conceal(tree.secrets());
    Some(tree)
}

fn read(path: &Path) -> Result<Vec<u8>, (String, String)> {
    use std::io::Read;
    let failed = |e: &std::io::Error| (format!("cannot read the file: {e}"), hint(e));
    let file = std::fs::File::open(path).map_err(|e| failed(&e))?;
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        let help = "name the file itself: `-f folder/stack.yaml`".to_string();
        return Err(("cannot read the file: it is a folder".to_string(), help));
    }
    let mut bytes = Vec::new();
    // One byte over the limit is enough for `parse` to see that it is too large.
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|e| failed(&e))?;
    Ok(bytes)
}

fn hint(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            "run the command in the project's folder, or name the file with `-f`".to_string()
        }
        std::io::ErrorKind::PermissionDenied => {
            "make the file readable for the user who runs this".to_string()
        }
        _ => "check the path given with `-f`".to_string(),
    }
}

/// `at` is the offset of the first byte that is no text.
fn not_utf8(name: &str, bytes: &[u8], at: usize) -> StackError {
    let good = String::from_utf8_lossy(bytes.get(..at).unwrap_or_default());
    let (line, column) = text::place(&good, good.len());
    let start = good.rsplit('\n').next().unwrap_or_default();
    StackError {
        line,
        column,
        width: 1,
        source_line: format!("{start}\u{fffd}"),
        ..StackError::without_place(
            name,
            "the file is not UTF-8 text".to_string(),
            Some("save it as UTF-8; this is the first byte that is not".to_string()),
        )
    }
}
