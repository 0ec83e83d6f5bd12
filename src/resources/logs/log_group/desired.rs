//! The log groups of a stack: for each function, for the API, and for each web ACL.

use super::INFO;
use super::spec::LogGroupSpec;
use crate::model::{Desired, GLOBAL_REGION};
use crate::resources::context::{Context, Wanted};
use std::collections::BTreeMap;

pub(super) fn log_groups(context: &Context<'_>, wanted: &mut Wanted) {
    let (stack, scope) = (context.stack, context.scope);
    for id in stack.functions.keys() {
        let name = format!("/aws/lambda/{}", scope.name(id));
        wanted.push(log_group(context, id, name, &scope.region));
    }

    if stack.api.is_some() {
        let name = format!("/aws/apigateway/{}", scope.name("api"));
        wanted.push(log_group(context, "api", name, &scope.region));
    }

    // WAF takes no group whose name begins otherwise.
    let firewalls =
        [("cdn", GLOBAL_REGION, stack.site.is_some()), ("api", &scope.region, stack.api.is_some())];
    for (id, region, _) in firewalls.iter().filter(|(_, _, used)| *used && stack.waf.is_some()) {
        let name = format!("aws-waf-logs-{}", scope.name(id));
        wanted.push(log_group(context, &format!("waf-{id}"), name, region));
    }
}

fn log_group(context: &Context<'_>, id: &str, name: String, region: &str) -> Desired {
    let spec = LogGroupSpec {
        tags: context.tags(id),
        region: region.to_string(),
        retention_days: i32::try_from(context.stack.logs.retention_days).ok(),
        extras: BTreeMap::new(),
    };
    context.resource(&INFO, id, name, &spec)
}
