//! Where an order is sent: optional, and stored with the order as it was given.

use crate::text::{TextError, clean};
use serde::Deserialize;
use shop_shared::reply::Failure;

/// Characters of each field.
const LONGEST_NAME: usize = 100;
const LONGEST_STREET: usize = 200;
const LONGEST_POSTAL_CODE: usize = 20;
const LONGEST_CITY: usize = 100;
const LONGEST_NOTE: usize = 300;

/// An address. `country` is a code of ISO 3166-1 with two capital letters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Delivery {
    pub name: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub country: String,
    #[serde(default)]
    pub note: Option<String>,
}

impl Delivery {
    /// The same with every field trimmed and checked.
    pub fn checked(self) -> Result<Self, Failure> {
        let country = self.country.trim().to_owned();
        let is_code = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        if !is_code {
            let message = "country must be a code of two capital letters, such as DE.";
            return Err(Failure::bad("InvalidDelivery", message).at("delivery.country"));
        }

        // A form sends an empty note where nothing was written.
        let note = self.note.filter(|note| !note.trim().is_empty());
        Ok(Self {
            name: field("name", &self.name, LONGEST_NAME)?,
            street: field("street", &self.street, LONGEST_STREET)?,
            postal_code: field("postalCode", &self.postal_code, LONGEST_POSTAL_CODE)?,
            city: field("city", &self.city, LONGEST_CITY)?,
            country,
            note: note.map(|note| field("note", &note, LONGEST_NOTE)).transpose()?,
        })
    }
}

fn field(name: &str, text: &str, longest: usize) -> Result<String, Failure> {
    clean(text, longest).map_err(|error| {
        let message = match error {
            TextError::Empty | TextError::TooLong => {
                format!("{name} must have 1 to {longest} characters.")
            }
            TextError::Invisible => format!("{name} holds a character that cannot be seen."),
        };
        Failure::bad("InvalidDelivery", message).at(format!("delivery.{name}"))
    })
}
