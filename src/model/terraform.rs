//! Resources as blocks of Terraform's AWS provider, for tools that read Terraform plans. Each
//! resource type defines its blocks in its own folder.

use super::Address;
use serde_json::Value;

/// A resource to export, wanted or live. Strings of a wanted spec may contain
/// `{{address.attribute}}` for values that are unknown until creation.
#[derive(Clone, Copy, Debug)]
pub struct Exported<'a> {
    pub address: &'a Address,
    /// The physical name.
    pub name: &'a str,
    pub spec: &'a Value,
}

impl<'a> Exported<'a> {
    /// A field of the spec; null if it does not exist.
    pub fn get(&self, key: &str) -> &'a Value {
        self.spec.get(key).unwrap_or(&Value::Null)
    }

    /// The entries of a field that is a map.
    pub fn entries(&self, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.get(key).as_object().into_iter().flatten()
    }

    /// Label of the resource's blocks.
    pub fn label(&self) -> String {
        label(self.address.id())
    }
}

/// One block of the provider: `resource "aws_s3_bucket" "site" { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// `aws_s3_bucket`.
    pub kind: &'static str,
    /// `site`.
    pub label: String,
    /// Its arguments; nested blocks are lists of objects, as in Terraform plans.
    pub values: Value,
    /// Arguments that refer to another block: `origin.domain_name` to
    /// `aws_s3_bucket.site.bucket_regional_domain_name`.
    pub refers: Vec<(&'static str, String)>,
}

impl Block {
    pub fn new(kind: &'static str, name: &str, values: Value) -> Self {
        Self { kind, label: label(name), values, refers: Vec::new() }
    }

    /// The same block with an argument that references `attribute` of another one.
    pub fn refer(
        mut self,
        argument: &'static str,
        kind: &str,
        name: &str,
        attribute: &str,
    ) -> Self {
        self.refers.push((argument, format!("{kind}.{}.{attribute}", label(name))));
        self
    }
}

/// Terraform labels allow letters, digits, `_` and `-`.
fn label(name: &str) -> String {
    let sign = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
    name.chars().map(sign).collect()
}
