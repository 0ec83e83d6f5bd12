//! Reads of functions: GetFunction for wanted names, the tag index and the listing for those no
//! longer wanted.

use super::spec::FunctionSpec;
use super::{INFO, attached, extras, generated};
use crate::aws::{CallOptions, Reader};
use crate::model::cloud_error::optional;
use crate::model::spec::to_value;
use crate::model::{CloudError, ErrorKind, Live, Outputs, Owner, Query, tag};
use crate::resources::lambda::Lambda;
use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::types::{
    FunctionConfiguration, LastUpdateStatus, LogFormat, LoggingConfig, State, TracingMode,
};
use futures_util::future::{try_join, try_join_all};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Lambda's own defaults, which it may leave out of an answer.
const DEFAULT_MEMORY: i32 = 128;
const DEFAULT_TIMEOUT: i32 = 3;

/// A function as GetFunction shows it.
pub struct Seen {
    pub arn: String,
    pub spec: FunctionSpec,
    /// Failed operations with Lambda's reason and time, as fields that no stack wants: drift, even
    /// if everything else is as wanted.
    pub failed: BTreeMap<&'static str, String>,
    /// Why the variables are not known, where Lambda does not tell them.
    pub hidden: Option<CloudError>,
}

/// The creation failed; nothing but another creation mends that.
pub const STATE: &str = "state";
/// The last update failed; another one mends that.
pub const LAST_UPDATE: &str = "last_update";

pub async fn discover(reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
    let wanted = try_join_all(query.wanted.iter().map(|desired| async move {
        let live = describe(reader, query, &desired.name).await;
        crate::resources::common::or_not_emulated(live, Some(desired))
    }));
    let (wanted, others) = try_join(wanted, other_names(reader, query)).await?;
    let others = try_join_all(others.iter().map(|name| describe(reader, query, name))).await?;
    Ok(wanted.into_iter().chain(others).flatten().collect())
}

/// Names that may be this stack's and are not wanted: out of the tag index and, when thorough, out
/// of the listing. The listing is asked as well where no function is wanted: there the index, which
/// lags, would have the only word.
async fn other_names(reader: &Reader, query: &Query<'_>) -> Result<BTreeSet<String>, CloudError> {
    let scope = query.scope;
    let prefix = format!("arn:aws:lambda:{}:{}:function:", scope.region, scope.account);
    let index = reader.index(scope).await?;
    let mut names: BTreeSet<String> = index
        .arns(&prefix)
        .filter_map(|arn| arn.strip_prefix(&prefix))
        .map(|rest| rest.split(':').next().unwrap_or(rest).to_string())
        .collect();
    if query.thorough || query.wanted.is_empty() {
        let listed = list(reader).await?;
        names.extend(listed.into_iter().filter(|name| name.starts_with(&scope.prefix())));
    }
    names.retain(|name| !query.wanted.iter().any(|desired| desired.name == *name));
    Ok(names)
}

async fn list(reader: &Reader) -> Result<Vec<String>, CloudError> {
    let mut names = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page = reader
            .caller
            .call("lambda:ListFunctions", || {
                reader
                    .client::<Lambda>()
                    .list_functions()
                    .max_items(50)
                    .set_marker(marker.clone())
                    .send()
            })
            .await;
        let page = match page {
            Err(error) if error.kind == ErrorKind::NotEmulated => return Ok(names),
            other => other?,
        };
        names.extend(page.functions().iter().filter_map(|f| f.function_name()).map(str::to_string));
        marker = page.next_marker().filter(|m| !m.is_empty()).map(str::to_string);
        if marker.is_none() {
            return Ok(names);
        }
    }
}

