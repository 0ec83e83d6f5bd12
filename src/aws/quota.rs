//! Rate budgets: one token bucket per published quota at 80 % of the figure, shared by the whole
//! process.
//!
//! The figures are those of the catalogue's section 11 (API Gateway, WAFv2, Lambda and DynamoDB
//! quota pages).

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// One published quota.
#[derive(Debug)]
struct Quota {
    /// What people read while waiting.
    label: &'static str,
    /// `service:Operation`, `service:*`, or `service:Verb*`.
    operations: &'static [&'static str],
    /// Calls per second as published.
    rate: f64,
    /// Calls that may go at once.
    burst: f64,
}

const SHARE: f64 = 0.8;

const QUOTAS: &[Quota] = &[
    Quota {
        label: "API Gateway: 10 control calls per second",
        operations: &["apigateway:*"],
        rate: 10.0,
        burst: 40.0,
    },
    Quota {
        label: "API Gateway: 1 CreateRestApi per 3 s",
        operations: &["apigateway:CreateRestApi"],
        rate: 1.0 / 3.0,
        burst: 1.0,
    },
    Quota {
        label: "API Gateway: 1 DeleteRestApi per 30 s",
        operations: &["apigateway:DeleteRestApi"],
        rate: 1.0 / 30.0,
        burst: 1.0,
    },
    Quota {
        label: "API Gateway: 1 UpdateAccount per 20 s",
        operations: &["apigateway:UpdateAccount"],
        rate: 1.0 / 20.0,
        burst: 1.0,
    },
    Quota {
        label: "API Gateway: 1 CreateDeployment per 5 s",
        operations: &["apigateway:CreateDeployment"],
        rate: 0.2,
        burst: 1.0,
    },
    Quota {
        label: "API Gateway: 5 resource changes per second",
        operations: &["apigateway:CreateResource", "apigateway:DeleteResource"],
        rate: 5.0,
        burst: 5.0,
    },
    Quota {
        label: "API Gateway: 5 GetResources per 2 s",
        operations: &["apigateway:GetResources"],
        rate: 2.5,
        burst: 5.0,
    },
    Quota {
        label: "WAF: 1 AssociateWebACL per 2 s",
        operations: &["wafv2:AssociateWebACL"],
        rate: 0.5,
        burst: 1.0,
    },
    Quota {
        label: "WAF: 1 DisassociateWebACL per 2 s",
        operations: &["wafv2:DisassociateWebACL"],
        rate: 0.5,
        burst: 1.0,
    },
    Quota {
        label: "WAF: 1 GetWebACLForResource per second",
        operations: &["wafv2:GetWebACLForResource"],
        rate: 1.0,
        burst: 1.0,
    },
    Quota {
        label: "WAF: 5 reads per second",
        operations: &["wafv2:Get*", "wafv2:List*"],
        rate: 5.0,
        burst: 5.0,
    },
    Quota {
        label: "WAF: 1 CreateWebACL per second",
        operations: &["wafv2:CreateWebACL"],
        rate: 1.0,
        burst: 1.0,
    },
    Quota {
        label: "WAF: 1 UpdateWebACL per second",
        operations: &["wafv2:UpdateWebACL"],
        rate: 1.0,
        burst: 1.0,
    },
    Quota {
        label: "WAF: 1 DeleteWebACL per second",
        operations: &["wafv2:DeleteWebACL"],
        rate: 1.0,
        burst: 1.0,
    },
    Quota {
        label: "WAF: 1 PutLoggingConfiguration per second",
        operations: &["wafv2:PutLoggingConfiguration"],
        rate: 1.0,
        burst: 1.0,
    },
    Quota {
        label: "Lambda: 15 GetPolicy per second",
        operations: &["lambda:GetPolicy"],
        rate: 15.0,
        burst: 15.0,
    },
    Quota {
        label: "Lambda: 100 GetFunction per second",
        operations: &["lambda:GetFunction"],
        rate: 100.0,
        burst: 100.0,
    },
    Quota {
        label: "Lambda: 15 control calls per second",
        operations: &["lambda:*"],
        rate: 15.0,
        burst: 15.0,
    },
    Quota {
        label: "DynamoDB: 5 TagResource per second",
        operations: &["dynamodb:TagResource"],
        rate: 5.0,
        burst: 5.0,
    },
];

