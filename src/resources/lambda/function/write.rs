//! Writes of functions: create or adopt, configuration then code, a wait after each, delete until
//! gone.

use super::spec::FunctionSpec;
use super::{attached, extras, read, settings};
use crate::aws::{CallOptions, Writer};
use crate::model::cloud_error::optional;
use crate::model::spec::Tags;
use crate::model::{CloudError, ErrorKind, Outputs, Owner, Step};
use crate::resources::common::{FRESH, foreign_error, tag_changes};
use crate::resources::lambda::Lambda;
use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    Architecture, FunctionCode, FunctionConfiguration, LastUpdateStatus, Runtime, State,
};
use base64::Engine as _;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::time::Duration;

/// Lambda's limit for a zip sent in the request; past it the connection is just cut (catalogue
/// 5.4).
const DIRECT_UPLOAD_BYTES: usize = 50 * 1024 * 1024;
const EVERY: Duration = Duration::from_secs(1);
const CEILING: Duration = Duration::from_secs(600);

/// Makes the function and waits until it is Active, or brings an earlier run's function to the
/// wanted state.
pub async fn create(
    writer: &Writer,
    step: &Step,
    wanted: &FunctionSpec,
) -> Result<Outputs, CloudError> {
    let lambda = &writer.client::<Lambda>();
    let zip = zip(step, wanted).await?;
    let size = travelling(&zip);
    let code = FunctionCode::builder().zip_file(zip).build();
    let tags: HashMap<String, String> = wanted.tags.clone().into_iter().collect();
    let made = writer
        .caller
        .call("lambda:CreateFunction", || async {
            let turn = writer.caller.turn(size).await;
            lambda
                .create_function()
                .function_name(&step.name)
                .role(&wanted.role_arn)
                .runtime(Runtime::from(wanted.runtime.as_str()))
                .handler(&wanted.handler)
                .memory_size(wanted.memory)
                .timeout(wanted.timeout)
                .architectures(Architecture::from(wanted.architecture.as_str()))
                .environment(settings::environment(wanted))
                .set_tracing_config(wanted.tracing.then(|| settings::tracing(wanted)))
                .set_dead_letter_config(
                    wanted.dead_letter.as_ref().map(|_| settings::dead_letters(wanted)),
                )
                .set_logging_config(
                    wanted.log_level.as_ref().map(|_| settings::logging(wanted, &step.name)),
                )
                .code(code.clone())
                .set_tags(Some(tags.clone()))
                .publish(false)
                .customize()
                .config_override(Builder::new().timeout_config(turn.timeouts.clone()))
                .send()
                .await
        })
        .await;
    match made {
        Ok(answer) => {
            let arn = answer.function_arn().unwrap_or_default().to_string();
            check_hash(step, wanted, answer.code_sha256())?;
            settled(writer, &step.name, FRESH).await?;
            settings::reserve(writer, &step.name, None, wanted, FRESH).await?;
            Ok(read::outputs(&arn, &step.name))
        }
        // The same code says "busy"; only the words tell that the name is taken (catalogue 1.4).
        Err(error) if error.matches("ResourceConflictException", "already exist") => {
            adopt(writer, step, wanted).await
        }
        Err(error) => Err(error),
    }
}

async fn adopt(writer: &Writer, step: &Step, wanted: &FunctionSpec) -> Result<Outputs, CloudError> {
    let look = || read::read_function(&writer.reader, &step.name);
    let what =
        format!("the function `{}`, which exists, to become readable (usually seconds)", step.name);
    let seen = writer.caller.wait_until(&what, EVERY, Duration::from_secs(60), look).await?;
    if let Owner::Foreign(says) = writer.scope.owner(&seen.spec.tags) {
        return Err(foreign_error("function", step, &says));
    }
    if let Some(hidden) = seen.hidden {
        return Err(hidden);
    }
    let failed = seen.failed.contains_key(read::LAST_UPDATE);
    if !failed {
        settled(writer, &step.name, FRESH).await?;
    }
    reconcile(writer, step, &seen.arn, &seen.spec, wanted, failed, FRESH).await?;
    Ok(read::outputs(&seen.arn, &step.name))
}

