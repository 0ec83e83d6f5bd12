//! How a CorsSpec is written as an OPTIONS method with a MOCK integration, and read back from one.
//! Pure.
//!
//! One origin is a static header. Of several origins the first is the static header, and a response
//! template replaces it by the caller's own origin where that is one of the list; its first line
//! keeps the list readable.

use super::spec::CorsSpec;
use crate::model::spec::field;
use aws_sdk_apigateway::types::{Integration, Method};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// The status of the answer; the request template selects it, so it must be the same in both.
pub const STATUS: &str = "204";
pub const REQUEST_TEMPLATE: &str = r#"{"statusCode": 204}"#;
pub const JSON: &str = "application/json";
pub const METHOD_HEADER: &str = "method.response.header.";

const ORIGIN: &str = "Access-Control-Allow-Origin";
const METHODS: &str = "Access-Control-Allow-Methods";
const HEADERS: &str = "Access-Control-Allow-Headers";
const CREDENTIALS: &str = "Access-Control-Allow-Credentials";
const MAX_AGE: &str = "Access-Control-Max-Age";
const ORIGINS_LINE: &str = "## origins: ";

/// Header name -> static value of the answer.
pub fn headers(cors: &CorsSpec) -> BTreeMap<String, String> {
    let mut origins = cors.allow_origin.split_whitespace();
    let mut headers = BTreeMap::from([
        (ORIGIN.to_string(), origins.next().unwrap_or_default().to_string()),
        (METHODS.to_string(), cors.allow_methods.clone()),
        (HEADERS.to_string(), cors.allow_headers.clone()),
        (MAX_AGE.to_string(), cors.max_age.clone()),
    ]);
    if cors.allow_credentials {
        headers.insert(CREDENTIALS.to_string(), "true".to_string());
    }
    if origins.next().is_some() {
        // The answer depends on the caller: caches must keep one per origin.
        headers.insert("Vary".to_string(), "Origin".to_string());
    }
    headers
}

/// The response template that echoes one of several origins; `None` for a single origin.
pub fn template(cors: &CorsSpec) -> Option<String> {
    let others: Vec<_> = cors.allow_origin.split_whitespace().skip(1).collect();
    if others.is_empty() {
        return None;
    }
    let known =
        others.iter().map(|o| format!("$origin == \"{o}\"")).collect::<Vec<_>>().join(" || ");
    // HTTP/2 callers send header names in lower case. A header that is not there is the empty text,
    // which is true in API Gateway's Velocity (catalogue 14), and null elsewhere.
    Some(format!(
        "{ORIGINS_LINE}{}\n\
         #set($origin = $input.params().header.get(\"Origin\"))\n\
         #if(!$origin || $origin == \"\")#set($origin = $input.params().header.get(\"origin\"))#end\n\
         #if({known})#set($context.responseOverride.header.{ORIGIN} = $origin)#end\n",
        cors.allow_origin
    ))
}

/// `method.response.header.<name>` -> `'<value>'`: static values stand in single quotes (catalogue
/// 7.5).
pub fn quoted(headers: &BTreeMap<String, String>) -> HashMap<String, String> {
    headers.iter().map(|(k, v)| (format!("{METHOD_HEADER}{k}"), format!("'{v}'"))).collect()
}

/// Reads an OPTIONS method back.
///
/// Errors: the method is not exactly what `headers` and `template` write; the text is what it is
/// instead.
pub fn read(
    method: &Method,
    integration: &Integration,
    extras: &[String],
) -> Result<CorsSpec, String> {
    let seen = shape(method, integration, extras);
    let answer = field(field(&seen, "answers"), STATUS);
    let header = |name: &str| {
        let value = field(field(answer, "headers"), &format!("{METHOD_HEADER}{name}"));
        let value = value.as_str().unwrap_or_default();
        value.trim_matches('\'').to_string()
    };
    let listed = field(field(answer, "templates"), JSON)
        .as_str()
        .and_then(|t| t.lines().next()?.strip_prefix(ORIGINS_LINE));
    let cors = CorsSpec {
        allow_origin: listed.map_or_else(|| header(ORIGIN), str::to_string),
        allow_methods: header(METHODS),
        allow_headers: header(HEADERS),
        allow_credentials: header(CREDENTIALS) == "true",
        max_age: header(MAX_AGE),
    };
    if seen == expected(&cors) { Ok(cors) } else { Err(seen.to_string()) }
}

