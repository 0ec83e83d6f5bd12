//! Resources that carry the stack's tags under a name that is not the stack's: reported, and left
//! alone.

use crate::model::{Live, Owner};

/// The plan's note; `None` where there is nothing of the kind.
pub fn note(live: &[Live]) -> Option<String> {
    let strays = live.iter().filter(|l| l.owner == Owner::Stray);
    let names: Vec<_> =
        strays.map(|l| format!("{} {}", l.address.group().replace('_', " "), l.name)).collect();
    if names.is_empty() {
        return None;
    }
    let (verb, them) = if names.len() == 1 { ("carries", "its") } else { ("carry", "their") };
    let (is, it) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
    Some(format!(
        "{} {verb} this stack's tags under another name, and {is} left alone: remove {them} tags, \
         or delete {it} yourself.",
        names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use crate::model::{Address, Desired, Live, Op, Owner, Scope, TypeInfo};
    use crate::plan::{Inputs, plan};
    use serde_json::{Value, json};
    use std::collections::{BTreeMap, BTreeSet};

    const TABLE: TypeInfo = TypeInfo {
        type_name: "T",
        group: "table",
        read_after: &[],
        delete_after: &[],
        contained_in: None,
        replace_on: &[],
        volatile_outputs: &[],
        holds_data: true,
        usually: None,
        ..TypeInfo::DEFAULT
    };

    fn planned(desired: &[Desired], live: &[Live]) -> crate::model::Plan {
        let scope = Scope {
            stack: "shop".into(),
            env: "dev".into(),
            account: "000000000000".into(),
            region: "us-east-1".into(),
            endpoint: None,
        };
        let (known, adopt) = (BTreeMap::new(), BTreeSet::new());
        let types = &[&TABLE];
        plan(&Inputs {
            scope: &scope,
            desired,
            live,
            known: &known,
            record: None,
            types,
            adopt: &adopt,
        })
        .unwrap()
    }

    #[test]
    fn a_copy_with_our_tags_is_left_alone_told_of_and_no_stand_in_for_the_original() {
        let wanted = Desired {
            address: Address::new("table", "Orders"),
            type_name: "T".into(),
            name: "shop-dev-Orders".into(),
            spec: json!({"key": "id"}),
            context: Value::Null,
            depends_on: BTreeSet::new(),
            payload: None,
        };
        let name = "shop-dev-Orders-restored";
        let mut copy =
            Live::new(Address::new("table", &format!("~{name}")), "T", name, json!({"key": "id"}));
        copy.owner = Owner::Stray;
        let both = planned(std::slice::from_ref(&wanted), std::slice::from_ref(&copy));
        let steps: Vec<_> = both.steps.iter().map(|s| (s.op, s.name.as_str())).collect();
        assert_eq!(steps, [(Op::Create, "shop-dev-Orders")], "the missing original is made");
        let note = "table shop-dev-Orders-restored carries this stack's tags under another name, \
                    and is left alone: \
                    remove its tags, or delete it yourself.";
        assert_eq!(both.notes, [note]);
        // Nothing wanted, as for `down`.
        let down = planned(&[], std::slice::from_ref(&copy));
        assert!(down.is_empty());
        assert_eq!(down.notes, [note]);
        assert!(planned(&[], &[]).notes.is_empty());
    }
}
