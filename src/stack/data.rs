//! DynamoDB tables as stack.yaml describes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A DynamoDB table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Partition key.
    pub key: Attribute,
    /// Sort key.
    pub sort_key: Option<Attribute>,
    /// Global secondary indexes by name.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 20,
               "propertyNames" = {"pattern": "^[A-Za-z0-9_.-]{3,255}$"}))]
    pub indexes: BTreeMap<String, Index>,
    /// How the table is paid for; its indexes alike.
    #[serde(default)]
    pub billing: Billing,
    /// Continuous backups: restore to any second of the last 35 days.
    #[serde(default = "yes")]
    pub point_in_time_recovery: bool,
    /// Deletion protection. Unless set: on, except in environments that delete themselves.
    pub protect: Option<bool>,
    /// Attribute that holds when an item expires, in seconds since 1970 (UTC): DynamoDB deletes the
    /// item within days of that time. Items without the attribute stay.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["expiresAt"]))]
    pub ttl: Option<String>,
    /// JSON file with an array of items, put into the table without overwriting any that is there.
    #[schemars(extend("examples" = ["seed/products.json"]))]
    pub seed: Option<String>,
}

fn yes() -> bool {
    true
}

/// A key attribute: a name alone means a string.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "AttributeForm")]
pub struct Attribute {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: AttributeType,
}

/// The type of a key attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttributeType {
    #[default]
    String,
    Number,
    Binary,
}

impl AttributeType {
    /// As DynamoDB's API writes it.
    pub fn aws(self) -> &'static str {
        match self {
            Self::String => "S",
            Self::Number => "N",
            Self::Binary => "B",
        }
    }
}

/// A key attribute: a name alone means a string; `{ name: orderDate, type: number }` says more.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Attribute",
    extend("examples" = ["productId", {"name": "orderDate", "type": "number"}]))]
enum AttributeForm {
    Name(String),
    Typed(TypedAttribute),
}

/// A key attribute with its type.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TypedAttribute {
    /// Name of the attribute.
    name: String,
    /// Type of the attribute.
    #[serde(rename = "type", default)]
    kind: AttributeType,
}

impl From<AttributeForm> for Attribute {
    fn from(form: AttributeForm) -> Self {
        match form {
            AttributeForm::Name(name) => Self { name, kind: AttributeType::String },
            AttributeForm::Typed(TypedAttribute { name, kind }) => Self { name, kind },
        }
    }
}

/// A global secondary index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Partition key of the index.
    pub key: Attribute,
    /// Sort key of the index.
    pub sort_key: Option<Attribute>,
    /// What the index copies of each item.
    #[serde(default)]
    pub projection: Projection,
}

/// What an index copies of each item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "ProjectionForm", rename_all = "snake_case")]
pub enum Projection {
    #[default]
    All,
    KeysOnly,
    Include(Vec<String>),
}

/// What an index copies of each item: `all`, `keys_only`, or a list of attributes beside the keys.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Projection")]
enum ProjectionForm {
    Word(ProjectionWord),
    Include(#[schemars(extend("minItems" = 1, "maxItems" = 20, "uniqueItems" = true))] Vec<String>),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ProjectionWord {
    All,
    KeysOnly,
}

impl From<ProjectionForm> for Projection {
    fn from(form: ProjectionForm) -> Self {
        match form {
            ProjectionForm::Word(ProjectionWord::All) => Self::All,
            ProjectionForm::Word(ProjectionWord::KeysOnly) => Self::KeysOnly,
            ProjectionForm::Include(names) => Self::Include(names),
        }
    }
}

/// How a table is paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "BillingForm", rename_all = "snake_case")]
pub enum Billing {
    /// By request, with optional ceilings in request units a second.
    OnDemand { max_read: Option<u32>, max_write: Option<u32> },
    /// By the hour, in capacity units.
    Provisioned { read: u32, write: u32 },
}

impl Default for Billing {
    fn default() -> Self {
        Self::OnDemand { max_read: None, max_write: None }
    }
}

/// How a table is paid for: `on_demand`, or one of the two with its numbers.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Billing",
    extend("examples" = ["on_demand", {"provisioned": {"read": 5, "write": 5}}]))]
enum BillingForm {
    Word(BillingWord),
    Numbers(BillingNumbers),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum BillingWord {
    OnDemand,
}

/// A billing mode with its numbers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
struct BillingNumbers {
    /// By request, with ceilings.
    on_demand: Option<OnDemandLimits>,
    /// By the hour.
    provisioned: Option<Capacity>,
}

/// Ceilings in request units a second; none unless set.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OnDemandLimits {
    /// Read request units a second.
    #[schemars(range(min = 1, max = 1_000_000))]
    max_read: Option<u32>,
    /// Write request units a second.
    #[schemars(range(min = 1, max = 1_000_000))]
    max_write: Option<u32>,
}

/// Provisioned capacity units.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Capacity {
    /// Read capacity units.
    #[schemars(range(min = 1, max = 40_000))]
    read: u32,
    /// Write capacity units.
    #[schemars(range(min = 1, max = 40_000))]
    write: u32,
}

impl From<BillingForm> for Billing {
    fn from(form: BillingForm) -> Self {
        let BillingForm::Numbers(numbers) = form else {
            return Self::default();
        };
        match (numbers.provisioned, numbers.on_demand) {
            (Some(Capacity { read, write }), _) => Self::Provisioned { read, write },
            (None, Some(OnDemandLimits { max_read, max_write })) => {
                Self::OnDemand { max_read, max_write }
            }
            (None, None) => Self::default(),
        }
    }
}
