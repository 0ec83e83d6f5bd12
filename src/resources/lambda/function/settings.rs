//! Settings of a function that few stacks ask for, and that are sent only then: concurrency set
//! aside, traces, and the level of its logs.

use super::spec::FunctionSpec;
use super::{extras, generated};
use crate::aws::{CallOptions, Writer};
use crate::model::CloudError;
use crate::resources::lambda::Lambda;
use aws_sdk_lambda::operation::update_function_configuration::builders;
use aws_sdk_lambda::types::{
    ApplicationLogLevel, DeadLetterConfig, Environment, LogFormat, LoggingConfig, SystemLogLevel,
    TracingConfig, TracingMode,
};

type Update = builders::UpdateFunctionConfigurationFluentBuilder;

/// An empty map clears the variables; an absent one would keep them (catalogue 5.1).
pub fn environment(wanted: &FunctionSpec) -> Environment {
    let filled = wanted.environment.iter().map(|(k, v)| (k.clone(), generated::filled(v)));
    Environment::builder().set_variables(Some(filled.collect())).build()
}

/// `PassThrough` traces only what the caller traces.
pub fn tracing(wanted: &FunctionSpec) -> TracingConfig {
    let mode = if wanted.tracing { TracingMode::Active } else { TracingMode::PassThrough };
    TracingConfig::builder().mode(mode).build()
}

/// Logs go to the function's own group; a level means JSON, for plain text has none.
pub fn logging(wanted: &FunctionSpec, name: &str) -> LoggingConfig {
    let config = LoggingConfig::builder().log_group(extras::usual_group(name));
    match &wanted.log_level {
        Some(level) => config
            .log_format(LogFormat::Json)
            .application_log_level(ApplicationLogLevel::from(level.as_str()))
            .system_log_level(SystemLogLevel::Info),
        None => config.log_format(LogFormat::Text),
    }
    .build()
}

/// An empty ARN takes the target away; an absent one would keep it.
pub fn dead_letters(wanted: &FunctionSpec) -> DeadLetterConfig {
    let arn = wanted.dead_letter.clone().unwrap_or_default();
    DeadLetterConfig::builder().target_arn(arn).build()
}

/// The update with those of these settings that differ.
pub fn changed(update: Update, name: &str, before: &FunctionSpec, wanted: &FunctionSpec) -> Update {
    let traced = (before.tracing != wanted.tracing).then(|| tracing(wanted));
    let logs = before.log_level != wanted.log_level || before.extras.contains_key(extras::LOGGING);
    let update = if traced.is_some() { update.set_tracing_config(traced) } else { update };
    let letters = before.dead_letter != wanted.dead_letter;
    let update = if letters { update.dead_letter_config(dead_letters(wanted)) } else { update };
    if logs { update.logging_config(logging(wanted, name)) } else { update }
}

/// Sets concurrency aside for the function, or gives it back to the account.
pub async fn reserve(
    writer: &Writer,
    name: &str,
    before: Option<i32>,
    wanted: &FunctionSpec,
    options: CallOptions,
) -> Result<(), CloudError> {
    let lambda = &writer.client::<Lambda>();
    match wanted.reserved_concurrency {
        same if same == before => Ok(()),
        Some(calls) => writer
            .caller
            .call_with("lambda:PutFunctionConcurrency", options, || {
                lambda
                    .put_function_concurrency()
                    .function_name(name)
                    .reserved_concurrent_executions(calls)
                    .send()
            })
            .await
            .map(|_| ()),
        None => writer
            .caller
            .call_with("lambda:DeleteFunctionConcurrency", options, || {
                lambda.delete_function_concurrency().function_name(name).send()
            })
            .await
            .map(|_| ()),
    }
}
