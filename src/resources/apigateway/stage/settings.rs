//! A stage's settings as a StageSpec and as patch operations. Pure.
//!
//! Settings that shopstack never makes (variables, cache, canary, settings of single methods)
//! appear in the live spec under `unexpected` and are patched away.

use super::spec::StageSpec;
use crate::model::CloudError;
use crate::model::spec::{Tags, from_value, to_value};
use crate::resources::apigateway as gw;
use aws_sdk_apigateway::types::{Deployment, MethodSetting, PatchOperation, Stage};
use serde_json::{Map, Value};

pub use crate::resources::apigateway::MARK;
/// Method settings of all methods.
const ALL: &str = "*/*";
const UNEXPECTED: &str = "unexpected";

/// The definition that a deployment was made from, or words on what it is instead.
pub fn definition(deployments: &[Deployment], id: &str) -> String {
    match deployments.iter().find(|d| d.id() == Some(id)) {
        None => format!("deployment {id} does not exist"),
        Some(found) => {
            let description = found.description().unwrap_or_default();
            match description.strip_prefix(MARK) {
                Some(ours) => ours.to_string(),
                None => format!("deployment {id} not made by shopstack: {description}"),
            }
        }
    }
}

/// The newest deployment, when it was made from `wanted`: nothing has been deployed since.
pub fn reusable<'a>(deployments: &'a [Deployment], wanted: &str) -> Option<&'a str> {
    let description = format!("{MARK}{wanted}");
    let age = |d: &&Deployment| d.created_date().map_or(0, |date| date.as_nanos());
    let newest = deployments.iter().map(|d| age(&d)).max()?;
    let newest = deployments.iter().filter(|d| age(d) == newest);
    newest.filter(|d| d.description() == Some(description.as_str())).find_map(Deployment::id)
}

/// The stage as a spec, with what is not ours under `unexpected`.
pub fn to_spec(stage: &Stage, deployments: &[Deployment], tags: Tags) -> Value {
    let all = stage.method_settings().and_then(|m| m.get(ALL));
    let logs = stage.access_log_settings();
    let text = |t: Option<&str>| t.filter(|t| !t.is_empty()).map(str::to_string);
    let spec = StageSpec {
        tags,
        definition: definition(deployments, stage.deployment_id().unwrap_or_default()),
        throttling_rate: all.map_or(-1.0, MethodSetting::throttling_rate_limit),
        throttling_burst: all.map_or(-1, MethodSetting::throttling_burst_limit),
        metrics: all.is_some_and(MethodSetting::metrics_enabled),
        access_log_arn: text(logs.and_then(|l| l.destination_arn()))
            .map(|a| a.trim_end_matches(":*").to_string()),
        access_log_format: text(logs.and_then(|l| l.format())),
        tracing: stage.tracing_enabled(),
    };
    let mut value = to_value(&spec);
    let unexpected = unexpected(stage);
    if let (Some(fields), false) = (value.as_object_mut(), unexpected.is_empty()) {
        fields.insert(UNEXPECTED.into(), Value::Object(unexpected));
    }
    value
}

fn unexpected(stage: &Stage) -> Map<String, Value> {
    let mut found = Map::new();
    let mut tell = |name: String, value: Option<String>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            found.insert(name, Value::String(value));
        }
    };
    let on = |flag: bool| flag.then(|| "true".to_string());
    for (name, value) in stage.variables().into_iter().flatten() {
        tell(format!("variables/{name}"), Some(value.clone()));
    }
    tell("clientCertificateId".into(), stage.client_certificate_id().map(str::to_string));
    tell("cacheClusterEnabled".into(), on(stage.cache_cluster_enabled()));
    let canary =
        stage.canary_settings().and_then(|c| c.deployment_id()).map(|d| format!("deployment {d}"));
    tell("canarySettings".into(), canary);
    for (key, setting) in stage.method_settings().into_iter().flatten() {
        if key == ALL {
            let level = setting.logging_level().filter(|l| *l != "OFF").map(str::to_string);
            tell("*/*/logging/loglevel".into(), level);
            tell("*/*/logging/dataTrace".into(), on(setting.data_trace_enabled()));
            tell("*/*/caching/enabled".into(), on(setting.caching_enabled()));
        } else {
            let told = format!(
                "throttling {}/{}, metrics {}, logging {}",
                setting.throttling_rate_limit(),
                setting.throttling_burst_limit(),
                setting.metrics_enabled(),
                setting.logging_level().unwrap_or("OFF")
            );
            tell(format!("methodSettings/{key}"), Some(told));
        }
    }
    found
}

