//! Tests of the graph in every format.

use super::*;

fn types() -> Vec<&'static TypeInfo> {
    crate::resources::TYPES.iter().map(|t| t.info()).collect()
}

fn stack() -> Stack {
    crate::stack::parse(include_str!("../../../stack.yaml"), "stack.yaml").unwrap()
}

#[test]
fn every_format_shows_every_part_and_every_way() {
    let graph = Graph::new(&stack(), types(), None);
    for text in [graph.mermaid(), graph.dot(), graph.svg()] {
        for part in [
            "Browser",
            "CloudFront + WAF",
            "API Gateway + WAF",
            "Lambda: createOrder",
            "DynamoDB: Orders",
            "GET /products",
            "PutItem",
        ] {
            assert!(text.contains(part), "{part} not in:\n{text}");
        }
    }
}

#[test]
fn a_stack_without_site_or_firewall_has_neither() {
    let mut bare = stack();
    (bare.site, bare.cdn, bare.waf) = (None, None, None);
    let text = Graph::new(&bare, types(), None).mermaid();
    assert!(
        !text.contains("CloudFront") && !text.contains("WAF") && text.contains("API Gateway"),
        "{text}"
    );
}

#[test]
fn what_calls_a_function_is_shown() {
    let text = "name: shop\nregion: us-east-1\ntables:\n  Orders: { key: id }\nfunctions:\n  \
                audit: { crate: a, on: { table: Orders } }\n  tidy: { crate: a, schedule: rate(1 \
                day) }\n";
    let stack = crate::stack::parse(text, "stack.yaml").unwrap();
    let graph = Graph::new(&stack, types(), None);
    for text in [graph.mermaid(), graph.dot(), graph.svg()] {
        for part in ["changes", "rate(1 day)", "EventBridge"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    assert!(graph.dot().contains("table_Orders -> function_audit"), "{}", graph.dot());
}

#[test]
fn a_plan_colours_what_changes_and_shows_what_goes() {
    use crate::model::Cause;
    use crate::render::samples;
    let step = |address, op| samples::step(address, "T", op, Cause::Change, vec![]);
    let plan = samples::plan(vec![
        step("role.createOrder", Op::Update),
        step("table.Orders", Op::Create),
        step("table.Old", Op::Delete),
        step("log_group.x", Op::Delete),
    ]);
    let text = Graph::new(&stack(), types(), Some(&plan)).mermaid();
    for line in [
        "style function_createOrder fill:#fbe3a6",
        "style table_Orders fill:#c5e8c9",
        "gone_table_Old[(\"DynamoDB: Old, goes\")]",
        "style gone_table_Old fill:#f6c1c1",
        "style table_Products fill:#e8f1ee",
    ] {
        assert!(text.contains(line), "{line} not in:\n{text}");
    }
    assert!(!text.contains("log_group"));
}

/// Two routes to one function are one line with two labels, which do not lie on each other.
#[test]
fn labels_of_one_line_stand_under_each_other() {
    let source = include_str!("../../../stack.yaml")
        .replace("POST /orders: createOrder", "POST /orders: listProducts");
    let svg = Graph::new(&crate::stack::parse(&source, "stack.yaml").unwrap(), types(), None).svg();
    let height = |label: &str| {
        let line = svg.lines().find(|l| l.contains(&format!(">{label}<"))).unwrap();
        line.split("y=\"").nth(1).unwrap().split('"').next().unwrap().parse::<usize>().unwrap()
    };
    assert_eq!(height("HEAD /products").abs_diff(height("GET /products")), LABEL);
}

#[test]
fn names_cannot_break_out_of_the_svg() {
    assert_eq!(escaped("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
}
