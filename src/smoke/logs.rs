//! Check `logs`: what the test just asked for is written down where the stack says it is.

use super::http::{Answer, Call, Context, join};
use super::order::placed;
use super::retry::{Backoff, Trouble, Try};
use super::target::{LogKind, LogTarget, route};
use super::till::Till;
use super::{Outcome, waf};
use crate::model::ErrorKind;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Requests made before a log's delivery was set up are never delivered: ask again now and then.
const ASK_AGAIN: Duration = Duration::from_secs(15);
/// HTTP dates are whole seconds.
const DATE_SLACK_MS: i64 = 2_000;

/// What is known while waiting.
struct Hunt<'a> {
    missing: Vec<&'a LogTarget>,
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
            None => hunt.missing.push(group),
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

/// Requests that store nothing: the list, a body that is no JSON, and a marked query for the
/// firewall's log.
fn calls(context: &Context<'_>, groups: &[&LogTarget]) -> Result<Vec<Call>, String> {
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
    if groups.iter().any(|group| group.kind == LogKind::Waf) {
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
        hunt.since.get_or_insert_with(|| server_time(&answer));
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
    let since = hunt.since.unwrap_or_else(|| local_ms() - DATE_SLACK_MS);
    let mut missing = Vec::new();
    for group in std::mem::take(&mut hunt.missing) {
        match holds(context, group, since, &hunt.ids).await {
            Ok(Some(true)) => hunt.found += 1,
            Ok(Some(false)) => missing.push((group, None)),
            Ok(None) => hunt
                .notes
                .push(format!("{} not looked at: this endpoint cannot read logs", group.name)),
            Err(trouble) => missing.push((group, Some(trouble))),
        }
    }
    hunt.missing = missing.iter().map(|(group, _)| *group).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.iter().map(|(group, _)| group.name.as_str()).collect::<Vec<_>>().join(", ");
    match missing.into_iter().find_map(|(_, trouble)| trouble) {
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

/// `None` where the endpoint has no such operation.
async fn holds(
    context: &Context<'_>,
    group: &LogTarget,
    since: i64,
    ids: &[String],
) -> Try<Option<bool>> {
    // A function need not log API Gateway's id, but the platform writes a line for every run of it.
    let any = [String::new()];
    let texts = match group.kind {
        LogKind::Waf => std::slice::from_ref(&context.nonce),
        LogKind::Api if !ids.is_empty() => ids,
        LogKind::Function | LogKind::Api => &any,
    };
    for text in texts {
        match context.backend.log_lines(&group.name, since, text).await {
            Ok(0) => {}
            Ok(_) => return Ok(Some(true)),
            Err(error) if error.kind == ErrorKind::NotEmulated => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(false))
}

/// When the request began by the server's clock: this machine's may be minutes off.
pub(super) fn server_time(answer: &Answer) -> i64 {
    let elapsed = i64::try_from(answer.elapsed.as_millis()).unwrap_or_default();
    http_date_ms(&answer.header("date")).unwrap_or_else(local_ms) - elapsed - DATE_SLACK_MS
}

pub(super) fn local_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

/// Epoch milliseconds of an IMF-fixdate (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date_ms(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: i64 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = i64::try_from(MONTHS.iter().position(|month| *month == name)?).ok()? + 1;
    let year: i64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let possible = (1970..=9999).contains(&year)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    if words.next()? != "GMT" || !possible {
        return None;
    }
    // Days since the epoch with years beginning in March, so that leap days come last (proleptic
    // Gregorian).
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days =
        year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

#[cfg(test)]
mod tests {
    use super::http_date_ms;

    #[test]
    fn dates_of_servers_become_epoch_milliseconds() {
        for (text, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777_000)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Thu, 29 Feb 2024 12:00:00 GMT", Some(1_709_208_000_000)),
            ("Fri, 01 Mar 2024 00:00:00 GMT", Some(1_709_251_200_000)),
            ("Sun, 22 Nov 2026 23:59:59 GMT", Some(1_795_391_999_000)),
            ("", None),
            ("Sun, 06 Foo 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
            ("Sun, 06 Nov 99999999999999999 08:49:37 GMT", None),
            ("Sun, 9223372036854775807 Nov 1994 08:49:37 GMT", None),
        ] {
            assert_eq!(http_date_ms(text), expected, "{text}");
        }
    }
}