/// Everything of an OPTIONS method that is compared. What AWS fills in by itself (catalogue 7.6) is
/// not here, nor the integration's own verb, which an endpoint may name although a MOCK has none.
fn shape(method: &Method, integration: &Integration, extras: &[String]) -> Value {
    let answers = integration.integration_responses().into_iter().flatten();
    let answers: BTreeMap<_, _> = answers
        .map(|(status, answer)| {
            let headers: BTreeMap<_, _> =
                answer.response_parameters().into_iter().flatten().collect();
            let templates = filled(answer.response_templates());
            let pattern = answer.selection_pattern().unwrap_or_default();
            (status, json!({"headers": headers, "templates": templates, "pattern": pattern}))
        })
        .collect();
    let declared = method.method_responses().into_iter().flatten();
    let declared: BTreeMap<_, _> = declared
        .map(|(status, answer)| {
            let mut names: Vec<_> =
                answer.response_parameters().into_iter().flatten().map(|(k, _)| k).collect();
            names.sort();
            (status, json!(names))
        })
        .collect();
    json!({
        "authorization": method.authorization_type().unwrap_or("NONE"),
        "api_key_required": method.api_key_required().unwrap_or(false),
        "request": filled(integration.request_templates()),
        "answers": answers,
        "declared": declared,
        "extras": extras,
    })
}

/// A template that is null or empty means passthrough, as does an absent one (catalogue 7.6).
fn filled(templates: Option<&HashMap<String, String>>) -> BTreeMap<&String, &String> {
    templates.into_iter().flatten().filter(|(_, text)| !text.is_empty()).collect()
}

/// The shape of the method that `cors` is written as.
fn expected(cors: &CorsSpec) -> Value {
    let headers: BTreeMap<_, _> = quoted(&headers(cors)).into_iter().collect();
    let names: Vec<_> = headers.keys().cloned().collect();
    let templates: BTreeMap<_, _> = template(cors).into_iter().map(|text| (JSON, text)).collect();
    json!({
        "authorization": "NONE",
        "api_key_required": false,
        "request": {JSON: REQUEST_TEMPLATE},
        "answers": {STATUS: {"headers": headers, "templates": templates, "pattern": ""}},
        "declared": {STATUS: names},
        "extras": [],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_apigateway::types::{IntegrationResponse, IntegrationType, MethodResponse};

    fn cors(origins: &str) -> CorsSpec {
        CorsSpec {
            allow_origin: origins.into(),
            allow_methods: "GET,OPTIONS".into(),
            allow_headers: "Content-Type".into(),
            allow_credentials: false,
            max_age: "600".into(),
        }
    }

    /// What AWS would answer for `cors`, with one header changed.
    fn written(cors: &CorsSpec, change: Option<(&str, &str)>) -> (Method, Integration) {
        let mut parameters = quoted(&headers(cors));
        let declared = parameters.keys().map(|k| (k.clone(), false)).collect();
        if let Some((name, value)) = change {
            parameters.insert(format!("{METHOD_HEADER}{name}"), value.into());
        }
        let templates = template(cors).map(|t| HashMap::from([(JSON.to_string(), t)]));
        let answer = IntegrationResponse::builder()
            .status_code(STATUS)
            .set_response_parameters(Some(parameters))
            .set_response_templates(templates)
            .build();
        let integration = Integration::builder()
            .r#type(IntegrationType::Mock)
            .http_method("POST")
            .passthrough_behavior("WHEN_NO_MATCH")
            .request_templates(JSON, REQUEST_TEMPLATE)
            .integration_responses(STATUS, answer)
            .build();
        let response = MethodResponse::builder()
            .status_code(STATUS)
            .set_response_parameters(Some(declared))
            .build();
        let method = Method::builder()
            .http_method("OPTIONS")
            .authorization_type("NONE")
            .method_responses(STATUS, response);
        (method.build(), integration)
    }

    #[test]
    fn what_is_written_is_read_back() {
        for origins in
            ["https://a.example", "https://a.example https://b.example http://c.localhost:4566"]
        {
            for allow_credentials in [false, true] {
                let cors = CorsSpec { allow_credentials, ..cors(origins) };
                let (method, integration) = written(&cors, None);
                assert_eq!(read(&method, &integration, &[]), Ok(cors));
            }
        }
    }

    #[test]
    fn a_changed_or_added_header_is_seen() {
        let cors = cors("https://a.example");
        let (method, integration) =
            written(&cors, Some(("Access-Control-Expose-Headers", "'X-A'")));
        let told = read(&method, &integration, &[]).unwrap_err();
        assert!(told.contains("Access-Control-Expose-Headers"), "{told}");
        let (method, integration) = written(&cors, Some((ORIGIN, "'*'")));
        assert_eq!(read(&method, &integration, &[]).unwrap().allow_origin, "*");
        let (method, integration) = written(&cors, None);
        assert!(read(&method, &integration, &["authorizerId=x".into()]).is_err());
    }

    #[test]
    fn only_listed_origins_are_echoed_and_caches_are_told() {
        let two = cors("https://a.example https://b.example");
        let text = template(&two).unwrap();
        assert!(
            text.contains("$origin == \"https://b.example\"")
                && !text.contains("== \"https://a.example\"")
        );
        assert!(text.contains("#if(!$origin || $origin == \"\")"), "{text}");
        assert_eq!(headers(&two)["Vary"], "Origin");
        assert!(!headers(&cors("https://a.example")).contains_key("Vary"));
    }
}
