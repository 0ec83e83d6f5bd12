//! The fixed monthly cost of each resource: what AWS charges for its existence, without visitors
//! and without data.

use crate::model::type_info::{Pricing, TypeInfo};
use crate::model::{Floor, Live, Money, Part, Step};
use serde_json::Value;

/// The floors of all resources that have one before or after the plan, in the order of their
/// addresses.
pub fn floors(steps: &[Step], unchanged: &[Live], types: &[&TypeInfo]) -> Vec<Floor> {
    let parts = |type_name: &str, spec: &Value| parts(types, type_name, spec);

    let mut all: Vec<Floor> = steps
        .iter()
        .map(|step| Floor {
            address: step.address.clone(),
            before: step
                .live
                .as_ref()
                .map(|live| parts(&step.type_name, &live.spec))
                .unwrap_or_default(),
            after: parts(&step.type_name, &step.wanted),
        })
        .collect();
    all.extend(unchanged.iter().map(|live| {
        let parts = parts(&live.type_name, &live.spec);
        Floor { address: live.address.clone(), before: parts.clone(), after: parts }
    }));
    all.retain(|floor| floor.before() != Money::default() || floor.after() != Money::default());
    all.sort_by(|a, b| a.address.cmp(&b.address));
    all
}

/// The billed items of one normalised spec; none without a spec.
fn parts(types: &[&TypeInfo], type_name: &str, spec: &Value) -> Vec<Part> {
    let pricing = types.iter().find(|t| t.type_name == type_name).map(|t| t.pricing);
    match pricing {
        Some(Pricing::Fixed(parts)) if spec.is_object() => parts(spec),
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Cause, Op};
    use serde_json::json;

    const ACL: TypeInfo = TypeInfo {
        type_name: "T",
        pricing: Pricing::Fixed(|spec| {
            let millions = spec["millions"].as_i64().unwrap();
            vec![Part { what: "it".into(), monthly: Money(millions * 1_000_000) }]
        }),
        ..TypeInfo::DEFAULT
    };

    fn acl(millions: i64) -> Value {
        json!({ "millions": millions })
    }

    #[test]
    fn before_and_after_follow_the_operation() {
        let live = Live::new(Address::new("web_acl", "api"), ACL.type_name, "n", acl(6));
        let step = |op: Op, live: Option<Live>, wanted: Value| Step {
            address: Address::new("web_acl", "cdn"),
            type_name: ACL.type_name.into(),
            name: "n".into(),
            op,
            cause: Cause::Change,
            fields: vec![],
            wanted,
            context: Value::Null,
            payload: None,
            live,
            after: vec![],
            loses: None,
        };
        for (op, was, wanted, before, after) in [
            (Op::Create, None, acl(6), 0, 6),
            (Op::Update, Some(live.clone()), acl(17), 6, 17),
            (Op::Delete, Some(live.clone()), Value::Null, 6, 0),
        ] {
            let all = floors(&[step(op, was, wanted)], std::slice::from_ref(&live), &[&ACL]);
            let shown: Vec<_> =
                all.iter().map(|f| (f.address.as_str(), f.before().0, f.after().0)).collect();
            let million = 1_000_000;
            assert_eq!(
                shown,
                [
                    ("web_acl.api", 6 * million, 6 * million),
                    ("web_acl.cdn", before * million, after * million)
                ],
                "{op:?}"
            );
        }
        let free = Live::new(Address::new("bucket", "site"), "AWS::S3::Bucket", "n", json!({}));
        assert!(floors(&[], &[free], &[&ACL]).is_empty());
    }
}
