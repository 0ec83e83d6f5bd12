//! Checks `order` and `tampering`: an honest order is stored as it should be, a crooked one is
//! refused.

use super::Outcome;
use super::http::{Answer, Call, Context, clip, join, unlike};
use super::item::{cents, is_on_sale};
use super::retry::{Trouble, poll};
use super::target::{OrderTarget, ProductsTarget, route};
use super::till::Till;
use serde_json::{Value, json};

const QUANTITY: u64 = 2;
const PLACED: &str = "PLACED";
pub(super) const NO_SECRET: &str = "the order's function has no variable with \
    `${smoke.secret}`, or it cannot be read: a test order could not be told from a customer's";
pub(super) const NOTHING_TO_BUY: &str = "the catalogue has no product with a price to order";

/// The order of the test: `QUANTITY` of one product.
pub(super) struct Basket {
    product_id: String,
    quantity: u64,
    /// Of the whole order.
    cents: u64,
}

impl Basket {
    /// Half as many pieces at half the price.
    pub(super) fn half(&self) -> Self {
        let (quantity, cents) = (self.quantity / 2, self.cents / 2);
        Self { product_id: self.product_id.clone(), quantity, cents }
    }

    /// The order as it is sent.
    pub(super) fn body(&self, order: &OrderTarget) -> String {
        one_line(order, &self.product_id, self.quantity, &amount(self.cents))
    }
}

/// An answer that a crooked order should get.
pub(super) struct Refusal<'a> {
    pub(super) status: u16,
    /// Any where none is named.
    pub(super) code: Option<&'static str>,
    pub(super) what: &'a str,
}

/// Posts an order, finds it in its table, compares it, and removes it whatever came out.
pub(super) async fn order(context: &Context<'_>) -> Result<Outcome, String> {
    let (Some(api), Some(order)) = (&context.target.api_url, &context.target.order) else {
        return Ok(Outcome::Skipped("the stack has no API, or `smoke.order` is not set".into()));
    };
    if order.secret.is_none() {
        return Ok(Outcome::Skipped(NO_SECRET.into()));
    }
    let Some(products) = &context.target.products else {
        return Ok(Outcome::Skipped(
            "without `smoke.products` there is no price to order at".into(),
        ));
    };
    let _alone = context.till.lock().await;
    let Some(basket) = basket(context, products).await? else {
        return Ok(Outcome::Skipped(NOTHING_TO_BUY.into()));
    };
    let (method, path) = route(&order.route)?;
    let call = Call::new(method, join(api, path));
    let till = Till::open(context, order);
    let verdict = place_and_compare(context, &till, order, &call, &basket).await;
    till.close(verdict).await?;
    Ok(Outcome::Passed(format!(
        "an order over {} was stored in {} and removed again",
        amount(basket.cents),
        order.table
    )))
}

async fn place_and_compare(
    context: &Context<'_>,
    till: &Till<'_>,
    order: &OrderTarget,
    call: &Call,
    basket: &Basket,
) -> Result<(), String> {
    let call = Call { body: Some(basket.body(order)), ..call.clone() };
    let id = &accepted(context, till, &call).await?.0;
    let verdict = poll(context.deadline, || async move {
        let item = context.backend.item(&order.table, &json!({"orderId": id})).await?;
        let todo = "see which table the function writes to";
        item.ok_or_else(|| {
            Trouble::Again(unlike(
                &subject(order, id),
                "the order just placed",
                "no such item",
                todo,
            ))
        })
    })
    .await
    .and_then(|item| compare(&item, order, basket, id));
    let removal = till.remove(id).await;
    match (verdict, removal) {
        (Err(fault), Err(left)) => Err(format!("{fault}\n{left}")),
        (verdict, removal) => verdict.and(removal),
    }
}

/// Posts an order until it is placed: its id, and the answer.
pub(super) async fn accepted(
    context: &Context<'_>,
    till: &Till<'_>,
    call: &Call,
) -> Result<(String, Answer), String> {
    poll(context.deadline, || async move {
        let answer = till.post(call).await?;
        match placed(&answer) {
            Some(id) => Ok((id, answer)),
            None => Err(settling(&answer, "201 with an orderId", "see the function's log group")),
        }
    })
    .await
}

