//! The event sources of a stack: one for each function that hears of a table's changes.

use super::INFO;
use super::spec::EventSourceSpec;
use crate::model::{Address, Desired};
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::{Function, TableEvents};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The key of the context that holds the stream's ARN, which is known once the table has one.
pub(super) const STREAM: &str = "stream_arn";

pub(super) fn event_sources(context: &Context<'_>, wanted: &mut Wanted) {
    for (id, function) in &context.stack.functions {
        if let Some(on) = &function.on {
            wanted.push(event_source(context, id, function, on));
        }
    }
}

fn event_source(context: &Context<'_>, id: &str, function: &Function, on: &TableEvents) -> Desired {
    let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let spec = EventSourceSpec {
        table: context.table_arn(&on.table),
        enabled: true,
        batch_size: number(on.batch),
        retries: number(on.retries),
        bisect: true,
        dead_letter: function.dead_letter.clone(),
        extras: BTreeMap::new(),
    };
    let mut desired = context.resource(&INFO, id, context.scope.name(id), &spec);
    desired.context = json!({STREAM: reference("table", &on.table, STREAM)});
    // Lambda looks whether the role may read the stream.
    desired.depends_on = BTreeSet::from([Address::new("function", id), Address::new("role", id)]);
    desired
}
