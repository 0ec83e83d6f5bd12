//! Out-of-band changes of each field of AWS::Lambda::Permission.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case};
use serde_json::json;

pub fn cases(shop: &DeployedShop) -> DriftCases {
    let at = "permission.createOrder";
    let statements = shop.live(at).spec["statements"].as_object().unwrap().clone();
    let (sid, statement) = statements.iter().next().unwrap();
    let statement_case = |field, to| case(field, to).keys(&[sid.as_str()]);
    let cases = vec![
        case("statements.*", statement.clone()).keys(&["theirs"]),
        statement_case("statements.*.action", json!("lambda:GetFunction")),
        statement_case("statements.*.principal", json!("events.amazonaws.com")),
        statement_case(
            "statements.*.source_arn",
            json!("arn:aws:execute-api:us-east-1:000000000000:other/*/GET/x"),
        ),
        statement_case("statements.*.source_account", json!(shop.scope.account)),
    ];
    DriftCases {
        type_name: "AWS::Lambda::Permission",
        at,
        cases,
        change: |shop, change| Box::pin(change_permission(shop, change)),
    }
}

async fn change_permission(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let (lambda, name) = (&shop.clients.lambda, &change.live.name);
    if change.live.spec["statements"].get(change.key()).is_some() {
        lambda
            .remove_permission()
            .function_name(name)
            .statement_id(change.key())
            .send()
            .await
            .unwrap();
    }
    let Some(wanted) = change.target["statements"].get(change.key()) else {
        return;
    };
    let text = |field: &str| wanted[field].as_str().map(str::to_string);
    let add = lambda.add_permission().function_name(name).statement_id(change.key());
    let add = add.set_action(text("action")).set_principal(text("principal"));
    add.set_source_arn(text("source_arn"))
        .set_source_account(text("source_account"))
        .send()
        .await
        .unwrap();
}