/// Splits a live spec into its StageSpec and the unexpected rest.
pub fn split(live: &Value) -> Result<(StageSpec, Map<String, Value>), CloudError> {
    let mut plain = live.clone();
    let rest = plain.as_object_mut().and_then(|fields| fields.shift_remove(UNEXPECTED));
    let rest = rest.and_then(|rest| rest.as_object().cloned()).unwrap_or_default();
    Ok((from_value(&plain)?, rest))
}

/// The operations of one UpdateStage, in the order they apply in. `before` is `None` for a stage
/// just made.
///
/// Whole blocks are removed, for the removal of a single leaf is refused (catalogue 7.2).
pub fn patches(
    before: Option<&StageSpec>,
    rest: &Map<String, Value>,
    wanted: &StageSpec,
) -> Vec<PatchOperation> {
    let mut list: Vec<_> = rest.keys().map(|name| mend(name)).collect();
    let differs = |same: fn(&StageSpec, &StageSpec) -> bool| {
        before.is_none_or(|before| !same(before, wanted))
    };
    if differs(|a, b| a.throttling_rate == b.throttling_rate) {
        list.push(gw::replace("/*/*/throttling/rateLimit", wanted.throttling_rate));
    }
    if differs(|a, b| a.throttling_burst == b.throttling_burst) {
        list.push(gw::replace("/*/*/throttling/burstLimit", wanted.throttling_burst));
    }
    if differs(|a, b| a.metrics == b.metrics) {
        list.push(gw::replace("/*/*/metrics/enabled", wanted.metrics));
    }
    if before.is_none() {
        // Setting one leaf fills the others with defaults (catalogue 7.2); bodies are never to be
        // logged.
        list.push(gw::replace("/*/*/logging/loglevel", "OFF"));
        list.push(gw::replace("/*/*/logging/dataTrace", false));
    }
    if before.is_some_and(|before| before.tracing != wanted.tracing) {
        list.push(gw::replace("/tracingEnabled", wanted.tracing));
    }
    if differs(|a, b| {
        a.access_log_arn == b.access_log_arn && a.access_log_format == b.access_log_format
    }) {
        match &wanted.access_log_arn {
            // Destination without `:*` (catalogue 7.2).
            Some(arn) => {
                list.push(gw::replace("/accessLogSettings/destinationArn", arn));
                let format = wanted.access_log_format.as_deref().unwrap_or_default();
                list.push(gw::replace("/accessLogSettings/format", format));
            }
            None if before.is_some() => list.push(gw::remove("/accessLogSettings")),
            None => {}
        }
    }
    list
}

