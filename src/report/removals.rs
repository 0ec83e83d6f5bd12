//! Every way to take away one thing that a policy grants: the specs that the proof tries.

use crate::model::{Address, Desired};
use serde_json::{Map, Value};

/// One grant, and the spec of its resource without it.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal {
    pub address: Address,
    pub sid: String,
    pub action: String,
    pub resource: String,
    pub attribute: Option<String>,
    pub without: Value,
    /// For an attribute: the spec whose grant has no attribute left. Where nothing fails with it
    /// either, attributes are not looked at.
    pub control: Option<Value>,
}

/// The condition key whose values are attributes of an item.
const ATTRIBUTES: &str = "dynamodb:Attributes";
/// An attribute that no item has.
const NO_ATTRIBUTE: &str = "shopstack-none";

/// Every grant of a resource's policies: each action of a statement, each of several resources, and
/// each attribute. A statement of a resource's own policy goes as a whole. Trust policies grant no
/// action on anything, and are left out.
pub fn removals(desired: &Desired) -> Vec<Removal> {
    let mut found = Vec::new();
    let mut documents = Vec::new();
    find_documents(&desired.spec, String::new(), &mut documents);
    for document in documents {
        let statements = desired.spec.pointer(&document).and_then(Value::as_object);
        for (sid, statement) in statements.into_iter().flatten() {
            let place = format!("{document}/{}", escaped(sid));
            of_statement(desired, sid, statement, &place, &mut found);
        }
    }
    found
}

/// Every policy document of a spec by its JSON pointer, trust policies among them.
pub fn policy_documents(spec: &Value) -> Map<String, Value> {
    let mut places = Vec::new();
    find_documents(spec, String::new(), &mut places);
    places.push("/trust/statements".to_string());
    let there = places.into_iter().filter_map(|at| Some((at.clone(), spec.pointer(&at)?.clone())));
    there.collect()
}

/// JSON pointers to every `statements` object of a spec, but that of a trust policy.
fn find_documents(value: &Value, at: String, found: &mut Vec<String>) {
    let Some(map) = value.as_object() else { return };
    for (key, inner) in map {
        let place = format!("{at}/{}", escaped(key));
        match key.as_str() {
            "trust" => {}
            "statements" if inner.is_object() => found.push(place),
            _ => find_documents(inner, place, found),
        }
    }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn of_statement(
    desired: &Desired,
    sid: &str,
    statement: &Value,
    place: &str,
    found: &mut Vec<Removal>,
) {
    if statement.get("effect").and_then(Value::as_str).is_some_and(|effect| effect != "Allow") {
        return;
    }
    let (actions, resources) = (texts(statement, "actions"), texts(statement, "resources"));
    let mut add = |action: &str, resource: &str, attribute: Option<&str>, without: Value| {
        found.push(Removal {
            address: desired.address.clone(),
            sid: sid.to_string(),
            action: action.to_string(),
            resource: resource.to_string(),
            attribute: attribute.map(str::to_string),
            without,
            control: None,
        });
    };
    let whole = || without_key(&desired.spec, place);
    if statement.get("principals").is_some() || statement.get("principal").is_some() {
        let action = statement.get("action").and_then(Value::as_str);
        let source = statement.get("source_arn").and_then(Value::as_str);
        let action = action.map_or_else(|| actions.join(", "), str::to_string);
        let resource = source.map_or_else(|| resources.join(", "), |arn| format!("from {arn}"));
        add(&action, &resource, None, whole());
        return;
    }
    let all = resources.join(", ");
    for action in &actions {
        let without = match actions.len() {
            1 => whole(),
            _ => without_item(&desired.spec, &format!("{place}/actions"), action),
        };
        add(action, &all, None, without);
    }
    if resources.len() > 1 {
        for resource in &resources {
            let without = without_item(&desired.spec, &format!("{place}/resources"), resource);
            add(&actions.join(", "), resource, None, without);
        }
    }
    let conditions = statement.get("conditions").and_then(Value::as_object);
    for (operator, keys) in conditions.into_iter().flatten() {
        for attribute in texts(keys, ATTRIBUTES) {
            let list = format!("{place}/conditions/{}/{ATTRIBUTES}", escaped(operator));
            let without = without_item(&desired.spec, &list, &attribute);
            found.push(Removal {
                address: desired.address.clone(),
                sid: sid.to_string(),
                action: actions.join(", "),
                resource: all.clone(),
                attribute: Some(attribute),
                without,
                control: Some(with_items(&desired.spec, &list, &[NO_ATTRIBUTE])),
            });
        }
    }
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    let list = value.get(key).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_string).collect()
}

