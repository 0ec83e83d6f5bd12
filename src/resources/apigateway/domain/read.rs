//! Reads of domain names: the wanted one by its name, and all that carry our tags.

use super::INFO;
use super::spec::DomainSpec;
use crate::aws::{CallOptions, Reader};
use crate::model::cloud_error::optional;
use crate::model::spec::{Tags, field, to_value};
use crate::model::{Address, CloudError, Live, Outputs, Owner, Query};
use crate::resources::apigateway as gw;
use crate::resources::apigateway::ApiGateway;
use crate::resources::common::paged;
use aws_sdk_apigateway::types::{BasePathMapping, DomainName as Seen};
use std::collections::BTreeMap;

pub(super) async fn discover(reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
    let mut found = Vec::new();
    for seen in &list(reader).await? {
        found.extend(describe(reader, query, seen).await?);
    }
    Ok(found)
}

async fn list(reader: &Reader) -> Result<Vec<Seen>, CloudError> {
    paged(|position| async move {
        let page = reader
            .caller
            .call("apigateway:GetDomainNames", || {
                let request = reader.client::<ApiGateway>().get_domain_names().limit(gw::PAGE);
                request.set_position(position.clone()).send()
            })
            .await?;
        Ok((page.items.unwrap_or_default(), page.position))
    })
    .await
}

/// `None` for a domain that is neither wanted nor ours.
async fn describe(
    reader: &Reader,
    query: &Query<'_>,
    seen: &Seen,
) -> Result<Option<Live>, CloudError> {
    let name = seen.domain_name().unwrap_or_default();
    let desired = query.wanted.iter().find(|desired| desired.name == name);
    let inline = gw::inline_tags(seen.tags());
    let owner = query.scope.owner(&inline);
    if desired.is_none() && owner != Owner::Ours {
        return Ok(None);
    }
    let wanted: Option<Tags> =
        desired.and_then(|d| serde_json::from_value(field(&d.spec, "tags").clone()).ok());
    let arn = domain_arn(&query.scope.region, name);
    let tags = gw::tags_of(reader, &arn, inline, wanted.as_ref()).await?;
    let address = match desired {
        Some(desired) => desired.address.clone(),
        None if query.wanted.is_empty() => Address::new(INFO.group, "api"),
        None => Address::new(INFO.group, name),
    };
    let owner = query.scope.owner(&tags);
    let mappings = optional(mappings(reader, name, CallOptions::default()).await)?;
    let spec = to_spec(seen, tags, &mappings.unwrap_or_default());
    let mut live = Live::new(address, INFO.type_name, name, to_value(&spec));
    live.owner = owner;
    live.outputs = outputs(name, seen.regional_domain_name());
    Ok(Some(live))
}

pub(super) async fn mappings(
    reader: &Reader,
    name: &str,
    options: CallOptions,
) -> Result<Vec<BasePathMapping>, CloudError> {
    paged(|position| async move {
        let page = reader
            .caller
            .call_with("apigateway:GetBasePathMappings", options, || {
                let client = reader.client::<ApiGateway>();
                let request = client.get_base_path_mappings().domain_name(name).limit(gw::PAGE);
                request.set_position(position.clone()).send()
            })
            .await?;
        Ok((page.items.unwrap_or_default(), page.position))
    })
    .await
}

/// Base path to `<API>/<stage>`.
pub(super) fn targets(mappings: &[BasePathMapping]) -> BTreeMap<String, String> {
    let target = |mapping: &BasePathMapping| {
        let base = mapping.base_path().filter(|base| !base.is_empty());
        let text = |value: Option<&str>| value.unwrap_or_default().to_string();
        (
            base.unwrap_or(super::desired::ROOT).to_string(),
            format!("{}/{}", text(mapping.rest_api_id()), text(mapping.stage())),
        )
    };
    mappings.iter().map(target).collect()
}

pub(super) fn to_spec(seen: &Seen, tags: Tags, mappings: &[BasePathMapping]) -> DomainSpec {
    let types = seen.endpoint_configuration().map(|c| c.types()).unwrap_or_default();
    let regional = seen.regional_certificate_arn().filter(|arn| !arn.is_empty());
    DomainSpec {
        tags,
        endpoint_type: types.iter().map(|t| t.as_str()).collect::<Vec<_>>().join(","),
        certificate: regional.or(seen.certificate_arn()).unwrap_or_default().to_string(),
        security_policy: seen.security_policy().map_or("TLS_1_0", |p| p.as_str()).to_string(),
        mappings: targets(mappings),
        extras: extras(seen),
    }
}

/// Settings that decide who reaches the domain and that no stack sets.
fn extras(seen: &Seen) -> BTreeMap<String, String> {
    let text = |value: Option<&str>| value.filter(|v| !v.is_empty()).map(str::to_string);
    let mutual = seen.mutual_tls_authentication().and_then(|tls| tls.truststore_uri());
    let routing = seen.routing_mode().map(|mode| mode.as_str());
    let all = [
        ("mutual tls", text(mutual)),
        ("policy", text(seen.policy())),
        ("management policy", text(seen.management_policy())),
        ("routing mode", text(routing).filter(|mode| mode != "BASE_PATH_MAPPING_ONLY")),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?))).collect()
}

/// ARN of a domain name, as tagging wants it.
pub(super) fn domain_arn(region: &str, name: &str) -> String {
    format!("arn:aws:apigateway:{region}::/domainnames/{name}")
}

/// `dns_records` is what the author's DNS has to say.
pub(super) fn outputs(name: &str, target: Option<&str>) -> Outputs {
    let target = target.unwrap_or_default();
    BTreeMap::from([
        ("url".to_string(), format!("https://{name}")),
        ("dns_target".to_string(), target.to_string()),
        ("dns_records".to_string(), format!("{name} CNAME {target}")),
    ])
}
