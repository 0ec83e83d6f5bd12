//! AWS::WAFv2::WebACL: found by index or listing, made with its rules, replaced whole on update
//! (catalogue section 9).

mod desired;
mod pricing;
mod rules;
pub mod spec;
mod terraform;
mod write;

use crate::aws::index::TagIndex;
use crate::aws::{CallOptions, Reader, Writer};
use crate::model::call::{Call, Retry};
use crate::model::cloud_error::optional;
use crate::model::spec::{Tags, field, from_value, to_value};
use crate::model::type_info::{Calls, GraphRole, Number, Pricing};
use crate::model::{
    After, CloudError, Desired, ErrorKind, Live, Outputs, Query, Step, TypeInfo, tag,
};
use crate::resources::ResourceType;
use crate::resources::context::{Context, Wanted};
use crate::resources::place::{Place, in_section};
use crate::resources::waf::waf_reads;
use crate::resources::waf::{self, caller_of, scope_of_arn};
use crate::resources::waf::{SERVICE, per_second, read};
use crate::stack::Stack;
use async_trait::async_trait;
use aws_sdk_wafv2::types::{Scope as WafScope, WebAcl as SdkWebAcl};
use futures_util::future::try_join_all;
use serde_json::Value;
use spec::WebAclSpec;
use std::collections::BTreeMap;

pub struct WebAcl;

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::WAFv2::WebACL",
    group: "web_acl",
    delete_after: &[
        After::those("AWS::CloudFront::Distribution", |acl, _| of_scope(acl, waf::CLOUDFRONT)),
        After::those("AWS::WAFv2::WebACLAssociation", |acl, _| of_scope(acl, waf::REGIONAL)),
        After::those("AWS::WAFv2::LoggingConfiguration", |acl, logging| acl.name == logging.name),
    ],
    replace_on: &["scope"],
    // Create and update are checked on the managed rule sets as well: `.../managedruleset/*/*`.
    heading: "WAF",
    pricing: Pricing::Fixed(pricing::web_acl),
    number: Some(Number {
        most: 100,
        what: "web ACLs per region and scope",
        part: |spec| {
            if field(spec, "scope") == waf::CLOUDFRONT { waf::CLOUDFRONT } else { waf::REGIONAL }
        },
    }),
    graph: GraphRole::PartOf(|id| if id == "cdn" { "distribution" } else { "api" }),

    terraform: terraform::blocks,
    calls: Calls {
        read: &[
            read("wafv2:ListWebACLs"),
            read("wafv2:GetWebACL"),
            read("wafv2:ListTagsForResource"),
        ],
        create: &[Call::new(&SERVICE, "wafv2:CreateWebACL")
            .actions(&["wafv2:CreateWebACL", "wafv2:TagResource"])
            .quotas(&[per_second("WAF: 1 CreateWebACL per second")])],
        update: &[
            Call::new(&SERVICE, "wafv2:UpdateWebACL")
                .quotas(&[per_second("WAF: 1 UpdateWebACL per second")]),
            Call::new(&SERVICE, "wafv2:TagResource"),
            Call::new(&SERVICE, "wafv2:UntagResource"),
        ],
        delete: &[Call::new(&SERVICE, "wafv2:DeleteWebACL")
            .retries(&[Retry::busy("WAFAssociatedItemException", "", 600)])
            .quotas(&[per_second("WAF: 1 DeleteWebACL per second")])],
    },
    ..TypeInfo::DEFAULT
};

/// A distribution uses ACLs of CLOUDFRONT scope alone, a stage those of the region: neither holds
/// up the other's.
fn of_scope(acl: &Live, waf_scope: &str) -> bool {
    field(&acl.spec, "scope") == waf_scope
}

/// The key by which GetWebACL finds an ACL, besides the scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handle {
    pub name: String,
    pub id: String,
    pub arn: String,
}

impl Handle {
    /// Cuts an ACL's ARN: `arn:aws:wafv2:REGION:ACCOUNT:global|regional/webacl/NAME/ID`.
    fn of_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let service = parts.nth(2)?;
        let mut path = parts.nth(2)?.split('/');
        let (_, kind, name, id) = (path.next()?, path.next()?, path.next()?, path.next()?);
        (service == "wafv2" && kind == "webacl").then(|| Self {
            name: name.into(),
            id: id.into(),
            arn: arn.into(),
        })
    }
}

#[async_trait]
impl ResourceType for WebAcl {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(WebAclSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::web_acls(context, wanted);
        Ok(())
    }

