//! A picture of the stack as its user thinks of it: browser, CDN and firewall, site; API,
//! functions, tables.

use crate::model::{Address, Op, Plan};
use crate::stack::Stack;
use std::collections::BTreeMap;

/// One box; `column` is its distance from the browser.
struct Node {
    id: String,
    title: String,
    kind: &'static str,
    column: usize,
    /// Addresses whose change colours the box.
    addresses: Vec<Address>,
}

/// The picture before it is drawn in one of the formats.
pub struct Graph {
    nodes: Vec<Node>,
    /// From, to, label.
    edges: Vec<(String, String, String)>,
    changes: BTreeMap<Address, Op>,
    /// Whether a plan was given, and colours say something.
    planned: bool,
}

impl Graph {
    /// The stack's picture; with a plan, boxes that it changes are coloured.
    pub fn new(stack: &Stack, plan: Option<&Plan>) -> Self {
        let changes = plan
            .map(|p| p.steps.iter().map(|s| (s.address.clone(), s.op)).collect())
            .unwrap_or_default();
        let mut graph = Self { nodes: vec![], edges: vec![], changes, planned: plan.is_some() };
        graph.node("browser", "Browser", "person", 0, &[]);
        let waf = stack.waf.is_some();
        if stack.site.is_some() {
            let title = if waf { "CloudFront + WAF" } else { "CloudFront" };
            let parts = [
                ("distribution", "site"),
                ("oac", "site"),
                ("headers", "site"),
                ("web_acl", "cdn"),
            ];
            graph.node("cdn", title, "edge", 1, &parts);
            let parts = [("bucket", "site"), ("bucket_policy", "site"), ("objects", "site")];
            graph.node("site", "S3: site", "store", 2, &parts);
            graph.edge("browser", "cdn", "https");
            graph.edge("cdn", "site", "OAC");
        }
        if let Some(api) = &stack.api {
            let title = if waf { "API Gateway + WAF" } else { "API Gateway" };
            let parts = [
                ("api", "main"),
                ("routes", "main"),
                ("stage", "main"),
                ("web_acl", "api"),
                ("association", "api"),
            ];
            graph.node("api", title, "edge", 1, &parts);
            graph.edge("browser", "api", "https");
            for route in &api.routes {
                graph.edge("api", &format!("function_{}", route.function), &route.key());
            }
        }
        for (id, function) in &stack.functions {
            let name = format!("function_{id}");
            let parts =
                [("function", id.as_str()), ("role", id.as_str()), ("permission", id.as_str())];
            graph.node(&name, &format!("Lambda: {id}"), "code", 2, &parts);
            for grant in &function.grants {
                let actions: Vec<_> =
                    grant.actions.iter().map(|a| a.trim_start_matches("dynamodb:")).collect();
                graph.edge(&name, &format!("table_{}", grant.table), &actions.join(", "));
            }
        }
        for id in stack.tables.keys() {
            graph.node(
                &format!("table_{id}"),
                &format!("DynamoDB: {id}"),
                "store",
                3,
                &[("table", id)],
            );
        }
        graph.goes();
        graph
    }

    /// Boxes for what the plan deletes and stack.yaml no longer has; nothing leads to them any
    /// more.
    fn goes(&mut self) {
        let drawn: Vec<Address> = self.nodes.iter().flat_map(|n| n.addresses.clone()).collect();
        let gone: Vec<Address> = self
            .changes
            .iter()
            .filter(|(a, op)| **op == Op::Delete && !drawn.contains(a))
            .map(|(a, _)| a.clone())
            .collect();
        for address in gone {
            let (title, kind, column) = match address.group() {
                "table" => ("DynamoDB", "store", 3),
                "function" => ("Lambda", "code", 2),
                "bucket" => ("S3", "store", 2),
                "distribution" => ("CloudFront", "edge", 1),
                "api" => ("API Gateway", "edge", 1),
                _ => continue,
            };
            let (group, id) = (address.group().to_string(), address.id().to_string());
            self.node(
                &format!("gone_{group}_{id}"),
                &format!("{title}: {id}, goes"),
                kind,
                column,
                &[(&group, &id)],
            );
        }
    }

