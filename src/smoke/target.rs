//! The target of the test: the deployed stack's addresses and names, and the abilities of its
//! endpoint.

use super::Check;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A deployed stack as seen from outside. A check whose subject is `None` is skipped, and says so.
#[derive(Clone, Debug)]
pub struct Target {
    /// `https://dxxxx.cloudfront.net` or the twin's `http://<label>.cloudfront.localhost:<port>`.
    pub site_url: Option<String>,
    /// With the stage: `https://<id>.execute-api.<region>.amazonaws.com/<stage>`.
    pub api_url: Option<String>,
    /// The API's address for the site's pages, where it has a domain of its own: DNS may not lead
    /// there yet, so nothing is asked by it.
    pub api_domain_url: Option<String>,
    /// Media type of what `/` answers with; `None` where the site has no such file.
    pub first_page: Option<String>,
    /// The S3 URL of the site's first page, which must be refused.
    pub bucket_url: Option<String>,
    /// Not real AWS: plain http, no redirect to https, no access log.
    pub emulated: bool,
    /// False for an endpoint that stores settings but answers no site or API requests: every check
    /// is skipped.
    pub serves_requests: bool,
    /// The stack has web ACLs.
    pub waf: bool,
    pub site_firewall: Firewall,
    pub api_firewall: Firewall,
    /// The endpoint evaluates WAF rules; false on emulators.
    pub waf_evaluated: bool,
    /// The status that a viewer sees for a 403 at the site: CloudFront's error pages also apply to
    /// blocked requests, so a stack that maps 403 to another status (`cdn.error_pages`) must say so
    /// here.
    pub site_blocked_status: u16,
    /// The requests, sent one after the other.
    pub requests: Vec<RequestTarget>,
    pub products: Option<ProductsTarget>,
    pub order: Option<OrderTarget>,
    /// The origins that may call the API from a browser; none without `cors`.
    pub cors: Option<CorsTarget>,
    /// Headers that stack.yaml sets otherwise than by default, by name in lower case: what each
    /// must begin with.
    pub site_headers: BTreeMap<String, String>,
    /// Only groups that the test's own requests reach.
    pub log_groups: Vec<LogTarget>,
    /// Certificates in PEM form to trust in place of the system's.
    pub ca_bundle: Option<Vec<u8>>,
    /// For the whole test; every check tries at least once.
    pub budget: Duration,
    pub checks: BTreeSet<Check>,
}

impl Target {
    /// The API's address as the site's pages name it.
    pub fn api_of_pages(&self) -> Option<&str> {
        self.api_domain_url.as_deref().or(self.api_url.as_deref())
    }
}

impl Default for Target {
    fn default() -> Self {
        Self {
            site_url: None,
            api_url: None,
            api_domain_url: None,
            first_page: Some("text/html".into()),
            bucket_url: None,
            emulated: false,
            serves_requests: true,
            waf: false,
            site_firewall: Firewall::default(),
            api_firewall: Firewall::default(),
            waf_evaluated: true,
            site_blocked_status: 403,
            requests: Vec::new(),
            products: None,
            order: None,
            cors: None,
            site_headers: BTreeMap::new(),
            log_groups: Vec::new(),
            ca_bundle: None,
            budget: Duration::from_secs(180),
            checks: Check::ALL.into(),
        }
    }
}

/// One web ACL.
#[derive(Clone, Debug, Default)]
pub struct Firewall {
    pub probes: FirewallProbes,
    /// Where it logs what it decided.
    pub log_group: String,
    /// The log group's region, where that is not the stack's.
    pub log_region: Option<String>,
}

/// The test's requests that a web ACL blocks.
#[derive(Clone, Copy, Debug)]
pub struct FirewallProbes {
    /// It holds AWS's SQL injection group, and that blocks.
    pub sqli: bool,
    /// It holds AWS's common group, whose rules against cross-site scripting block.
    pub xss: bool,
}

impl Default for FirewallProbes {
    fn default() -> Self {
        Self { sqli: true, xss: true }
    }
}

/// A request and the answer that it should get.
#[derive(Clone, Debug)]
pub struct RequestTarget {
    pub method: String,
    /// Below the stage, `/` first; a query may follow.
    pub path: String,
    /// Any below 500 where none is named.
    pub status: Option<u16>,
    pub json: Option<Value>,
    /// False where asking twice may do something twice.
    pub repeatable: bool,
    /// Where the function behind the route logs.
    pub log_group: Option<String>,
}

/// The promises of `api.cors` to browsers.
#[derive(Clone, Debug, Default)]
pub struct CorsTarget {
    /// Every allowed origin, without a slash at the end.
    pub origins: Vec<String>,
    /// Request headers that pages may send.
    pub headers: Vec<String>,
    /// Pages may send cookies.
    pub credentials: bool,
}

/// The route that lists a table.
#[derive(Clone, Debug)]
pub struct ProductsTarget {
    /// As in stack.yaml: `GET /products`.
    pub route: String,
    /// The table's name on AWS; its key is `productId`.
    pub table: String,
    /// Shows the test its own products; none where the function knows no secret, and then none is
    /// made.
    pub secret: Option<String>,
}

/// The route that takes an order.
#[derive(Clone, Debug)]
pub struct OrderTarget {
    /// As in stack.yaml: `POST /orders`.
    pub route: String,
    /// The table's name on AWS; its key is `orderId`.
    pub table: String,
    /// The `userId` of the test's orders.
    pub user: String,
    /// Marks the test's orders; none where the function knows no secret, and then none is placed.
    pub secret: Option<String>,
}

/// The writer of a log group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    /// A function behind the products or the order route.
    Function,
    /// The stage's access log; its lines hold `$context.requestId`.
    Api,
    /// The log of a web ACL.
    Waf,
}

/// A log group that must hold what the test just did.
#[derive(Clone, Debug)]
pub struct LogTarget {
    pub name: String,
    pub kind: LogKind,
}

/// Method and path of a route as in stack.yaml.
pub(super) fn route(route: &str) -> Result<(&str, &str), String> {
    match route.split_once(' ') {
        Some((method, path)) if !method.is_empty() && path.starts_with('/') => Ok((method, path)),
        _ => Err(format!(
            "the route {route:?} is no method and path; write it as in `api.routes`: GET /products"
        )),
    }
}
