//! The answer to methods that a path does not have, 405 with `Allow`, as an ANY method with a MOCK
//! integration. Without one API Gateway answers as it does for an unknown path (catalogue 7). Pure.

use super::mock::{JSON, MockAnswer, MockMethod};
use super::origins;
use super::spec::NotAllowedSpec;
use crate::stack::{Api, Route};
use aws_sdk_apigateway::types::{Integration, Method};
use std::collections::{BTreeMap, BTreeSet};

const ALLOW: &str = "Allow";
/// Content types of programs and forms; a body of another type gets a 415.
const ACCEPTS: &[&str] =
    &[JSON, "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];
const BODY: &str =
    r#"{"error":{"code":"MethodNotAllowed","message":"This address does not take that method."}}"#;

/// The methods of each path that gets the answer.
///
/// Not one that takes every method, nor one that another route's variable stands for as well: what
/// the path itself does not take is that route's.
pub fn allowed(api: &Api) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut methods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for route in &api.routes {
        methods.entry(&route.path).or_default().insert(&route.method);
    }
    methods.retain(|path, methods| {
        let shared = |route: &Route| route.path != *path && stands_for(&route.path, path);
        !methods.contains("ANY") && !api.routes.iter().any(shared)
    });
    for methods in methods.values_mut().filter(|_| api.cors.is_some()) {
        methods.insert("OPTIONS");
    }
    methods
}

/// True where a request to `path` matches the variables of `pattern`.
fn stands_for(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (Some(variable), Some(_)) if variable.ends_with("+}") => return true,
            (Some(variable), Some(_)) if variable.starts_with('{') => {}
            (Some(a), Some(b)) if a == b => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

pub fn answer(spec: &NotAllowedSpec) -> MockAnswer {
    let mut headers = origins::headers(&spec.allow_origin, spec.allow_credentials);
    headers.insert(ALLOW.to_string(), spec.allow.clone());
    let template = format!("{}{BODY}", origins::template(&spec.allow_origin).unwrap_or_default());
    MockAnswer {
        status: "405",
        accepts: ACCEPTS,
        passthrough: "NEVER",
        headers,
        template: Some(template),
    }
}

/// Reads an ANY method back.
///
/// Errors: the method is not exactly what `answer` writes; the text is what it is instead.
pub fn read(
    method: &Method,
    integration: &Integration,
    extras: &[String],
) -> Result<NotAllowedSpec, String> {
    let seen = MockMethod::read(method, integration, extras);
    let spec = NotAllowedSpec {
        allow: seen.header(ALLOW),
        allow_origin: origins::read(&seen),
        allow_credentials: seen.header(origins::CREDENTIALS) == "true",
    };
    let answer = answer(&spec);
    seen.confirm(spec, &answer)
}

#[cfg(test)]
mod tests {
    use super::super::mock::testing::written;
    use super::*;

    #[test]
    fn a_variable_stands_for_one_part_and_a_greedy_one_for_the_rest() {
        for (pattern, path, verdict) in [
            ("/{proxy+}", "/a", true),
            ("/{proxy+}", "/a/b", true),
            ("/a/{rest+}", "/a", false),
            ("/a/{rest+}", "/b/c", false),
            ("/a/{id}", "/a/new", true),
            ("/a/{id}", "/a/new/lines", false),
            ("/a", "/a/b", false),
        ] {
            assert_eq!(stands_for(pattern, path), verdict, "{pattern} {path}");
        }
    }

    #[test]
    fn the_answer_is_the_shops_own_error_with_the_methods_of_the_path() {
        let spec = |origins: &str| NotAllowedSpec {
            allow: "GET, HEAD".into(),
            allow_origin: origins.into(),
            allow_credentials: false,
        };
        let one = answer(&spec("https://a.example"));
        assert_eq!(one.headers["Allow"], "GET, HEAD");
        assert_eq!(one.headers["Access-Control-Allow-Origin"], "https://a.example");
        let body: serde_json::Value = serde_json::from_str(&one.template.unwrap()).unwrap();
        assert_eq!(body["error"]["code"], "MethodNotAllowed");
        let two = answer(&spec("https://a.example https://b.example")).template.unwrap();
        assert!(two.ends_with(BODY) && two.contains("$origin == \"https://b.example\""), "{two}");
        assert_eq!(answer(&spec("")).headers.len(), 1);

        for origins in ["", "https://a.example", "https://a.example https://b.example"] {
            let spec = NotAllowedSpec { allow_credentials: true, ..spec(origins) };
            let (method, integration) = written(&answer(&spec), None);
            assert_eq!(read(&method, &integration, &[]), Ok(spec.clone()));
            let (method, integration) = written(&answer(&spec), Some(("X-Theirs", "'x'")));
            assert!(read(&method, &integration, &[]).is_err());
        }
    }
}
