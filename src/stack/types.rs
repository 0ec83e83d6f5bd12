//! The whole stack, its logs and its smoke test, as they stand in stack.yaml with defaults filled
//! in.

use super::{Alarms, Api, Cdn, Function, Site, Table, Waf};
use crate::model::duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A serverless application on AWS: tables, functions, an HTTP API, a website. Every part but
/// `name` and `region` may be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "shopstack's stack.yaml",
    extend("patternProperties" = {"^x-": {"description": "Ignored: a place for anchors."}}))]
pub struct Stack {
    /// Name of the stack: first part of every resource's name. Lower-case letters, digits and `-`,
    /// at most 20 characters.
    #[schemars(extend("pattern" = "^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", "examples" = ["shop"]))]
    pub name: String,
    /// AWS region of everything but CloudFront and its web ACL, which AWS keeps in us-east-1.
    #[schemars(extend("pattern" = "^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$",
               "examples" = ["us-east-1", "eu-central-1"]))]
    pub region: String,
    /// The AWS account that the stack belongs in, twelve digits in quotes. Every command refuses to
    /// work with credentials of another.
    #[schemars(extend("pattern" = "^[0-9]{12}$", "examples" = ["123456789012"]))]
    pub account: Option<String>,
    /// How long the environment lives after each `up` (90m, 4h, 2d), unless `--ttl` says otherwise:
    /// then `sweep` may delete it. Its tables are not protected, and it has no web ACL of its own
    /// unless it asks for one here.
    #[schemars(extend("pattern" = "^[0-9]+[smhd]$", "examples" = ["72h"]))]
    pub ttl: Option<String>,
    /// Your own tags, put on every resource that can carry tags, beside those of shopstack itself:
    /// letters, digits, spaces and `_.:/=+-@`.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 40,
               "examples" = [{"project": "shop", "Owner": "kim@example.com"}]))]
    pub tags: BTreeMap<String, String>,
    /// DynamoDB tables by logical id.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"pattern": "^[A-Za-z][A-Za-z0-9]{0,31}$"}))]
    pub tables: BTreeMap<String, Table>,
    /// Lambda functions by logical id.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"pattern": "^[A-Za-z][A-Za-z0-9]{0,31}$"}))]
    pub functions: BTreeMap<String, Function>,
    /// HTTP API in front of the functions (API Gateway REST API).
    pub api: Option<Api>,
    /// Static website: a private bucket, served by CloudFront.
    pub site: Option<Site>,
    /// How CloudFront serves the site; made with its defaults where there is a site.
    pub cdn: Option<Cdn>,
    /// Web application firewall in front of the site and of the API, whichever there are.
    pub waf: Option<Waf>,
    /// Alarms of CloudWatch; none unless set, nor in environments with a time to live
    /// unless their overlay asks for them.
    pub alarms: Option<Alarms>,
    /// How the functions are built.
    #[serde(default)]
    pub build: Build,
    /// Log groups.
    #[serde(default)]
    pub logs: Logs,
    /// What `shopstack smoke`, and every `up`, tries on the deployed stack.
    #[serde(default)]
    pub smoke: Smoke,
    /// Findings of `shopstack policy-report` that are accepted, each until a day.
    #[serde(default)]
    pub exceptions: Vec<AcceptedFinding>,
    /// Sections that the environment's own overlay sets.
    #[serde(skip)]
    pub(super) asked: Vec<String>,
}

impl Stack {
    /// How long the environment lives after each `up`, where its overlay says so.
    pub fn life(&self) -> Option<Duration> {
        self.ttl.as_deref().and_then(|text| duration::parse_life(text).ok())
    }

    /// The stack as an environment with a time to live has it: without a firewall of its own, whose
    /// floor is most of what such an environment would cost, and without alarms, unless its overlay
    /// asks for them.
    pub fn with_low_floor(&self) -> Self {
        let asks = |name: &str| self.asked.iter().any(|section| section == name);
        let waf = self.waf.clone().filter(|_| asks("waf"));
        let alarms = self.alarms.clone().filter(|_| asks("alarms"));
        Self { waf, alarms, ..self.clone() }
    }

    /// A private bucket is served by nothing else, so a site always has a distribution.
    pub(super) fn with_implied_parts(mut self) -> Self {
        if self.site.is_some() {
            self.cdn.get_or_insert_default();
        }
        self
    }
}

/// A finding of `policy-report` that is accepted: why, by whom, until when. After that day the
/// report fails until somebody has reviewed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptedFinding {
    /// The rule, as the report names it.
    #[schemars(extend("examples" = ["unencrypted-viewer"]))]
    pub rule: String,
    /// Address of the resource, as the report names it; `*` is a wildcard. Every resource unless
    /// given.
    #[schemars(extend("examples" = ["distribution.site"]))]
    pub resource: Option<String>,
    /// Why the risk is acceptable.
    pub reason: String,
    /// Who accepted it.
    #[schemars(extend("examples" = ["kim@example.com"]))]
    pub approver: String,
    /// The last day on which it is accepted.
    #[schemars(extend("pattern" = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "examples" = ["2027-06-30"]))]
    pub expires: String,
}

