//! Rules that a schema cannot express: names, references between the parts, dependent limits. Each
//! error has its place.

mod authorizer;
mod context;
pub(super) mod described;
mod domain;
mod edge;
mod events;
mod exception;
mod headers;
mod permission;
mod request;
mod site;
mod table;
mod variable;
mod waf;

pub(super) use site::missing_pages;

use super::error::{Report, quote};
use super::names;
use super::node::Node;
use super::region;
use super::{Function, Grant, READS, Stack, WRITES};
use crate::model::duration;
use context::Context;
use std::collections::BTreeMap;

pub(super) fn check(stack: &Stack, tree: &Node, report: &mut Report, references: bool) {
    let mut context = Context { stack, tree, report, references };
    header(&mut context);
    ids(&mut context, &["tables"], stack.tables.keys());
    ids(&mut context, &["functions"], stack.functions.keys());
    for (id, table) in &stack.tables {
        table::check(&mut context, id, table);
    }
    for (id, function) in &stack.functions {
        check_function(&mut context, id, function);
    }
    builds(&mut context);
    edge::check(&mut context);
    site::check(&mut context);
    domain::check(&mut context);
    waf::check(&mut context);
    exception::check(&mut context);
}

/// Only `AWS_…` is withheld from builds; another name would change nothing.
fn builds(context: &mut Context) {
    for (i, name) in context.stack.build.pass_env.iter().enumerate() {
        let help = Some("such as AWS_PROFILE; other variables reach builds anyway".to_string());
        let place = ["build", "pass_env", &i.to_string()];
        context.value(&place, &quote(name), names::aws_variable(name), help);
    }
}

fn header(context: &mut Context) {
    let Stack { name, region, account, ttl, tags, .. } = context.stack;
    context.value(
        &["name"],
        &format!("the stack's name {}", quote(name)),
        names::stack(name),
        None,
    );
    context.value(&["region"], &quote(region), region::check(region), region::suggestion(region));
    if let Some(account) = account {
        let help = Some("it has twelve digits, in quotes".to_string());
        let what = format!("the account {}", quote(account));
        context.value(&["account"], &what, names::account(account), help);
    }
    if let Some(ttl) = ttl {
        let verdict = duration::parse_life(ttl).map(|_| ());
        // The sentence names the value itself.
        if let Err(wrong) = verdict {
            context.at_value(&["ttl"], wrong, None);
        }
    }
    let mut seen = Vec::new();
    for (key, value) in tags {
        let lower = key.to_lowercase();
        let verdict = match names::tag_key(key) {
            Ok(()) if seen.contains(&lower) => {
                Err("stands there twice: IAM does not tell case apart in the tags of a role".into())
            }
            verdict => verdict,
        };
        context.key(&["tags", key], &format!("the tag's name {}", quote(key)), verdict, None);
        seen.push(lower);
        context.value(
            &["tags", key],
            &format!("the tag's value {}", quote(value)),
            names::tag_value(value),
            None,
        );
    }
}

/// Logical ids end in names that AWS compares without case in places, so two that differ in case
/// alone are one too many.
fn ids<'k>(context: &mut Context, section: &[&str], ids: impl Iterator<Item = &'k String>) {
    let mut seen = BTreeMap::new();
    for id in ids {
        let place = [section, &[id.as_str()]].concat();
        context.key(&place, &format!("the logical id {}", quote(id)), names::logical_id(id), None);
        if let Some(other) = seen.insert(id.to_ascii_lowercase(), id) {
            let verdict = Err(format!("differs from {} in case alone", quote(other)));
            context.key(
                &place,
                &quote(id),
                verdict,
                Some("give one of them another name".to_string()),
            );
        }
    }
}