/// The spec without the object's member at `place`.
fn without_key(spec: &Value, place: &str) -> Value {
    let mut spec = spec.clone();
    if let Some((parent, key)) = place.rsplit_once('/')
        && let Some(map) = spec.pointer_mut(parent).and_then(Value::as_object_mut)
    {
        map.remove(&key.replace("~1", "/").replace("~0", "~"));
    }
    spec
}

/// The spec with these texts as the list at `place`.
fn with_items(spec: &Value, place: &str, items: &[&str]) -> Value {
    let mut spec = spec.clone();
    if let Some(list) = spec.pointer_mut(place) {
        *list = items.iter().map(|item| Value::from(*item)).collect();
    }
    spec
}

/// The spec without one text of the list at `place`.
fn without_item(spec: &Value, place: &str, item: &str) -> Value {
    let mut spec = spec.clone();
    if let Some(list) = spec.pointer_mut(place).and_then(Value::as_array_mut) {
        list.retain(|text| text != item);
    }
    spec
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn desired(spec: Value) -> Desired {
        Desired {
            address: Address::new("role", "f"),
            type_name: String::new(),
            name: String::new(),
            spec,
            context: Value::Null,
            depends_on: BTreeSet::new(),
            payload: None,
        }
    }

    #[test]
    fn each_action_resource_and_attribute_is_taken_away_alone() {
        let spec = json!({
            "trust": {"statements": {"LambdaOnly": {"effect": "Allow",
                "actions": ["sts:AssumeRole"]}}},
            "policies": {"grants": {"statements": {
                "A": {"effect": "Allow", "actions": ["x:One", "x:Two"], "resources": ["r",
                    "r/index"]},
                "B": {"effect": "Allow", "actions": ["x:Three"], "resources": ["s"],
                      "conditions": {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["a",
                          "b"]}}},
                "No": {"effect": "Deny", "actions": ["x:Four"], "resources": ["s"]},
            }}},
        });
        let found = removals(&desired(spec));
        let told: Vec<_> = found
            .iter()
            .map(|r| (r.action.as_str(), r.resource.as_str(), r.attribute.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("x:One", "r, r/index", None),
                ("x:Two", "r, r/index", None),
                ("x:One, x:Two", "r", None),
                ("x:One, x:Two", "r/index", None),
                ("x:Three", "s", None),
                ("x:Three", "s", Some("a")),
                ("x:Three", "s", Some("b")),
            ]
        );
        let statements = |at: usize| &found[at].without["policies"]["grants"]["statements"];
        assert_eq!(statements(0)["A"]["actions"], json!(["x:Two"]));
        assert_eq!(statements(3)["A"]["resources"], json!(["r"]));
        assert!(statements(4).get("B").is_none() && statements(4).get("A").is_some());
        let none = &found[5].control.as_ref().unwrap()["policies"]["grants"]["statements"];
        let none = &none["B"]["conditions"]["ForAllValues:StringEquals"];
        assert_eq!(none["dynamodb:Attributes"], json!([NO_ATTRIBUTE]));
        let left = &statements(5)["B"]["conditions"]["ForAllValues:StringEquals"];
        assert_eq!(left["dynamodb:Attributes"], json!(["b"]));
        assert!(found.iter().all(|r| r.without["trust"]["statements"]["LambdaOnly"].is_object()));
    }

    #[test]
    fn a_statement_of_a_resource_policy_goes_as_a_whole() {
        let spec = json!({"statements": {"GET-products-1": {
            "action": "lambda:InvokeFunction", "principal": "apigateway.amazonaws.com",
            "source_arn": "arn:x/v1/GET/products", "source_account": null,
        }}});
        let found = removals(&desired(spec));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].resource, "from arn:x/v1/GET/products");
        assert_eq!(found[0].without, json!({"statements": {}}));
    }
}
