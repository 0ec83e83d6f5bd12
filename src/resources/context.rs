//! The context in which resource types turn a stack into desired resources.

use super::TYPES;
use crate::model::spec::{Tags, to_value};
use crate::model::{Address, CloudError, Desired, ErrorKind, Scope, TypeInfo, tag, template};
use crate::stack::{ApiDomain, EnvPart, Origin, Stack};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Replaces a variable's random value wherever variables are compared or shown.
pub const GENERATED: &str = "(generated)";

/// A stack, and where and how it is deployed.
pub struct Context<'a> {
    pub stack: &'a Stack,
    pub scope: &'a Scope,
    /// Folder of stack.yaml; its paths are relative to it.
    pub root: &'a Path,
    /// RFC 3339; set for environments that may be swept after it (`is_ephemeral`).
    pub expires_at: Option<&'a str>,
    /// False on emulators that ignore the conditions of policies.
    pub judges_conditions: bool,
}

/// The desired resources of a stack, and remarks for the plan.
#[derive(Debug, Default)]
pub struct Wanted {
    pub resources: Vec<Desired>,
    pub notes: Vec<String>,
}

impl Wanted {
    pub fn push(&mut self, desired: Desired) {
        self.resources.push(desired);
    }
}

/// Every resource the stack wants, in the order of `TYPES`.
///
/// Errors: a seed file or site folder that cannot be read, a name that AWS would refuse for its
/// length.
pub fn desired(context: &Context<'_>) -> Result<Wanted, CloudError> {
    let mut wanted = Wanted::default();
    for resource_type in TYPES {
        let first = wanted.resources.len();
        resource_type.desired(context, &mut wanted)?;
        let added = wanted.resources.iter().skip(first);
        added.into_iter().try_for_each(|d| check_name(resource_type.info(), d))?;
    }
    Ok(wanted)
}

