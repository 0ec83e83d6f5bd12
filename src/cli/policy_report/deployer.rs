//! `policy-report --deployer`: the IAM policies for who runs shopstack.

use crate::cli::args::{Global, PolicyReport};
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::session::{Project, Session};
use crate::model::Scope;
use crate::planning::deployer;
use crate::policy;
use serde_json::Value;

/// The policies as one JSON document, or as text.
pub async fn document(
    global: &Global,
    args: &PolicyReport,
    output: &Output,
) -> Result<String, CliError> {
    // Names of environments that begin alike: one of them stands for all.
    let stem = global.env.strip_suffix('*').map(|stem| format!("{stem}x"));
    let named = Global { env: stem.unwrap_or_else(|| global.env.clone()), ..global.clone() };
    let project = Project::load(&named)?;
    let session = Session::open(&named, &project.place(), output).await?;
    let scope = Scope { env: global.env.clone(), ..session.scope };

    let mut document = deployer::policies(&scope);
    if !args.oidc_repository.is_empty()
        && let Some(fields) = document.as_object_mut()
    {
        fields.insert("trust".into(), deployer::trust(&scope, &args.oidc_repository));
    }
    let document = policy::bare(&document);
    Ok(if output.json { document.to_string() } else { sections(&document) })
}

/// Each policy as indented JSON under a heading.
fn sections(document: &Value) -> String {
    let headings = [
        ("diff", "For diff, outputs, policy-report, history and envs"),
        ("up", "For up, which includes what diff needs"),
        ("down", "For down and sweep"),
        ("sweep_shared", "For sweep --shared, besides what down needs"),
        ("trust", "Trust policy of the role that GitHub's jobs take on"),
    ];
    let section = |(key, heading): (&str, &str)| {
        document.get(key).map(|policy| format!("# {heading}\n{policy:#}\n"))
    };
    headings.into_iter().filter_map(section).collect::<Vec<_>>().join("\n")
}
