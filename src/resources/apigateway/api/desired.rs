//! The REST API of a stack.

use super::INFO;
use super::spec::RestApiSpec;
use crate::resources::context::{Context, Wanted};

pub(super) fn api(context: &Context<'_>, wanted: &mut Wanted) {
    let Some(api) = &context.stack.api else { return };
    let scope = context.scope;
    let spec = RestApiSpec {
        tags: context.tags("api"),
        description: format!("API of stack {}, env {}", scope.stack, scope.env),
        endpoint_type: "REGIONAL".into(),
        api_key_source: "HEADER".into(),
        disable_execute_api_endpoint: false,
        binary_media_types: api.binary.iter().cloned().collect(),
        minimum_compression_size: api.compress.and_then(|size| i32::try_from(size).ok()),
    };
    wanted.push(context.resource(&INFO, "main", scope.name("api"), &spec));
}
