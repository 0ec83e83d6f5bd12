//! Rules on accepted findings: each says why, by whom, and until which day.

use super::context::Context;
use crate::stack::error::quote;

pub(super) fn check(context: &mut Context<'_, '_, '_>) {
    for (position, exception) in context.stack.exceptions.iter().enumerate() {
        let position = position.to_string();
        for (field, text) in [
            ("rule", &exception.rule),
            ("reason", &exception.reason),
            ("approver", &exception.approver),
        ] {
            if text.trim().is_empty() {
                let path = ["exceptions", &position, field];
                let verdict = Err("is empty".to_string());
                context.value(&path, &format!("the exception's `{field}`"), verdict, None);
            }
        }
        if !is_day(&exception.expires) {
            let path = ["exceptions", &position, "expires"];
            let verdict = Err(format!("{} is not a day", quote(&exception.expires)));
            let help = Some("write year, month and day, such as 2027-06-30".to_string());
            context.value(&path, "the exception's `expires`", verdict, help);
        }
    }
}

/// True for `2027-06-30`, a day that there is.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return false;
    }
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>());
    let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) =
        (number(year), number(month), number(day))
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::is_day;

    #[test]
    fn only_days_that_there_are_pass() {
        for day in ["2027-06-30", "2028-02-29"] {
            assert!(is_day(day), "{day}");
        }
        for text in ["2027-02-29", "2027-13-01", "2027-6-30", "soon", "2027-06-31", "+027-06-30"] {
            assert!(!is_day(text), "{text}");
        }
    }
}
