//! The authorizers of a stack's API, and how its other parts refer to them.

use super::INFO;
use super::spec::AuthorizerSpec;
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::{Api, Authorizer};
use serde_json::json;

pub(super) fn authorizers(context: &Context<'_>, wanted: &mut Wanted) {
    let Some(api) = &context.stack.api else { return };
    for (id, authorizer) in &api.authorizers {
        let spec = spec_of(context, authorizer);
        let mut desired = context.resource(&INFO, id, context.scope.name(id), &spec);
        desired.context = json!({"rest_api_id": reference("api", "main", "id")});
        wanted.push(desired);
    }
}

fn spec_of(context: &Context<'_>, authorizer: &Authorizer) -> AuthorizerSpec {
    let function = authorizer.function.as_ref();
    AuthorizerSpec {
        kind: authorizer.aws_type().into(),
        user_pools: authorizer.user_pools.iter().cloned().collect(),
        // Written out and not referred to, as those of routes.
        function_arn: function.map_or_else(String::new, |id| context.function_arn(id)),
        identity_source: authorizer.aws_identity(),
        pattern: authorizer.pattern.clone().unwrap_or_default(),
        cache_seconds: i32::try_from(authorizer.cache_seconds).unwrap_or(i32::MAX),
        credentials: String::new(),
    }
}

/// The id that routes name an authorizer by, known once it is made.
pub(crate) fn authorizer_id(id: &str) -> String {
    reference(INFO.group, id, "id")
}

/// The part of the deployment beside the routes: changed authorizers take effect with the next
/// deployment. `None` without authorizers.
pub(crate) fn deployed(context: &Context<'_>, api: &Api) -> Option<String> {
    if api.authorizers.is_empty() {
        return None;
    }
    let specs = api.authorizers.iter().map(|(id, authorizer)| (id, spec_of(context, authorizer)));
    serde_json::to_string(&specs.collect::<Vec<_>>()).ok()
}
