//! Check `logs`: what the test just asked for is written down where the stack says it is.

use super::http::{Answer, Call, Context, join};
use super::order::placed;
use super::retry::{Backoff, Trouble, Try};
use super::target::{LogKind, LogTarget, route};
use super::till::Till;
use super::{Outcome, date, waf};
use crate::model::ErrorKind;
use std::time::Duration;
use tokio::time::Instant;

/// Requests made before a log's delivery was set up are never delivered: ask again now and then.
const ASK_AGAIN: Duration = Duration::from_secs(15);

/// A group that does not hold what it should yet, and where its reading goes on.
struct Missing<'a> {
    group: &'a LogTarget,
    token: Option<String>,
}

/// The state of a search while waiting.
struct Hunt<'a> {
    missing: Vec<Missing<'a>>,
    found: usize,
    notes: Vec<String>,
    /// API Gateway's ids of the requests made.
    ids: Vec<String>,
    /// Epoch milliseconds by the server's clock, from the first answer on.
    since: Option<i64>,
    /// When all requests had a settled answer.
    asked: Option<Instant>,
}

pub(super) async fn check(context: &Context<'_>) -> Result<Outcome, String> {
    let target = context.target;
    let mut hunt = Hunt {
        missing: Vec::new(),
        found: 0,
        notes: Vec::new(),
        ids: Vec::new(),
        since: None,
        asked: None,
    };
    for group in &target.log_groups {
        let skip = match group.kind {
            LogKind::Api if target.emulated => Some("this endpoint writes no access log"),
            LogKind::Waf if !target.waf_evaluated => Some(waf::NOT_EVALUATED),
            _ => None,
        };
        match skip {
            Some(why) => hunt.notes.push(format!("{} not looked at: {why}", group.name)),
            None => hunt.missing.push(Missing { group, token: None }),
        }
    }
    if hunt.missing.is_empty() {
        let why = if hunt.notes.is_empty() {
            "the test reaches no log group".into()
        } else {
            hunt.notes.join("; ")
        };
        return Ok(Outcome::Skipped(why));
    }
    let calls = calls(context, &hunt.missing)?;
    if calls.is_empty() {
        return Ok(Outcome::Skipped("there is no request that could be logged".into()));
    }
    let mut backoff = Backoff::until(context.deadline);
    loop {
        let message = match look(context, &calls, &mut hunt).await {
            Ok(()) => break,
            Err(Trouble::Never(message)) => return Err(message),
            Err(Trouble::Again(message)) => message,
        };
        if !backoff.pause().await {
            return Err(backoff.give_up(&message));
        }
    }
    let mut parts = vec![format!("{} log groups hold what just happened", hunt.found)];
    parts.append(&mut hunt.notes);
    if hunt.found == 0 {
        Ok(Outcome::Skipped(parts.split_off(1).join("; ")))
    } else {
        Ok(Outcome::Passed(parts.join("; ")))
    }
}

/// Requests that store nothing: the list and a body that is no JSON, or the GETs of stack.yaml, and
/// a marked query for the firewall's log.
fn calls(context: &Context<'_>, groups: &[Missing<'_>]) -> Result<Vec<Call>, String> {
    let target = context.target;
    let mut calls = Vec::new();
    if let (Some(api), Some(products)) = (&target.api_url, &target.products) {
        let (method, path) = route(&products.route)?;
        calls.push(Call::new(method, join(api, path)));
    }
    if let (Some(api), Some(order)) = (&target.api_url, &target.order) {
        let (method, path) = route(&order.route)?;
        calls.push(Call { body: Some("{".into()), ..Call::new(method, join(api, path)) });
    }
    if let (Some(api), true) = (&target.api_url, calls.is_empty()) {
        let asked = target.requests.iter().filter(|request| request.method == "GET");
        calls.extend(asked.map(|request| Call::new("GET", join(api, &request.path))));
    }
    if groups.iter().any(|missing| missing.group.kind == LogKind::Waf) {
        calls.append(&mut waf::marked(context)?);
    }
    Ok(calls)
}