/// Lambda publishes GetFunction and GetPolicy apart from the rest of its control plane.
const OUTSIDE_THE_REST: &[&str] = &["lambda:GetFunction", "lambda:GetPolicy"];

fn covers(pattern: &str, operation: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => {
            operation.starts_with(prefix)
                && !(pattern.ends_with(":*") && OUTSIDE_THE_REST.contains(&operation))
        }
        None => pattern == operation,
    }
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

/// The budgets of one process; WAF's are per region, so `region` is part of the key.
#[derive(Debug, Default)]
pub struct Limiter {
    buckets: Mutex<HashMap<(usize, String), Bucket>>,
}

impl Limiter {
    /// Takes a token from every quota that covers `operation`; returns how long to wait first, and
    /// for which quota.
    pub fn reserve(&self, operation: &str, region: &str) -> (Duration, &'static str) {
        let mut wait = (Duration::ZERO, "");
        let mut buckets = match self.buckets.lock() {
            Ok(guard) => guard,
            Err(poisoned) => poisoned.into_inner(),
        };
        let now = Instant::now();
        for (index, quota) in QUOTAS.iter().enumerate() {
            if !quota.operations.iter().any(|pattern| covers(pattern, operation)) {
                continue;
            }
            let rate = quota.rate * SHARE;
            let capacity = (quota.burst * SHARE).max(1.0);
            let bucket = buckets
                .entry((index, region.to_string()))
                .or_insert(Bucket { tokens: capacity, at: now });
            let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * rate;
            bucket.tokens = (bucket.tokens + gained).min(capacity) - 1.0;
            bucket.at = now;
            if bucket.tokens < 0.0 {
                let needed = Duration::from_secs_f64(-bucket.tokens / rate);
                if needed > wait.0 {
                    wait = (needed, quota.label);
                }
            }
        }
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_second_delete_of_a_rest_api_waits_for_its_quota() {
        let limiter = Limiter::default();
        assert_eq!(limiter.reserve("apigateway:DeleteRestApi", "r").0, Duration::ZERO);
        let (wait, label) = limiter.reserve("apigateway:DeleteRestApi", "r");
        assert!(wait > Duration::from_secs(30) && wait < Duration::from_secs(40), "{wait:?}");
        assert!(label.contains("DeleteRestApi"));
        assert_eq!(limiter.reserve("apigateway:DeleteRestApi", "other").0, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn get_function_does_not_eat_the_budget_of_the_rest() {
        let limiter = Limiter::default();
        for _ in 0..60 {
            assert_eq!(limiter.reserve("lambda:GetFunction", "r").0, Duration::ZERO);
        }
        assert_eq!(limiter.reserve("lambda:AddPermission", "r").0, Duration::ZERO);
    }
    /// The catalogue's section 11 by operation: calls per second, and how many may go at once. What
    /// shopstack never calls (imports, PutRestApi, ListResourcesForWebACL) has no bucket.
    const PUBLISHED: &[(&str, f64, f64)] = &[
        ("apigateway:PutMethod", 10.0, 40.0),
        ("apigateway:CreateRestApi", 1.0 / 3.0, 1.0),
        ("apigateway:DeleteRestApi", 1.0 / 30.0, 1.0),
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
    ];

    #[tokio::test(start_paused = true)]
    async fn every_published_quota_is_kept_to_at_four_fifths() {
        let mut labels = std::collections::BTreeSet::new();
        for (operation, rate, burst) in PUBLISHED {
            let limiter = Limiter::default();
            let reserved: Vec<_> = (0..200).map(|_| limiter.reserve(operation, "r")).collect();
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
        assert_eq!(labels.len(), QUOTAS.len(), "a quota that no row is held to: {labels:#?}");
    }
}
