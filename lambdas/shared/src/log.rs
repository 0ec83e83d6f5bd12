//! Writes a JSON line for each answer, which CloudWatch also reads as metrics (embedded metric
//! format). The line contains nothing that a customer wrote: no name, no address, no body.

use crate::money::decimal;
use crate::product::Broken;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The namespace of the metrics in CloudWatch.
const NAMESPACE: &str = "shopstack";
/// Products named in one line: with ids of 2 KB, DynamoDB's longest, it stays under the 256 KB that
/// CloudWatch surely takes.
const MOST_NAMED: usize = 100;

static STARTED_BEFORE: AtomicBool = AtomicBool::new(false);

/// True once in the life of a process: for the request that had to wait for its start.
pub fn is_cold_start() -> bool {
    !STARTED_BEFORE.swap(true, Ordering::Relaxed)
}

/// An order that this request stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub id: String,
    pub cents: u64,
    pub currency: String,
    /// False for an order that was stored before, and for one of the smoke test: neither is
    /// business.
    pub counts: bool,
}

/// The content of one answer's line.
#[derive(Debug)]
pub struct Entry<'a> {
    /// `GET /products`, as in stack.yaml.
    pub route: &'a str,
    /// The function's name, which tells environments apart in the metrics.
    pub function: &'a str,
    pub request_id: &'a str,
    pub cold_start: bool,
    pub latency: Duration,
    pub status: u16,
    /// The code of the refusal.
    pub code: Option<&'a str>,
    /// AWS's error code, or what is wrong inside; never sent to a client.
    pub cause: Option<&'a str>,
    pub order: Option<&'a Order>,
    /// The id of an order that failed, to look for where its outcome is not known.
    pub failed_order: Option<&'a str>,
}

impl Entry<'_> {
    /// The line: what is searched for, and the metrics that CloudWatch takes from it.
    pub fn line(&self) -> String {
        let mut line = Map::new();
        let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
        put("level", level(self.status).into());
        put("message", "request".into());
        put("route", self.route.into());
        put("FunctionName", self.function.into());
        put("requestId", self.request_id.into());
        put("status", self.status.into());
        put("coldStart", self.cold_start.into());
        put("Latency", milliseconds(self.latency).into());

        let mut metrics = vec![metric(&["FunctionName"], &[("Latency", "Milliseconds")])];
        if let Some(code) = self.code {
            put("Code", code.into());
            put("Refused", 1.into());
            metrics.push(metric(&["FunctionName"], &[("Refused", "Count")]));
            metrics.push(metric(&["FunctionName", "Code"], &[("Refused", "Count")]));
        }
        if let Some(cause) = self.cause {
            put("cause", cause.into());
        }
        if let Some(id) = self.order.map(|order| order.id.as_str()).or(self.failed_order) {
            put("orderId", id.into());
        }
        if let Some(order) = self.order.filter(|order| order.counts) {
            put("OrdersPlaced", 1.into());
            put("Revenue", amount(order.cents));
            put("Currency", order.currency.as_str().into());
            metrics.push(metric(&["FunctionName"], &[("OrdersPlaced", "Count")]));
            metrics.push(metric(&["FunctionName", "Currency"], &[("Revenue", "None")]));
        }
        put("_aws", json!({ "Timestamp": now(), "CloudWatchMetrics": metrics }));
        Value::Object(line).to_string()
    }
}

/// The lines on products that are meant to be sold and cannot be, each named in one of them.
pub fn broken_products(request_id: &str, broken: &[Broken]) -> Vec<String> {
    let line = |named: &[Broken]| {
        json!({
            "level": "error", "message": "products that cannot be sold", "requestId": request_id,
            "count": broken.len(), "products": named,
        })
    };
    broken.chunks(MOST_NAMED).map(|named| line(named).to_string()).collect()
}

fn level(status: u16) -> &'static str {
    match status {
        500.. => "error",
        400.. => "warn",
        _ => "info",
    }
}

fn metric(dimensions: &[&str], metrics: &[(&str, &str)]) -> Value {
    let named = metrics.iter().map(|(name, unit)| json!({ "Name": name, "Unit": unit }));
    json!({
        "Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": named.collect::<Vec<_>>(),
    })
}

/// Whole cents as a number of the log; exact up to 2^53 cents.
fn amount(cents: u64) -> Value {
    serde_json::from_str(&decimal(cents)).unwrap_or_default()
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry<'a>(status: u16, code: Option<&'a str>, order: Option<&'a Order>) -> Value {
        let entry = Entry {
            route: "POST /orders",
            function: "shop-dev-createOrder",
            request_id: "r-1",
            cold_start: true,
            latency: Duration::from_micros(12_345),
            status,
            code,
            cause: None,
            order,
            failed_order: None,
        };
        serde_json::from_str(&entry.line()).unwrap()
    }

    /// Names of the metrics, each with its dimensions, whose values the line must hold.
    fn metrics(line: &Value) -> Vec<(String, Vec<String>)> {
        let all = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let of = |set: &Value| {
            let name = text(&set["Metrics"][0]["Name"]);
            let dimensions: Vec<String> =
                set["Dimensions"][0].as_array().unwrap().iter().map(text).collect();
            assert!(line[&name].is_number(), "{name}");
            assert!(dimensions.iter().all(|dimension| line[dimension].is_string()));
            (name, dimensions)
        };
        all.iter().map(of).collect()
    }

    #[test]
    fn an_order_is_counted_with_its_revenue_by_currency() {
        let order = Order { id: "abc".into(), cents: 14_988, currency: "EUR".into(), counts: true };
        let line = entry(201, None, Some(&order));
        assert_eq!(line["level"], "info");
        assert_eq!(line["orderId"], "abc");
        assert_eq!(line["Revenue"].to_string(), "149.88");
        assert_eq!(line["Latency"].to_string(), "12.35");
        let names: Vec<String> = metrics(&line).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Latency", "OrdersPlaced", "Revenue"]);
    }

    #[test]
    fn a_replayed_order_and_a_smoke_order_are_no_business() {
        let order =
            Order { id: "abc".into(), cents: 14_988, currency: "EUR".into(), counts: false };
        let line = entry(201, None, Some(&order));
        assert_eq!(line["orderId"], "abc");
        assert_eq!(metrics(&line).len(), 1);
        assert!(line.get("Revenue").is_none());
    }

    #[test]
    fn a_refusal_is_counted_by_its_code() {
        let line = entry(409, Some("OutOfStock"), None);
        assert_eq!(line["level"], "warn");
        for dimensions in [&["FunctionName"][..], &["FunctionName", "Code"]] {
            let dimensions = dimensions.iter().map(|name| (*name).to_owned()).collect();
            assert!(metrics(&line).contains(&("Refused".to_owned(), dimensions)));
        }
        assert_eq!(entry(503, Some("Unavailable"), None)["level"], "error");
    }

    #[test]
    fn every_broken_product_is_named_in_lines_that_are_not_cut() {
        assert!(broken_products("r", &[]).is_empty());
        let one = |n: usize| Broken { product_id: format!("p-{n}"), reason: "why" };
        let many: Vec<Broken> = (0..500).map(one).collect();
        let lines = broken_products("r", &many);
        let lines: Vec<Value> =
            lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let named = |line: &Value| line["products"].as_array().unwrap().len();
        assert_eq!(lines.iter().map(named).collect::<Vec<_>>(), [100; 5]);
        assert_eq!((&lines[4]["level"], &lines[4]["count"]), (&json!("error"), &json!(500)));
        assert_eq!(lines[4]["products"][99], json!({ "productId": "p-499", "reason": "why" }));
    }
}
