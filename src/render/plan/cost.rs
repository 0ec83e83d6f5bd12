//! The monthly floor of a plan: one line in all, the resources whose floor changes below it; every
//! part with -v.

use crate::model::price::PRICES;
use crate::model::{Floor, Money, Part, Plan};
use crate::render::style::{Ink, Style};

/// The block with its line ends, an empty line first; nothing where no resource has a floor.
pub fn lines(plan: &Plan, style: Style, verbose: bool) -> String {
    if plan.floors.is_empty() {
        return String::new();
    }
    let head = style.paint(Ink::Bold, "Monthly floor on AWS:");
    let (before, after) = totals(plan);
    if !verbose && plan.floors.iter().all(|f| f.before() == f.after()) {
        return format!(
            "\n{head} {after}, as before{}\n",
            style.paint(Ink::Dim, "; an estimate, see -v")
        );
    }
    let changes = if before == after {
        format!("{after}, as before")
    } else {
        format!("{before} → {after}")
    };
    let mut out = format!("\n{head} {changes}\n");
    let shown: Vec<&Floor> =
        plan.floors.iter().filter(|f| verbose || f.before() != f.after()).collect();
    let longest = shown.iter().map(|f| f.address.as_str().chars().count()).max().unwrap_or(0);
    for floor in shown {
        let line = format!("  {:longest$}  {}", floor.address.as_str(), amounts(floor));
        out.push_str(&style.cut(&line, 0));
        out.push('\n');
        if verbose {
            let parts = if floor.after.is_empty() { &floor.before } else { &floor.after };
            let line = format!("      {}", parts.iter().map(part).collect::<Vec<_>>().join(", "));
            out.push_str(&format!("{}\n", style.paint(Ink::Dim, &style.cut(&line, 0))));
        }
    }
    out.push_str(&super::paragraph(&format!("  {}", estimate()), Some(Ink::Dim), style));
    out
}

/// The cost of all resources before and after.
pub fn totals(plan: &Plan) -> (Money, Money) {
    (plan.floors.iter().map(Floor::before).sum(), plan.floors.iter().map(Floor::after).sum())
}

/// `$0.00 → $21.00`, or one amount where nothing changes.
pub fn amounts(floor: &Floor) -> String {
    match (floor.before(), floor.after()) {
        (before, after) if before == after => after.to_string(),
        (before, after) => format!("{before} → {after}"),
    }
}

/// The explanation of the figures and their limits.
pub fn estimate() -> String {
    format!(
        "An estimate for a month without visitors: list prices of {}, {}. Not in it: {}.",
        PRICES.region, PRICES.as_of, PRICES.not_included
    )
}

fn part(part: &Part) -> String {
    format!("{} {}", part.what, part.monthly)
}
