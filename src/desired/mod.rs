//! `Stack` to desired resources: names, specs, references. Pure but for reading seed files and the
//! site's folder.

mod api;
mod compute;
mod data;
mod edge;
pub mod expiry;
mod guard;
pub mod site;

pub use compute::grant_sid;
pub use data::check_seeds;

use crate::model::{Address, CloudError, Desired, ErrorKind, Scope, spec::Tags, tag, template};
use crate::stack::{EnvPart, Origin, Stack};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// What a stack is turned into resources with.
pub struct Context<'a> {
    pub stack: &'a Stack,
    pub scope: &'a Scope,
    /// Folder of stack.yaml; its paths are relative to it.
    pub root: &'a Path,
    /// RFC 3339; set for environments that may be swept after it, which are not protected either.
    pub expires_at: Option<&'a str>,
    /// False on emulators that take no notice of a policy's conditions.
    pub judges_conditions: bool,
}

/// Every resource the stack wants, and remarks for the plan.
///
/// Errors: a seed file or site folder that cannot be read, a name that AWS would refuse for its
/// length.
pub fn desired(context: &Context<'_>) -> Result<(Vec<Desired>, Vec<String>), CloudError> {
    let mut all = Vec::new();
    let mut notes = Vec::new();
    data::tables(context, &mut all)?;
    compute::functions(context, &mut all);
    if let Some(wanted) = &context.stack.api {
        api::api(context, wanted, &mut all);
    }
    if let (Some(site), Some(cdn)) = (&context.stack.site, &context.stack.cdn) {
        edge::site(context, site, cdn, &mut all, &mut notes)?;
    }
    if let Some(waf) = &context.stack.waf {
        guard::waf(context, waf, &mut all);
    }
    all.iter().try_for_each(check_name)?;
    Ok((all, notes))
}

impl Context<'_> {
    /// Owner tags, the user's own, and the expiry.
    pub(crate) fn tags(&self, id: &str) -> Tags {
        let mut tags = self.stack.tags.clone();
        tags.extend(self.scope.tags(id));
        if let Some(at) = self.expires_at {
            tags.insert(tag::EXPIRES_AT.into(), at.into());
        }
        tags
    }

    pub(crate) fn resource(
        &self,
        group: &str,
        id: &str,
        type_name: &str,
        name: String,
        spec: Value,
    ) -> Desired {
        Desired {
            address: Address::new(group, id),
            type_name: type_name.into(),
            name,
            spec,
            context: Value::Null,
            depends_on: BTreeSet::new(),
            payload: None,
        }
    }

    /// A log group of the stack, in the stack's region or us-east-1.
    pub(crate) fn log_group(&self, id: &str, name: String, region: &str) -> Desired {
        let days = i32::try_from(self.stack.logs.retention_days).ok();
        let spec = json!({"tags": self.tags(id), "region": region, "retention_days": days});
        self.resource("log_group", id, "AWS::Logs::LogGroup", name, spec)
    }

    /// The origins that may call the API, references for what is not known yet.
    pub(crate) fn cors_origins(&self) -> Vec<String> {
        let origins =
            self.stack.api.as_ref().and_then(|a| a.cors.as_ref()).map(|c| c.origins.as_slice());
        let text = |origin: &Origin| match origin {
            Origin::Site => reference("distribution", "site", "url"),
            Origin::Exact(text) => text.clone(),
        };
        origins.unwrap_or_default().iter().map(text).collect()
    }

    /// URL of the API's stage, without a slash at the end.
    pub(crate) fn api_url(&self) -> String {
        let stage = self.stack.api.as_ref().map_or("", |a| a.stage.as_str());
        format!("{}/{stage}", reference("api", "main", "endpoint"))
    }

    pub(crate) fn fill(&self, parts: &[EnvPart]) -> String {
        parts.iter().map(|part| self.fill_one(part)).collect()
    }

    fn fill_one(&self, part: &EnvPart) -> String {
        match part {
            EnvPart::Literal(text) => text.clone(),
            EnvPart::TableName(id) => self.scope.name(id),
            EnvPart::TableArn(id) => self.table_arn(id),
            EnvPart::CorsOrigins => self.cors_origins().join(","),
            EnvPart::ApiUrl => self.api_url(),
            EnvPart::SiteUrl => reference("distribution", "site", "url"),
            EnvPart::Region => self.scope.region.clone(),
            EnvPart::Env => self.scope.env.clone(),
            EnvPart::Stack => self.scope.stack.clone(),
        }
    }

    pub(crate) fn table_arn(&self, id: &str) -> String {
        format!(
            "arn:aws:dynamodb:{}:{}:table/{}",
            self.scope.region,
            self.scope.account,
            self.scope.name(id)
        )
    }
}

/// `{{group.id.attribute}}`.
pub(crate) fn reference(group: &str, id: &str, attribute: &str) -> String {
    template::reference(&Address::new(group, id), attribute)
}

/// AWS's own limits on names, told before anything is made.
fn check_name(desired: &Desired) -> Result<(), CloudError> {
    let limit = match desired.type_name.as_str() {
        "AWS::Lambda::Function" | "AWS::IAM::Role" | "AWS::CloudFront::OriginAccessControl" => 64,
        "AWS::S3::Bucket" => 63,
        "AWS::DynamoDB::Table" => 255,
        _ => 128,
    };
    if desired.name.len() <= limit {
        return Ok(());
    }
    Err(CloudError::ours(
        ErrorKind::Other,
        format!(
            "{}: the name `{}` has {} characters, AWS takes {limit}",
            desired.address,
            desired.name,
            desired.name.len()
        ),
        "shorten the stack's name, the environment's or the logical id",
    ))
}
