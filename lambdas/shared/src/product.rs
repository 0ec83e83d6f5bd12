//! The rule that decides which products are sold, and which of their fields are public. Both
//! functions use it, so that every listed product can be ordered.

use crate::money::{MoneyError, cents, whole};
use serde::Serialize;
use std::collections::BTreeMap;

/// The key of the Products table.
pub const ID: &str = "productId";
/// Everything that is read of a product. What is not named here (a purchase price, a supplier)
/// never leaves the table.
pub const FIELDS: [&str; 10] = [
    ID,
    "name",
    "description",
    "price",
    "currency",
    "image",
    "category",
    "stock",
    "active",
    SMOKE_TEST,
];
/// True for a product that a smoke test put into the table for itself.
const SMOKE_TEST: &str = "smokeTest";
/// In cents. Fifty lines of 99 pieces at this price stay exact in a JSON number.
const HIGHEST_PRICE: u64 = 99_999_999_999;

/// An attribute of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    Text(String),
    /// As DynamoDB writes numbers, such as `129.99` or `1.2E+2`.
    Number(String),
    Flag(bool),
    Other,
}

/// The attributes of an item by name.
pub type Fields = BTreeMap<String, Field>;

/// A product that is sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub id: String,
    pub name: Option<String>,
    pub description: Option<String>,
    pub cents: u64,
    pub currency: String,
    pub image: Option<String>,
    pub category: Option<String>,
    /// Pieces left; none where stock is not counted.
    pub stock: Option<u64>,
}

/// An item of the Products table as a customer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    Sold(Product),
    /// `active` is there and not true, or the product is a smoke test's and the request is not.
    Withdrawn,
    Broken(Broken),
}

/// A product that cannot be sold although it is meant to be, for the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Broken {
    pub product_id: String,
    pub reason: &'static str,
}

/// For whom a product is judged.
#[derive(Debug, Clone, Copy)]
pub struct Viewer<'a> {
    /// The shop's currency; an item that names none has it too.
    pub currency: &'a str,
    /// The request is the smoke test's, which alone sees the products of smoke tests.
    pub smoke_test: bool,
}

/// Judges one item of the table.
pub fn judge(mut item: Fields, viewer: Viewer<'_>) -> Offer {
    let id = take_text(&mut item, ID).unwrap_or_default();
    let withdrawn = item.get("active").is_some_and(|active| *active != Field::Flag(true));
    let hidden = !viewer.smoke_test && item.get(SMOKE_TEST) == Some(&Field::Flag(true));
    if withdrawn || hidden {
        return Offer::Withdrawn;
    }

    match sold(id.clone(), item, viewer.currency) {
        Ok(product) => Offer::Sold(product),
        Err(reason) => Offer::Broken(Broken { product_id: id, reason }),
    }
}

fn sold(id: String, mut item: Fields, currency: &str) -> Result<Product, &'static str> {
    if id.is_empty() {
        return Err("it has no productId");
    }
    let priced_in = match item.remove("currency") {
        None => currency.to_owned(),
        Some(Field::Text(named)) if named == currency => named,
        Some(_) => return Err("its currency is not the shop's"),
    };

    Ok(Product {
        cents: price(item.get("price"))?,
        stock: stock(item.get("stock"))?,
        id,
        name: take_text(&mut item, "name"),
        description: take_text(&mut item, "description"),
        currency: priced_in,
        image: take_text(&mut item, "image"),
        category: take_text(&mut item, "category"),
    })
}

fn price(field: Option<&Field>) -> Result<u64, &'static str> {
    let Some(Field::Number(text)) = field else {
        return Err("its price is missing or not a number");
    };
    match cents(text) {
        Ok(cents) if cents <= HIGHEST_PRICE => Ok(cents),
        Ok(_) | Err(MoneyError::TooLarge) => Err("its price is too high"),
        Err(MoneyError::TooPrecise) => Err("its price has more than two decimals"),
        Err(MoneyError::NotAnAmount) => Err("its price is negative"),
    }
}

