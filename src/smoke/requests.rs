//! Check `requests`: the requests that stack.yaml names get the answers it names, one after the
//! other; where it names none, each route that can be asked without a parameter answers at all.

use super::Outcome;
use super::date;
use super::http::{Answer, Call, Context, join, unlike};
use super::retry::{Backoff, Trouble, Try};
use super::target::RequestTarget;
use std::time::Duration;
use tokio::time::Instant;

/// How long a wrong answer may be AWS settling: a stage, a permission, a role.
const SETTLING: Duration = Duration::from_secs(45);
/// The twin settles at once; what it is waited for is a first call.
const SETTLING_EMULATED: Duration = Duration::from_secs(5);
/// CloudWatch takes some seconds to show a line.
const LOG_PATIENCE: Duration = Duration::from_secs(15);
const TODO: &str = "see the function's log, and `grants` and `env` of it in stack.yaml";

pub(super) async fn check(context: &Context<'_>) -> Result<Outcome, String> {
    let target = context.target;
    let Some(api) = &target.api_url else {
        return Ok(Outcome::Skipped("the stack has no API".into()));
    };
    if target.requests.is_empty() {
        let why = "no route can be asked by GET without a parameter; `smoke.requests` in \
                   stack.yaml says what else to ask";
        return Ok(Outcome::Skipped(why.into()));
    }
    let patience = if target.emulated { SETTLING_EMULATED } else { SETTLING };
    let deadline = context.deadline.min(Instant::now() + patience);
    let mut told = Vec::new();
    for request in &target.requests {
        let status = settled(context, api, request, deadline).await?;
        told.push(format!("{} {} with {status}", request.method, request.path));
    }
    Ok(Outcome::Passed(format!("answered: {}", told.join(", "))))
}

/// The status of an answer as wanted. Errors: what came instead, with what the function logged.
async fn settled(
    context: &Context<'_>,
    api: &str,
    request: &RequestTarget,
    deadline: Instant,
) -> Result<u16, String> {
    let mut backoff = Backoff::until(deadline);
    loop {
        let begun = date::local_ms() - 1000;
        let (message, since, again) = match ask(context, api, request).await {
            Ok(answer) if is_wanted(request, answer.status) => return Ok(answer.status),
            Ok(answer) => {
                let again = request.repeatable || did_nothing(answer.status);
                (
                    unlike_wanted(request, &answer),
                    date::began(&answer.header("date"), answer.elapsed),
                    again,
                )
            }
            Err(Trouble::Never(message)) => return Err(message),
            Err(Trouble::Again(message)) => (message, begun, request.repeatable),
        };
        if !again || !backoff.pause().await {
            let logged = logged(context, request, since).await;
            return Err(format!("{}{logged}", backoff.give_up(&message)));
        }
    }
}

async fn ask(context: &Context<'_>, api: &str, request: &RequestTarget) -> Try<Answer> {
    let mut call = Call::new(&request.method, join(api, &request.path));
    call.body = request.json.as_ref().map(ToString::to_string);
    Ok(context.send(&call).await?)
}

/// API Gateway's own refusals while it settles, and functions that failed: asking again repeats
/// nothing that was done. What a function answered otherwise is not asked for twice.
fn did_nothing(status: u16) -> bool {
    status >= 500 || status == 403 || status == 429
}

/// Without a wanted status everything but the server's own failure is an answer.
fn is_wanted(request: &RequestTarget, status: u16) -> bool {
    request.status.map_or(status < 500, |wanted| status == wanted)
}

fn unlike_wanted(request: &RequestTarget, answer: &Answer) -> String {
    let expected = match request.status {
        Some(status) => status.to_string(),
        None => "an answer below 500".to_string(),
    };
    unlike(&answer.url, &expected, &answer.summary(), TODO)
}

/// The function's own lines about the request, each on a line of the message.
async fn logged(context: &Context<'_>, request: &RequestTarget, since: i64) -> String {
    let Some(group) = &request.log_group else {
        return String::new();
    };
    let mut backoff = Backoff::until(Instant::now() + LOG_PATIENCE);
    loop {
        match context.backend.log_text(group, since).await {
            Ok(lines) if !lines.is_empty() => {
                let lines: Vec<_> = lines.iter().map(|line| format!("\n  | {line}")).collect();
                return format!("\nthe log {group}:{}", lines.concat());
            }
            Ok(_) => {}
            Err(error) => return format!("\nthe log {group} cannot be read: {error}"),
        }
        if !backoff.pause().await {
            return format!("\nthe log {group} has no line about it");
        }
    }
}
