//! docs/settings.md: every setting that AWS's models let somebody put on a resource of ours, and
//! what becomes of it. `<service>.yaml` holds the verdicts: by type, operation and member.
//!
//! - `managed FIELD, …`: a field of the type's spec; of another type's as `group/field`.
//! - `drift CASE`: shown, and taken away. The case is one of docs/coverage.md, or `test NAME`.
//! - `harmless WHY`: nothing that the stack promises changes by it.
//! - `unseen WHY`: nobody looks.
//! - `request WHY`: says what is meant, and sets nothing.
//!
//! A verdict on a member holds for all that is in it, but for members with a verdict of their own;
//! one on an operation for all its members. `request` of a file names members that are the same in
//! every operation, `elsewhere` the operations that set nothing on a resource of ours.

mod model;
mod page;
mod quotas;
mod verdicts;

use crate::support::generated::assert_generated;
use shopstack::resources::TYPES;
use std::collections::BTreeSet;
use verdicts::{Settings, settings};

#[test]
fn every_setting_of_every_type_has_a_verdict_that_holds() {
    let all = settings();
    let services: Vec<&str> = all.iter().map(|(service, _)| service.as_str()).collect();
    let models = model::operations(&services);
    let mut faults = called_and_not_looked_at(&services);
    faults.extend(types_without_settings(&all));
    let (text, found) = page::page(&all, &models);
    faults.extend(found);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert_generated("docs/settings.md", &text);
}

/// Services that shopstack calls, by the names of their models.
fn called_and_not_looked_at(services: &[&str]) -> Vec<String> {
    let called = called();
    let called = called.iter().filter_map(|operation| operation.split(':').next());
    let called: BTreeSet<&str> = called.map(model::name_of).collect();
    let missing = called.into_iter().filter(|service| !services.contains(service));
    missing.map(|service| format!("{service} is called, and has no file of verdicts")).collect()
}

/// Every operation that shopstack declares, `service:Operation`.
fn called() -> BTreeSet<&'static str> {
    let calls = TYPES.iter().flat_map(|t| t.info().calls.iter());
    calls.chain(shopstack::aws::calls::list_calls()).map(|call| call.operation).collect()
}

fn types_without_settings(all: &[(String, Settings)]) -> Vec<String> {
    let there = |name: &str| all.iter().any(|(_, settings)| settings.types.contains_key(name));
    let types = TYPES.iter().map(|t| t.info().type_name).filter(|name| !there(name));
    types.map(|name| format!("{name} has no verdicts")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use verdicts::parse;

    /// The faults of these verdicts on a model of one operation.
    fn faults(verdicts: &str) -> Vec<String> {
        let model = serde_json::json!({"dynamodb": {"PutThing": {"Name": {}, "Ttl": {"On": {}, "By": {}}}}});
        let settings = vec![("dynamodb".to_string(), parse(verdicts))];
        page::page(&settings, &serde_json::from_value(model).unwrap()).1
    }

    fn table(verdicts: &str) -> String {
        format!(
            "request: {{Name: which}}\ntypes:\n  AWS::DynamoDB::Table:\n    PutThing:\n{verdicts}\n\
             elsewhere: {{}}\n"
        )
    }

    #[test]
    fn a_member_without_a_verdict_and_a_verdict_without_a_member_are_found() {
        assert_eq!(faults(&table("      Ttl: managed stream")), [""; 0]);
        let bare = faults(&table("      Ttl.On: managed stream"));
        assert_eq!(bare, ["AWS::DynamoDB::Table: PutThing: Ttl.By has no verdict"]);
        let gone = faults(&table("      Ttl: managed stream\n      Ttl.Off: managed stream"));
        assert_eq!(gone, ["AWS::DynamoDB::Table: PutThing: AWS's model has no Ttl.Off"]);
        let other = "request: {}\ntypes: {}\nelsewhere: {Nothing.: [PutOther]}\n";
        let told = faults(other);
        assert!(told.contains(&"dynamodb: PutThing has no verdict".to_string()), "{told:?}");
        assert!(told.contains(&"dynamodb: AWS's model has no operation PutOther".to_string()));
    }

    #[test]
    fn a_field_a_case_and_a_test_must_be_there() {
        for (verdict, fault) in [
            ("managed colour", "no field `colour`"),
            ("drift extras.colour", "no case `extras.colour` in docs/coverage.md"),
            ("drift test no_such_test_anywhere", "no test `no_such_test_anywhere`"),
            ("perhaps", "`perhaps` is no verdict"),
            ("unseen", "a reason is missing"),
        ] {
            let told = faults(&table(&format!("      Ttl: {verdict}")));
            assert!(told.iter().any(|t| t.ends_with(fault)), "{verdict}: {told:?}");
        }
    }
}
