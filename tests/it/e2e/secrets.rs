//! A secret among a function's variables: it reaches Lambda and no other place, and a change of it
//! goes unnoticed nowhere.

use crate::support::clients::Clients;
use crate::support::env::endpoint;
use crate::support::inventory::leftovers;
use crate::support::run::{Run, changes, done_addresses, summary};
use crate::support::shop::Shop;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

/// In every value of the secret, and in nothing else.
const MARK: &str = "hush";
const FIELD: &str = "environment.PAYMENT_API_KEY";

fn stack(name: &str) -> String {
    format!(
        "name: {name}\nregion: us-east-1\ntables:\n  Products: {{ key: productId }}\n\
         functions:\n  listProducts:\n    crate: lambdas/list-products\n    env:\n      \
         PRODUCTS_TABLE: ${{table.Products.name}}\n      LOG_LEVEL: info\n      \
         PAYMENT_API_KEY: {MARK}-one\n    grants:\n      \
         - {{ table: Products, actions: [dynamodb:Scan], reason: To list. }}\n"
    )
}

/// What a run said, which holds no secret.
fn said(run: &Run) -> String {
    let all = format!("{}{}", run.stdout, run.stderr);
    assert!(!all.contains(MARK), "{all}");
    all
}

#[tokio::test]
async fn a_secret_is_in_no_plan_record_or_output() {
    let shop = Shop::new("secret", &endpoint());
    let (clients, _) = shop.clients().await;
    shop.write("stack.yaml", &stack(&shop.stack));

    let run = shop.run(&["up", "--yes", "--no-smoke", "--json", "-vv"]);
    assert_eq!(run.code, 0, "{}", said(&run));
    assert_eq!(live(&shop, &clients).await, "hush-one");
    assert_rows_hold_no_secret(&shop, &clients).await;

    for arguments in [
        &["policy-report", "--json"][..],
        &["policy-report", "--format", "html"],
        &["export", "--live"],
        &["export"],
        &["validate", "--resolved"],
    ] {
        assert!(said(&shop.run(arguments)).contains("listProducts"), "{arguments:?}");
    }
    a_change_is_shown_without_its_value(&shop);
    a_saved_plan_means_one_value(&shop, &clients).await;
    a_stranger_changes_it(&shop, &clients).await;

    let run = shop.run(&["down", "--yes", "--destroy-data", "--json", "-v"]);
    assert_eq!(run.code, 0, "{}", said(&run));
    assert_eq!(leftovers(&clients, &shop.stack).await, Vec::<String>::new());
}

fn a_change_is_shown_without_its_value(shop: &Shop) {
    shop.edit("hush-one", "hush-two");
    let run = shop.run(&["diff", "--json"]);
    said(&run);
    assert_eq!(run.code, 2);
    assert_eq!(
        changes(&run.lines()[0]),
        [format!("function.listProducts: update change [{FIELD}]")]
    );
    for arguments in [&["diff", "-vv"][..], &["diff", "--markdown"], &["diff", "--color", "always"]]
    {
        assert!(said(&shop.run(arguments)).contains("PAYMENT_API_KEY"), "{arguments:?}");
    }
}

async fn a_saved_plan_means_one_value(shop: &Shop, clients: &Clients) {
    let run = shop.run(&["diff", "--out", "plan.json"]);
    assert_eq!(run.code, 2, "{}", said(&run));
    assert!(!shop.read("plan.json").contains(MARK));

    shop.edit("hush-two", "hush-three");
    let run = shop.run(&["up", "--yes", "--no-smoke", "--plan", "plan.json"]);
    let text = said(&run);
    assert_eq!(run.code, 1, "{text}");
    assert!(text.contains(&format!("function.listProducts: {FIELD} is not what it was")), "{text}");
    assert_eq!(live(shop, clients).await, "hush-one", "nothing was done");

    shop.edit("hush-three", "hush-two");
    let run = shop.run(&["up", "--yes", "--no-smoke", "--plan", "plan.json", "--json"]);
    assert_eq!(run.code, 0, "{}", said(&run));
    assert_eq!(done_addresses(&run.lines()), ["function.listProducts"]);
    assert_eq!(live(shop, clients).await, "hush-two");
    assert_rows_hold_no_secret(shop, clients).await;
    let run = shop.run(&["up", "--yes", "--no-smoke", "--json"]);
    assert_eq!(summary(&run.lines())["changed"], 0, "{}", said(&run));
}

async fn a_stranger_changes_it(shop: &Shop, clients: &Clients) {
    let name = shop.name("listProducts");
    let now =
        clients.lambda.get_function_configuration().function_name(&name).send().await.unwrap();
    let mut variables = now.environment().and_then(|e| e.variables()).cloned().unwrap();
    variables.insert("PAYMENT_API_KEY".into(), "hush-stolen".into());
    let environment =
        aws_sdk_lambda::types::Environment::builder().set_variables(Some(variables)).build();
    clients
        .lambda
        .update_function_configuration()
        .function_name(&name)
        .environment(environment)
        .send()
        .await
        .unwrap();
    let run = shop.run(&["diff", "--json"]);
    said(&run);
    assert_eq!(run.code, 3, "drift alone");
    assert_eq!(
        changes(&run.lines()[0]),
        [format!("function.listProducts: update drift [{FIELD}]")]
    );
    shop.edit("hush-two", "hush-four");
    let run = shop.run(&["diff", "--json"]);
    said(&run);
    assert_eq!(changes(&run.lines()[0]), [format!("function.listProducts: update both [{FIELD}]")]);
}

async fn live(shop: &Shop, clients: &Clients) -> String {
    let name = shop.name("listProducts");
    let now = clients.lambda.get_function_configuration().function_name(name).send().await.unwrap();
    now.environment()
        .and_then(|e| e.variables())
        .and_then(|v| v.get("PAYMENT_API_KEY"))
        .cloned()
        .unwrap()
}

/// Every row that the environment has in the `shopstack` table, the record among them, holds no
/// secret.
async fn assert_rows_hold_no_secret(shop: &Shop, clients: &Clients) {
    let rows = clients
        .dynamodb
        .query()
        .table_name("shopstack")
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", AttributeValue::S(format!("{}/dev", shop.stack)))
        .consistent_read(true)
        .send()
        .await
        .unwrap();
    let text = format!("{:?}", rows.items());
    assert!(text.contains("PAYMENT_API_KEY") && !text.contains(MARK), "{text}");
    let record =
        rows.items().iter().find(|row| row["sk"] == AttributeValue::S("record".into())).unwrap();
    let record: Value = serde_json::from_str(record["document"].as_s().unwrap()).unwrap();
    assert_eq!(record["salt"].as_str().unwrap().len(), 32);
}
