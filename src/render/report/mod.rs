//! The auditors' report as text for a terminal, as JSON, Markdown, HTML, CSV and SARIF.

mod csv;
mod html;
mod markdown;
mod picture;
mod sarif;
#[cfg(test)]
mod tests;
mod text;
mod words;

pub use csv::csv;
pub use html::html;
pub use markdown::markdown;
pub use sarif::sarif;
pub use text::text;

use crate::report::Report;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// Pretty JSON with a stable order of keys; ends with a newline.
pub fn json(report: &Report) -> String {
    // Plain data with text keys: there is nothing in it that cannot be serialised.
    serde_json::to_string_pretty(report).map(|text| text + "\n").unwrap_or_default()
}

/// The JSON Schema of the report, published as `report.schema.json`. Keys change only with
/// `format_version`.
pub fn json_schema() -> Value {
    // The contract of what is written: an absent optional field is left out.
    let settings = SchemaSettings::draft07().for_serialize();
    settings.into_generator().into_root_schema_for::<Report>().to_value()
}
