//! Check `markup`: a product whose name is markup comes back as JSON text, in an answer that no
//! browser takes for a page.

use super::Outcome;
use super::http::{Answer, Call, Context, clip, join, unlike};
use super::products::pages;
use super::retry::{Trouble, Try, poll};
use super::target::{ProductsTarget, route};
use super::test_product::{NO_SECRET, TestProduct};
use super::till::MARK;
use serde_json::Value;

/// Markup that an attacker may have written into the catalogue to run it in a customer's browser.
const MARKUP: &str = r#""'></script><img src=x onerror="alert(1)"><script>alert(2)</script>"#;
const TODO: &str = "the function must answer JSON with its own content type";

pub(super) async fn check(context: &Context<'_>) -> Result<Outcome, String> {
    let (Some(api), Some(products)) = (&context.target.api_url, &context.target.products) else {
        return Ok(Outcome::Skipped("the stack has no API, or `smoke.products` is not set".into()));
    };
    let Some(secret) = &products.secret else {
        return Ok(Outcome::Skipped(NO_SECRET.into()));
    };
    let (method, path) = route(&products.route)?;
    let plain = Call::new(method, join(api, path));
    let marked = plain.clone().header(MARK, secret.clone());

    let product = TestProduct::new(context, products, "markup");
    let verdict = match product.put_into_table(MARKUP, 1).await {
        Ok(()) => seen_as_text(context, &product, &plain, &marked).await,
        failed => failed,
    };
    product.remove(verdict).await?;
    Ok(Outcome::Passed(passed(products)))
}

fn passed(products: &ProductsTarget) -> String {
    format!(
        "{} sends a product named in markup as text, in JSON that is not sniffed",
        products.route
    )
}

async fn seen_as_text(
    context: &Context<'_>,
    product: &TestProduct<'_>,
    plain: &Call,
    marked: &Call,
) -> Result<(), String> {
    poll(context.deadline, || async move {
        let Some((answer, item)) = find(context, product, marked).await? else {
            let expected = format!("the test's product {} among the products", product.id);
            let todo = "see that the function shows test products to requests with its secret";
            return Err(Trouble::Again(unlike(&marked.url, &expected, "none such", todo)));
        };
        is_text(&answer, &item)
    })
    .await?;
    poll(context.deadline, || async move {
        match find(context, product, plain).await? {
            None => Ok(()),
            Some(_) => {
                let todo = "leave out items with `smokeTest` where the request has no secret";
                let expected = "no test product without the secret";
                Err(Trouble::Never(unlike(&plain.url, expected, &product.id, todo)))
            }
        }
    })
    .await
}

/// The product in the list, with the answer that it came in.
async fn find(
    context: &Context<'_>,
    product: &TestProduct<'_>,
    call: &Call,
) -> Try<Option<(Answer, Value)>> {
    let is_it =
        |item: &&Value| item.get("productId").and_then(Value::as_str) == Some(product.id.as_str());
    for page in pages(context, call).await? {
        if let Some(item) = page.products.iter().find(is_it) {
            return Ok(Some((page.answer, item.clone())));
        }
    }
    Ok(None)
}

fn is_text(answer: &Answer, item: &Value) -> Try<()> {
    let content_type = answer.header("content-type");
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
    let sniffing = answer.header("x-content-type-options");
    let rules = [
        ("header content-type", "application/json", media_type),
        ("header x-content-type-options", "nosniff", &sniffing),
        ("the name", MARKUP, name),
    ];
    let fault = |(what, expected, got): (&str, &str, &str)| {
        let subject = format!("{}, {what}", answer.url);
        (expected != got).then(|| unlike(&subject, expected, &format!("{:?}", clip(got)), TODO))
    };
    let faults: Vec<String> = rules.into_iter().filter_map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(Trouble::Never(faults.join("\n"))) }
}
