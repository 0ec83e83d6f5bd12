//! Rules for the firewall: something to protect, each group once, and rules that the group has.

use super::context::Context;
use crate::stack::error::{quote, suggest};
use crate::stack::{Waf, WafGroup, WafScope};

pub(super) fn check(context: &mut Context) {
    let Some(waf) = &context.stack.waf else { return };
    let Waf { managed_groups, rate_limit: _ } = waf;
    let (has_api, has_site) = (context.stack.api.is_some(), context.stack.site.is_some());
    if context.references && !has_api && !has_site {
        let help = Some("add one of them, or remove `waf`".to_string());
        let problem = Err("needs an `api` or a `site` to protect".to_string());
        context.key(&["waf"], "`waf`", problem, help);
        return;
    }
    for (position, WafGroup { group, scope, count }) in managed_groups.iter().enumerate() {
        let i = position.to_string();
        let place = ["waf", "managed_groups", i.as_str()];
        if managed_groups.iter().take(position).any(|earlier| earlier.group == *group) {
            let name = serde_json::to_value(group).unwrap_or_default();
            let name = name.as_str().unwrap_or_default();
            let help = Some("keep one of the two".to_string());
            context.at_value(&place, format!("the group {} stands here twice", quote(name)), help);
        }

        let (missing, word) = match scope {
            WafScope::Site => (!has_site, "site"),
            WafScope::Api => (!has_api, "api"),
            WafScope::Both => (false, ""),
        };
        if context.references && missing {
            let place = ["waf", "managed_groups", i.as_str(), "scope"];
            let help = Some(format!("add `{word}`, or leave `scope` out"));
            let problem = Err(format!("needs a `{word}` in this stack"));
            context.value(&place, &format!("the scope {}", quote(word)), problem, help);
        }

        for (j, rule) in count.iter().enumerate() {
            let j = j.to_string();
            let place = ["waf", "managed_groups", i.as_str(), "count", j.as_str()];
            if !group.rules().contains(&rule.as_str()) {
                let what = format!("{} has no rule {}", group.aws(), quote(rule));
                context.at_value(&place, what, suggest(rule, group.rules(), "it has"));
            }
        }
    }
}
