//! The plan as the JSON document of the contract: what `diff --json` prints, `--out` saves and `up
//! --plan` reads again.
//!
//! Its types give the published schema, `plan.schema.json`. Keys change only with `format_version`.

use crate::model::digest::sha256_of_json;
use crate::model::price::PRICES;
use crate::model::{Address, Cause, FieldChange, Money, Op, Plan, Summary, template};
use crate::plan::secret::{self, Marks, Seal};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The plan of `up`, with the cause of each change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanDocument {
    #[schemars(extend("const" = Plan::FORMAT_VERSION))]
    pub format_version: String,
    pub stack: String,
    pub env: String,
    /// Twelve digits.
    #[schemars(extend("pattern" = "^[0-9]{12}$"))]
    pub account: String,
    pub region: String,
    pub summary: Summary,
    /// A change for each resource that is not as wanted, in the order of execution.
    pub changes: Vec<Change>,
    /// Resources whose type the endpoint does not know; always empty on AWS.
    #[serde(default)]
    pub not_emulated: Vec<Address>,
    /// Remarks for a reader, such as how long AWS usually takes.
    #[serde(default)]
    pub notes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Cost")]
    pub cost: Option<Cost>,
    /// There where secrets are among the changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Secrets")]
    pub secrets: Option<Secrets>,
    /// Requests that left the process for this plan.
    #[schemars(with = "Calls")]
    pub calls: Value,
    /// SHA-256 over the canonical JSON (RFC 8785) of all other keys. It tells a file that was cut
    /// or edited; it is no signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("pattern" = "^[0-9a-f]{64}$"))]
    pub digest: Option<String>,
}

/// The digest that belongs to a plan document, whatever stands in its own `digest`.
pub fn digest(document: &Value) -> String {
    // Figures as they read after a way through a file.
    let mut read: Value = serde_json::from_str(&document.to_string()).unwrap_or_default();
    if let Some(keys) = read.as_object_mut() {
        keys.remove("digest");
    }
    sha256_of_json(&read)
}

/// The change of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub address: Address,
    /// CloudFormation's name of the type.
    #[serde(rename = "type")]
    #[schemars(extend("pattern" = "^AWS::"))]
    pub type_name: String,
    /// The physical name.
    pub name: String,
    pub op: Op,
    pub cause: Cause,
    pub fields: Vec<FieldChange>,
    /// Wanted texts that hold a value not known yet, by field: `{{address.attribute}}` stands for
    /// that value. Those of secret variables are among the digests instead.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown: BTreeMap<String, String>,
}

/// The stack's cost in a month without visitors, before and after; an estimate from a dated price
/// list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    #[schemars(extend("const" = "USD"))]
    pub currency: String,
    #[schemars(extend("const" = "month"))]
    pub per: String,
    /// Month of the price list, `2026-06`.
    pub prices_of: String,
    /// Region of the price list, whatever the plan's own.
    pub prices_in: String,
    /// The costs that the figures leave out, in words.
    pub not_included: String,
    pub before: f64,
    pub after: f64,
    /// Resources that cost something before or after.
    pub resources: Vec<ResourceCost>,
}

/// The floor of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceCost {
    pub address: Address,
    pub before: f64,
    pub after: f64,
}

/// Digests of secret values, so that `up --plan` notices when one was changed since; the values are
/// nowhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Another in every document.
    pub salt: String,
    pub digests: Vec<SecretDigest>,
}

/// The digests of one secret; absent where there is no value, or none known yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretDigest {
    pub address: Address,
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub live: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub wanted: Option<String>,
}

/// Requests by kind; those after `write` stand in the events of `up` and `down` only.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "exists for its schema alone")]
struct Calls {
    read: u64,
    write: u64,
    #[serde(default)]
    retried: u64,
    #[serde(default)]
    throttled: u64,
    #[serde(default)]
    bookkeeping: u64,
    #[serde(default)]
    smoke: u64,
}