impl Context<'_> {
    /// True for an environment with a time to live: it has no deletion protection, and shares what
    /// can be shared.
    pub(crate) fn is_ephemeral(&self) -> bool {
        self.expires_at.is_some()
    }

    /// Owner tags, the user's own, and the expiry.
    pub(crate) fn tags(&self, id: &str) -> Tags {
        let mut tags = self.stack.tags.clone();
        tags.extend(self.scope.tags(id));
        if let Some(at) = self.expires_at {
            tags.insert(tag::EXPIRES_AT.into(), at.into());
        }
        tags
    }

    /// A desired resource without dependencies or payload.
    pub(crate) fn resource(
        &self,
        info: &TypeInfo,
        id: &str,
        name: String,
        spec: &impl Serialize,
    ) -> Desired {
        Desired {
            address: Address::new(info.group, id),
            type_name: info.type_name.into(),
            name,
            spec: to_value(spec),
            context: Value::Null,
            depends_on: BTreeSet::new(),
            payload: None,
        }
    }

    /// The origins that may call the API, references for what is not known yet.
    pub(crate) fn cors_origins(&self) -> Vec<String> {
        let origins = self.stack.api.as_ref().and_then(|a| a.cors.as_ref());
        let texts = |origin: &Origin| match origin {
            Origin::Site => self.site_origins(),
            Origin::Exact(text) => vec![text.clone()],
        };
        let mut all: Vec<String> = Vec::new();
        for origin in origins.into_iter().flat_map(|cors| &cors.origins).flat_map(texts) {
            if !all.contains(&origin) {
                all.push(origin);
            }
        }
        all
    }

    /// The origins that the site's pages have: that of its domain first. No name of one's own leads
    /// to an emulator.
    pub(crate) fn site_origins(&self) -> Vec<String> {
        let domain = self.stack.site.as_ref().and_then(|site| site.domain.as_ref());
        match domain.filter(|_| self.scope.endpoint.is_none()) {
            Some(domain) => domain.names().map(|name| format!("https://{name}")).collect(),
            None => vec![reference("distribution", "site", "url")],
        }
    }

    fn site_url(&self) -> String {
        self.site_origins().swap_remove(0)
    }

    /// The API's own domain, unless an emulator stands in for AWS.
    pub(crate) fn api_domain(&self) -> Option<&ApiDomain> {
        let domain = self.stack.api.as_ref().and_then(|api| api.domain.as_ref());
        domain.filter(|_| self.scope.endpoint.is_none())
    }

    /// The API's address without stage and path.
    pub(crate) fn api_origin(&self) -> String {
        match self.api_domain() {
            Some(domain) => format!("https://{}", domain.name),
            None => reference("api", "main", "endpoint"),
        }
    }

    /// URL that the API's paths follow, without a slash at the end: a domain of its own leads to
    /// the stage, any other address names it.
    pub(crate) fn api_url(&self) -> String {
        let stage = self.stack.api.as_ref().map_or("", |a| a.stage.as_str());
        let origin = self.api_origin();
        if self.api_domain().is_some() { origin } else { format!("{origin}/{stage}") }
    }

    /// A variable's value with its `${...}` parts filled in.
    pub(crate) fn fill(&self, parts: &[EnvPart]) -> String {
        parts.iter().map(|part| self.fill_part(part)).collect()
    }

    fn fill_part(&self, part: &EnvPart) -> String {
        let cors = self.stack.api.as_ref().and_then(|api| api.cors.as_ref());
        match part {
            EnvPart::Literal(text) => text.clone(),
            EnvPart::TableName(id) => self.scope.name(id),
            EnvPart::TableArn(id) => self.table_arn(id),
            EnvPart::CorsOrigins => self.cors_origins().join(","),
            EnvPart::CorsExpose => cors.map_or_else(String::new, |cors| cors.expose.join(", ")),
            EnvPart::CorsCredentials => cors.is_some_and(|cors| cors.credentials).to_string(),
            EnvPart::ApiUrl => self.api_url(),
            EnvPart::ApiOrigin => self.api_origin(),
            EnvPart::SiteUrl => self.site_url(),
            EnvPart::Region => self.scope.region.clone(),
            EnvPart::Env => self.scope.env.clone(),
            EnvPart::SmokeSecret => GENERATED.to_string(),
            EnvPart::Stack => self.scope.stack.clone(),
        }
    }

    pub(crate) fn table_arn(&self, id: &str) -> String {
        let scope = self.scope;
        format!("arn:aws:dynamodb:{}:{}:table/{}", scope.region, scope.account, scope.name(id))
    }

    pub(crate) fn function_arn(&self, id: &str) -> String {
        let scope = self.scope;
        format!("arn:aws:lambda:{}:{}:function:{}", scope.region, scope.account, scope.name(id))
    }
}

/// `{{group.id.attribute}}`.
pub(crate) fn reference(group: &str, id: &str, attribute: &str) -> String {
    template::reference(&Address::new(group, id), attribute)
}

/// The real path of a file or folder in the project. Errors, in words: it cannot be read, or a
/// link leads out.
pub(crate) fn path_inside(project: &Path, path: &Path) -> Result<PathBuf, String> {
    let real = path.canonicalize().map_err(|e| format!("cannot be read: {e}"))?;
    let root = project.canonicalize().map_err(|e| format!("cannot be read: {e}"))?;
    if real.starts_with(root) {
        Ok(real)
    } else {
        Err("is reached by a link that leads out of the project".into())
    }
}

/// AWS's own limits on names, checked before anything is made.
fn check_name(info: &TypeInfo, desired: &Desired) -> Result<(), CloudError> {
    let (length, limit) = (desired.name.len(), info.name_limit);
    if length <= limit {
        return Ok(());
    }
    Err(CloudError::ours(
        ErrorKind::Other,
        format!(
            "{}: the name `{}` has {length} characters, AWS takes {limit}",
            desired.address, desired.name
        ),
        "shorten the stack's name, the environment's or the logical id",
    ))
}
