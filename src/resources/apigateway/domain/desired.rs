//! The domain of a stack's API.

use super::INFO;
use super::spec::DomainSpec;
use crate::model::Address;
use crate::resources::context::{Context, Wanted, reference};
use std::collections::{BTreeMap, BTreeSet};

/// The base path that directly follows the name.
pub(super) const ROOT: &str = "(none)";

pub(super) fn domain(context: &Context<'_>, wanted: &mut Wanted) {
    let Some(api) = &context.stack.api else { return };
    let Some(domain) = &api.domain else { return };
    let target = format!("{}/{}", reference("api", "main", "id"), api.stage);
    let spec = DomainSpec {
        tags: context.tags("domain"),
        endpoint_type: "REGIONAL".into(),
        certificate: domain.certificate.clone(),
        security_policy: "TLS_1_2".into(),
        mappings: BTreeMap::from([(ROOT.to_string(), target)]),
        extras: BTreeMap::new(),
    };
    let mut desired = context.resource(&INFO, "api", domain.name.clone(), &spec);
    desired.depends_on = BTreeSet::from([Address::new("stage", "main")]);
    wanted.push(desired);
}
