//! Every retry rule has an error that the live tests inject.

use crate::support::rows::{self, Row};
use shopstack::aws::error::{LATE, THROTTLE};
use shopstack::resources::declared_calls;

#[test]
fn every_rule_and_every_throttle_code_has_its_error_here() {
    let service = |operation: &str| operation.split(':').next().map(str::to_string);
    let mut missing: Vec<String> = Vec::new();
    for (call, rule) in declared_calls().retries() {
        let own = call.retries.contains(rule);
        let of = |row: &Row| match own {
            true => row.operation == call.operation,
            false => service(row.operation) == service(call.operation),
        };
        let fragment = rule.fragment.to_lowercase();
        let said = |row: &Row| row.message.to_lowercase().contains(&fragment);
        if !rows::rows_of_all_phases().any(|row| of(row) && row.code == rule.code && said(row)) {
            missing.push(format!("{} {} {}", call.operation, rule.code, rule.fragment));
        }
    }
    let codes = THROTTLE.iter().chain(LATE);
    missing.extend(
        codes
            .filter(|code| !rows::rows_of_all_phases().any(|r| r.code == **code))
            .map(|c| (*c).to_string()),
    );
    assert!(missing.is_empty(), "no test injects: {missing:#?}");
}
