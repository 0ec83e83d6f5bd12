//! An SVG of access: principals on the left, the resources that they reach on the right.

use super::words::escape;
use crate::report::{Access, Report};
use std::collections::{BTreeMap, BTreeSet};

/// A picture with more lines is unreadable; the tables have all of them.
const MOST: usize = 40;
const ROW: usize = 34;
const WIDTH: usize = 900;
const BOX: usize = 270;

/// Principal, what it reaches, and the actions on it.
type Edge = (String, String, BTreeSet<String>);

/// The picture; empty where nothing is allowed.
pub(super) fn picture(report: &Report) -> String {
    let all = edges(&report.access);
    if all.is_empty() {
        return String::new();
    }
    let shown = all.get(..all.len().min(MOST)).unwrap_or_default();
    let height = shown.len() * ROW + 10;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"reach\">\
         <title id=\"reach\">Who may reach what: {} accesses</title>",
        all.len()
    );
    let mut last = "";
    for (position, (who, what, actions)) in shown.iter().enumerate() {
        let top = position * ROW + 8;
        let middle = top + 12;
        if who != last {
            svg.push_str(&label(4, top, who, if who == "anyone" { "open" } else { "who" }));
            last = who;
        }
        let (from, to) = (BOX + 8, WIDTH - BOX - 12);
        svg.push_str(&format!(
            "<path class=\"edge\" d=\"M{from} {middle}H{to}\"/>\
             <path class=\"tip\" d=\"M{to} {middle}l-7 -4v8z\"/>"
        ));
        let words = cut(&actions.iter().map(String::as_str).collect::<Vec<_>>().join(", "), 46);
        let centre = WIDTH / 2;
        svg.push_str(&format!(
            "<text class=\"act\" x=\"{centre}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            middle - 3,
            escape(&words)
        ));
        svg.push_str(&label(WIDTH - BOX - 6, top, what, "what"));
    }
    svg.push_str("</svg>");
    let more = all.len() - shown.len();
    if more > 0 {
        svg.push_str(&format!("<p>{more} more accesses stand in the tables below.</p>"));
    }
    svg
}

fn label(x: usize, y: usize, text: &str, class: &str) -> String {
    format!(
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{BOX}\" height=\"24\" rx=\"4\"/>\
         <text x=\"{}\" y=\"{}\">{}</text>",
        x + 8,
        y + 16,
        escape(&cut(text, 40))
    )
}

/// Accesses that allow, one edge for each pair, with those of `anyone` first.
fn edges(access: &[Access]) -> Vec<Edge> {
    let mut all: BTreeMap<(bool, String, String), BTreeSet<String>> = BTreeMap::new();
    for one in access.iter().filter(|a| a.effect == "Allow") {
        let key = (one.principal != "anyone", short(&one.principal), short(&one.resource));
        let action = one.action.split_once(':').map_or(one.action.as_str(), |(_, name)| name);
        all.entry(key).or_default().insert(action.to_string());
    }
    all.into_iter().map(|((_, who, what), actions)| (who, what, actions)).collect()
}

/// The last parts of an ARN; the whole of anything else.
fn short(text: &str) -> String {
    if let Some((route, _)) = text.strip_prefix("route ").and_then(|r| r.split_once(" -> ")) {
        return format!("route {route}");
    }
    if !text.starts_with("arn:") {
        return text.to_string();
    }
    let mut parts = text.splitn(6, ':');
    let (service, rest) = (parts.nth(2).unwrap_or_default(), parts.nth(2).unwrap_or_default());
    format!("{service} {rest}")
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{kept}…")
}
