//! Files of the repository that the code generates are those that it would generate now.

use crate::support::generated::assert_generated;
use serde_json::Value;
use shopstack::render::{document, graph::Graph};
use shopstack::stack;
use std::collections::BTreeSet;

fn pretty(schema: &Value) -> String {
    serde_json::to_string_pretty(schema).unwrap() + "\n"
}

#[test]
fn the_schema_of_stacks_is_the_one_that_the_types_give() {
    assert_generated("stack.schema.json", &pretty(&stack::json_schema()));
}

#[test]
fn the_schema_of_plans_is_the_one_that_the_types_give() {
    assert_generated("plan.schema.json", &pretty(&document::json_schema()));
}

/// `run.sh` holds this list against the requests of all tests.
#[test]
fn the_list_of_declared_calls_is_that_of_the_types() {
    let own = shopstack::aws::calls::list_calls();
    let types = shopstack::resources::declared_calls();
    let all: BTreeSet<&str> = types.iter().chain(own).map(|call| call.operation).collect();
    let text: String = all.into_iter().map(|operation| format!("{operation}\n")).collect();
    assert_generated("tests/golden/declared-calls.txt", &text);
}

#[test]
fn the_picture_of_the_readme_is_that_of_the_shop() {
    let stack = stack::parse(include_str!("../../stack.yaml"), "stack.yaml").unwrap();
    let types = shopstack::resources::TYPES.iter().map(|t| t.info()).collect();
    assert_generated("docs/pictures/graph.svg", &Graph::new(&stack, types, None).svg());
}
