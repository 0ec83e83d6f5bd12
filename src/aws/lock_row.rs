//! Interprets the lock's row: held, free, or invalid because no shopstack wrote it.

use super::ledger::Item;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

/// State of the row. Others may write to the table, so an invalid row holds nothing and is
/// overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    Free,
    Held,
    NoLock,
}

pub(super) fn judged(row: Option<&Item>) -> Stands {
    let Some(row) = row else { return Stands::Free };
    let fence = row.get("fence").is_none_or(is_count);
    match (row.get("owner"), row.get("beat")) {
        (None, _) if fence => Stands::Free,
        (Some(AttributeValue::S(owner)), Some(beat))
            if fence && is_count(beat) && !owner.is_empty() =>
        {
            Stands::Held
        }
        _ => Stands::NoLock,
    }
}

/// True for a number that can be counted up from: DynamoDB keeps 9.9e125, and cannot add to it.
fn is_count(value: &AttributeValue) -> bool {
    value.as_n().is_ok_and(|number| number.parse::<u64>().is_ok_and(|n| n < u64::from(u32::MAX)))
}

/// The attributes that identify a lease; while they stay the same, nobody has renewed it.
const MARKS: [&str; 3] = ["owner", "beat", "fence"];

pub(super) fn marks(row: &Item) -> [Option<&AttributeValue>; 3] {
    MARKS.map(|key| row.get(key))
}

/// The condition that the row is unchanged since it was read, or that the lock is free or ours by
/// now.
pub(super) fn as_seen(row: &Item, update: UpdateItemFluentBuilder) -> UpdateItemFluentBuilder {
    let mut conditions = Vec::new();
    let mut update = update;
    for key in MARKS {
        let name = if key == "owner" { "#owner" } else { key };
        match row.get(key) {
            None => conditions.push(format!("attribute_not_exists({name})")),
            Some(value) => {
                conditions.push(format!("{name} = :seen_{key}"));
                update = update.expression_attribute_values(format!(":seen_{key}"), value.clone());
            }
        }
    }
    let seen = conditions.join(" AND ");
    update.condition_expression(format!("#owner = :owner OR ({seen})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_another_shape_holds_nothing() {
        let s = |text: &str| AttributeValue::S(text.into());
        let n = |text: &str| AttributeValue::N(text.into());
        let map = || AttributeValue::M(Item::new());
        let row = |entries: &[(&str, AttributeValue)]| -> Item {
            entries.iter().map(|(key, value)| (key.to_string(), value.clone())).collect()
        };
        let held = [("owner", s("token")), ("beat", n("3")), ("fence", n("9"))];
        assert_eq!(judged(Some(&row(&held))), Stands::Held);
        assert_eq!(judged(Some(&row(&held[..2]))), Stands::Held);
        assert_eq!(judged(None), Stands::Free);
        assert_eq!(judged(Some(&row(&[("fence", n("9"))]))), Stands::Free);
        for (at, value) in [
            (0, s("")),
            (0, n("1")),
            (0, map()),
            (0, AttributeValue::Null(true)),
            (1, s("3")),
            (1, map()),
            (2, s("::error::")),
            (2, AttributeValue::L(vec![])),
        ] {
            let mut other = held.clone();
            other[at].1 = value;
            assert_eq!(judged(Some(&row(&other))), Stands::NoLock, "{other:?}");
        }
        assert_eq!(judged(Some(&row(&[("owner", s("token"))]))), Stands::NoLock);
        assert_eq!(judged(Some(&row(&[("fence", map())]))), Stands::NoLock);
        for endless in ["9.9e125", "-1", "1.5", "99999999999999999999"] {
            assert_eq!(judged(Some(&row(&[("fence", n(endless))]))), Stands::NoLock, "{endless}");
        }
    }
}
