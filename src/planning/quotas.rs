//! Quotas on the number of things that a plan would exceed, told before anything is made.

use crate::aws::counter::Numbers;
use crate::model::{Op, Plan, TypeInfo};
use std::collections::BTreeMap;

/// A note for each type of which AWS has no room by default. `numbers` are those that there are,
/// where the plan's reads have seen them all.
pub(super) fn notes(plan: &Plan, types: &[&TypeInfo], numbers: &Numbers) -> Vec<String> {
    let mut notes = Vec::new();
    for info in types {
        let Some(quota) = info.number else { continue };
        let mut more: BTreeMap<&'static str, usize> = BTreeMap::new();
        for step in plan.steps.iter().filter(|s| s.type_name == info.type_name) {
            *more.entry((quota.part)(&step.wanted)).or_default() +=
                usize::from(step.op == Op::Create);
        }
        for (part, more) in more.into_iter().filter(|(_, more)| *more > 0) {
            let Some(there) = numbers.get(&(info.type_name, part)).copied() else { continue };
            if there + more > quota.most {
                notes.push(note(quota.most, quota.what, part, there));
            }
        }
    }
    notes
}

fn note(most: usize, what: &str, part: &str, there: usize) -> String {
    let of_part = if part.is_empty() { String::new() } else { format!(" ({part})") };
    format!(
        "AWS allows {most} {what}{of_part} by default, and there are {there}: `up` will be \
         refused unless the account has a higher quota (Service Quotas in the AWS console). \
         `shopstack envs` lists environments that could go"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Cause, Step};
    use crate::resources::TYPES;
    use serde_json::{Value, json};

    const TYPE: &str = "AWS::CloudFront::ResponseHeadersPolicy";

    fn step(type_name: &str, op: Op, wanted: Value) -> Step {
        Step {
            address: Address::new("x", "site"),
            type_name: type_name.into(),
            name: "n".into(),
            op,
            cause: Cause::Change,
            fields: vec![],
            wanted,
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

    fn notes_for(steps: Vec<Step>, numbers: Numbers) -> Vec<String> {
        let types: Vec<_> = TYPES.iter().map(|t| t.info()).collect();
        notes(&Plan { steps, ..empty() }, &types, &numbers)
    }

    #[test]
    fn a_full_quota_is_told_where_one_more_is_to_be_made_and_not_otherwise() {
        let created = || vec![step(TYPE, Op::Create, Value::Null)];
        let of = |there| Numbers::from([((TYPE, ""), there)]);
        let note = notes_for(created(), of(20)).remove(0);
        assert!(note.contains("20 response headers policies per account"), "{note}");
        assert!(note.contains("there are 20"), "{note}");
        assert!(notes_for(created(), of(19)).is_empty());
        assert!(notes_for(created(), Numbers::new()).is_empty(), "nobody has counted");
        assert!(notes_for(vec![step(TYPE, Op::Update, Value::Null)], of(20)).is_empty());
    }

    #[test]
    fn each_kind_that_is_billed_or_slow_to_make_is_counted_in_its_own_part() {
        const ACL: &str = "AWS::WAFv2::WebACL";
        let acl = |scope: &str| step(ACL, Op::Create, json!({"scope": scope}));
        let full = Numbers::from([((ACL, "CLOUDFRONT"), 100), ((ACL, "REGIONAL"), 99)]);
        let notes = notes_for(vec![acl("CLOUDFRONT"), acl("REGIONAL")], full);
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].contains("100 web ACLs per region and scope (CLOUDFRONT)"), "{notes:?}");
        for (type_name, most) in
            [("AWS::CloudFront::Distribution", 500), ("AWS::ApiGateway::RestApi", 600)]
        {
            let created = || vec![step(type_name, Op::Create, Value::Null)];
            assert_eq!(notes_for(created(), Numbers::from([((type_name, ""), most)])).len(), 1);
            assert!(notes_for(created(), Numbers::from([((type_name, ""), most - 1)])).is_empty());
        }
    }
}
