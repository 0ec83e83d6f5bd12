//! A picture of the stack as its user thinks of it: browser, CDN and firewall, site; API,
//! functions, tables.

#[cfg(test)]
mod tests;

use crate::model::type_info::GraphRole;
use crate::model::{Address, Op, Plan, TypeInfo};
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
    /// True if a plan was given, so that colours have a meaning.
    planned: bool,
    types: Vec<&'static TypeInfo>,
}

/// The head of the lines between boxes.
const ARROW: &str = "<defs><marker id=\"a\" markerWidth=\"8\" markerHeight=\"8\" refX=\"8\" \
    refY=\"4\" orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\" fill=\"#555\"/></marker></defs>\n";

impl Graph {
    /// The stack's picture; with a plan, boxes that it changes are coloured.
    pub fn new(stack: &Stack, types: Vec<&'static TypeInfo>, plan: Option<&Plan>) -> Self {
        let changes = plan
            .map(|p| p.steps.iter().map(|s| (s.address.clone(), s.op)).collect())
            .unwrap_or_default();
        let mut graph =
            Self { nodes: vec![], edges: vec![], changes, planned: plan.is_some(), types };
        if stack.site.is_some() || stack.api.is_some() {
            graph.node("browser", "Browser", "person", 0, "", None);
        }
        let waf = stack.waf.is_some();
        if stack.site.is_some() {
            let title = if waf { "CloudFront + WAF" } else { "CloudFront" };
            graph.node("cdn", title, "edge", 1, "distribution", None);
            graph.node("site", "S3: site", "store", 2, "bucket", None);
            graph.edge("browser", "cdn", "https");
            graph.edge("cdn", "site", "OAC");
        }
        if let Some(api) = &stack.api {
            let title = if waf { "API Gateway + WAF" } else { "API Gateway" };
            graph.node("api", title, "edge", 1, "api", None);
            graph.edge("browser", "api", "https");
            for route in &api.routes {
                graph.edge("api", &format!("function_{}", route.function), &route.key());
            }
            for (id, authorizer) in &api.authorizers {
                if let Some(function) = &authorizer.function {
                    let label = format!("authorizer {id}");
                    graph.edge("api", &format!("function_{function}"), &label);
                }
            }
        }
        if stack.functions.values().any(|function| function.schedule.is_some()) {
            graph.node("clock", "EventBridge", "edge", 1, "", None);
        }
        for (id, function) in &stack.functions {
            let name = format!("function_{id}");
            graph.node(&name, &format!("Lambda: {id}"), "code", 2, "function", Some(id));
            for grant in &function.grants {
                let actions: Vec<_> =
                    grant.actions.iter().map(|a| a.trim_start_matches("dynamodb:")).collect();
                graph.edge(&name, &format!("table_{}", grant.table), &actions.join(", "));
            }
            if let Some(events) = &function.on {
                graph.edge(&format!("table_{}", events.table), &name, "changes");
            }
            if let Some(schedule) = &function.schedule {
                graph.edge("clock", &name, schedule);
            }
        }
        for id in stack.tables.keys() {
            let name = format!("table_{id}");
            graph.node(&name, &format!("DynamoDB: {id}"), "store", 3, "table", Some(id));
        }
        graph.add_deleted();
        graph
    }

    /// Boxes for what the plan deletes and stack.yaml no longer has; nothing leads to them any
    /// more.
    fn add_deleted(&mut self) {
        let drawn: Vec<Address> = self.nodes.iter().flat_map(|n| n.addresses.clone()).collect();
        let gone: Vec<Address> = self
            .changes
            .iter()
            .filter(|(a, op)| **op == Op::Delete && !drawn.contains(a))
            .map(|(a, _)| a.clone())
            .collect();
        for address in gone {
            let Some(GraphRole::Node { title, kind, column }) = self.role(&address) else {
                continue;
            };
            let (group, id) = (address.group().to_string(), address.id().to_string());
            self.nodes.push(Node {
                id: format!("gone_{group}_{id}"),
                title: format!("{title}: {id}, goes"),
                kind,
                column,
                addresses: vec![address],
            });
        }
    }

    /// Adds a box for the resources of a group and all that is drawn as part of them: of one
    /// logical id, or of every id.
    fn node(
        &mut self,
        name: &str,
        title: &str,
        kind: &'static str,
        column: usize,
        group: &'static str,
        id: Option<&str>,
    ) {
        let drawn = |address: &&Address| {
            let own = address.group() == group;
            let part = match self.role(address) {
                Some(GraphRole::PartOf(of)) => of(address.id()) == group,
                _ => false,
            };
            (own || part) && id.is_none_or(|id| id == address.id())
        };
        let addresses = self.changes.keys().filter(drawn).cloned().collect();
        self.nodes.push(Node { id: name.into(), title: title.into(), kind, column, addresses });
    }

    fn role(&self, address: &Address) -> Option<GraphRole> {
        self.types.iter().find(|info| info.group == address.group()).map(|info| info.graph)
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

    /// Where a way starts and ends: x and y of both, in pixels.
    fn ends(&self, from: &str, to: &str, height: usize) -> Option<(usize, usize, usize, usize)> {
        let (a, b) = (self.place(from, height)?, self.place(to, height)?);
        let middle = BOX.1 / 2;
        if a.0 <= b.0 {
            return Some((a.0 + BOX.0, a.1 + middle, b.0, b.1 + middle));
        }
        // A way back, from a table to the function that hears of its changes, is lower than the way
        // there.
        Some((a.0, a.1 + middle + LABEL, b.0 + BOX.0, b.1 + middle + LABEL))
    }

    /// A self-contained SVG: one column per step away from the browser, boxes spread over its
    /// height.
    pub fn svg(&self) -> String {
        let columns = self.nodes.iter().map(|n| n.column).max().unwrap_or(0) + 1;
        let tallest = (0..columns).map(|c| self.column(c).count()).max().unwrap_or(1);
        let (width, height) =
            (columns * (BOX.0 + GAP.0) - GAP.0 + 40, tallest * (BOX.1 + GAP.1) + 40);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"sans-serif\" font-size=\"13\" role=\"img\" aria-label=\"The stack\">\n\
             {ARROW}<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
        );
        for ((from, to), labels) in self.ways() {
            let Some((x1, y1, x2, y2)) = self.ends(from, to, height) else {
                continue;
            };
            out.push_str(&format!(
                "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"#555\" \
                 marker-end=\"url(#a)\"/>\n"
            ));
            // A white rim keeps the words apart from the lines they stand on; several stand under
            // each other.
            let top = usize::midpoint(y1, y2) + 4;
            let top = top.saturating_sub(LABEL * (labels.len() - 1) / 2);
            for (row, label) in labels.iter().enumerate() {
                out.push_str(&format!(
                    "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\" \
                     fill=\"#333\" stroke=\"#fff\" stroke-width=\"5\" stroke-linejoin=\"round\" \
                     paint-order=\"stroke\">{}</text>\n",
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
                "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"{}\" \
                 stroke=\"#555\"/>\n\
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
                    "<rect x=\"{x}\" y=\"{}\" width=\"14\" height=\"14\" rx=\"3\" \
                     fill=\"{fill}\" stroke=\"#555\"/>\n\
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

    /// The labels along each line between two boxes.
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
