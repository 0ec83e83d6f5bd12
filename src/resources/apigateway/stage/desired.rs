//! The stage that serves a stack's API.

use super::INFO;
use super::spec::StageSpec;
use crate::model::{Address, Desired, digest};
use crate::resources::apigateway::authorizer;
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::Api;
use serde_json::json;
use std::collections::BTreeSet;

pub(super) fn stage(context: &Context<'_>, wanted: &mut Wanted) {
    if let Some(api) = &context.stack.api {
        wanted.push(desired_stage(context, api));
    }
}

fn desired_stage(context: &Context<'_>, api: &Api) -> Desired {
    // Only context variables that hold no body, no header and no token.
    let format = json!({
        "requestId": "$context.requestId", "time": "$context.requestTimeEpoch",
        "ip": "$context.identity.sourceIp",
        "method": "$context.httpMethod", "path": "$context.path", "status": "$context.status",
        "ms": "$context.responseLatency", "bytes": "$context.responseLength",
        "integrationStatus": "$context.integrationStatus", "waf": "$context.wafResponseCode",
    });
    let spec = StageSpec {
        tags: context.tags("stage"),
        definition: definition(context, api),
        throttling_rate: f64::from(api.throttling.rate),
        throttling_burst: i32::try_from(api.throttling.burst).unwrap_or(i32::MAX),
        metrics: true,
        access_log_arn: Some(reference("log_group", "api", "arn")),
        access_log_format: Some(format.to_string()),
        tracing: false,
    };
    let mut desired = context.resource(&INFO, "main", api.stage.clone(), &spec);
    desired.context = json!({"rest_api_id": reference("api", "main", "id")});
    desired.depends_on = BTreeSet::from([Address::new("account", "logging")]);
    desired
}

/// What the stage's deployment is made from: the routes, and the API's authorizers, binary media
/// types and compression, which count from the next deployment on (catalogue 7).
fn definition(context: &Context<'_>, api: &Api) -> String {
    let routes = reference("routes", "main", "definition");
    let kinds: BTreeSet<&str> = api.binary.iter().map(String::as_str).collect();
    let mut more = kinds.into_iter().collect::<Vec<_>>().join(" ");
    if let Some(size) = api.compress {
        more = format!("{more} from {size} bytes on");
    }
    if let Some(authorizers) = authorizer::deployed(context, api) {
        more = format!("{more} for {authorizers}");
    }
    if more.is_empty() {
        return routes;
    }
    let more = digest::sha256_hex(more.as_bytes());
    format!("{routes}-{}", more.get(..8).unwrap_or_default())
}
