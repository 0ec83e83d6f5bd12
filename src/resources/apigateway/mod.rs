//! Shared by the API Gateway types: ARNs and URLs, patch operations, and tags at their source
//! (catalogue section 7).

pub mod account;
pub mod api;
pub mod authorizer;
pub mod definition;
pub mod domain;
pub mod routes;
pub mod stage;

use crate::aws::connections::reads_only;
use crate::aws::{Reader, Writer};
use crate::model::call::{Call, Quota, Retry, Service};
use crate::model::spec::Tags;
use crate::model::{CloudError, ErrorKind, Scope, Step, cloud_error::optional, tag};
use aws_sdk_apigateway::types::{Op, PatchOperation};
use std::collections::HashMap;

reads_only! {
    /// API Gateway, reads only.
    reads::ApiGateway(aws_sdk_apigateway) {
        get_account: GetAccountFluentBuilder,
        get_authorizers: GetAuthorizersFluentBuilder,
        get_base_path_mappings: GetBasePathMappingsFluentBuilder,
        get_deployment: GetDeploymentFluentBuilder,
        get_deployments: GetDeploymentsFluentBuilder,
        get_domain_name: GetDomainNameFluentBuilder,
        get_domain_names: GetDomainNamesFluentBuilder,
        get_gateway_responses: GetGatewayResponsesFluentBuilder,
        get_integration: GetIntegrationFluentBuilder,
        get_method: GetMethodFluentBuilder,
        get_resources: GetResourcesFluentBuilder,
        get_rest_api: GetRestApiFluentBuilder,
        get_rest_apis: GetRestApisFluentBuilder,
        get_stage: GetStageFluentBuilder,
        get_stages: GetStagesFluentBuilder,
        get_tags: GetTagsFluentBuilder,
    }
}

/// Rules for every API Gateway operation.
pub const SERVICE: Service = Service {
    retries: &[
        Retry::busy("ConflictException", "concurrent modification", 120),
        Retry::busy("ConflictException", "try again later", 120),
    ],
    quotas: &[Quota { label: "API Gateway: 10 control calls per second", rate: 10.0, burst: 40.0 }],
    not_found: &["NotFoundException"],
    ..Service::DEFAULT
};

// API Gateway knows no IAM actions but HTTP's methods.
pub(crate) const GET: &[&str] = &["apigateway:GET"];
pub(crate) const POST: &[&str] = &["apigateway:POST"];
pub(crate) const PUT: &[&str] = &["apigateway:PUT"];
pub(crate) const PATCH: &[&str] = &["apigateway:PATCH"];
pub(crate) const DELETE: &[&str] = &["apigateway:DELETE"];
/// Creating with tags needs the right to tag.
pub(crate) const POST_TAGGED: &[&str] = &["apigateway:POST", "apigateway:PUT"];

pub(crate) const GET_TAGS: Call = Call::new(&SERVICE, "apigateway:GetTags").actions(GET);
pub(crate) const GET_DEPLOYMENTS: Call =
    Call::new(&SERVICE, "apigateway:GetDeployments").actions(GET);
pub(crate) const GET_STAGES: Call = Call::new(&SERVICE, "apigateway:GetStages").actions(GET);
pub(crate) const TAG: Call = Call::new(&SERVICE, "apigateway:TagResource").actions(PUT);
pub(crate) const UNTAG: Call = Call::new(&SERVICE, "apigateway:UntagResource").actions(DELETE);

/// The prefix of our deployments' descriptions: deployments have no tags (catalogue 7.4).
pub const MARK: &str = "shopstack:";
/// The largest page API Gateway gives; the default is 25 (catalogue 10.4).
pub const PAGE: i32 = 500;

/// The context key and output that hold the id of the API a routes or stage resource lives in.
pub const REST_API_ID: &str = "rest_api_id";

/// ARN of a REST API, as tagging wants it: without an account (catalogue 7.4).
pub fn api_arn(region: &str, id: &str) -> String {
    format!("arn:aws:apigateway:{region}::/restapis/{id}")
}

/// ARN of a stage, as tagging and WAF want it.
pub fn stage_arn(region: &str, id: &str, stage: &str) -> String {
    format!("{}/stages/{stage}", api_arn(region, id))
}

/// ARN of the API's execution side, the root of permissions' source ARNs.
pub fn execution_arn(scope: &Scope, id: &str) -> String {
    format!("arn:aws:execute-api:{}:{}:{id}", scope.region, scope.account)
}

/// Where the API answers, without stage and without a trailing slash.
pub fn endpoint(scope: &Scope, id: &str) -> String {
    match &scope.endpoint {
        None => format!("https://{id}.execute-api.{}.amazonaws.com", scope.region),
        Some(url) => {
            let port = url::Url::parse(url).ok().and_then(|url| url.port());
            let port = port.map(|p| format!(":{p}")).unwrap_or_default();
            format!("http://{id}.execute-api.localhost{port}")
        }
    }
}

/// The URI by which API Gateway invokes a function; always by POST.
pub fn invocation_uri(region: &str, function_arn: &str) -> String {
    format!(
        "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function_arn}/invocations"
    )
}

/// The function's ARN inside an invocation URI of exactly the form that we write.
pub fn invoked_function<'a>(uri: &'a str, region: &str) -> Option<&'a str> {
    let (_, rest) = uri.split_once("/functions/")?;
    let arn = rest.strip_suffix("/invocations")?;
    (uri == invocation_uri(region, arn)).then_some(arn)
}