/// Changes what differs: configuration, then code, one at a time; the code travels only when it or
/// the architecture differs. If the last update `failed`, it is unknown which part of it took
/// effect: all is sent again. `options` say whether the function is fresh.
pub async fn reconcile(
    writer: &Writer,
    step: &Step,
    arn: &str,
    before: &FunctionSpec,
    wanted: &FunctionSpec,
    failed: bool,
    options: CallOptions,
) -> Result<(), CloudError> {
    if failed || configuration_differs(before, wanted) {
        let lambda = &writer.client::<Lambda>();
        writer
            .caller
            .call_with("lambda:UpdateFunctionConfiguration", options, || {
                let update = lambda
                    .update_function_configuration()
                    .function_name(&step.name)
                    .role(&wanted.role_arn)
                    .runtime(Runtime::from(wanted.runtime.as_str()))
                    .handler(&wanted.handler)
                    .memory_size(wanted.memory)
                    .timeout(wanted.timeout)
                    .environment(settings::environment(wanted));
                let update = settings::changed(update, &step.name, before, wanted);
                extras::cleared(update, &before.extras).send()
            })
            .await?;
        settled(writer, &step.name, options).await?;
    }
    if failed
        || before.code_sha256 != wanted.code_sha256
        || before.architecture != wanted.architecture
    {
        send_code(writer, step, wanted, options).await?;
    }
    attached::remove(writer, &step.name, &before.extras).await?;
    settings::reserve(writer, &step.name, before.reserved_concurrency, wanted, options).await?;
    bring_tags(writer, arn, &before.tags, &wanted.tags, options).await
}

/// Everything that UpdateFunctionConfiguration carries; a new field of the spec has to be placed
/// here.
fn configuration_differs(before: &FunctionSpec, wanted: &FunctionSpec) -> bool {
    let FunctionSpec {
        tags: _,
        code_sha256: _,
        architecture: _,
        reserved_concurrency: _,
        tracing,
        log_level,
        dead_letter,
        role_arn,
        runtime,
        handler,
        memory,
        timeout,
        environment,
        extras: _,
    } = wanted;
    (role_arn, runtime, handler, memory, timeout)
        != (&before.role_arn, &before.runtime, &before.handler, &before.memory, &before.timeout)
        || environment != &before.environment
        || before.extras.keys().any(|extra| !attached::is_attached(extra))
        || (tracing, log_level, dead_letter)
            != (&before.tracing, &before.log_level, &before.dead_letter)
}

async fn send_code(
    writer: &Writer,
    step: &Step,
    wanted: &FunctionSpec,
    options: CallOptions,
) -> Result<(), CloudError> {
    let lambda = &writer.client::<Lambda>();
    let zip = zip(step, wanted).await?;
    let answer = writer
        .caller
        .call_with("lambda:UpdateFunctionCode", options, || async {
            let turn = writer.caller.turn(travelling(&zip)).await;
            lambda
                .update_function_code()
                .function_name(&step.name)
                .zip_file(zip.clone())
                .architectures(Architecture::from(wanted.architecture.as_str()))
                .publish(false)
                .customize()
                .config_override(Builder::new().timeout_config(turn.timeouts.clone()))
                .send()
                .await
        })
        .await?;
    check_hash(step, wanted, answer.code_sha256())?;
    settled(writer, &step.name, options).await
}

async fn bring_tags(
    writer: &Writer,
    arn: &str,
    before: &Tags,
    wanted: &Tags,
    options: CallOptions,
) -> Result<(), CloudError> {
    let lambda = &writer.client::<Lambda>();
    let (set, unset) = tag_changes(before, wanted);
    if !set.is_empty() {
        let set: HashMap<String, String> = set.into_iter().collect();
        writer
            .caller
            .call_with("lambda:TagResource", options, || {
                lambda.tag_resource().resource(arn).set_tags(Some(set.clone())).send()
            })
            .await?;
    }
    if !unset.is_empty() {
        writer
            .caller
            .call("lambda:UntagResource", || {
                lambda.untag_resource().resource(arn).set_tag_keys(Some(unset.clone())).send()
            })
            .await?;
    }
    Ok(())
}

/// Waits until no update is running and the function can be invoked.
async fn settled(writer: &Writer, name: &str, options: CallOptions) -> Result<(), CloudError> {
    let what = format!("the function `{name}` to become Active (usually a few seconds)");
    writer
        .caller
        .wait_until(&what, EVERY, CEILING, || async {
            let answer = read::get(&writer.reader, name, options).await?;
            answer.configuration().map_or(Ok(None), |c| progress(name, c))
        })
        .await
}

/// `Some` when the function is ready, `None` while it is on its way; a missing status means on its
/// way.
///
/// Errors: the function or its last update failed; the reason is AWS's.
fn progress(name: &str, function: &FunctionConfiguration) -> Result<Option<()>, CloudError> {
    let failed = |what: &str, reason: Option<&str>| {
        Err(CloudError::ours(
            ErrorKind::Other,
            format!(
                "{what} of the function `{name}` failed: {}",
                reason.unwrap_or("AWS gives no reason")
            ),
            "mend the cause, then run again",
        ))
    };
    if function.state() == Some(&State::Failed) {
        return failed("the creation", function.state_reason());
    }
    if function.last_update_status() == Some(&LastUpdateStatus::Failed) {
        return failed("the update", function.last_update_status_reason());
    }
    // An idle function is Inactive until its next call.
    let usable = function
        .state()
        .is_some_and(|s| matches!(s.as_str(), "Active" | "ActiveNonInvocable" | "Inactive"));
    Ok((usable && function.last_update_status() == Some(&LastUpdateStatus::Successful))
        .then_some(()))
}