    fn node(
        &mut self,
        id: &str,
        title: &str,
        kind: &'static str,
        column: usize,
        parts: &[(&str, &str)],
    ) {
        let addresses = parts.iter().map(|(group, id)| Address::new(group, id)).collect();
        self.nodes.push(Node { id: id.into(), title: title.into(), kind, column, addresses });
    }

    fn edge(&mut self, from: &str, to: &str, label: &str) {
        self.edges.push((from.into(), to.into(), label.into()));
    }

    /// Fill colour of a box: by the heaviest change in it, else by its kind.
    fn fill(&self, node: &Node) -> &'static str {
        let ops: Vec<Op> =
            node.addresses.iter().filter_map(|a| self.changes.get(a).copied()).collect();
        if ops.iter().any(|op| matches!(op, Op::Delete | Op::Replace)) {
            GOES
        } else if !ops.is_empty() && ops.iter().all(|op| *op == Op::Create) {
            NEW
        } else if !ops.is_empty() {
            CHANGES
        } else {
            match node.kind {
                "person" => "#ffffff",
                "edge" => "#e3ecf8",
                "code" => "#efe7f7",
                _ => "#e8f1ee",
            }
        }
    }

    /// Mermaid flowchart, as GitHub renders it.
    pub fn mermaid(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        for node in &self.nodes {
            let (open, close) = match node.kind {
                "person" => ("([", "])"),
                "store" => ("[(", ")]"),
                _ => ("[", "]"),
            };
            out.push_str(&format!("  {}{open}\"{}\"{close}\n", node.id, node.title));
        }
        for (from, to, label) in &self.edges {
            out.push_str(&format!("  {from} -->|\"{label}\"| {to}\n"));
        }
        for node in &self.nodes {
            out.push_str(&format!(
                "  style {} fill:{},stroke:#555,color:#111\n",
                node.id,
                self.fill(node)
            ));
        }
        out
    }

    /// Graphviz.
    pub fn dot(&self) -> String {
        let mut out = String::from(
            "digraph stack {\n  rankdir=LR;\n  node [style=filled, fontname=\"sans-serif\"];\n",
        );
        for node in &self.nodes {
            let shape = match node.kind {
                "person" => "oval",
                "store" => "cylinder",
                _ => "box",
            };
            let fill = self.fill(node);
            out.push_str(&format!(
                "  {} [label=\"{}\", shape={shape}, fillcolor=\"{fill}\"];\n",
                node.id, node.title
            ));
        }
        for (from, to, label) in &self.edges {
            out.push_str(&format!("  {from} -> {to} [label=\"{label}\"];\n"));
        }
        out.push_str("}\n");
        out
    }

    /// A self-contained SVG: one column per step away from the browser, boxes spread over its
    /// height.
    pub fn svg(&self) -> String {
        let columns = self.nodes.iter().map(|n| n.column).max().unwrap_or(0) + 1;
        let tallest = (0..columns).map(|c| self.column(c).count()).max().unwrap_or(1);
        let (width, height) =
            (columns * (BOX.0 + GAP.0) - GAP.0 + 40, tallest * (BOX.1 + GAP.1) + 40);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
             font-size=\"13\" role=\"img\" aria-label=\"The stack\">\n<defs><marker id=\"a\" markerWidth=\"8\" \
             markerHeight=\"8\" refX=\"8\" refY=\"4\" orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\" fill=\"#555\"/>\
             </marker></defs>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
        );
        for ((from, to), labels) in self.ways() {
            let (Some(a), Some(b)) = (self.place(from, height), self.place(to, height)) else {
                continue;
            };
            let (x1, y1, x2, y2) = (a.0 + BOX.0, a.1 + BOX.1 / 2, b.0, b.1 + BOX.1 / 2);
            out.push_str(&format!(
                "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"#555\" marker-end=\"url(#a)\"/>\n"
            ));
            // A white rim keeps the words apart from the lines they stand on; several stand under
            // each other.
            let top = usize::midpoint(y1, y2) + 4;
            let top = top.saturating_sub(LABEL * (labels.len() - 1) / 2);
            for (row, label) in labels.iter().enumerate() {
                out.push_str(&format!(
                    "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\" fill=\"#333\" stroke=\"#fff\" \
                     stroke-width=\"5\" stroke-linejoin=\"round\" paint-order=\"stroke\">{}</text>\n",
                    usize::midpoint(x1, x2),
                    top + row * LABEL,
                    escaped(label)
                ));
            }
        }
        for node in &self.nodes {
            let Some((x, y)) = self.place(&node.id, height) else {
                continue;
            };
            out.push_str(&format!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"{}\" stroke=\"#555\"/>\n\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                BOX.0,
                BOX.1,
                self.fill(node),
                x + BOX.0 / 2,
                y + BOX.1 / 2 + 5,
                escaped(&node.title)
            ));
        }
        if self.planned {
            for (index, (fill, word)) in
                [(NEW, "new"), (CHANGES, "changes"), (GOES, "goes or is replaced")]
                    .into_iter()
                    .enumerate()
            {
                let x = 20 + index * 90;
                out.push_str(&format!(
                    "<rect x=\"{x}\" y=\"{}\" width=\"14\" height=\"14\" rx=\"3\" fill=\"{fill}\" stroke=\"#555\"/>\n\
                     <text x=\"{}\" y=\"{}\" font-size=\"11\" fill=\"#333\">{word}</text>\n",
                    height - 22,
                    x + 20,
                    height - 11
                ));
            }
        }
        out.push_str("</svg>\n");
        out
    }

    /// What is said along each line between two boxes.
    fn ways(&self) -> BTreeMap<(&str, &str), Vec<&str>> {
        let mut ways: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for (from, to, label) in &self.edges {
            ways.entry((from, to)).or_default().push(label);
        }
        ways
    }

    fn column(&self, column: usize) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |n| n.column == column)
    }

    /// Upper left corner of a box.
    fn place(&self, id: &str, height: usize) -> Option<(usize, usize)> {
        let node = self.nodes.iter().find(|n| n.id == id)?;
        let (count, row) =
            (self.column(node.column).count(), self.column(node.column).position(|n| n.id == id)?);
        let slot = height / count.max(1);
        Some((20 + node.column * (BOX.0 + GAP.0), slot * row + slot / 2 - BOX.1 / 2))
    }
}

