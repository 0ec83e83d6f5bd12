//! The alarms of a stack: on its functions, API, tables and web ACLs, and on a shop's orders.

use super::INFO;
use super::spec::AlarmSpec;
use crate::model::GLOBAL_REGION;
use crate::resources::context::{Context, Wanted};
use crate::stack::Alarms;
use std::collections::{BTreeMap, BTreeSet};

/// A metric of a resource, with its threshold.
struct Metric<'a> {
    /// Logical id of the alarm.
    id: String,
    region: &'a str,
    namespace: &'static str,
    name: &'static str,
    dimensions: Vec<(&'static str, String)>,
    statistic: &'static str,
    threshold: u32,
    /// The unit of the threshold, for the description.
    unit: &'static str,
    /// Goes off below the threshold, and not from it on.
    below: bool,
}

/// Environments with a time to live have none unless their overlay asks: no one should be woken for
/// them.
pub(super) fn alarms(context: &Context<'_>, wanted: &mut Wanted) {
    let Some(alarms) = &context.stack.alarms else { return };

    let metrics = [
        functions(context, alarms),
        api(context, alarms),
        tables(context, alarms),
        firewalls(context, alarms),
        orders(context, alarms),
    ];
    // A threshold of 0 stands for no alarm.
    let metrics = metrics.into_iter().flatten().filter(|metric| metric.threshold > 0);
    let mut unheard = BTreeSet::new();
    for metric in metrics {
        let actions = actions(alarms, metric.region);
        if actions.is_empty() && alarms.topic.is_some() {
            unheard.insert(metric.id.clone());
        }
        let name = context.scope.name(&metric.id);
        let spec = spec(context, alarms, &metric, actions);
        wanted.push(context.resource(&INFO, &metric.id, name, &spec));
    }

    if !unheard.is_empty() {
        let list = unheard.into_iter().collect::<Vec<_>>().join(", ");
        let topic = alarms.topic.as_deref().and_then(|topic| topic.split(':').nth(3));
        wanted.notes.push(format!(
            "{list}: these alarms have no action, since `alarms.topic` is in {} and alarms notify \
             topics of their own region only; those of CloudFront are in {GLOBAL_REGION}",
            topic.unwrap_or_default()
        ));
    }
}

/// CloudWatch notifies topics of the alarm's own region only.
fn actions(alarms: &Alarms, region: &str) -> BTreeSet<String> {
    let here = |topic: &&String| topic.split(':').nth(3) == Some(region);
    alarms.topic.iter().filter(here).cloned().collect()
}

fn spec(
    context: &Context<'_>,
    alarms: &Alarms,
    metric: &Metric<'_>,
    actions: BTreeSet<String>,
) -> AlarmSpec {
    let minutes = i32::try_from(alarms.period_minutes).unwrap_or(i32::MAX / 60);
    let Metric { threshold, unit, .. } = metric;
    // No data means no orders, and no failures.
    let (reached, comparison, missing_data) = if metric.below {
        (format!("fewer than {threshold} {unit}"), "LessThanThreshold", "breaching")
    } else {
        let reached = format!("{threshold} {unit} or more");
        (reached, "GreaterThanOrEqualToThreshold", "notBreaching")
    };
    AlarmSpec {
        tags: context.tags(&metric.id),
        region: metric.region.to_string(),
        description: format!(
            "{} of stack {} env {}: {reached} in {minutes} minutes",
            metric.name, context.scope.stack, context.scope.env
        ),
        namespace: metric.namespace.into(),
        metric: metric.name.into(),
        dimensions: metric.dimensions.iter().map(|(k, v)| (k.to_string(), v.clone())).collect(),
        statistic: metric.statistic.into(),
        period: minutes * 60,
        evaluation_periods: 1,
        datapoints_to_alarm: None,
        threshold: f64::from(metric.threshold),
        comparison: comparison.into(),
        missing_data: missing_data.into(),
        actions_enabled: true,
        alarm_actions: actions.clone(),
        ok_actions: actions,
        insufficient_data_actions: BTreeSet::new(),
        extras: BTreeMap::new(),
    }
}

fn functions<'a>(context: &'a Context<'_>, alarms: &Alarms) -> Vec<Metric<'a>> {
    let metric = |id: &String, suffix, name, threshold, unit| Metric {
        id: format!("{id}-{suffix}"),
        region: &context.scope.region,
        namespace: "AWS/Lambda",
        name,
        dimensions: vec![("FunctionName", context.scope.name(id))],
        statistic: "Sum",
        threshold,
        unit,
        below: false,
    };
    let both = |id| {
        [
            metric(id, "errors", "Errors", alarms.function_errors, "failed calls"),
            metric(id, "throttles", "Throttles", alarms.function_throttles, "refused calls"),
        ]
    };
    context.stack.functions.keys().flat_map(both).collect()
}

