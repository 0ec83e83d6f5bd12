//! Alarms of CloudWatch, as stack.yaml describes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which figures, counted over a period, set off an alarm. 0 means no alarm of that kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Alarms {
    /// ARN of the SNS topic that is notified when an alarm goes off and when it ends. Alarms notify
    /// topics of their own region: the stack's, and us-east-1 for CloudFront's web ACL.
    #[schemars(extend(
        "pattern" = "^arn:aws:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$",
        "examples" = ["arn:aws:sns:us-east-1:123456789012:ops"]
    ))]
    pub topic: Option<String>,
    /// Length of the period.
    #[schemars(range(min = 1, max = 60))]
    pub period_minutes: u32,
    /// Calls of one function that failed.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub function_errors: u32,
    /// Calls of one function that Lambda refused for its concurrency.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub function_throttles: u32,
    /// Answers of the API with a 5xx status.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub api_5xx: u32,
    /// Milliseconds within which the API answers 99 of 100 calls.
    #[schemars(range(min = 0, max = 30_000))]
    pub api_latency_ms: u32,
    /// Requests that DynamoDB refused, reads and writes of one table counted apart.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub table_throttles: u32,
    /// Requests that one web ACL blocked.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub waf_blocked: u32,
    /// Orders that were refused, for whatever reason, as the function behind `smoke.order` counts
    /// them.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub orders_refused: u32,
    /// Orders of which the function could not tell its customer whether they are stored.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub orders_in_doubt: u32,
    /// Goes off where fewer orders are placed in a period.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub fewest_orders: u32,
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            topic: None,
            period_minutes: 5,
            function_errors: 1,
            function_throttles: 1,
            api_5xx: 1,
            api_latency_ms: 5_000,
            table_throttles: 1,
            waf_blocked: 1_000,
            orders_refused: 100,
            orders_in_doubt: 1,
            fewest_orders: 0,
        }
    }
}
