//! The answers of the tests' shop, and the change that each fault makes.

use super::shop_tests::{Fault, LIST_LOG, ORDER_LOG, Request, Shop, WAF_LOG};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Status, headers and body; `None` cuts the connection.
pub type Reply = Option<(u16, Vec<(&'static str, String)>, String)>;

pub fn respond(shop: &Shop, request: &Request) -> Reply {
    if request.path.starts_with("/v1/") || request.path == "/" {
        if shop.fault != Fault::WafSilent && !request.query.is_empty() {
            shop.log(WAF_LOG, format!("{{\"args\":\"{}\"}}", request.query));
        }
        let sql = request.query.contains("%27%20OR%20") && shop.fault != Fault::SqlPasses;
        let script = request.query.contains("%3Cscript%3E") && shop.fault != Fault::ScriptPasses;
        let all = !request.query.is_empty() && shop.fault == Fault::FirewallStopsAll;
        let orders = request.method == "POST" && shop.fault == Fault::FirewallStopsOrders;
        if all || orders {
            shop.log(WAF_LOG, refusal(request));
        }
        if sql || script || all || orders {
            return Some((403, vec![], "<h1>Forbidden</h1>".into()));
        }
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/") => Some(page(shop)),
        ("GET", "/config.json") => {
            let stage = if shop.fault == Fault::StaleConfig { "/v0" } else { "/v1" };
            Some((200, vec![], json!({"apiUrl": shop.url(stage)}).to_string()))
        }
        ("GET", "/.shopstack/site.json") if shop.fault == Fault::ManifestServed => {
            Some((200, vec![], r#"{"files":{}}"#.into()))
        }
        ("GET", "/bucket/index.html") if shop.fault == Fault::OpenBucket => {
            Some((200, vec![], "<html>".into()))
        }
        ("GET", "/bucket/index.html") => Some((403, vec![], "AccessDenied".into())),
        ("GET", "/v1/health") if shop.fault == Fault::HealthFails => {
            shop.log(LIST_LOG, "thread 'main' panicked: no such table".into());
            Some((502, vec![], "{\"message\": \"Internal server error\"}".into()))
        }
        ("GET", "/v1/health") => Some((200, vec![], "ok".into())),
        ("OPTIONS", _) => Some(preflight(shop, request)),
        ("GET", "/v1/products") => Some(list(shop, request)),
        ("POST", "/v1/orders") => order(shop, request),
        _ => Some((404, vec![], "Missing Authentication Token".into())),
    }
}

/// A line of WAF's log.
fn refusal(request: &Request) -> String {
    let headers = request.headers.iter().map(|(name, value)| json!({"name": name, "value": value}));
    json!({
        "action": "BLOCK", "terminatingRuleId": "CommonRuleSet",
        "ruleGroupList": [{
            "ruleGroupId": "AWS#AWSManagedRulesCommonRuleSet",
            "terminatingRule": {"ruleId": "SizeRestrictions_BODY", "action": "BLOCK"},
        }],
        "httpRequest": {"uri": request.path, "headers": headers.collect::<Vec<_>>()},
    })
    .to_string()
}

type Answer = (u16, Vec<(&'static str, String)>, String);

fn page(shop: &Shop) -> Answer {
    if let Some(location) = shop.redirect.lock().unwrap().clone() {
        return (301, vec![("location", location)], String::new());
    }
    let connect = match shop.fault {
        Fault::SiteConnectsAnywhere => "*".to_string(),
        Fault::SiteOfAnotherApi => "http://other.example".to_string(),
        _ => shop.url(""),
    };
    let mut headers = vec![
        ("content-type", "text/html".to_string()),
        (
            "content-security-policy",
            format!("default-src 'none'; connect-src 'self' {connect}; base-uri 'none'"),
        ),
        ("strict-transport-security", "max-age=31536000; includeSubDomains".into()),
        ("x-content-type-options", "nosniff".into()),
        ("x-frame-options", "DENY".into()),
        ("referrer-policy", "no-referrer".into()),
    ];
    if let Fault::SiteWithout(name) = shop.fault {
        headers.retain(|(header, _)| *header != name);
    }
    match shop.fault {
        Fault::SiteDown => (502, headers, "bad gateway".into()),
        Fault::SiteNotHtml => (200, headers, "hello".into()),
        _ => (200, headers, "<!DOCTYPE html><title>Shop</title>".into()),
    }
}

fn preflight(shop: &Shop, request: &Request) -> Answer {
    let origin = match shop.fault {
        Fault::PreflightFails => return (403, vec![], String::new()),
        Fault::PreflightForAll => "*".to_string(),
        Fault::PreflightEchoes => request.headers.get("origin").cloned().unwrap_or_default(),
        Fault::PreflightForNobody => String::new(),
        _ => shop.site(),
    };
    let methods =
        if shop.fault == Fault::PreflightWithoutMethod { "OPTIONS" } else { "GET,OPTIONS,POST" };
    let headers =
        if shop.fault == Fault::PreflightWithoutHeader { "X-Other" } else { "Content-Type" };
    let headers = vec![
        ("access-control-allow-origin", origin),
        ("access-control-allow-methods", methods.into()),
        ("access-control-allow-headers", headers.into()),
    ];
    (204, headers, String::new())
}

fn list(shop: &Shop, request: &Request) -> Answer {
    if shop.fault != Fault::FunctionSilent {
        shop.log(LIST_LOG, "START RequestId: 1".into());
    }
    let origin = request.headers.get("origin").cloned().unwrap_or_default();
    let mut headers = Vec::new();
    let echo = shop.fault == Fault::ReadingEchoes;
    if echo || (origin == shop.site() && shop.fault != Fault::ReadingForNobody) {
        headers.push(("access-control-allow-origin", origin));
    }
    let marked = request.headers.get("x-shopstack-smoke").is_some_and(|mark| mark == "a-secret");
    let all = marked && shop.fault != Fault::TestProductHidden;
    let mut products = shop.products.lock().unwrap().clone();
    if !all && shop.fault != Fault::TestProductForAll {
        products.retain(|product| product["smokeTest"] != true);
    }
    products.sort_by_key(|product| product["productId"].to_string());
    match shop.fault {
        Fault::ProductsFail => return (500, headers, "x".repeat(5000)),
        Fault::ProductMissing => products.retain(|product| product["productId"] != "p-2"),
        Fault::ProductForeign => products.push(json!({"productId": "p-9"})),
        Fault::ProductPrice => products[1]["price"] = json!(18.51),
        // Another way to write the same number.
        _ => products[0]["price"] = json!(5.0),
    }
    let content_type = match shop.fault {
        Fault::MarkupAsPage => "text/html",
        _ => "application/json",
    };
    headers.push(("content-type", content_type.to_string()));
    if shop.fault != Fault::MarkupSniffed {
        headers.push(("x-content-type-options", "nosniff".to_string()));
    }
    let mut body = Value::Array(products).to_string();
    if shop.fault == Fault::MarkupEscaped {
        body = body.replace('<', "&lt;");
    }
    (200, headers, body)
}

/// Takes a line's pieces of a product whose stock is counted; what was taken, by product.
fn take_stock(shop: &Shop, line: &Value) -> Value {
    let (Some(id), Some(pieces)) = (line["productId"].as_str(), line["quantity"].as_u64()) else {
        return json!({});
    };
    let mut products = shop.products.lock().unwrap();
    let counted = products.iter_mut().find(|p| p["productId"] == id && p["stock"].is_u64());
    let Some(product) = counted else { return json!({}) };
    product["stock"] = json!(product["stock"].as_u64().unwrap().saturating_sub(pieces));
    json!({ id: pieces })
}

/// Status and code for a line that the catalogue does not have, or not enough of.
fn missing(shop: &Shop, line: &Value, product: Option<&Value>) -> Option<(u16, &'static str)> {
    let asked = line["quantity"].as_u64()?;
    let Some(product) = product else {
        return (shop.fault != Fault::UnknownAccepted).then_some((422, "UnknownProduct"));
    };
    let is_enough = product["stock"].as_u64().is_none_or(|stock| stock >= asked);
    if is_enough || shop.fault == Fault::OversoldAccepted {
        return None;
    }
    if shop.fault == Fault::OversoldTaken {
        take_stock(shop, line);
    }
    Some((409, "OutOfStock"))
}

fn order(shop: &Shop, request: &Request) -> Reply {
    shop.log(ORDER_LOG, "START RequestId: 2".into());
    let refuse = |status: u16, code: &str| {
        let body = if shop.fault == Fault::RefusedWithoutCode {
            json!("no")
        } else {
            json!({"error": {"code": code}})
        };
        Some((status, vec![], body.to_string()))
    };
    let draft: Value = match serde_json::from_str(&request.body) {
        Ok(draft) => draft,
        Err(_) => match shop.fault {
            Fault::MalformedAccepted => json!({"userId": "smoke-test"}),
            Fault::MalformedCrashes => return Some((502, vec![], "Internal server error".into())),
            _ => return refuse(400, "MalformedJson"),
        },
    };
    let key = request.headers.get("idempotency-key").cloned().unwrap_or_default();
    let used = shop.keys.lock().unwrap().iter().find(|(other, ..)| *other == key).cloned();
    match used {
        Some((_, body, id)) if body == request.body && shop.fault != Fault::KeyForgotten => {
            return Some((201, vec![], json!({"orderId": id}).to_string()));
        }
        Some((_, body, _)) if body != request.body && shop.fault != Fault::KeyGoodForAnother => {
            return refuse(422, "IdempotencyKeyReused");
        }
        _ => {}
    }
    let line = &draft["items"][0];
    let priced =
        shop.products.lock().unwrap().iter().find(|p| p["productId"] == line["productId"]).cloned();
    if let Some((status, code)) = missing(shop, line, priced.as_ref()) {
        return refuse(status, code);
    }
    let is_unknown = priced.is_none();
    let total = priced.map(|p| p["price"].as_f64().unwrap() * line["quantity"].as_f64().unwrap());
    let honest =
        total.is_some_and(|total| (total - draft["total"].as_f64().unwrap()).abs() < 0.001);
    let trusting = match shop.fault {
        Fault::PriceAccepted | Fault::MalformedAccepted => true,
        Fault::UnknownAccepted => is_unknown,
        _ => false,
    };
    if !honest && !trusting || shop.fault == Fault::OrderRefused {
        return refuse(409, "TotalMismatch");
    }
    let mut orders = shop.orders.lock().unwrap();
    let id = format!("order-{}", orders.len());
    if shop.fault != Fault::OrderNotStored {
        orders.insert(id.clone(), stored(shop, request, &draft, &id));
    }
    if !key.is_empty() {
        shop.keys.lock().unwrap().push((key, request.body.clone(), id.clone()));
    }
    if shop.fault == Fault::OrderUnanswered {
        return None;
    }
    Some((201, vec![], json!({"orderId": id}).to_string()))
}

/// The order as it is stored; a test's order takes its stock.
fn stored(shop: &Shop, request: &Request, draft: &Value, id: &str) -> Value {
    let now =
        u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let mut item = json!({"orderId": id, "userId": draft["userId"],
                             "items": draft["items"], "total": draft["total"],
                          "orderDate": now, "status": "PLACED"});
    if request.headers.get("x-shopstack-smoke").is_some_and(|mark| mark == "a-secret")
        && shop.fault != Fault::OrderUnmarked
    {
        item["smokeTest"] = json!(true);
        item["stockTaken"] = take_stock(shop, &draft["items"][0]);
    }
    match shop.fault {
        Fault::OrderTotal => item["total"] = json!(0.01),
        Fault::OrderStatus => item["status"] = json!("LOST"),
        Fault::OrderItems => item["items"][0]["quantity"] = json!(1),
        Fault::OrderUser => item["userId"] = json!("somebody"),
        _ => {}
    }
    item
}
