//! The monthly cost of a stack without visitors, and the price list.
//!
//! `prices.json` contains the prices with date, units and sources. Resources paid by use have no
//! fixed cost and are not in the list.

use super::Address;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::iter::Sum;
use std::sync::LazyLock;

/// An amount in millionths of a US dollar: prices such as $0.00013 add up exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(pub i64);

impl Money {
    /// Parses `0.00013`: digits with up to six decimals; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |t: &str| t.chars().all(|c| c.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > 6 {
            return None;
        }
        let whole: i64 = whole.parse().ok()?;
        let part: i64 = format!("{part:0<6}").parse().ok()?;
        whole.checked_mul(1_000_000)?.checked_add(part).map(Self)
    }

    /// Multiplies the amount; saturates at the largest amount.
    pub fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// Rounded to the cent, as in JSON documents.
    pub fn dollars(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "cents of any bill fit")]
        let cents = self.cents() as f64;
        cents / 100.0
    }

    fn cents(self) -> i64 {
        self.0.saturating_add(5_000).div_euclid(10_000)
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        Self(all.fold(0, |sum, one| sum.saturating_add(one.0)))
    }
}

/// `$5.00`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.cents();
        f.pad(&format!("${}.{:02}", cents.div_euclid(100), cents.rem_euclid(100)))
    }
}

/// One billed item: `6 rules`, and their monthly cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub what: String,
    pub monthly: Money,
}

/// The floor of one resource; no parts before a create or after a delete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    pub address: Address,
    pub before: Vec<Part>,
    pub after: Vec<Part>,
}

impl Floor {
    pub fn before(&self) -> Money {
        self.before.iter().map(|p| p.monthly).sum()
    }

    pub fn after(&self) -> Money {
        self.after.iter().map(|p| p.monthly).sum()
    }
}

/// The price list.
#[derive(Debug, Default, Deserialize)]
pub struct Prices {
    pub region: String,
    /// Month of the prices, `2026-06`.
    pub as_of: String,
    pub hours_per_month: i64,
    prices: BTreeMap<String, Price>,
    /// What the floor excludes, as text.
    pub not_included: String,
}

#[derive(Debug, Deserialize)]
struct Price {
    usd: String,
    /// `month` or `hour`.
    per: String,
}

/// The embedded list; a test parses it, so the empty default never applies.
pub static PRICES: LazyLock<Prices> =
    LazyLock::new(|| serde_json::from_str(include_str!("prices.json")).unwrap_or_default());

impl Prices {
    /// The monthly cost of one unit; zero if the list lacks it.
    pub fn monthly(&self, key: &str) -> Money {
        let Some(price) = self.prices.get(key) else {
            return Money::default();
        };
        let hours = if price.per == "hour" { self.hours_per_month } else { 1 };
        Money::parse(&price.usd).unwrap_or_default().times(hours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_exactly_and_shown_to_the_cent() {
        assert_eq!(Money::parse("0.00013"), Some(Money(130)));
        assert_eq!(Money::parse("12"), Some(Money(12_000_000)));
        for text in ["", ".5", "1.2345678", "-1", "1e3", "1,5", "99999999999999999999"] {
            assert_eq!(Money::parse(text), None, "{text}");
        }
        for (micros, shown) in [
            (0, "$0.00"),
            (4_999, "$0.00"),
            (5_000, "$0.01"),
            (94_900, "$0.09"),
            (-1_000_000, "$-1.00"),
        ] {
            assert_eq!(Money(micros).to_string(), shown);
        }
        assert_eq!(Money(21_004_000).dollars(), 21.0);
        assert_eq!(Money(i64::MAX).times(2), Money(i64::MAX));
    }
}