/// The operation that takes one unexpected setting away.
fn mend(name: &str) -> PatchOperation {
    match name.split_once('/') {
        Some(("variables", variable)) => {
            gw::remove(format!("/variables/{}", gw::segment(variable)))
        }
        // As it is read: AWS keeps a key as whoever set it wrote it, `~1a~1b/GET`, `a~1b/GET` or
        // `/a/b/GET`, and takes it away by exactly that.
        Some(("methodSettings", key)) => gw::remove(format!("/{key}")),
        Some(("*", "*/logging/loglevel")) => gw::replace("/*/*/logging/loglevel", "OFF"),
        _ if name == "canarySettings" => gw::remove("/canarySettings"),
        _ if name == "clientCertificateId" => gw::replace("/clientCertificateId", ""),
        _ => gw::replace(format!("/{name}"), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::DateTime;
    use serde_json::json;

    fn spec() -> StageSpec {
        StageSpec {
            tags: Tags::new(),
            definition: "abc".into(),
            throttling_rate: 50.0,
            throttling_burst: 100,
            metrics: true,
            access_log_arn: Some("arn:aws:logs:r:1:log-group:g".into()),
            access_log_format: Some("$context.requestId".into()),
            tracing: false,
        }
    }

    fn describe_patches(list: &[PatchOperation]) -> Vec<String> {
        let one = |p: &PatchOperation| {
            let value = p.value().map(|v| format!(" {v}")).unwrap_or_default();
            format!("{} {}{value}", p.op().unwrap().as_str(), p.path().unwrap())
        };
        list.iter().map(one).collect()
    }

    fn deployment(id: &str, description: &str, at: i64) -> Deployment {
        Deployment::builder()
            .id(id)
            .description(description)
            .created_date(DateTime::from_secs(at))
            .build()
    }

    #[test]
    fn a_new_stage_gets_every_setting_and_an_equal_one_none() {
        let all = describe_patches(&patches(None, &Map::new(), &spec()));
        assert_eq!(
            all,
            [
                "replace /*/*/throttling/rateLimit 50",
                "replace /*/*/throttling/burstLimit 100",
                "replace /*/*/metrics/enabled true",
                "replace /*/*/logging/loglevel OFF",
                "replace /*/*/logging/dataTrace false",
                "replace /accessLogSettings/destinationArn arn:aws:logs:r:1:log-group:g",
                "replace /accessLogSettings/format $context.requestId",
            ]
        );
        assert!(patches(Some(&spec()), &Map::new(), &spec()).is_empty());
    }

    #[test]
    fn what_is_not_ours_is_taken_away() {
        let rest = json!({
            "variables/a": "x", "methodSettings/items/GET": "y", "methodSettings/~1items/POST": "y",
            "*/*/logging/loglevel": "INFO", "*/*/logging/dataTrace": "true",
            "canarySettings": "deployment d",
            "clientCertificateId": "c", "cacheClusterEnabled": "true",
        });
        let mut wanted = spec();
        wanted.access_log_arn = None;
        wanted.tracing = true;
        let list = describe_patches(&patches(Some(&spec()), rest.as_object().unwrap(), &wanted));
        assert_eq!(
            list,
            [
                "remove /variables/a",
                "remove /items/GET",
                "remove /~1items/POST",
                "replace /*/*/logging/loglevel OFF",
                "replace /*/*/logging/dataTrace false",
                "remove /canarySettings",
                "replace /clientCertificateId ",
                "replace /cacheClusterEnabled false",
                "replace /tracingEnabled true",
                "remove /accessLogSettings",
            ]
        );
    }

    /// Forms that people report of GetStage's answer.
    #[test]
    fn settings_of_a_method_go_by_the_key_that_they_are_read_by() {
        for (key, path) in [
            ("items/GET", "/items/GET"),
            ("~1items/POST", "/~1items/POST"),
            ("~1/GET", "/~1/GET"),
            ("~1a~1b/GET", "/~1a~1b/GET"),
            ("a~1b/GET", "/a~1b/GET"),
            ("/tenant/{t}/x/GET", "//tenant/{t}/x/GET"),
        ] {
            assert_eq!(
                describe_patches(&[mend(&format!("methodSettings/{key}"))]),
                [format!("remove {path}")]
            );
        }
    }

    #[test]
    fn only_the_newest_deployment_is_used_again() {
        let list = [deployment("a", "shopstack:one", 1), deployment("b", "shopstack:two", 2)];
        assert_eq!((reusable(&list, "one"), reusable(&list, "two")), (None, Some("b")));
        assert_eq!(definition(&list, "a"), "one");
        assert_eq!(definition(&list, "c"), "deployment c does not exist");
        let hand = [deployment("d", "my try", 3)];
        assert_eq!(definition(&hand, "d"), "deployment d not made by shopstack: my try");
    }
}
