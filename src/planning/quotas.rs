//! Quotas on the number of things that a plan would exceed, told before anything is made.

use crate::model::{Op, Plan, TypeInfo};
use std::collections::BTreeMap;

/// A note for each type of which AWS has no room by default. `numbers` are those that there are,
/// where the plan's reads have seen them all.
pub(super) fn notes(
    plan: &Plan,
    types: &[&TypeInfo],
    numbers: &BTreeMap<&'static str, usize>,
) -> Vec<String> {
    let full = types.iter().filter_map(|info| {
        let (quota, there) = (info.number?, *numbers.get(info.type_name)?);
        let made = |op: Op| op == Op::Create;
        let more = plan.steps.iter().filter(|s| s.type_name == info.type_name && made(s.op));
        let more = more.count();
        (more > 0 && there + more > quota.most).then(|| {
            format!(
                "AWS allows {} {} by default, and there are {there}: `up` will be refused unless \
                 the account has a higher quota (Service Quotas in the AWS console). `shopstack \
                 envs` lists environments that could go",
                quota.most, quota.what
            )
        })
    });
    full.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Cause, Step};
    use crate::resources::TYPES;
    use serde_json::Value;

    const TYPE: &str = "AWS::CloudFront::ResponseHeadersPolicy";

    fn step(op: Op) -> Step {
        Step {
            address: Address::new("headers", "site"),
            type_name: TYPE.into(),
            name: "n".into(),
            op,
            cause: Cause::Change,
            fields: vec![],
            wanted: Value::Null,
            context: Value::Null,
            payload: None,
            live: None,
            after: vec![],
            loses: None,
        }
    }

    fn empty() -> Plan {
        Plan {
            format_version: String::new(),
            stack: String::new(),
            env: String::new(),
            account: String::new(),
            region: String::new(),
            steps: vec![],
            unchanged: vec![],
            not_emulated: vec![],
            notes: vec![],
            floors: vec![],
            headings: vec![],
        }
    }

    #[test]
    fn a_full_quota_is_told_where_one_more_is_to_be_made_and_not_otherwise() {
        let types: Vec<_> = TYPES.iter().map(|t| t.info()).collect();
        let mut plan = empty();
        plan.steps = vec![step(Op::Create)];
        let told = |plan: &Plan, there| notes(plan, &types, &BTreeMap::from([(TYPE, there)]));
        let note = told(&plan, 20).remove(0);
        assert!(note.contains("20 response headers policies per account"), "{note}");
        assert!(note.contains("there are 20"), "{note}");
        assert!(told(&plan, 19).is_empty());
        assert!(notes(&plan, &types, &BTreeMap::new()).is_empty(), "nobody has counted");
        plan.steps = vec![step(Op::Update)];
        assert!(told(&plan, 20).is_empty());
    }
}
