//! Makes findings about one policy or setting: id, place, controls and the fix that works.

use super::fixes::{short_name, true_fix};
use super::sides::Pair;
use super::{Finding, Input, Severity, Side, rules};

pub(super) const RESTORE: &str =
    "run `shopstack up`: it puts back what stack.yaml says; then find out who changed it";
pub(super) const REMOVE: &str = "run `shopstack up`: it takes this away; what a function needs \
                                 belongs in its grants in stack.yaml";
const SHARED: &str = "`shopstack up` never changes a role that other stacks rely on: put it back \
                      by hand as it is wanted here, in the IAM console, and find out who changed \
                      it";

pub(super) struct Maker<'a> {
    pub pair: &'a Pair,
    pub input: &'a Input<'a>,
    pub found: Vec<Finding>,
}

impl Maker<'_> {
    pub fn add(
        &mut self,
        rule: &str,
        severity: Severity,
        sid: Option<&str>,
        side: Side,
        message: String,
        fix: String,
    ) {
        let pair = self.pair;
        let kind = short_name(pair.kind);
        let parts =
            [Some(pair.address.as_str()), Some(kind), pair.policy.as_deref(), sid, Some(rule)];
        self.found.push(Finding {
            id: parts.into_iter().flatten().collect::<Vec<_>>().join("/"),
            rule: rule.into(),
            severity,
            surface: pair.kind,
            address: pair.address.clone(),
            name: pair.name.clone(),
            policy: pair.policy.clone(),
            sid: sid.map(str::to_string),
            side,
            location: self.input.location(&pair.address, sid),
            message,
            fix: if pair.shared {
                SHARED.into()
            } else {
                true_fix(pair, &self.input.scope.region, fix)
            },
            frameworks: rules::find(rule).map(rules::Rule::frameworks).unwrap_or_default(),
            exception: None,
        });
    }
}
