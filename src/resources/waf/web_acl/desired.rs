//! The web ACLs of a stack: one for CloudFront, one for the API.

use super::INFO;
use super::spec::{WafRuleSpec, WebAclSpec};
use crate::model::Desired;
use crate::resources::context::{Context, Wanted};
use crate::resources::waf::{CLOUDFRONT, firewalls};
use crate::stack::{Waf, WafScope};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn web_acls(context: &Context<'_>, wanted: &mut Wanted) {
    let Some(waf) = &context.stack.waf else { return };
    for (id, waf_scope) in firewalls(context.stack) {
        wanted.push(web_acl(context, waf, id, waf_scope));
    }
}

fn web_acl(context: &Context<'_>, waf: &Waf, id: &str, waf_scope: &str) -> Desired {
    let scope = context.scope;
    let name = scope.name(id);
    let place = if waf_scope == CLOUDFRONT { WafScope::Site } else { WafScope::Api };
    let spec = WebAclSpec {
        tags: context.tags(id),
        scope: waf_scope.into(),
        description: format!("Firewall of stack {} env {}", scope.stack, scope.env),
        default_action: "ALLOW".into(),
        metric_name: name.clone(),
        rules: rules(waf, place),
    };
    context.resource(&INFO, id, name, &spec)
}

/// The rate rule first, since it is the cheapest to evaluate; then the groups in the order of
/// stack.yaml.
fn rules(waf: &Waf, place: WafScope) -> BTreeMap<String, WafRuleSpec> {
    let rate = WafRuleSpec {
        priority: 0,
        kind: "rate".into(),
        group: String::new(),
        limit: i64::from(waf.rate_limit),
        action: "block".into(),
        metrics: true,
        sampled: true,
        count: BTreeSet::new(),
    };
    let mut rules = BTreeMap::from([("rate-per-ip".to_string(), rate)]);
    let here = waf.managed_groups.iter().filter(|entry| entry.scope.covers(place));
    for (position, entry) in here.enumerate() {
        let group = entry.group;
        let rule = WafRuleSpec {
            priority: i32::try_from(position).unwrap_or(i32::MAX - 1) + 1,
            kind: "managed".into(),
            group: group.aws().into(),
            limit: 0,
            action: "none".into(),
            metrics: true,
            sampled: true,
            count: entry.count.iter().cloned().collect(),
        };
        rules.insert(group.aws().trim_start_matches("AWSManagedRules").to_string(), rule);
    }
    rules
}
