//! Makes, changes and deletes a domain name with its mappings.

use super::read::{self, domain_arn, outputs, targets, to_spec};
use super::spec::DomainSpec;
use crate::aws::{CallOptions, Writer};
use crate::model::cloud_error::optional;
use crate::model::{CloudError, Live, Outputs};
use crate::resources::apigateway as gw;
use crate::resources::apigateway::ApiGateway;
use crate::resources::common::{FRESH, ONCE};
use aws_sdk_apigateway::types::{
    DomainName as Seen, DomainNameStatus, EndpointConfiguration, PatchOperation, SecurityPolicy,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// The domain as AWS has it; `None` where there is none of this name.
async fn get_domain(
    writer: &Writer,
    name: &str,
    options: CallOptions,
) -> Result<Option<Seen>, CloudError> {
    let reader = &writer.reader;
    let asked = reader
        .caller
        .call_with("apigateway:GetDomainName", options, || {
            reader.client::<ApiGateway>().get_domain_name().domain_name(name).send()
        })
        .await;
    let Some(answer) = optional(asked)? else { return Ok(None) };
    let seen = Seen::builder()
        .set_domain_name(answer.domain_name)
        .set_certificate_arn(answer.certificate_arn)
        .set_regional_domain_name(answer.regional_domain_name)
        .set_regional_certificate_arn(answer.regional_certificate_arn)
        .set_endpoint_configuration(answer.endpoint_configuration)
        .set_domain_name_status(answer.domain_name_status)
        .set_security_policy(answer.security_policy)
        .set_mutual_tls_authentication(answer.mutual_tls_authentication)
        .set_policy(answer.policy)
        .set_management_policy(answer.management_policy)
        .set_routing_mode(answer.routing_mode)
        .set_tags(answer.tags);
    Ok(Some(seen.build()))
}

/// Finds a domain of an earlier attempt by its name and reconciles it.
pub(super) async fn create(
    writer: &Writer,
    name: &str,
    wanted: &DomainSpec,
) -> Result<Outputs, CloudError> {
    if let Some(there) = get_domain(writer, name, CallOptions::default()).await? {
        let mappings = read::mappings(&writer.reader, name, FRESH).await?;
        let before = to_spec(&there, gw::inline_tags(there.tags()), &mappings);
        return update(writer, name, &before, wanted).await;
    }
    let client = &writer.client::<ApiGateway>();
    let endpoint =
        EndpointConfiguration::builder().types(wanted.endpoint_type.as_str().into()).build();
    writer
        .caller
        .call_with("apigateway:CreateDomainName", ONCE, || {
            client
                .create_domain_name()
                .domain_name(name)
                .regional_certificate_arn(&wanted.certificate)
                .endpoint_configuration(endpoint.clone())
                .security_policy(SecurityPolicy::from(wanted.security_policy.as_str()))
                .set_tags(Some(wanted.tags.clone().into_iter().collect()))
                .send()
        })
        .await
        .map_err(|error| gw::naming_tags(error, &wanted.tags))?;
    let made = settled(writer, name).await?;
    map(writer, name, &BTreeMap::new(), &wanted.mappings).await?;
    Ok(outputs(name, made.regional_domain_name()))
}

/// Waits until the domain takes changes.
async fn settled(writer: &Writer, name: &str) -> Result<Seen, CloudError> {
    let what = format!("the domain {name} to be available (usually a minute)");
    let look = || async {
        let seen = get_domain(writer, name, FRESH).await?;
        // Emulators say nothing of a status.
        let busy = |seen: &Seen| {
            matches!(
                seen.domain_name_status(),
                Some(DomainNameStatus::Updating | DomainNameStatus::Pending)
            )
        };
        Ok(seen.filter(|seen| !busy(seen)))
    };
    writer.caller.wait_until(&what, Duration::from_secs(5), Duration::from_secs(900), look).await
}

pub(super) async fn update(
    writer: &Writer,
    name: &str,
    before: &DomainSpec,
    wanted: &DomainSpec,
) -> Result<Outputs, CloudError> {
    let client = &writer.client::<ApiGateway>();
    let list = patches(before, wanted);
    if !list.is_empty() {
        writer
            .caller
            .call("apigateway:UpdateDomainName", || {
                let request = client.update_domain_name().domain_name(name);
                request.set_patch_operations(Some(list.clone())).send()
            })
            .await?;
    }
    let arn = domain_arn(&writer.scope.region, name);
    gw::set_tags(writer, &arn, &before.tags, &wanted.tags).await?;
    let made = settled(writer, name).await?;
    map(writer, name, &before.mappings, &wanted.mappings).await?;
    Ok(outputs(name, made.regional_domain_name()))
}

fn patches(before: &DomainSpec, wanted: &DomainSpec) -> Vec<PatchOperation> {
    let mut list = Vec::new();
    if before.certificate != wanted.certificate {
        list.push(gw::replace("/regionalCertificateArn", &wanted.certificate));
    }
    if before.security_policy != wanted.security_policy {
        list.push(gw::replace("/securityPolicy", &wanted.security_policy));
    }
    let extra = |name: &str| before.extras.contains_key(name);
    if extra("mutual tls") {
        list.push(gw::replace("/mutualTlsAuthentication/truststoreUri", ""));
    }
    if extra("policy") {
        list.push(gw::replace("/policy", ""));
    }
    if extra("routing mode") {
        list.push(gw::replace("/routingMode", "BASE_PATH_MAPPING_ONLY"));
    }
    list
}

/// Takes away what is not wanted, then adds what is missing: a base path leads to one stage.
async fn map(
    writer: &Writer,
    name: &str,
    before: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, String>,
) -> Result<(), CloudError> {
    let client = &writer.client::<ApiGateway>();
    for base in before.iter().filter(|(base, to)| wanted.get(*base) != Some(to)).map(|(b, _)| b) {
        unmap(writer, name, base).await?;
    }
    for (base, target) in wanted.iter().filter(|(base, to)| before.get(*base) != Some(to)) {
        let (api, stage) = target.split_once('/').unwrap_or((target, ""));
        writer
            .caller
            .call_with("apigateway:CreateBasePathMapping", FRESH, || {
                client
                    .create_base_path_mapping()
                    .domain_name(name)
                    .base_path(base)
                    .rest_api_id(api)
                    .stage(stage)
                    .send()
            })
            .await?;
    }
    Ok(())
}

async fn unmap(writer: &Writer, name: &str, base: &str) -> Result<(), CloudError> {
    let client = &writer.client::<ApiGateway>();
    let gone = writer
        .caller
        .call("apigateway:DeleteBasePathMapping", || {
            client.delete_base_path_mapping().domain_name(name).base_path(base).send()
        })
        .await;
    optional(gone).map(|_| ())
}

/// Mappings first: an API cannot be deleted while one leads to it.
pub(super) async fn delete(writer: &Writer, live: &Live) -> Result<(), CloudError> {
    let name = live.name.as_str();
    let there = read::mappings(&writer.reader, name, CallOptions::default()).await;
    let Some(mappings) = optional(there)? else { return Ok(()) };
    for base in targets(&mappings).keys() {
        unmap(writer, name, base).await?;
    }
    let client = &writer.client::<ApiGateway>();
    let gone = writer
        .caller
        .call("apigateway:DeleteDomainName", || {
            client.delete_domain_name().domain_name(name).send()
        })
        .await;
    optional(gone).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> DomainSpec {
        DomainSpec {
            tags: Default::default(),
            endpoint_type: "REGIONAL".into(),
            certificate: "arn:a".into(),
            security_policy: "TLS_1_2".into(),
            mappings: BTreeMap::new(),
            extras: BTreeMap::new(),
        }
    }

    #[test]
    fn what_differs_is_patched_and_what_strangers_set_is_taken_away() {
        assert!(patches(&spec(), &spec()).is_empty());
        let before = DomainSpec {
            certificate: "arn:b".into(),
            security_policy: "TLS_1_0".into(),
            extras: ["mutual tls", "policy", "routing mode"]
                .map(|name| (name.to_string(), "x".to_string()))
                .into(),
            ..spec()
        };
        let list = patches(&before, &spec());
        let shown: Vec<String> = list
            .iter()
            .map(|p| format!("{} {}", p.path().unwrap(), p.value().unwrap_or_default()))
            .collect();
        assert_eq!(
            shown,
            [
                "/regionalCertificateArn arn:a",
                "/securityPolicy TLS_1_2",
                "/mutualTlsAuthentication/truststoreUri ",
                "/policy ",
                "/routingMode BASE_PATH_MAPPING_ONLY",
            ]
        );
    }
}