    fn places(&self, _stack: &Stack) -> Vec<Place> {
        in_section("waf", &["api", "cdn"])
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let scopes = [waf::CLOUDFRONT, waf::REGIONAL];
        match try_join_all(scopes.iter().map(|waf_scope| in_scope(reader, query, waf_scope))).await
        {
            Ok(found) => Ok(found.into_iter().flatten().collect()),
            Err(error) if error.kind == ErrorKind::NotEmulated => {
                Ok(query.wanted.iter().map(|desired| Live::not_emulated(desired)).collect())
            }
            Err(error) => Err(error),
        }
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        write::create(writer, step, &from_value(wanted)?).await
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: WebAclSpec = from_value(wanted)?;
        let before: WebAclSpec = from_value(&live.spec)?;
        let arn = live.output("arn")?;
        let handle =
            Handle { name: step.name.clone(), id: live.output("id")?.into(), arn: arn.into() };
        if (WebAclSpec { tags: wanted.tags.clone(), ..before.clone() }) != wanted {
            write::replace_settings(writer, &handle, &wanted, CallOptions::default()).await?;
        }
        write::set_tags(writer, &wanted.scope, arn, &wanted.tags, &before.tags).await?;
        Ok(live.outputs.clone())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        let before: WebAclSpec = from_value(&live.spec)?;
        let handle = Handle {
            name: live.name.clone(),
            id: live.output("id")?.into(),
            arn: live.output("arn")?.into(),
        };
        write::delete(writer, &before.scope, &handle).await
    }
}

/// Everything of one scope. Listing is saved where the tag index already knows every wanted ACL's
/// id.
async fn in_scope(
    reader: &Reader,
    query: &Query<'_>,
    waf_scope: &str,
) -> Result<Vec<Live>, CloudError> {
    let wanted: Vec<&Desired> =
        query.wanted.iter().copied().filter(|d| field(&d.spec, "scope") == waf_scope).collect();
    let index = reader.index(query.scope).await?;
    let indexed = indexed(index, waf_scope);
    // Where nothing is wanted in a scope, an index that knows no ACL there says nothing of what was
    // wanted before.
    let known = !wanted.is_empty()
        && wanted.iter().all(|d| indexed.iter().any(|handle| handle.name == d.name));
    if known && !query.thorough {
        let found = describe_all(reader, query, waf_scope, indexed).await?;
        // The index lags: what it still knows may be gone, and be there again under another id.
        if wanted.iter().all(|d| found.iter().any(|live| live.address == d.address)) {
            return Ok(found);
        }
    }
    let prefix = query.scope.prefix();
    let mut handles = list(reader, waf_scope).await?;
    let part = if waf_scope == waf::CLOUDFRONT { waf::CLOUDFRONT } else { waf::REGIONAL };
    reader.caller.note_number(INFO.type_name, part, handles.len());
    handles.retain(|handle| {
        handle.name.starts_with(&prefix)
            || index.tags(&handle.arn).is_some()
            || wanted.iter().any(|d| d.name == handle.name)
    });
    describe_all(reader, query, waf_scope, handles).await
}

/// The ACLs of one scope that carry this stack's tags, as the index has it.
fn indexed(index: &TagIndex, waf_scope: &str) -> Vec<Handle> {
    index
        .iter()
        .filter_map(|(arn, _)| Handle::of_arn(arn))
        .filter(|handle| scope_of_arn(&handle.arn) == waf_scope)
        .collect()
}

/// All ACLs of one scope. The SDK has no paginator for it, a marker can come with the last page,
/// and a page may be empty before the last: the end is where the marker is missing or stays the
/// same.
pub(crate) async fn list(reader: &Reader, waf_scope: &str) -> Result<Vec<Handle>, CloudError> {
    let waf = waf_reads(reader, waf_scope);
    let mut handles: Vec<Handle> = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page = caller_of(&reader.caller, waf_scope)
            .call("wafv2:ListWebACLs", || {
                waf.list_web_acls()
                    .scope(WafScope::from(waf_scope))
                    .limit(100)
                    .set_next_marker(marker.clone())
                    .send()
            })
            .await?;
        let before = marker;
        handles.extend(page.web_acls().iter().filter_map(|summary| Handle::of_arn(summary.arn()?)));
        marker = page.next_marker().filter(|m| !m.is_empty()).map(str::to_string);
        if marker.is_none() || marker == before {
            handles.retain(|handle| scope_of_arn(&handle.arn) == waf_scope);
            return Ok(handles);
        }
    }
}

