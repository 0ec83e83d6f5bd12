//! Rules for tables: attributes that agree with each other, index names, seed files.

use super::context::Context;
use crate::stack::error::quote;
use crate::stack::names;
use crate::stack::{Attribute, AttributeType, Index, Projection, Table};
use std::collections::BTreeMap;

pub(super) fn check(context: &mut Context, id: &str, table: &Table) {
    let Table { key, sort_key, indexes, seed, ttl, .. } = table;
    let Table { billing: _, point_in_time_recovery: _, protect: _, .. } = table;
    let mut types = BTreeMap::new();
    keys(context, &["tables", id], key, sort_key.as_ref(), &mut types);
    for (name, index) in indexes {
        let Index { key, sort_key, projection } = index;
        let path = ["tables", id, "indexes", name];
        context.key(&path, &format!("the index's name {}", quote(name)), names::index(name), None);
        keys(context, &path, key, sort_key.as_ref(), &mut types);
        if let Projection::Include(attributes) = projection {
            for (i, attribute) in attributes.iter().enumerate() {
                let i = i.to_string();
                let path = ["tables", id, "indexes", name, "projection", &i];
                context.value(&path, "the attribute's name", names::attribute(attribute), None);
            }
        }
    }
    if let Some(ttl) = ttl {
        let path = ["tables", id, "ttl"];
        let number = match types.get(ttl.as_str()) {
            None | Some(AttributeType::Number) => Ok(()),
            Some(_) => Err("is a key that is not a number, so no item would expire".to_string()),
        };
        let verdict = names::attribute(ttl).and(number);
        context.value(&path, &format!("the attribute {}", quote(ttl)), verdict, None);
    }
    if let Some(seed) = seed {
        let path = ["tables", id, "seed"];
        let json = || {
            if seed.ends_with(".json") { Ok(()) } else { Err("must be a `.json` file".to_string()) }
        };
        let verdict = names::inner_path(seed).and_then(|()| json());
        context.value(&path, &format!("the path {}", quote(seed)), verdict, None);
    }
}

/// The keys of a table or an index. `types` carries each attribute's type from one to the next:
/// DynamoDB knows only one.
fn keys<'t>(
    context: &mut Context,
    path: &[&str],
    key: &'t Attribute,
    sort_key: Option<&'t Attribute>,
    types: &mut BTreeMap<&'t str, AttributeType>,
) {
    let both = [("key", Some(key)), ("sort_key", sort_key)];
    for (field, attribute) in both.iter().filter_map(|(f, a)| Some((*f, (*a)?))) {
        let path: Vec<_> = path.iter().copied().chain([field]).collect();
        context.value(&path, "the attribute's name", names::attribute(&attribute.name), None);
        let first = *types.entry(&attribute.name).or_insert(attribute.kind);
        if first != attribute.kind {
            let problem = Err("has another type elsewhere in this table".to_string());
            let help = format!(
                "an attribute has one type in all keys: `{{ name: {}, type: … }}`",
                attribute.name
            );
            context.value(
                &path,
                &format!("the attribute {}", quote(&attribute.name)),
                problem,
                Some(help),
            );
        }
    }
    if sort_key.is_some_and(|s| s.name == key.name) {
        let path: Vec<_> = path.iter().copied().chain(["sort_key"]).collect();
        context.value(&path, "the sort key", Err("is the partition key already".to_string()), None);
    }
}