/// Turns a function into a live resource; `None` when there is none, or it is neither wanted nor
/// ours.
async fn describe(
    reader: &Reader,
    query: &Query<'_>,
    name: &str,
) -> Result<Option<Live>, CloudError> {
    let Some(seen) = read_function(reader, name).await? else {
        return Ok(None);
    };
    let desired = query.wanted.iter().find(|d| d.name == name).copied();
    let claim =
        query.claim(INFO.group, name, desired, &seen.spec.tags, |id| query.scope.name(id) == name);
    let Some((address, owner)) = claim else {
        return Ok(None);
    };
    if let (Some(hidden), Some(_), Owner::Ours) = (seen.hidden, desired, &owner) {
        return Err(hidden);
    }
    let mut found = seen.spec;
    if desired.is_some() && owner == Owner::Ours {
        found.extras.extend(attached::read(reader, name).await?);
    }
    let mut spec = to_value(&found);
    if let Some(fields) = spec.as_object_mut() {
        fields.extend(
            seen.failed.iter().map(|(field, why)| (field.to_string(), why.as_str().into())),
        );
    }
    let mut live = Live::new(address, INFO.type_name, name, spec);
    live.outputs = outputs(&seen.arn, name);
    live.owner = owner;
    Ok(Some(live))
}

/// Reads one function; `None` when it does not exist.
pub async fn read_function(reader: &Reader, name: &str) -> Result<Option<Seen>, CloudError> {
    let Some(answer) = optional(get(reader, name, CallOptions::default()).await)? else {
        return Ok(None);
    };
    let configuration = answer
        .configuration()
        .ok_or_else(|| CloudError::shape(&format!("GetFunction for `{name}`"), "Configuration"))?;
    let arn = configuration.function_arn().unwrap_or_default().to_string();
    let (failed, hidden) = (failures(configuration), hidden(name, configuration));
    let mut spec = spec_of(configuration, answer.tags());
    spec.reserved_concurrency =
        answer.concurrency().and_then(|set| set.reserved_concurrent_executions());
    Ok(Some(Seen { arn, spec, failed, hidden }))
}

fn failures(function: &FunctionConfiguration) -> BTreeMap<&'static str, String> {
    let why = |reason: Option<&str>| format!("Failed: {}", reason.unwrap_or("AWS gives no reason"));
    let mut failed = BTreeMap::new();
    if function.state() == Some(&State::Failed) {
        failed.insert(STATE, why(function.state_reason()));
    }
    if function.last_update_status() == Some(&LastUpdateStatus::Failed) {
        failed.insert(LAST_UPDATE, why(function.last_update_status_reason()));
    }
    failed
}

/// Variables that Lambda does not tell, mostly for a KMS key that the caller may not use, are not
/// "no variables" (catalogue 5.7).
fn hidden(name: &str, function: &FunctionConfiguration) -> Option<CloudError> {
    let error = function.environment()?.error()?;
    let code = error.error_code().unwrap_or_default();
    let kind =
        if code.contains("AccessDenied") { ErrorKind::AccessDenied } else { ErrorKind::Other };
    let says = error.message().unwrap_or("AWS gives no reason");
    let what = format!("the variables of the function `{name}` cannot be read: {says}");
    let hint = "get kms:Decrypt on the key that they are encrypted with, or take that key off the \
                function, then run again";
    Some(CloudError {
        operation: "lambda GetFunction".into(),
        code: code.into(),
        ..CloudError::ours(kind, what, hint)
    })
}

/// GetFunction, which has a far larger rate quota than GetFunctionConfiguration (catalogue 5.3).
pub async fn get(
    reader: &Reader,
    name: &str,
    options: CallOptions,
) -> Result<GetFunctionOutput, CloudError> {
    reader
        .caller
        .call_with("lambda:GetFunction", options, || {
            reader.client::<Lambda>().get_function().function_name(name).send()
        })
        .await
}

fn spec_of(
    function: &FunctionConfiguration,
    tags: Option<&HashMap<String, String>>,
) -> FunctionSpec {
    let text = |value: Option<&str>| value.unwrap_or_default().to_string();
    FunctionSpec {
        tags: tag::without_aws_tags(tags.into_iter().flatten()),
        role_arn: text(function.role()),
        runtime: text(function.runtime().map(|r| r.as_str())),
        handler: text(function.handler()),
        memory: function.memory_size().unwrap_or(DEFAULT_MEMORY),
        timeout: function.timeout().unwrap_or(DEFAULT_TIMEOUT),
        architecture: function.architectures().first().map_or("x86_64", |a| a.as_str()).to_string(),
        reserved_concurrency: None,
        tracing: function.tracing_config().and_then(|t| t.mode()) == Some(&TracingMode::Active),
        log_level: function.logging_config().and_then(log_level),
        dead_letter: function
            .dead_letter_config()
            .and_then(|config| config.target_arn())
            .filter(|arn| !arn.is_empty())
            .map(str::to_string),
        environment: plain(function.environment().and_then(|e| e.variables())),
        code_sha256: text(function.code_sha256()),
        extras: extras::list_extras(function),
    }
}