async fn ask(context: &Context<'_>, calls: &[Call], hunt: &mut Hunt<'_>) -> Try<()> {
    let mut settled = true;
    for call in calls {
        let answer = match &context.target.order {
            Some(order) if call.body.is_some() => {
                malformed(&Till::open(context, order), call).await?
            }
            _ => context.send(call).await?,
        };
        // These may come from API Gateway itself while it settles: no function has run then.
        settled &= answer.status < 500 && answer.status != 403 && answer.status != 429;
        hunt.since.get_or_insert_with(|| date::began(&answer.header("date"), answer.elapsed));
        let id = answer.header("x-amzn-requestid");
        if !id.is_empty() {
            hunt.ids.push(id);
        }
    }
    hunt.asked = settled.then(Instant::now);
    Ok(())
}

/// A shop that takes the malformed order fails `tampering`; here it is only removed again.
async fn malformed(till: &Till<'_>, call: &Call) -> Try<Answer> {
    let answer = till.post(call).await?;
    if let Some(id) = placed(&answer) {
        till.remove(&id).await.map_err(Trouble::Never)?;
    }
    Ok(answer)
}

async fn look(context: &Context<'_>, calls: &[Call], hunt: &mut Hunt<'_>) -> Try<()> {
    if hunt.asked.is_none_or(|asked| asked.elapsed() >= ASK_AGAIN) {
        ask(context, calls, hunt).await?;
    }
    let since = hunt.since.unwrap_or_else(date::local_ms);
    let mut missing = Vec::new();
    let mut trouble = None;
    for one in std::mem::take(&mut hunt.missing) {
        match holds(context, &one, since, &hunt.ids).await {
            Ok(Found::Lines) => hunt.found += 1,
            Ok(Found::NotYet(token)) => missing.push(Missing { token, ..one }),
            Ok(Found::NotEmulated) => hunt
                .notes
                .push(format!("{} not looked at: this endpoint cannot read logs", one.group.name)),
            Err(why) => {
                missing.push(one);
                trouble = trouble.or(Some(why));
            }
        }
    }
    hunt.missing = missing;
    if hunt.missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = hunt.missing.iter().map(|one| one.group.name.as_str()).collect();
    let names = names.join(", ");
    match trouble {
        Some(Trouble::Never(why)) => Err(Trouble::Never(format!("{names}: cannot be read: {why}"))),
        Some(Trouble::Again(why)) => Err(Trouble::Again(format!("{names}: cannot be read: {why}"))),
        None => Err(Trouble::Again(format!(
            "{names}: expected lines about the requests just made, got none; see the writer's \
             rights \
             (logs:CreateLogStream, logs:PutLogEvents, log delivery) and the group's name in \
             `shopstack diff`"
        ))),
    }
}

/// The result of one look at a group.
enum Found {
    Lines,
    /// Where the next look goes on.
    NotYet(Option<String>),
    NotEmulated,
}

/// One request: all ids are looked for in the same page.
async fn holds(
    context: &Context<'_>,
    missing: &Missing<'_>,
    since: i64,
    ids: &[String],
) -> Try<Found> {
    let Missing { group, token } = missing;
    // A function need not log API Gateway's id, but the platform writes a line for every run of it.
    let texts = match group.kind {
        LogKind::Waf => std::slice::from_ref(&context.nonce),
        LogKind::Api => ids,
        LogKind::Function => &[],
    };
    match context.backend.log_page(None, &group.name, since, token.as_deref()).await {
        Ok(page) => {
            let told = |line: &String| {
                texts.is_empty() || texts.iter().any(|text| line.contains(text.as_str()))
            };
            let found = page.lines.iter().any(told);
            Ok(if found { Found::Lines } else { Found::NotYet(page.next) })
        }
        Err(error) if error.kind == ErrorKind::NotEmulated => Ok(Found::NotEmulated),
        Err(error) => Err(error.into()),
    }
}