/// Everything in the stored order that is not as it was placed.
fn compare(item: &Value, order: &OrderTarget, basket: &Basket, id: &str) -> Result<(), String> {
    let field = |name: &str| item.get(name).cloned().unwrap_or_default();
    let line = item
        .get("items")
        .and_then(Value::as_array)
        .filter(|lines| lines.len() == 1)
        .and_then(|l| l.first());
    let bought = line.is_some_and(|line| {
        line.get("productId").and_then(Value::as_str) == Some(basket.product_id.as_str())
            && line.get("quantity").and_then(Value::as_f64) == Some(QUANTITY as f64)
    });
    let total = cents(&field("total")) == Some(basket.cents);
    let ordered = format!("{QUANTITY} of {}", basket.product_id);
    let rules = [
        ("total", total, amount(basket.cents)),
        ("status", field("status") == PLACED, format!("{PLACED:?}")),
        ("userId", field("userId") == order.user.as_str(), format!("{:?}", order.user)),
        ("items", bought, ordered),
        ("smokeTest", field("smokeTest") == true, "true".to_string()),
    ];
    let fault = |(name, good, expected): (&str, bool, String)| {
        let got = clip(&field(name).to_string());
        let todo = "the function stores something else than was ordered";
        (!good).then(|| unlike(&format!("{}, {name}", subject(order, id)), &expected, &got, todo))
    };
    let faults: Vec<String> = rules.into_iter().filter_map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// Posts an order with a total that is a cent off, and one that is no JSON.
pub(super) async fn tampering(context: &Context<'_>) -> Result<Outcome, String> {
    let (Some(api), Some(order)) = (&context.target.api_url, &context.target.order) else {
        return Ok(Outcome::Skipped("the stack has no API, or `smoke.order` is not set".into()));
    };
    if order.secret.is_none() {
        return Ok(Outcome::Skipped(NO_SECRET.into()));
    }
    let _alone = context.till.lock().await;
    let (method, path) = route(&order.route)?;
    let url = join(api, path);
    let call = |body: String| Call { body: Some(body), ..Call::new(method, url.clone()) };
    let basket = match &context.target.products {
        Some(products) => basket(context, products).await?,
        None => None,
    };
    let till = Till::open(context, order);
    let mut verdict = Ok(());
    if let Some(basket) = &basket {
        let cheaper =
            basket.cents.checked_sub(1).filter(|cents| *cents > 0).unwrap_or(basket.cents + 1);
        let what = format!("a total of {} instead of {}", amount(cheaper), amount(basket.cents));
        let cheaper = Basket { product_id: basket.product_id.clone(), cents: cheaper, ..*basket };
        let refusal = Refusal { status: 409, code: Some("TotalMismatch"), what: &what };
        verdict = refused(context, &till, &call(cheaper.body(order)), &refusal).await;
    }
    if verdict.is_ok() {
        let call = call(r#"{"userId": "#.into());
        let refusal = Refusal { status: 400, code: None, what: "malformed JSON" };
        verdict = refused(context, &till, &call, &refusal).await;
    }
    till.close(verdict).await?;
    Ok(Outcome::Passed(match basket {
        Some(_) => "a tampered total is refused with 409, malformed JSON with 400".into(),
        None => format!(
            "malformed JSON is refused with 400; a tampered total was not tried: {NOTHING_TO_BUY}"
        ),
    }))
}

/// The refusal, or else a failure; an order taken by mistake is removed.
pub(super) async fn refused(
    context: &Context<'_>,
    till: &Till<'_>,
    call: &Call,
    refusal: &Refusal<'_>,
) -> Result<(), String> {
    let Refusal { status, code, what } = *refusal;
    let named = code.unwrap_or("with an error code");
    let expected = &format!("{status} {named} for {what}");
    let answer = poll(context.deadline, || async move {
        let answer = till.post(call).await?;
        if answer.status == status || (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        Err(settling(&answer, expected, "see the function's log group"))
    })
    .await?;
    let given = answer.error_code();
    let is_named = given.is_some() && code.is_none_or(|code| given.as_deref() == Some(code));
    if answer.status == status && is_named {
        return Ok(());
    }
    let fault =
        answer.unlike(expected, "the function must check what clients send, prices above all");
    match placed(&answer) {
        None => Err(fault),
        Some(id) => match till.remove(&id).await {
            Ok(()) => Err(fault),
            Err(left) => Err(format!("{fault}\n{left}")),
        },
    }
}

/// The first product by id that is on sale and, where it has a stock, enough of it.
pub(super) async fn basket(
    context: &Context<'_>,
    products: &ProductsTarget,
) -> Result<Option<Basket>, String> {
    let items = poll(context.deadline, || context.catalogue(&products.table, false)).await?;
    let offer = |item: &Value| {
        if !is_on_sale(item) {
            return None;
        }
        let price = item.get("price").and_then(cents).filter(|cents| *cents > 0)?;
        let enough =
            item.get("stock").and_then(Value::as_f64).is_none_or(|stock| stock >= QUANTITY as f64);
        let product_id = item.get("productId")?.as_str()?.to_string();
        let cents = price.checked_mul(QUANTITY)?;
        Some(Basket { product_id, quantity: QUANTITY, cents }).filter(|_| enough)
    };
    Ok(items.iter().filter_map(offer).min_by(|a, b| a.product_id.cmp(&b.product_id)))
}

/// An order for one product.
pub(super) fn one_line(
    order: &OrderTarget,
    product_id: &str,
    quantity: u64,
    total: &str,
) -> String {
    // Written as digits: the way over a floating-point number could change them.
    let user = json!(order.user);
    let items = json!([{"productId": product_id, "quantity": quantity}]);
    format!(r#"{{"userId":{user},"items":{items},"total":{total}}}"#)
}

/// The order id of an accepted order.
pub(super) fn placed(answer: &Answer) -> Option<String> {
    let body: Value = serde_json::from_str(&answer.body).ok()?;
    let id = body.get("orderId")?.as_str()?;
    (answer.status == 201 && !id.is_empty()).then(|| id.to_string())
}

/// Answers that a fresh deployment gives for some seconds are worth another try, others are final.
fn settling(answer: &Answer, expected: &str, todo: &str) -> Trouble {
    let message = answer.unlike(expected, todo);
    match answer.status {
        403 | 404 | 408 | 429 | 500.. => Trouble::Again(message),
        _ => Trouble::Never(message),
    }
}

fn amount(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn subject(order: &OrderTarget, id: &str) -> String {
    format!("table {}, order {}", order.table, clip(id))
}