fn api<'a>(context: &'a Context<'_>, alarms: &Alarms) -> Vec<Metric<'a>> {
    let Some(api) = &context.stack.api else { return vec![] };
    let metric = |id: &str, name, statistic, threshold, unit| Metric {
        id: id.into(),
        region: &context.scope.region,
        namespace: "AWS/ApiGateway",
        name,
        dimensions: vec![("ApiName", context.scope.name("api")), ("Stage", api.stage.clone())],
        statistic,
        threshold,
        unit,
        below: false,
    };
    vec![
        metric("api-5xx", "5XXError", "Sum", alarms.api_5xx, "answers"),
        metric("api-latency", "Latency", "p99", alarms.api_latency_ms, "ms at the 99th percentile"),
    ]
}

/// DynamoDB counts throttled requests of a whole table as reads and as writes.
fn tables<'a>(context: &'a Context<'_>, alarms: &Alarms) -> Vec<Metric<'a>> {
    let metric = |id: &String, suffix, name| Metric {
        id: format!("{id}-{suffix}"),
        region: &context.scope.region,
        namespace: "AWS/DynamoDB",
        name,
        dimensions: vec![("TableName", context.scope.name(id))],
        statistic: "Sum",
        threshold: alarms.table_throttles,
        unit: "refused requests",
        below: false,
    };
    let both = |id| {
        [
            metric(id, "read-throttles", "ReadThrottleEvents"),
            metric(id, "write-throttles", "WriteThrottleEvents"),
        ]
    };
    context.stack.tables.keys().flat_map(both).collect()
}

/// WAF names its metrics after the ACL; those of CloudFront's scope have no region.
fn firewalls<'a>(context: &'a Context<'_>, alarms: &Alarms) -> Vec<Metric<'a>> {
    let stack = context.stack;
    let region = context.scope.region.as_str();
    let metric = |id: &str, region, place: Option<(&'static str, String)>| {
        let acl = [("WebACL", context.scope.name(id)), ("Rule", "ALL".to_string())];
        Metric {
            id: format!("{id}-blocked"),
            region,
            namespace: "AWS/WAFV2",
            name: "BlockedRequests",
            dimensions: acl.into_iter().chain(place).collect(),
            statistic: "Sum",
            threshold: alarms.waf_blocked,
            unit: "requests",
            below: false,
        }
    };
    let own = stack.api.iter().map(|_| metric("api", region, Some(("Region", region.into()))));
    let global = stack.site.iter().map(|_| metric("cdn", GLOBAL_REGION, None));
    own.chain(global).filter(|_| stack.waf.is_some()).collect()
}

/// The metrics that the shop's function writes to its log (`lambdas/shared/src/log.rs`).
fn orders<'a>(context: &'a Context<'_>, alarms: &Alarms) -> Vec<Metric<'a>> {
    let stack = context.stack;
    let route = stack.smoke.order.as_ref().map(|order| order.route.as_str());
    let Some(route) = route.and_then(|route| stack.api.as_ref()?.route_of(route)) else {
        return vec![];
    };
    let metric = |id: &str, name, threshold, unit| Metric {
        id: id.into(),
        region: &context.scope.region,
        namespace: "shopstack",
        name,
        dimensions: vec![("FunctionName", context.scope.name(&route.function))],
        statistic: "Sum",
        threshold,
        unit,
        below: false,
    };
    let refused = metric("orders-refused", "Refused", alarms.orders_refused, "orders");
    let mut in_doubt = metric("orders-in-doubt", "Refused", alarms.orders_in_doubt, "orders");
    in_doubt.dimensions.push(("Code", "OutcomeUnknown".into()));
    let placed = metric("orders-fewest", "OrdersPlaced", alarms.fewest_orders, "orders");
    vec![refused, in_doubt, Metric { below: true, ..placed }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_notifies_a_topic_of_its_own_region_only() {
        let topic = "arn:aws:sns:eu-west-1:123456789012:ops".to_string();
        let alarms = Alarms { topic: Some(topic.clone()), ..Alarms::default() };
        assert_eq!(actions(&alarms, "eu-west-1"), BTreeSet::from([topic]));
        assert_eq!(actions(&alarms, "us-east-1"), BTreeSet::new());
    }
}
