//! Answers that API Gateway gives by itself, as methods with a MOCK integration: how one is
//! written, and what is compared of one that is read. Pure.

use aws_sdk_apigateway::types::{Integration, Method};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

pub const JSON: &str = "application/json";
/// The default for bodies of an unknown type: they are passed through.
pub const WHEN_NO_MATCH: &str = "WHEN_NO_MATCH";
const METHOD_HEADER: &str = "method.response.header.";

/// One method's answer.
#[derive(Clone, Debug, Default)]
pub struct MockAnswer {
    pub status: &'static str,
    /// Types of request bodies that are answered; each one's template selects the status.
    pub accepts: &'static [&'static str],
    /// `WHEN_NO_MATCH`, or `NEVER`: bodies of other types are a 415.
    pub passthrough: &'static str,
    /// Header name -> static value.
    pub headers: BTreeMap<String, String>,
    /// The template of a JSON body, where there is one.
    pub template: Option<String>,
}

impl MockAnswer {
    /// A MOCK integration answers with the status that its request template names.
    pub fn request_templates(&self) -> HashMap<String, String> {
        let template = format!(r#"{{"statusCode": {}}}"#, self.status);
        self.accepts.iter().map(|kind| ((*kind).to_string(), template.clone())).collect()
    }

    pub fn response_templates(&self) -> Option<HashMap<String, String>> {
        self.template.clone().map(|text| HashMap::from([(JSON.to_string(), text)]))
    }

    /// `method.response.header.<name>` -> `'<value>'`: static values stand in single quotes
    /// (catalogue 7.5).
    pub fn parameters(&self) -> HashMap<String, String> {
        let quoted = |(k, v): (&String, &String)| (format!("{METHOD_HEADER}{k}"), format!("'{v}'"));
        self.headers.iter().map(quoted).collect()
    }

    /// The shape in which [`MockMethod::read`] recognises exactly this answer.
    fn shape(&self) -> Value {
        let headers: BTreeMap<_, _> = self.parameters().into_iter().collect();
        let names: Vec<_> = headers.keys().cloned().collect();
        let request: BTreeMap<_, _> = self.request_templates().into_iter().collect();
        let templates: BTreeMap<_, _> = self.response_templates().into_iter().flatten().collect();
        json!({
            "authorization": "NONE",
            "api_key_required": false,
            "request": request,
            "passthrough": self.passthrough,
            "answers": {self.status: {"headers": headers, "templates": templates, "pattern": ""}},
            "declared": {self.status: names},
            "extras": [],
        })
    }
}

/// A method with a MOCK integration as it was read: everything that is compared. What AWS fills in
/// by itself (catalogue 7.6) is not here, nor the integration's own verb, which an endpoint may
/// name although a MOCK has none.
pub struct MockMethod {
    seen: Value,
    headers: BTreeMap<String, String>,
    template: String,
}

impl MockMethod {
    /// `extras` are further settings that somebody made.
    pub fn read(method: &Method, integration: &Integration, extras: &[String]) -> Self {
        let answers = integration.integration_responses();
        let mut headers = BTreeMap::new();
        let mut template = String::new();
        let mut given = BTreeMap::new();
        for (status, answer) in answers.into_iter().flatten() {
            let parameters: BTreeMap<_, _> =
                answer.response_parameters().into_iter().flatten().collect();
            for (name, value) in &parameters {
                let name = name.strip_prefix(METHOD_HEADER).unwrap_or(name);
                headers.insert(name.to_string(), value.trim_matches('\'').to_string());
            }
            let templates = filled(answer.response_templates());
            if let Some((_, text)) = templates.iter().find(|(kind, _)| kind.as_str() == JSON) {
                template = text.to_string();
            }
            let pattern = answer.selection_pattern().unwrap_or_default();
            given.insert(
                status,
                json!({"headers": parameters, "templates": templates, "pattern": pattern}),
            );
        }
        let declared: BTreeMap<_, _> = method
            .method_responses()
            .into_iter()
            .flatten()
            .map(|(status, answer)| {
                let parameters = answer.response_parameters().into_iter().flatten();
                let mut names: Vec<_> = parameters.map(|(name, _)| name).collect();
                names.sort();
                (status, json!(names))
            })
            .collect();
        let seen = json!({
            "authorization": method.authorization_type().unwrap_or("NONE"),
            "api_key_required": method.api_key_required().unwrap_or(false),
            "request": filled(integration.request_templates()),
            "passthrough": integration.passthrough_behavior().unwrap_or(WHEN_NO_MATCH),
            "answers": given,
            "declared": declared,
            "extras": extras,
        });
        Self { seen, headers, template }
    }

    /// The static value of a header; empty where there is none.
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).cloned().unwrap_or_default()
    }

    /// The template of the JSON body; empty where there is none.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// Errors: the method is not exactly what `answer` writes; the text is what it is instead.
    pub fn confirm<T>(&self, spec: T, answer: &MockAnswer) -> Result<T, String> {
        if self.seen == answer.shape() { Ok(spec) } else { Err(self.seen.to_string()) }
    }
}

/// A template that is null or empty means passthrough, as does an absent one (catalogue 7.6).
fn filled(templates: Option<&HashMap<String, String>>) -> BTreeMap<&String, &String> {
    templates.into_iter().flatten().filter(|(_, text)| !text.is_empty()).collect()
}

#[cfg(test)]
pub mod testing {
    //! A method as AWS would answer it.

    use super::*;
    use aws_sdk_apigateway::types::{IntegrationResponse, IntegrationType, MethodResponse};

    /// AWS's answer for a method that was written as `answer`, with one header changed.
    pub fn written(answer: &MockAnswer, change: Option<(&str, &str)>) -> (Method, Integration) {
        let mut parameters = answer.parameters();
        let declared = parameters.keys().map(|k| (k.clone(), false)).collect();
        if let Some((name, value)) = change {
            parameters.insert(format!("{METHOD_HEADER}{name}"), value.into());
        }
        let given = IntegrationResponse::builder()
            .status_code(answer.status)
            .set_response_parameters(Some(parameters))
            .set_response_templates(answer.response_templates())
            .build();
        let integration = Integration::builder()
            .r#type(IntegrationType::Mock)
            .http_method("POST")
            .passthrough_behavior(answer.passthrough)
            .set_request_templates(Some(answer.request_templates()))
            .integration_responses(answer.status, given)
            .build();
        let response = MethodResponse::builder()
            .status_code(answer.status)
            .set_response_parameters(Some(declared))
            .build();
        let method =
            Method::builder().authorization_type("NONE").method_responses(answer.status, response);
        (method.build(), integration)
    }
}