impl PlanDocument {
    /// The document of a plan; `calls` is `{"read":n,"write":0}`, secrets are digested by `seal`.
    pub fn new(plan: &Plan, calls: Value, seal: &Seal) -> Self {
        let change = |step: &crate::model::Step| Change {
            address: step.address.clone(),
            type_name: step.type_name.clone(),
            name: step.name.clone(),
            op: step.op,
            cause: step.cause,
            fields: super::mask::fields(step),
            unknown: super::mask::unknown(step),
        };
        let mut document = Self {
            format_version: plan.format_version.clone(),
            stack: plan.stack.clone(),
            env: plan.env.clone(),
            account: plan.account.clone(),
            region: plan.region.clone(),
            summary: plan.summary(),
            changes: plan.steps.iter().map(change).collect(),
            not_emulated: plan.not_emulated.clone(),
            notes: plan.notes.clone(),
            cost: (!plan.floors.is_empty()).then(|| Cost::from_plan(plan)),
            secrets: Secrets::from_plan(plan, seal),
            calls,
            digest: None,
        };
        document.digest = serde_json::to_value(&document).ok().map(|value| digest(&value));
        document
    }
}

impl Cost {
    fn from_plan(plan: &Plan) -> Self {
        let resources = plan.floors.iter().map(|floor| ResourceCost {
            address: floor.address.clone(),
            before: floor.before().dollars(),
            after: floor.after().dollars(),
        });
        Self {
            currency: "USD".into(),
            per: "month".into(),
            prices_of: PRICES.as_of.clone(),
            prices_in: PRICES.region.clone(),
            not_included: PRICES.not_included.clone(),
            before: plan.floors.iter().map(|f| f.before()).sum::<Money>().dollars(),
            after: plan.floors.iter().map(|f| f.after()).sum::<Money>().dollars(),
            resources: resources.collect(),
        }
    }
}

impl Secrets {
    fn from_plan(plan: &Plan, seal: &Seal) -> Option<Self> {
        let mut digests = Vec::new();
        for step in &plan.steps {
            // Of a value that is not known yet, what is written around the unknown part is.
            let marks = Marks::of_step(step);
            let mut around = template::open(&step.wanted);
            around.retain(|path, text| marks.is_secret_at(path, &text.as_str().into()));
            let of_field = |field| secret::secrets(field, &marks);
            for found in step.fields.iter().flat_map(of_field) {
                let text = around.remove(&found.path).map(Value::String);
                let wanted = text.as_ref().unwrap_or(found.wanted);
                digests.push(SecretDigest {
                    address: step.address.clone(),
                    live: seal.digest(&step.address, &found.path, found.live),
                    wanted: seal.digest(&step.address, &found.path, wanted),
                    path: found.path,
                });
            }
            for (path, text) in around {
                let wanted = seal.digest(&step.address, &path, &text.into());
                digests.push(SecretDigest {
                    address: step.address.clone(),
                    live: None,
                    wanted,
                    path,
                });
            }
        }
        (!digests.is_empty()).then(|| Self { salt: seal.salt.clone(), digests })
    }
}

/// JSON Schema of the document (draft 7, as that of stack.yaml).
pub fn json_schema() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    generator.into_root_schema_for::<PlanDocument>().to_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn every_kind_of_plan_reads_back_as_it_was_written() {
        let seal = Seal { salt: "s".into() };
        for (name, plan) in samples::named_plans() {
            let document =
                PlanDocument::new(&plan, serde_json::json!({"read": 1, "write": 0}), &seal);
            let text = serde_json::to_string(&document).unwrap();
            assert_eq!(serde_json::from_str::<PlanDocument>(&text).unwrap(), document, "{name}");
        }
    }

    /// Keys beyond the contract's example are optional.
    #[test]
    fn the_contracts_own_keys_are_enough() {
        let text = r#"{"format_version":"1.0","stack":"shop","env":"dev","account":"000000000000",
            "region":"us-east-1",
            "summary":{"create":0,"update":1,"replace":0,
            "delete":0,"unchanged":40,"drifted":1,"not_emulated":0},
            "changes":[{"address":"table.Orders","type":"AWS::DynamoDB::Table",
            "name":"shop-dev-Orders","op":"update",
            "cause":"both","fields":[{"path":"point_in_time_recovery",
            "live":false,"applied":true,"wanted":true,
            "replaces":false}]}],"calls":{"read":31,"write":0}}"#;
        let document: PlanDocument = serde_json::from_str(text).unwrap();
        assert_eq!((document.changes.len(), document.cost, document.secrets), (1, None, None));
    }
}