/// How cargo builds the functions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Build {
    /// Variables named `AWS_…` that cargo, build scripts and macros may see; all others of that
    /// name are withheld, since builds run other people's code. A compiler cache on S3 or a private
    /// registry may need some.
    #[schemars(extend("uniqueItems" = true, "examples" = [["AWS_PROFILE", "AWS_REGION"]]))]
    pub pass_env: Vec<String>,
}

/// Settings of every log group of the stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Logs {
    /// Days that log events are kept: one of the values that CloudWatch Logs accepts.
    #[schemars(extend("enum" = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365,
               400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]))]
    pub retention_days: u32,
}

impl Default for Logs {
    fn default() -> Self {
        Self { retention_days: 365 }
    }
}

/// The smoke test. A check whose subject the stack does not have is skipped, and said so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Smoke {
    /// The checks to run; all of them unless listed.
    #[schemars(extend("uniqueItems" = true))]
    pub checks: Vec<SmokeCheck>,
    /// What to ask the API, one after the other; unless given, each route without parameters once,
    /// by GET.
    #[schemars(extend("examples" = [[{"get": "/notes", "status": 200},
               {"post": "/notes", "json": {"text": "hello"}, "status": 201}]]))]
    pub requests: Vec<SmokeRequest>,
    /// Where the catalogue is read; without it the checks `products`, `markup`, `order`,
    /// `replay` and `oversold` are skipped.
    pub products: Option<SmokeProducts>,
    /// How an order is placed; without it the checks `order`, `tampering`, `replay`,
    /// `unknown_product` and `oversold` are skipped.
    pub order: Option<SmokeOrder>,
    /// Seconds that the whole test may take, waiting for AWS to settle included.
    #[schemars(range(min = 10, max = 1800))]
    pub timeout_seconds: u32,
}

impl Default for Smoke {
    fn default() -> Self {
        Self {
            checks: SmokeCheck::ALL.to_vec(),
            requests: Vec::new(),
            products: None,
            order: None,
            timeout_seconds: 180,
        }
    }
}

/// One check of the smoke test.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SmokeCheck {
    /// The site answers over CloudFront, with its security headers.
    Site,
    /// The bucket refuses a direct read.
    Bucket,
    /// The requests of `smoke.requests` get the answers named there; without any, each route
    /// without parameters that can be asked by GET answers with something else than a 5xx.
    Requests,
    /// The API's product list is what the table holds.
    Products,
    /// A preflight passes for an allowed origin and fails for another.
    Cors,
    /// An order that was posted is found in its table, and removed again.
    Order,
    /// A tampered total and malformed JSON are refused.
    Tampering,
    /// An order sent twice with one `Idempotency-Key` is one order, and the key is refused for
    /// another.
    Replay,
    /// An order for a product that does not exist is refused.
    UnknownProduct,
    /// An order for more than there is of a product is refused, and takes nothing.
    Oversold,
    /// A product named in markup is sent as JSON text that no browser takes for a page.
    Markup,
    /// The firewall stops an SQL injection and a cross-site scripting probe.
    Waf,
    /// The log groups hold what just happened.
    Logs,
}

impl SmokeCheck {
    pub const ALL: [Self; 13] = [
        Self::Site,
        Self::Bucket,
        Self::Requests,
        Self::Products,
        Self::Cors,
        Self::Order,
        Self::Tampering,
        Self::Replay,
        Self::UnknownProduct,
        Self::Oversold,
        Self::Markup,
        Self::Waf,
        Self::Logs,
    ];
}

/// A request to the API: one method with its path, and the answer it should get.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SmokeRequest {
    /// Path of a GET, with the values of its parameters and perhaps a query: `/notes/1?full=true`.
    pub get: Option<String>,
    /// Path of a HEAD.
    pub head: Option<String>,
    /// Path of a POST.
    pub post: Option<String>,
    /// Path of a PUT.
    pub put: Option<String>,
    /// Path of a PATCH.
    pub patch: Option<String>,
    /// Path of a DELETE.
    pub delete: Option<String>,
    /// The body, sent as JSON.
    pub json: Option<serde_json::Value>,
    /// Status of the answer; any below 500 unless given.
    #[schemars(range(min = 200, max = 599))]
    pub status: Option<u16>,
}

impl SmokeRequest {
    /// The methods that are given, by HTTP's names, with their paths: one in a stack that passed
    /// its rules.
    pub fn calls(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self { get, head, post, put, patch, delete, json: _, status: _ } = self;
        let all = [
            ("GET", get),
            ("HEAD", head),
            ("POST", post),
            ("PUT", put),
            ("PATCH", patch),
            ("DELETE", delete),
        ];
        all.into_iter().filter_map(|(method, path)| Some((method, path.as_deref()?)))
    }
}

/// The route that lists a table, and the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmokeProducts {
    /// A route of `api.routes`.
    #[schemars(extend("examples" = ["GET /products"]))]
    pub route: String,
    /// The table whose items the route answers with.
    pub table: String,
}

/// The route that takes an order, and the table it ends in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmokeOrder {
    /// A route of `api.routes`.
    #[schemars(extend("examples" = ["POST /orders"]))]
    pub route: String,
    /// The table that the order is stored in.
    pub table: String,
    /// The `userId` of the test's orders.
    #[serde(default = "smoke_user")]
    pub user: String,
}

fn smoke_user() -> String {
    "smoke-test".to_string()
}