/// A key as a segment of a patch path (catalogue 7.2): `~` is `~0`, `/` is `~1`.
pub fn segment(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// `replace path value`; values are strings whatever their type (catalogue 7.2).
pub fn replace(path: impl Into<String>, value: impl ToString) -> PatchOperation {
    PatchOperation::builder().op(Op::Replace).path(path).value(value.to_string()).build()
}

/// `replace path` without a value: how a number is cleared.
pub fn clear(path: impl Into<String>) -> PatchOperation {
    PatchOperation::builder().op(Op::Replace).path(path).build()
}

/// `add path`.
pub fn add(path: impl Into<String>) -> PatchOperation {
    PatchOperation::builder().op(Op::Add).path(path).build()
}

/// `remove path`: for map keys and whole blocks (catalogue 7.2).
pub fn remove(path: impl Into<String>) -> PatchOperation {
    PatchOperation::builder().op(Op::Remove).path(path).build()
}

/// The id of the API that a step's resource lives in.
pub fn rest_api_id(step: &Step) -> Result<String, CloudError> {
    let id = step.context.get(REST_API_ID).and_then(|v| v.as_str()).filter(|id| !id.is_empty());
    id.map(str::to_string).ok_or_else(|| {
        CloudError::ours(
            ErrorKind::Other,
            format!("the plan does not say which REST API {} belongs to", step.address),
            "make the plan again with this version of shopstack",
        )
    })
}

/// Tags that came inline with the resource, without AWS's own.
pub fn inline_tags(tags: Option<&HashMap<String, String>>) -> Tags {
    tag::without_aws_tags(
        tags.into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str())),
    )
}

/// Inline tags where they are as wanted; otherwise GetTags is asked before anything is said about
/// them.
pub async fn tags_of(
    reader: &Reader,
    arn: &str,
    inline: Tags,
    wanted: Option<&Tags>,
) -> Result<Tags, CloudError> {
    if wanted.is_none_or(|wanted| *wanted == inline) {
        return Ok(inline);
    }
    let asked = reader
        .caller
        .call("apigateway:GetTags", || {
            reader.client::<ApiGateway>().get_tags().resource_arn(arn).send()
        })
        .await;
    let tags = optional(asked)?.map(|answer| inline_tags(answer.tags())).unwrap_or_default();
    Ok(if tags.is_empty() { inline } else { tags })
}

/// A refusal of tags with the names of those that go beyond API Gateway's own words; other errors
/// as they are. Those words name fewer characters than it takes (catalogue section 14), so what is
/// refused is known only then.
pub fn naming_tags(error: CloudError, tags: &Tags) -> CloudError {
    let of_tags = error.code == "BadRequestException"
        && ["tag", "Tag"].iter().any(|word| error.message.contains(word));
    let named =
        |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "._:/=+-".contains(c));
    let odd: Vec<String> = tags
        .iter()
        .filter(|(key, value)| !named(key) || !named(value))
        .map(|(key, _)| format!("`{key}`"))
        .collect();
    if !of_tags || odd.is_empty() {
        return error;
    }
    let odd = odd.join(", ");
    CloudError {
        message: format!("{} (the tags in question: {odd})", error.message),
        hint: format!("rename {odd} in `tags` of stack.yaml, or give it another value"),
        ..error
    }
}

/// Sets all wanted tags and removes the others; nothing is sent when nothing differs.
pub async fn set_tags(
    writer: &Writer,
    arn: &str,
    before: &Tags,
    wanted: &Tags,
) -> Result<(), CloudError> {
    let client = &writer.client::<ApiGateway>();
    if wanted.iter().any(|(k, v)| before.get(k) != Some(v)) {
        let all: HashMap<String, String> = wanted.clone().into_iter().collect();
        writer
            .caller
            .call("apigateway:TagResource", || {
                client.tag_resource().resource_arn(arn).set_tags(Some(all.clone())).send()
            })
            .await
            .map_err(|error| naming_tags(error, wanted))?;
    }
    let gone: Vec<String> = before.keys().filter(|k| !wanted.contains_key(*k)).cloned().collect();
    if !gone.is_empty() {
        writer
            .caller
            .call("apigateway:UntagResource", || {
                client.untag_resource().resource_arn(arn).set_tag_keys(Some(gone.clone())).send()
            })
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emulators_api_answers_under_its_own_port() {
        let mut scope = Scope {
            stack: "s".into(),
            env: "e".into(),
            account: "1".into(),
            region: "eu-west-1".into(),
            endpoint: Some("http://127.0.0.1:4566/".into()),
        };
        assert_eq!(endpoint(&scope, "abc"), "http://abc.execute-api.localhost:4566");
        for (url, port) in [
            ("http://[::1]:4566", ":4566"),
            ("http://twin:9000/aws", ":9000"),
            ("http://user:1234@twin", ""),
            ("http://twin", ""),
        ] {
            scope.endpoint = Some(url.into());
            assert_eq!(endpoint(&scope, "abc"), format!("http://abc.execute-api.localhost{port}"));
        }
        scope.endpoint = None;
        assert_eq!(endpoint(&scope, "abc"), "https://abc.execute-api.eu-west-1.amazonaws.com");
    }

    #[test]
    fn slashes_and_tildes_in_keys_are_escaped_once() {
        assert_eq!(segment("image/~png"), "image~1~0png");
    }
}
