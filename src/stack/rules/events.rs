//! Rules on what calls a function besides routes: a table's changes, the clock, and who hears of
//! failures.

use super::context::Context;
use crate::stack::error::quote;
use crate::stack::names::Verdict;
use crate::stack::{Function, Stack};

/// Readers that each part of a stream bears.
const READERS: usize = 2;

pub(super) fn check(context: &mut Context, id: &str, function: &Function) {
    let Stack { tables, functions, .. } = context.stack;
    if let Some(on) = &function.on {
        let place = ["functions", id, "on", "table"];
        context.reference(&place, "table", &on.table, tables.keys());
        let readers = functions
            .iter()
            .filter(|(_, f)| f.on.as_ref().is_some_and(|other| other.table == on.table));
        if readers.take(READERS).all(|(reader, _)| reader != id) {
            let verdict = Err(format!("has {READERS} functions that hear of it already"));
            let help =
                Some("DynamoDB serves no more readers of one stream: join two of them".into());
            context.value(&place, &format!("the table {}", quote(&on.table)), verdict, help);
        }
    }
    if let Some(text) = &function.schedule {
        let help = Some("write `rate(5 minutes)` or, in UTC, `cron(0 3 * * ? *)`".to_string());
        let what = format!("the schedule {}", quote(text));
        context.value(&["functions", id, "schedule"], &what, schedule(text), help);
    }
    if let Some(arn) = &function.dead_letter {
        let place = ["functions", id, "dead_letter"];
        let help = Some("such as `arn:aws:sqs:us-east-1:123456789012:failed`".to_string());
        context.value(&place, &quote(arn), dead_letter(arn), help);
        if function.on.is_none() && function.schedule.is_none() {
            let verdict =
                Err("hears of events, and the function has neither `on` nor `schedule`".into());
            context.key(&place, "`dead_letter`", verdict, None);
        }
    }
}

/// EventBridge's own rules, as far as they can be told from the text.
fn schedule(text: &str) -> Verdict {
    let inner = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(rate) = inner("rate") {
        let parts: Vec<&str> = rate.split(' ').collect();
        let [number, unit] = parts.as_slice() else {
            return Err("needs a number and a unit".to_string());
        };
        let count: u32 = number.parse().unwrap_or(0);
        if count == 0 || number.starts_with(['0', '+']) {
            return Err(format!("has no number above 0: {}", quote(number)));
        }
        let single = unit.trim_end_matches('s');
        if !["minute", "hour", "day"].contains(&single) {
            return Err(format!("has the unit {}; units are minutes, hours and days", quote(unit)));
        }
        if (count == 1) == (single == *unit) {
            return Ok(());
        }
        let right = if count == 1 { single.to_string() } else { format!("{single}s") };
        return Err(format!("must be written `rate({count} {right})`"));
    }
    let Some(cron) = inner("cron") else {
        return Err("is neither `rate(…)` nor `cron(…)`".to_string());
    };
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let [_, _, day, _, weekday, _] = fields.as_slice() else {
        return Err(format!("has {} fields; EventBridge's cron has six", fields.len()));
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "*,-/?#".contains(c);
    if let Some(field) = fields.iter().find(|field| !field.chars().all(allowed)) {
        return Err(format!("has the field {}", quote(field)));
    }
    if (*day == "?") == (*weekday == "?") {
        return Err("needs a `?` for the day of the month or for the day of the week".to_string());
    }
    Ok(())
}

/// The ARN of a standard queue or topic.
fn dead_letter(arn: &str) -> Verdict {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", "aws", service, region, account, name] = parts.as_slice() else {
        return Err("is not the ARN of a queue or a topic".to_string());
    };
    if !["sqs", "sns"].contains(service) {
        return Err("is not the ARN of a queue or a topic".to_string());
    }
    let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    if !digits || region.is_empty() || name.is_empty() {
        return Err("lacks its region, its account or its name".to_string());
    }
    if name.ends_with(".fifo") {
        return Err("is a FIFO queue or topic, which takes no failures of Lambda".to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_eventbridges() {
        for good in [
            "rate(1 minute)",
            "rate(5 minutes)",
            "rate(1 day)",
            "rate(12 hours)",
            "cron(0 3 * * ? *)",
            "cron(0/15 8-18 ? * MON-FRI *)",
            "cron(0 9 L * ? *)",
        ] {
            assert_eq!(schedule(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "5 minutes",
            "rate(5)",
            "rate(0 minutes)",
            "rate(1 minutes)",
            "rate(5 minute)",
            "rate(5 seconds)",
            "rate(-1 days)",
            "cron(0 3 * * *)",
            "cron(0 3 * * * *)",
            "cron(0 3 ? * ? *)",
            "every day",
            "rate(5 minutes",
            "cron(0 3 * * ? $)",
        ] {
            assert!(schedule(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn failures_go_to_queues_and_topics() {
        for good in ["arn:aws:sqs:us-east-1:123456789012:q", "arn:aws:sns:eu-west-1:123456789012:t"]
        {
            assert_eq!(dead_letter(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "q",
            "arn:aws:lambda:us-east-1:123456789012:function:f",
            "arn:aws:sqs:us-east-1:1:q",
            "arn:aws:sqs:us-east-1:123456789012:q.fifo",
            "arn:aws:sqs::123456789012:q",
            "arn:aws-cn:sqs:cn-north-1:123456789012:q",
        ] {
            assert!(dead_letter(bad).is_err(), "{bad}");
        }
    }
}
