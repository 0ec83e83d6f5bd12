//! The Resource Groups Tagging API as an index: one call returns the resources with this stack's
//! tags.
//!
//! The index lags (catalogue 10.2), so it is only a hint: a resource counts only after its own
//! service has confirmed it, and tags that differ from the wanted ones are read again from the
//! source.

use super::call::Caller;
use super::reads::Tagging;
use crate::model::{CloudError, Scope, tag};
use std::collections::BTreeMap;

/// Tags by ARN.
#[derive(Clone, Debug, Default)]
pub struct TagIndex {
    by_arn: BTreeMap<String, BTreeMap<String, String>>,
}

impl TagIndex {
    /// Adds a region's entries for a stack and environment.
    pub async fn read(
        &mut self,
        caller: &Caller,
        tagging: &Tagging,
        scope: &Scope,
    ) -> Result<(), CloudError> {
        self.read_filtered(
            caller,
            tagging,
            &[(tag::STACK, Some(&scope.stack)), (tag::ENV, Some(&scope.env))],
        )
        .await
    }

    /// Adds every resource with the tags of any stack.
    pub async fn read_all(&mut self, caller: &Caller, tagging: &Tagging) -> Result<(), CloudError> {
        self.read_filtered(caller, tagging, &[(tag::STACK, None)]).await
    }

    /// Adds another region's entries.
    pub fn merge(&mut self, other: TagIndex) {
        self.by_arn.extend(other.by_arn);
    }

    async fn read_filtered(
        &mut self,
        caller: &Caller,
        tagging: &Tagging,
        filters: &[(&str, Option<&str>)],
    ) -> Result<(), CloudError> {
        let filters: Vec<_> = filters
            .iter()
            .map(|(key, value)| {
                aws_sdk_resourcegroupstagging::types::TagFilter::builder()
                    .key(*key)
                    .set_values(value.map(|v| vec![v.to_string()]))
                    .build()
            })
            .collect();
        let mut token: Option<String> = None;
        let mut restarted = false;
        loop {
            let page = caller
                .call("tag:GetResources", || {
                    tagging
                        .get_resources()
                        .set_tag_filters(Some(filters.clone()))
                        .resources_per_page(100)
                        .set_pagination_token(token.clone())
                        .send()
                })
                .await;
            let page = match page {
                // The page came so late that its token had expired: start over, once.
                Err(error) if error.code == "PaginationTokenExpiredException" && !restarted => {
                    restarted = true;
                    token = None;
                    continue;
                }
                other => other?,
            };
            for mapping in page.resource_tag_mapping_list() {
                let tags =
                    tag::without_aws_tags(mapping.tags().iter().map(|t| (t.key(), t.value())));
                self.by_arn.insert(mapping.resource_arn().unwrap_or_default().to_string(), tags);
            }
            token = page.pagination_token().filter(|t| !t.is_empty()).map(str::to_string);
            if token.is_none() {
                return Ok(());
            }
        }
    }

    /// Adds ARNs as candidates without tags, for resources that the index may not know yet.
    pub fn add_candidates(&mut self, arns: impl IntoIterator<Item = String>) {
        for arn in arns {
            self.by_arn.entry(arn).or_default();
        }
    }

    /// The indexed tags of an ARN.
    pub fn tags(&self, arn: &str) -> Option<&BTreeMap<String, String>> {
        self.by_arn.get(arn)
    }

    /// ARNs that begin with `prefix`, such as `arn:aws:lambda:`.
    pub fn arns<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.by_arn.keys().map(String::as_str).filter(move |arn| arn.starts_with(prefix))
    }

    /// When the environment expires, as far as the index knows: the latest value of all entries,
    /// including foreign and deleted resources.
    pub fn expires_at(&self) -> Option<String> {
        self.by_arn.values().filter_map(|tags| tags.get(tag::EXPIRES_AT)).max().cloned()
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, String>)> {
        self.by_arn.iter().map(|(arn, tags)| (arn.as_str(), tags))
    }
}