async fn describe_all(
    reader: &Reader,
    query: &Query<'_>,
    waf_scope: &str,
    handles: Vec<Handle>,
) -> Result<Vec<Live>, CloudError> {
    let described =
        try_join_all(handles.iter().map(|handle| describe(reader, query, waf_scope, handle)))
            .await?;
    Ok(described.into_iter().flatten().collect())
}

/// Reads one ACL; `None` when it is gone, or neither wanted nor ours.
async fn describe(
    reader: &Reader,
    query: &Query<'_>,
    waf_scope: &str,
    handle: &Handle,
) -> Result<Option<Live>, CloudError> {
    let desired =
        query.wanted.iter().find(|d| d.name == handle.name && field(&d.spec, "scope") == waf_scope);
    let read = futures_util::future::try_join(
        async { optional(get(reader, waf_scope, handle, CallOptions::default()).await) },
        async {
            optional(tags_of(reader, query, waf_scope, &handle.arn, desired.map(|d| &d.spec)).await)
        },
    );
    let (Some((acl, _)), Some(tags)) = read.await? else {
        return Ok(None);
    };
    let derived = |id: &str| query.scope.name(id) == handle.name;
    let claim = query.claim(INFO.group, &handle.name, desired.copied(), &tags, derived);
    let Some((address, owner)) = claim else {
        return Ok(None);
    };
    let spec = rules::spec_of(&acl, waf_scope, tags);
    let mut live = Live::new(address, INFO.type_name, &handle.name, to_value(&spec));
    live.outputs = outputs(&handle.id, &handle.arn);
    live.owner = owner;
    Ok(Some(live))
}

/// An ACL and the lock token that a write on it must show.
pub(crate) async fn get(
    reader: &Reader,
    waf_scope: &str,
    handle: &Handle,
    options: CallOptions,
) -> Result<(SdkWebAcl, String), CloudError> {
    let waf = waf_reads(reader, waf_scope);
    let answer = caller_of(&reader.caller, waf_scope)
        .call_with("wafv2:GetWebACL", options, || {
            waf.get_web_acl()
                .name(&handle.name)
                .id(&handle.id)
                .scope(WafScope::from(waf_scope))
                .send()
        })
        .await?;
    let acl = answer.web_acl.ok_or_else(|| CloudError::shape("wafv2 GetWebACL", "WebACL"))?;
    let token =
        answer.lock_token.ok_or_else(|| CloudError::shape("wafv2 GetWebACL", "LockToken"))?;
    Ok((acl, token))
}

/// The index answers where the tags are as wanted; anything else is read at the source, for the
/// index lags.
async fn tags_of(
    reader: &Reader,
    query: &Query<'_>,
    waf_scope: &str,
    arn: &str,
    wanted: Option<&Value>,
) -> Result<Tags, CloudError> {
    if let (Some(indexed), Some(wanted)) = (reader.index(query.scope).await?.tags(arn), wanted)
        && to_value(indexed) == *field(wanted, "tags")
    {
        return Ok(indexed.clone());
    }
    read_tags(reader, waf_scope, arn, CallOptions::default()).await
}

/// The tags of an ACL; 50 at most, so that one page holds them.
pub(crate) async fn read_tags(
    reader: &Reader,
    waf_scope: &str,
    arn: &str,
    options: CallOptions,
) -> Result<Tags, CloudError> {
    let waf = waf_reads(reader, waf_scope);
    let answer = caller_of(&reader.caller, waf_scope)
        .call_with("wafv2:ListTagsForResource", options, || {
            waf.list_tags_for_resource().resource_arn(arn).limit(100).send()
        })
        .await?;
    let tags = answer.tag_info_for_resource().map(|info| info.tag_list()).unwrap_or_default();
    Ok(tag::without_aws_tags(tags.iter().map(|t| (t.key(), t.value()))))
}

fn outputs(id: &str, arn: &str) -> Outputs {
    BTreeMap::from([("id".to_string(), id.to_string()), ("arn".to_string(), arn.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_names_the_acl() {
        let arn = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/shop-dev-api/1-2";
        let handle = Handle { name: "shop-dev-api".into(), id: "1-2".into(), arn: arn.into() };
        assert_eq!(Handle::of_arn(arn), Some(handle));
        assert_eq!(Handle::of_arn("arn:aws:wafv2:us-east-1:1:global/ipset/x/1"), None);
        assert_eq!(Handle::of_arn("arn:aws:s3:::global/webacl/x/1"), None);
    }
}