fn check_function(context: &mut Context, id: &str, function: &Function) {
    let Function { crate_path, bin, features, timeout, env, grants, .. } = function;
    let path = ["functions", id, "crate"];
    context.value(
        &path,
        &format!("the path {}", quote(crate_path)),
        names::inner_path(crate_path),
        None,
    );
    if let Some(bin) = bin {
        let what = format!("the binary {}", quote(bin));
        context.value(&["functions", id, "bin"], &what, names::cargo_target(bin), None);
    }
    for (i, feature) in features.iter().enumerate() {
        let place = ["functions", id, "features", &i.to_string()];
        let what = format!("the feature {}", quote(feature));
        context.value(&place, &what, names::cargo_feature(feature), None);
    }
    let mut routes = context.stack.api.iter().flat_map(|api| &api.routes);
    if let Some(route) = routes.find(|r| r.function == id && *timeout > 29) {
        let what = format!(
            "`timeout` is {timeout}, but API Gateway cuts {} after 29 seconds",
            quote(&route.key())
        );
        let help = Some("set it to 29 or less, or take the function off the API".to_string());
        context.at_value(&["functions", id, "timeout"], what, help);
    }
    events::check(context, id, function);
    variable::check(context, id, env);
    for (number, grant) in grants.iter().enumerate() {
        check_grant(context, id, number, grant);
        for (i, action) in grant.actions.iter().enumerate() {
            let earlier = grants
                .iter()
                .take(number)
                .any(|g| g.table == grant.table && g.actions.contains(action));
            if earlier {
                let what = format!("{} on {} is granted twice", quote(action), quote(&grant.table));
                let help = Some("keep it in one of the grants".to_string());
                let (number, i) = (number.to_string(), i.to_string());
                context.at_value(&["functions", id, "grants", &number, "actions", &i], what, help);
            }
        }
    }
}

fn check_grant(context: &mut Context, id: &str, number: usize, grant: &Grant) {
    let Grant { table, actions, indexes, attributes, reason } = grant;
    let number = number.to_string();
    let path = |key| ["functions", id, "grants", &number, key];
    context.reference(&path("table"), "table", table, context.stack.tables.keys());
    context.value(&path("reason"), "the reason", names::one_line(reason), None);
    if !attributes.is_empty() {
        check_attributes(context, id, &number, grant);
    }
    if let Some(table) = context.stack.tables.get(table) {
        for (i, index) in indexes.iter().enumerate() {
            let i = i.to_string();
            context.reference(
                &["functions", id, "grants", &number, "indexes", &i],
                "index",
                index,
                table.indexes.keys(),
            );
        }
    }
    if !indexes.is_empty() && !actions.iter().any(|a| a == "dynamodb:Query" || a == "dynamodb:Scan")
    {
        let verdict =
            Err("are read by `dynamodb:Query` and `dynamodb:Scan` alone, and neither is granted"
                .to_string());
        context.key(&path("indexes"), "indexes", verdict, None);
    }
}

/// A read is held to its attributes by other means than a write, so one grant cannot be both.
fn check_attributes(context: &mut Context, id: &str, number: &str, grant: &Grant) {
    let path = ["functions", id, "grants", number, "attributes"];
    let grants = |actions: &[&str]| grant.actions.iter().any(|a| actions.contains(&a.as_str()));
    if grants(&["dynamodb:DescribeTable"]) {
        let verdict = Err("cannot narrow `dynamodb:DescribeTable`, which reads no item".into());
        let help = Some("give that action a grant of its own".to_string());
        context.key(&path, "attributes", verdict, help);
    } else if grants(&READS) && grants(&WRITES) {
        let verdict = Err("narrow reads and writes in different ways".into());
        let help = Some("give the reads and the writes a grant each".to_string());
        context.key(&path, "attributes", verdict, help);
    }
    for (at, name) in grant.attributes.iter().enumerate() {
        let verdict = if name.is_empty() || name.len() > 255 || name.contains(['*', '?', '$']) {
            Err("must have 1 to 255 bytes, without `*`, `?` and `$`".to_string())
        } else {
            Ok(())
        };
        let at = at.to_string();
        let path = ["functions", id, "grants", number, "attributes", &at];
        context.value(&path, "an attribute's name", verdict, None);
    }
}

/// See [`super::missing_paths`].
pub(super) fn missing_paths(
    stack: &Stack,
    tree: &Node,
    report: &mut Report,
    exists: &dyn Fn(&str) -> bool,
) {
    let mut need = |place: &[&str], path: &str, help: &str| {
        if !exists(path) {
            let message = format!("{} does not exist", quote(path));
            report.add(tree.locate(place).1, message, Some(help.to_string()));
        }
    };
    for (id, table) in &stack.tables {
        if let Some(seed) = &table.seed {
            need(&["tables", id, "seed"], seed, "a seed is a JSON file with an array of items");
        }
    }
    for (id, function) in &stack.functions {
        let manifest = format!("{}/Cargo.toml", function.crate_path.trim_end_matches('/'));
        need(&["functions", id, "crate"], &manifest, "`crate` names the folder of a Rust crate");
    }
    if let Some(site) = &stack.site {
        need(&["site", "folder"], &site.folder, "`folder` holds the files of the website");
    }
}
