//! Every kind of plan as text, Markdown and JSON against snapshots; text at 80 and 120 columns,
//! plain and in colour.

use super::text;
use crate::model::Plan;
use crate::plan::secret::Seal;
use crate::render::snapshot::assert_snapshot;
use crate::render::{json, markdown, samples, style::Style};
use serde_json::json;

/// All looks of a plan as one text; escapes are written out, so that it can be read.
fn looks(name: &str, plan: &Plan) -> String {
    let mut all = String::new();
    for verbose in [false, true] {
        for (width, color) in [(80, false), (120, false), (80, true), (120, true)] {
            let look = format!(
                "{}{}",
                if color { ", colour" } else { "" },
                if verbose { ", -v" } else { "" }
            );
            let shown = text(plan, Style { width, color }, verbose);
            all.push_str(&format!(
                "=== {width} columns{look}\n{}",
                shown.replace('\u{1b}', "<ESC>")
            ));
            for line in shown.lines().filter(|_| !color) {
                assert!(line.chars().count() <= width, "{name}: wider than {width}: {line}");
            }
        }
    }
    all
}

fn document(plan: &Plan) -> String {
    let seal = Seal { salt: "0123456789abcdef".into() };
    serde_json::to_string_pretty(&json::plan(plan, json!({"read": 31, "write": 0}), &seal)).unwrap()
        + "\n"
}

#[test]
fn every_kind_of_change_reads_as_its_snapshots_say() {
    for (name, plan) in samples::named_plans() {
        assert_snapshot(&format!("plan_{name}.txt"), &looks(name, &plan));
        assert_snapshot(&format!("plan_{name}.md"), &markdown::plan(&plan));
        assert_snapshot(&format!("plan_{name}.json"), &document(&plan));
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    for (name, plan) in samples::named_plans() {
        for verbose in [false, true] {
            let plain = text(&plan, Style { width: 80, color: false }, verbose);
            let coloured = text(&plan, Style { width: 80, color: true }, verbose);
            let mut bare = String::new();
            for (index, part) in coloured.split("\u{1b}[").enumerate() {
                bare.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
            }
            assert_eq!(bare, plain, "{name}");
        }
    }
}

#[test]
fn losses_are_told_in_one_block_behind_everything_else() {
    let plan = samples::named_plans().into_iter().find(|(name, _)| *name == "losses").unwrap().1;
    let shown = text(&plan, Style { width: 160, color: false }, false);
    let lines: Vec<&str> = shown.lines().collect();
    let head = lines.iter().position(|l| l.starts_with("This loses data")).unwrap();
    let block: Vec<&&str> = lines[head + 1..].iter().take_while(|l| !l.is_empty()).collect();
    assert_eq!(block.len(), 3, "{shown}");
    let summary = head + block.len() + 2;
    assert!(lines[summary].starts_with("Plan: ") && lines.len() == summary + 1, "{shown}");
    assert!(!lines[..head].iter().any(|l| l.contains("12 items")), "{shown}");
}

#[test]
fn secrets_show_nowhere() {
    let plan = samples::secrets();
    for shown in [text(&plan, Style::PLAIN, true), markdown::plan(&plan), document(&plan)] {
        assert!(!shown.contains("hush"), "{shown}");
    }
    assert!(text(&plan, Style::PLAIN, true).contains("variable TABLE: a → b"));
    assert!(document(&plan).contains("\"unknown\": true"));
}