/// Fills of boxes that a plan touches.
const NEW: &str = "#c5e8c9";
const CHANGES: &str = "#fbe3a6";
const GOES: &str = "#f6c1c1";
/// Width and height of a box, and the room between boxes.
const BOX: (usize, usize) = (180, 46);
const GAP: (usize, usize) = (140, 40);
/// Height of a line of a label.
const LABEL: usize = 14;

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack() -> Stack {
        crate::stack::parse(include_str!("../../stack.yaml"), "stack.yaml").unwrap()
    }

    #[test]
    fn every_format_shows_every_part_and_every_way() {
        let graph = Graph::new(&stack(), None);
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
    fn the_picture_of_the_readme_is_that_of_the_shop() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures/graph.svg");
        let svg = Graph::new(&stack(), None).svg();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &svg).unwrap();
        }
        assert!(
            std::fs::read_to_string(path).unwrap_or_default() == svg,
            "UPDATE_GOLDEN=1 draws it anew"
        );
    }

    #[test]
    fn a_stack_without_site_or_firewall_has_neither() {
        let mut bare = stack();
        (bare.site, bare.cdn, bare.waf) = (None, None, None);
        let text = Graph::new(&bare, None).mermaid();
        assert!(
            !text.contains("CloudFront") && !text.contains("WAF") && text.contains("API Gateway"),
            "{text}"
        );
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
        let text = Graph::new(&stack(), Some(&plan)).mermaid();
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
        let source = include_str!("../../stack.yaml")
            .replace("POST /orders: createOrder", "POST /orders: listProducts");
        let svg = Graph::new(&crate::stack::parse(&source, "stack.yaml").unwrap(), None).svg();
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
}
