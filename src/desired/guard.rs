//! Web ACLs for whatever faces the internet, their logging, and the API's association.

use super::{Context, reference};
use crate::model::spec::to_value;
use crate::model::{Address, Desired, GLOBAL_REGION};
use crate::resources::waf::association::AssociationSpec;
use crate::resources::waf::waf_logging::WafLoggingSpec;
use crate::resources::waf::web_acl::spec::{WafRuleSpec, WebAclSpec};
use crate::stack::Waf;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn waf(context: &Context<'_>, waf: &Waf, all: &mut Vec<Desired>) {
    if context.stack.site.is_some() {
        acl(context, waf, "cdn", "CLOUDFRONT", all);
    }
    if context.stack.api.is_some() {
        acl(context, waf, "api", "REGIONAL", all);
        let spec = AssociationSpec {
            web_acl_arn: reference("web_acl", "api", "arn"),
            resource_arn: reference("stage", "main", "arn"),
        };
        all.push(context.resource(
            "association",
            "api",
            "AWS::WAFv2::WebACLAssociation",
            context.scope.name("api"),
            to_value(&spec),
        ));
    }
}

fn acl(context: &Context<'_>, waf: &Waf, id: &str, scope: &str, all: &mut Vec<Desired>) {
    let name = context.scope.name(id);
    let region = if scope == "CLOUDFRONT" { GLOBAL_REGION } else { &context.scope.region };
    let log_group = format!("waf-{id}");
    all.push(context.log_group(&log_group, format!("aws-waf-logs-{name}"), region));
    let spec = WebAclSpec {
        tags: context.tags(id),
        scope: scope.into(),
        description: format!("Firewall of stack {} env {}", context.scope.stack, context.scope.env),
        default_action: "ALLOW".into(),
        metric_name: name.clone(),
        rules: rules(waf),
    };
    all.push(context.resource("web_acl", id, "AWS::WAFv2::WebACL", name.clone(), to_value(&spec)));
    let logging = WafLoggingSpec {
        web_acl_arn: reference("web_acl", id, "arn"),
        destination: reference("log_group", &log_group, "arn"),
        redacted_headers: ["authorization", "cookie", "x-api-key"].map(String::from).into(),
    };
    let type_name = "AWS::WAFv2::LoggingConfiguration";
    let mut desired: Desired =
        context.resource("waf_logging", id, type_name, name, to_value(&logging));
    desired.depends_on = BTreeSet::from([Address::new("web_acl", id)]);
    all.push(desired);
}

/// The rate rule first, since it is the cheapest to evaluate; then the groups in the order of
/// stack.yaml.
fn rules(waf: &Waf) -> BTreeMap<String, WafRuleSpec> {
    let rate = WafRuleSpec {
        priority: 0,
        kind: "rate".into(),
        group: String::new(),
        limit: i64::from(waf.rate_limit),
        action: "block".into(),
        metrics: true,
        sampled: true,
    };
    let mut rules = BTreeMap::from([("rate-per-ip".to_string(), rate)]);
    for (position, group) in waf.managed_groups.iter().enumerate() {
        let rule = WafRuleSpec {
            priority: i32::try_from(position).unwrap_or(i32::MAX - 1) + 1,
            kind: "managed".into(),
            group: group.aws().into(),
            limit: 0,
            action: "none".into(),
            metrics: true,
            sampled: true,
        };
        rules.insert(group.aws().trim_start_matches("AWSManagedRules").to_string(), rule);
    }
    rules
}
