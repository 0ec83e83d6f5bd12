//! The declared rate quotas against the published ones, and how they are kept to; time is paused.

use super::declared_calls;
use crate::aws::quota::Limiter;
use crate::model::call::Call;
use std::collections::BTreeSet;
use std::time::Duration;

fn call(operation: &str) -> &'static Call {
    declared_calls().get(operation).unwrap_or_else(|| panic!("{operation} is not declared"))
}

#[tokio::test(start_paused = true)]
async fn a_second_delete_of_a_rest_api_waits_for_its_quota() {
    let limiter = Limiter::default();
    assert_eq!(limiter.reserve(call("apigateway:DeleteRestApi"), "r").0, Duration::ZERO);
    let (wait, label) = limiter.reserve(call("apigateway:DeleteRestApi"), "r");
    assert!(wait > Duration::from_secs(30) && wait < Duration::from_secs(40), "{wait:?}");
    assert!(label.contains("DeleteRestApi"));
    assert_eq!(limiter.reserve(call("apigateway:DeleteRestApi"), "other").0, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn get_function_does_not_eat_the_budget_of_the_rest() {
    let limiter = Limiter::default();
    for _ in 0..60 {
        assert_eq!(limiter.reserve(call("lambda:GetFunction"), "r").0, Duration::ZERO);
    }
    assert_eq!(limiter.reserve(call("lambda:AddPermission"), "r").0, Duration::ZERO);
}
/// The catalogue's section 11 by operation: calls per second, and how many may go at once. What
/// shopstack never calls (imports, PutRestApi, ListResourcesForWebACL) has no bucket.
const PUBLISHED: &[(&str, f64, f64)] = &[
    ("apigateway:PutMethod", 10.0, 40.0),
    ("apigateway:CreateRestApi", 1.0 / 3.0, 1.0),
    ("apigateway:DeleteRestApi", 1.0 / 30.0, 1.0),
    ("apigateway:CreateDomainName", 1.0 / 30.0, 1.0),
    ("apigateway:UpdateDomainName", 1.0 / 30.0, 1.0),
    ("apigateway:DeleteDomainName", 1.0 / 30.0, 1.0),
    ("apigateway:UpdateAccount", 1.0 / 20.0, 1.0),
    ("apigateway:CreateDeployment", 1.0 / 5.0, 1.0),
    ("apigateway:CreateResource", 5.0, 5.0),
    ("apigateway:DeleteResource", 5.0, 5.0),
    ("apigateway:GetResources", 5.0 / 2.0, 5.0),
    ("wafv2:AssociateWebACL", 1.0 / 2.0, 1.0),
    ("wafv2:DisassociateWebACL", 1.0 / 2.0, 1.0),
    ("wafv2:GetWebACLForResource", 1.0, 1.0),
    ("wafv2:GetWebACL", 5.0, 5.0),
    ("wafv2:ListWebACLs", 5.0, 5.0),
    ("wafv2:CreateWebACL", 1.0, 1.0),
    ("wafv2:UpdateWebACL", 1.0, 1.0),
    ("wafv2:DeleteWebACL", 1.0, 1.0),
    ("wafv2:PutLoggingConfiguration", 1.0, 1.0),
    ("lambda:GetFunction", 100.0, 100.0),
    ("lambda:GetPolicy", 15.0, 15.0),
    ("lambda:UpdateFunctionCode", 15.0, 15.0),
    ("dynamodb:TagResource", 5.0, 5.0),
    ("cloudwatch:DescribeAlarms", 9.0, 9.0),
    ("cloudwatch:PutMetricAlarm", 3.0, 3.0),
];

#[tokio::test(start_paused = true)]
async fn every_published_quota_is_kept_to_at_four_fifths() {
    let mut labels = BTreeSet::new();
    for (operation, rate, burst) in PUBLISHED {
        let limiter = Limiter::default();
        let reserved: Vec<_> = (0..200).map(|_| limiter.reserve(call(operation), "r")).collect();
        let at_once = reserved.iter().take_while(|(wait, _)| wait.is_zero()).count();
        assert_eq!(at_once, (burst * 0.8).max(1.0) as usize, "{operation} at once");
        let (last, label) = reserved[199];
        let apart = (last - reserved[198].0).as_secs_f64();
        assert!(
            (apart * rate * 0.8 - 1.0).abs() < 1e-6,
            "{operation}: one in {apart} s, by {label}"
        );
        labels.insert(label);
    }
    let declared: BTreeSet<&str> =
        declared_calls().iter().flat_map(Call::all_quotas).map(|quota| quota.label).collect();
    assert_eq!(labels, declared, "a quota that no row is held to");
}
