//! Protected resources: `up` neither deletes nor replaces them.

use crate::model::{CloudError, ErrorKind, Op, Plan, Step};
use crate::resources::TYPES;

/// The error for a plan that would delete or replace a protected table or bucket; removing the
/// protection is a separate step.
pub fn refuse_losses(plan: &Plan) -> Result<(), CloudError> {
    let lost: Vec<_> = plan.steps.iter().filter(|step| loses_protected(step)).collect();
    if lost.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = lost.iter().map(|s| format!("{} ({})", s.op.as_str(), s.address)).collect();
    Err(CloudError::ours(
        ErrorKind::Other,
        format!("protected resources would be lost: {}; nothing was changed", names.join(", ")),
        "to lose them, set `protect: false` for the table or the site in stack.yaml, run `up`, and \
         only then remove or change them",
    ))
}

/// Adds a note to the plan that `up` will refuse it, and why.
pub fn note_refusal(plan: &mut Plan) {
    if let Err(refused) = refuse_losses(plan) {
        let what = refused.message.trim_end_matches("; nothing was changed");
        plan.notes.push(format!("`up` refuses this plan, for {what}; {}.", refused.hint));
    }
}

/// Names of the resources that the plan would delete or replace although AWS or a tag protects
/// them.
pub fn protected(plan: &Plan) -> Vec<String> {
    plan.steps.iter().filter(|step| loses_protected(step)).map(|step| step.name.clone()).collect()
}

fn loses_protected(step: &Step) -> bool {
    let info = TYPES.iter().map(|t| t.info()).find(|info| info.type_name == step.type_name);
    let (Some(info), Some(live)) = (info, &step.live) else { return false };
    matches!(step.op, Op::Delete | Op::Replace) && (info.protected)(&live.spec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Cause, Live};
    use serde_json::{Value, json};

    fn plan_of(op: Op, type_name: &str, spec: Value) -> Plan {
        let address = Address::new("any", "x");
        let step = Step {
            address: address.clone(),
            type_name: type_name.into(),
            name: "n".into(),
            op,
            cause: Cause::Change,
            fields: vec![],
            wanted: Value::Null,
            context: Value::Null,
            payload: None,
            live: Some(Live::new(address, type_name, "n", spec)),
            after: vec![],
            loses: None,
        };
        Plan {
            format_version: Plan::FORMAT_VERSION.into(),
            stack: "s".into(),
            env: "e".into(),
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
    fn a_protected_table_or_bucket_is_neither_deleted_nor_replaced() {
        let table = json!({"deletion_protection": true});
        let bucket = json!({"tags": {"shopstack:protect": "true"}});
        for op in [Op::Delete, Op::Replace] {
            assert!(refuse_losses(&plan_of(op, "AWS::DynamoDB::Table", table.clone())).is_err());
            assert!(refuse_losses(&plan_of(op, "AWS::S3::Bucket", bucket.clone())).is_err());
            let free = json!({"deletion_protection": false});
            assert!(refuse_losses(&plan_of(op, "AWS::DynamoDB::Table", free)).is_ok());
        }
        assert!(refuse_losses(&plan_of(Op::Update, "AWS::DynamoDB::Table", table)).is_ok());
    }
}
