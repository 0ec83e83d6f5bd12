//! The receipt of `down --no-wait` for `sweep`.

use super::session::Session;
use crate::model::{Address, Plan, Step};
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// The resources that `down --no-wait` left behind, stored beside the lock: `sweep` deletes these
/// and no others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Caller's ARN.
    pub who: String,
    /// RFC 3339.
    pub when: String,
    /// As `address (name)`.
    pub remaining: Vec<String>,
}

impl Receipt {
    /// Sort key of its row.
    pub const SK: &str = "receipt";

    pub fn of_rest(session: &Session, remaining: &[String]) -> Self {
        Self {
            who: session.identity.arn.clone(),
            when: super::time::rfc3339(SystemTime::now()),
            remaining: remaining.to_vec(),
        }
    }

    /// True where nothing is there that was not left behind.
    ///
    /// Others can write the row, so it decides nothing alone: on AWS the distribution has to be
    /// disabled already, and only resources that wait for it may hold data.
    pub fn covers(&self, plan: &Plan) -> bool {
        let enabled = |step: &Step| step.live.as_ref()?.spec.get("enabled")?.as_bool();
        let stopped: Vec<&Address> = plan
            .steps
            .iter()
            .filter(|step| enabled(step) == Some(false))
            .map(|step| &step.address)
            .collect();
        let mut steps = plan.steps.iter();
        steps.all(|step| {
            let named = self.remaining.contains(&format!("{} ({})", step.address, step.name));
            let waits = step.after.iter().any(|address| stopped.contains(&address));
            named && (step.loses.is_none() || waits) && enabled(step) != Some(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Receipt;
    use crate::model::{Address, Cause, Live, Op, Plan, Step};
    use serde_json::{Value, json};

    fn plan(spec: Value, loses: Option<&str>) -> Plan {
        let (address, kind) =
            (Address::new("distribution", "site"), "AWS::CloudFront::Distribution");
        let step = Step {
            address: address.clone(),
            type_name: kind.into(),
            name: "E1".into(),
            op: Op::Delete,
            cause: Cause::Change,
            fields: vec![],
            wanted: Value::Null,
            context: Value::Null,
            payload: None,
            live: Some(Live::new(address, kind, "E1", spec)),
            after: vec![],
            loses: loses.map(str::to_string),
        };
        Plan {
            format_version: Plan::FORMAT_VERSION.into(),
            stack: "shop".into(),
            env: "dev".into(),
            account: "1".into(),
            region: "us-east-1".into(),
            steps: vec![step],
            unchanged: vec![],
            not_emulated: vec![],
            notes: vec![],
            floors: vec![],
            headings: vec![],
        }
    }

    #[test]
    fn a_receipt_alone_deletes_nothing_that_serves_or_holds_data() {
        let of = |remaining: &[&str]| Receipt {
            who: "x".into(),
            when: "now".into(),
            remaining: remaining.iter().map(ToString::to_string).collect(),
        };
        let receipt = of(&["distribution.site (E1)"]);
        assert!(receipt.covers(&plan(json!({"enabled": false}), None)));
        assert!(!receipt.covers(&plan(json!({"enabled": true}), None)), "it serves");
        assert!(!receipt.covers(&plan(json!({"enabled": false}), Some("12 items"))), "data");
        assert!(!of(&[]).covers(&plan(json!({"enabled": false}), None)), "not named");

        // The site's bucket waits for the distribution, with whatever others put into it.
        let mut both = plan(json!({"enabled": false}), None);
        let mut bucket = plan(json!({}), Some("3 objects")).steps.remove(0);
        bucket.address = Address::new("bucket", "site");
        bucket.after = vec![Address::new("distribution", "site")];
        both.steps.push(bucket);
        let receipt = of(&["distribution.site (E1)", "bucket.site (E1)"]);
        assert!(receipt.covers(&both));
        both.steps[1].after.clear();
        assert!(!receipt.covers(&both), "nothing holds it up");
    }
}
