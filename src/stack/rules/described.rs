//! Routes against the API's own OpenAPI description, where stack.yaml names one.

use crate::stack::error::{Report, quote};
use crate::stack::node::Node;
use crate::stack::{Api, Route};
use serde_json::{Map, Value};

/// The methods that a path item of OpenAPI can describe, of those that a route can have.
const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

/// Complains about a description that cannot be read, and about each route that is not in it.
///
/// `read` gets the path as written; its error says why there is no text.
pub(in crate::stack) fn check(
    api: &Api,
    tree: &Node,
    report: &mut Report,
    read: &dyn Fn(&str) -> Result<String, String>,
) {
    let Some(file) = &api.openapi else { return };
    let paths = match read(file).and_then(|text| paths(&text)) {
        Ok(paths) => paths,
        Err(why) => {
            let message = format!("the description {} {why}", quote(file));
            let help = "`openapi` names an OpenAPI description, in YAML or JSON".to_string();
            report.add(tree.locate(&["api", "openapi"]).1, message, Some(help));
            return;
        }
    };
    for route in api.routes.iter().filter(|route| !describes(&paths, route)) {
        let key = route.key();
        let message = format!("the route {} is not described in {}", quote(&key), quote(file));
        let help = "describe it under `paths` there, or take the route out".to_string();
        report.add(tree.locate(&["api", "routes", &key]).0, message, Some(help));
    }
}

/// `paths` of a description.
fn paths(text: &str) -> Result<Map<String, Value>, String> {
    let whole: Value = serde_yaml::from_str(text).map_err(|error| {
        let error = error.to_string();
        format!("cannot be read: {}", error.lines().next().unwrap_or_default())
    })?;
    match (whole.get("openapi"), whole.get("paths")) {
        (Some(_), Some(Value::Object(paths))) => Ok(paths.clone()),
        (None, _) => Err("has no `openapi` with the version".into()),
        _ => Err("has no `paths`".into()),
    }
}

/// True where the path stands there, whatever its parameters are called, with the method; for `ANY`
/// with some method.
fn describes(paths: &Map<String, Value>, route: &Route) -> bool {
    let wanted = nameless(&route.path);
    let method = route.method.to_ascii_lowercase();
    let items = paths.iter().filter(|(path, _)| nameless(path) == wanted);
    let mut items = items.filter_map(|(_, item)| item.as_object());
    items.any(|item| match method.as_str() {
        "any" => METHODS.iter().any(|method| item.contains_key(*method)),
        method => item.contains_key(method),
    })
}

/// A path without the names of its parameters.
fn nameless(path: &str) -> String {
    let segments = path.split('/').map(|s| if s.starts_with('{') { "{}" } else { s });
    segments.collect::<Vec<_>>().join("/")
}
