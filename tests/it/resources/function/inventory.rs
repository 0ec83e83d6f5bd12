//! What an account holds of functions, with the statements of their policies.

use crate::support::clients::Clients;
use crate::support::inventory::{Inventory, sorted};

pub async fn add(all: &mut Inventory, clients: &Clients) {
    let prefix = all.prefix();
    let lambda = &clients.lambda;
    let functions: Result<Vec<_>, _> =
        lambda.list_functions().into_paginator().items().send().collect().await;
    for function in functions.unwrap() {
        let name = function.function_name().unwrap_or_default();
        if !name.starts_with(&prefix) {
            continue;
        }
        let found = lambda.get_function().function_name(name).send().await.unwrap();
        let settings = found.configuration.unwrap();
        let mut variables = settings.environment.and_then(|e| e.variables).unwrap_or_default();
        // Random, and so another in every run.
        for value in variables.values_mut().filter(|value| value.starts_with("generated-")) {
            *value = "generated".into();
        }
        let policy =
            lambda.get_policy().function_name(name).send().await.ok().and_then(|p| p.policy);
        let policy: serde_json::Value =
            serde_json::from_str(&policy.unwrap_or_default()).unwrap_or_default();
        let statements: Vec<String> =
            policy["Statement"].as_array().into_iter().flatten().map(ToString::to_string).collect();
        let text = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} env {} policy {} tags {}",
            settings.runtime,
            settings.handler,
            settings.role,
            settings.timeout,
            settings.memory_size,
            settings.architectures,
            settings.code_sha256,
            settings.state,
            settings.logging_config,
            sorted(variables),
            sorted(statements),
            sorted(found.tags.unwrap_or_default()),
        );
        all.add(format!("function {name}"), text);
    }
}

/// Names of all functions.
pub async fn names(clients: &Clients) -> Vec<String> {
    let functions = clients.lambda.list_functions().into_paginator().items().send();
    let functions: Vec<_> = functions.collect::<Result<_, _>>().await.unwrap();
    functions.into_iter().filter_map(|function| function.function_name).collect()
}