/// Deletes and waits until the name is free; roles and log groups may go only after that.
pub async fn delete(writer: &Writer, name: &str) -> Result<(), CloudError> {
    let lambda = &writer.client::<Lambda>();
    let gone = writer
        .caller
        .call("lambda:DeleteFunction", || lambda.delete_function().function_name(name).send())
        .await;
    if optional(gone)?.is_none() {
        return Ok(());
    }
    let what = format!("the function `{name}` to be gone (usually a second)");
    writer
        .caller
        .wait_until(&what, EVERY, CEILING, || async {
            let left = optional(read::get(&writer.reader, name, CallOptions::default()).await)?;
            Ok(left.is_none().then_some(()))
        })
        .await
}

/// Reads the zip, and makes sure that it is the one the plan speaks of.
async fn zip(step: &Step, wanted: &FunctionSpec) -> Result<Blob, CloudError> {
    let refuse = |what: String, hint: &str| Err(CloudError::ours(ErrorKind::Other, what, hint));
    let Some(path) = &step.payload else {
        return refuse(
            format!("the plan names no zip for `{}`", step.address),
            "make the plan again",
        );
    };
    let bytes = match tokio::fs::read(path).await {
        Ok(bytes) => bytes,
        Err(error) => {
            let what = format!(
                "the zip of `{}` cannot be read at {}: {error}",
                step.address,
                path.display()
            );
            return refuse(what, "run `shopstack build`, then run again");
        }
    };
    if hash(&bytes) != wanted.code_sha256 {
        let what = format!(
            "the zip of `{}` at {} is not the one that was planned",
            step.address,
            path.display()
        );
        return refuse(what, "make the plan again: the code was rebuilt since");
    }
    if bytes.len() > DIRECT_UPLOAD_BYTES {
        let what =
            format!("the zip of `{}` has {} bytes; Lambda takes 50 MB", step.address, bytes.len());
        return refuse(
            what,
            "make the function smaller: build with --release, strip symbols, drop dependencies",
        );
    }
    Ok(Blob::new(bytes))
}

/// Bytes on the wire: zips travel as base64 inside JSON.
fn travelling(zip: &Blob) -> usize {
    zip.as_ref().len() / 3 * 4
}

/// base64(SHA-256), as Lambda's CodeSha256.
fn hash(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(bytes))
}

fn check_hash(
    step: &Step,
    wanted: &FunctionSpec,
    received: Option<&str>,
) -> Result<(), CloudError> {
    match received {
        Some(hash) if hash == wanted.code_sha256 => Ok(()),
        other => Err(CloudError::ours(
            ErrorKind::Conflict,
            format!(
                "Lambda holds code {} for `{}`, not the code that was sent",
                other.unwrap_or("?"),
                step.name
            ),
            "somebody else is deploying to this function: run again",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(
        state: Option<State>,
        update: Option<LastUpdateStatus>,
    ) -> Result<Option<()>, CloudError> {
        let function = FunctionConfiguration::builder()
            .set_state(state)
            .set_last_update_status(update)
            .state_reason("no such image")
            .last_update_status_reason("disk full")
            .build();
        progress("f", &function)
    }

    #[test]
    fn only_an_active_function_without_a_running_update_is_ready() {
        use LastUpdateStatus::{InProgress, Successful};
        assert_eq!(state(Some(State::Active), Some(Successful)).unwrap(), Some(()));
        assert_eq!(state(Some(State::Inactive), Some(Successful)).unwrap(), Some(()));
        assert_eq!(state(Some(State::Active), Some(InProgress)).unwrap(), None);
        assert_eq!(state(Some(State::Active), None).unwrap(), None);
        assert_eq!(state(Some(State::Pending), Some(Successful)).unwrap(), None);
        assert_eq!(state(None, None).unwrap(), None);
    }

    #[test]
    fn failures_carry_the_reason() {
        assert!(state(Some(State::Failed), None).unwrap_err().message.contains("no such image"));
        let update = state(Some(State::Active), Some(LastUpdateStatus::Failed)).unwrap_err();
        assert!(update.message.contains("disk full"));
    }

    #[test]
    fn the_hash_is_lambdas() {
        assert_eq!(hash(b""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