/// The level of logs in JSON; where Lambda leaves it out it is INFO.
fn log_level(config: &LoggingConfig) -> Option<String> {
    let level = config.application_log_level().map_or("INFO", |level| level.as_str());
    (config.log_format() == Some(&LogFormat::Json)).then(|| level.to_string())
}

fn plain(map: Option<&HashMap<String, String>>) -> BTreeMap<String, String> {
    map.map(|m| m.iter().map(|(k, v)| (k.clone(), generated::masked(v))).collect())
        .unwrap_or_default()
}

pub fn outputs(arn: &str, name: &str) -> Outputs {
    BTreeMap::from([("arn".to_string(), arn.to_string()), ("name".to_string(), name.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lambda::types::{
        ApplicationLogLevel, Architecture, DeadLetterConfig, Environment, EnvironmentResponse,
        Runtime, TracingConfigResponse,
    };

    #[test]
    fn what_lambda_leaves_out_is_its_default() {
        let bare = spec_of(&FunctionConfiguration::builder().build(), None);
        assert_eq!((bare.memory, bare.timeout, bare.architecture.as_str()), (128, 3, "x86_64"));
        assert!(bare.environment.is_empty() && bare.tags.is_empty());
        // An empty variables member means the same as none.
        let empty = EnvironmentResponse::builder().set_variables(Some(HashMap::new())).build();
        let cleared = spec_of(
            &FunctionConfiguration::builder().environment(empty).build(),
            Some(&HashMap::new()),
        );
        assert_eq!(cleared, bare);
    }

    #[test]
    fn every_compared_member_is_read() {
        let variables = HashMap::from([("TABLE".to_string(), "t".to_string())]);
        let function = FunctionConfiguration::builder()
            .role("arn:aws:iam::1:role/r")
            .runtime(Runtime::Providedal2023)
            .handler("bootstrap")
            .memory_size(256)
            .timeout(10)
            .architectures(Architecture::Arm64)
            .dead_letter_config(DeadLetterConfig::builder().target_arn("arn:sqs").build())
            .tracing_config(TracingConfigResponse::builder().mode(TracingMode::Active).build())
            .logging_config(
                LoggingConfig::builder()
                    .log_format(LogFormat::Json)
                    .application_log_level(ApplicationLogLevel::Warn)
                    .build(),
            )
            .environment(
                EnvironmentResponse::builder().set_variables(Some(variables.clone())).build(),
            )
            .code_sha256("abc=")
            .build();
        let tags = HashMap::from([("shopstack:id".to_string(), "f".to_string())]);
        let spec = spec_of(&function, Some(&tags));
        assert_eq!(
            spec,
            FunctionSpec {
                tags: tags.into_iter().collect(),
                role_arn: "arn:aws:iam::1:role/r".into(),
                runtime: "provided.al2023".into(),
                handler: "bootstrap".into(),
                memory: 256,
                timeout: 10,
                architecture: "arm64".into(),
                reserved_concurrency: None,
                tracing: true,
                log_level: Some("WARN".into()),
                dead_letter: Some("arn:sqs".into()),
                environment: variables.into_iter().collect(),
                code_sha256: "abc=".into(),
                extras: BTreeMap::new(),
            }
        );
    }

    #[test]
    fn cleared_variables_are_sent_as_an_empty_map() {
        let environment = Environment::builder().set_variables(Some(HashMap::new())).build();
        assert_eq!(
            environment.variables(),
            Some(&HashMap::new()),
            "an absent map would keep the old variables"
        );
    }
}