/// A fraction of a piece cannot be sold, and less than nothing is nothing.
fn stock(field: Option<&Field>) -> Result<Option<u64>, &'static str> {
    match field {
        None => Ok(None),
        Some(Field::Number(text)) if text.starts_with('-') => Ok(Some(0)),
        Some(Field::Number(text)) => match whole(text) {
            Ok(pieces) => Ok(Some(pieces)),
            Err(MoneyError::TooLarge) => Ok(Some(u64::MAX)),
            Err(_) => Err("its stock is not a number"),
        },
        Some(_) => Err("its stock is not a number"),
    }
}

fn take_text(item: &mut Fields, name: &str) -> Option<String> {
    match item.remove(name) {
        Some(Field::Text(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(pairs: &[(&str, Field)]) -> Fields {
        let given = pairs.iter().map(|(name, field)| ((*name).to_owned(), field.clone()));
        let id = (ID.to_owned(), Field::Text("p-1".into()));
        std::iter::once(id).chain(given).collect()
    }

    fn number(text: &str) -> Field {
        Field::Number(text.into())
    }

    /// The offer to a customer of a shop that sells in euros.
    fn offer(pairs: &[(&str, Field)]) -> Offer {
        judge(item(pairs), Viewer { currency: "EUR", smoke_test: false })
    }

    fn reason(pairs: &[(&str, Field)]) -> &'static str {
        match offer(pairs) {
            Offer::Broken(Broken { product_id, reason }) if product_id == "p-1" => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_product_is_sold_at_its_price_in_the_shops_currency() {
        let bare = offer(&[("price", number("18.5"))]);
        let Offer::Sold(product) = bare else { panic!("{bare:?}") };
        assert_eq!((product.cents, product.currency.as_str(), product.stock), (1_850, "EUR", None));

        let named = [
            ("price", number("1.2E+2")),
            ("currency", Field::Text("EUR".into())),
            ("active", Field::Flag(true)),
            ("stock", number("3.7")),
            ("name", Field::Text("Mug".into())),
        ];
        let Offer::Sold(product) = offer(&named) else { panic!("sold") };
        assert_eq!((product.cents, product.stock), (12_000, Some(3)));
        assert_eq!(product.name.as_deref(), Some("Mug"));
    }

    #[test]
    fn what_has_no_price_in_cents_cannot_be_sold() {
        let price = |field: Field| reason(&[("price", field)]);
        assert_eq!(reason(&[]), "its price is missing or not a number");
        assert_eq!(price(Field::Text("9.99".into())), "its price is missing or not a number");
        assert_eq!(price(number("1.005")), "its price has more than two decimals");
        assert_eq!(price(number("-1")), "its price is negative");
        assert_eq!(price(number("1E+30")), "its price is too high");
        assert_eq!(price(number("1000000000")), "its price is too high");

        let dollars = [("price", number("1")), ("currency", Field::Text("USD".into()))];
        assert_eq!(reason(&dollars), "its currency is not the shop's");
        let stock = [("price", number("1")), ("stock", Field::Text("many".into()))];
        assert_eq!(reason(&stock), "its stock is not a number");
    }

    #[test]
    fn only_true_is_active_and_a_negative_stock_is_none() {
        for active in [Field::Flag(false), Field::Text("true".into()), Field::Other] {
            let withdrawn = offer(&[("price", number("1")), ("active", active)]);
            assert_eq!(withdrawn, Offer::Withdrawn);
        }

        let owed = offer(&[("price", number("1")), ("stock", number("-4"))]);
        assert!(matches!(owed, Offer::Sold(Product { stock: Some(0), .. })));
    }

    #[test]
    fn a_smoke_tests_product_is_for_smoke_tests_alone() {
        let test = [("price", number("1")), ("smokeTest", Field::Flag(true))];
        assert_eq!(offer(&test), Offer::Withdrawn);
        let seen = judge(item(&test), Viewer { currency: "EUR", smoke_test: true });
        assert!(matches!(seen, Offer::Sold(_)), "{seen:?}");
    }
}
