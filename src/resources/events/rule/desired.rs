//! The rules of a stack: one for each function with a schedule.

use super::INFO;
use super::spec::RuleSpec;
use crate::model::{Address, Desired};
use crate::resources::context::{Context, Wanted};
use std::collections::{BTreeMap, BTreeSet};

/// Id of the only target.
const TARGET: &str = "function";

pub(super) fn rules(context: &Context<'_>, wanted: &mut Wanted) {
    for (id, function) in &context.stack.functions {
        if let Some(schedule) = &function.schedule {
            wanted.push(rule(context, id, schedule));
        }
    }
}

fn rule(context: &Context<'_>, id: &str, schedule: &str) -> Desired {
    let name = context.scope.name(id);
    let spec = RuleSpec {
        tags: context.tags(id),
        description: format!("Calls the function {name}"),
        schedule: schedule.to_string(),
        event_pattern: None,
        enabled: true,
        targets: BTreeMap::from([(TARGET.to_string(), context.function_arn(id))]),
    };
    let mut desired = context.resource(&INFO, id, name, &spec);
    // A call that comes before the right to it fails.
    desired.depends_on =
        BTreeSet::from([Address::new("function", id), Address::new("permission", id)]);
    desired
}
