//! `smoke`: end-to-end test of what is deployed, alone or at the end of `up`.

use super::args::{Global, Smoke};
use super::error::{CliError, code};
use super::output::Output;
use super::outputs;
use super::session::{Project, Session};
use super::{apply, runner, signals};
use crate::aws::counter::Counter;
use crate::aws::probe::{Probe, TakenStock};
use crate::model::{CloudError, Scope, event::Sink, scope::GLOBAL_REGION};
use crate::render;
use crate::resources::s3::objects::{files, media_type::media_type};
use crate::smoke::{
    self, Backend, Check, CheckResult, CorsTarget, Firewall, FirewallProbes, LogKind, LogPage,
    LogTarget, OrderTarget, ProductsTarget, Report, RequestTarget, Target,
};
use crate::stack::{
    self, EnvPart, EnvValue, ManagedGroup, Origin, Route, SiteHeaders, SmokeCheck, SmokeRequest,
    Stack, WafScope,
};
use async_trait::async_trait;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub async fn command(global: &Global, args: &Smoke, output: &Output) -> Result<u8, CliError> {
    let start = Instant::now();
    let project = Project::load(global)?;
    let session = Session::open(global, &project.place(), output).await?;
    signals::stop_on_signals(&session, output);
    let document = outputs::live(&session, &project).await?;
    // A hint will do: it says which checks have a subject.
    let expires = session.reader.index(&session.scope).await?.expires_at().is_some();
    let project = project.settled(expires);
    let sink = apply::sink(&session, output);
    let report = apply::until_stopped(&session, run(&session, &project, &document, &sink)).await?;
    add_summary(&session, &report, output);
    if let Some(path) = &args.junit {
        std::fs::write(path, report.to_junit(&project.stack.name)).map_err(|e| {
            CliError::new(format!("{}: {e}", path.display()), "name a file that can be written")
        })?;
    }
    if output.json {
        let elapsed_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let result = if report.failed() { "failed" } else { "ok" };
        let document = outputs::with_domains(document, &session, &project.stack);
        output.summary(&apply::summary_line(result, 0, &session, elapsed_ms, document, &[]));
    }
    if report.failed() {
        return Err(CliError::coded(
            code::SMOKE,
            count_failures(&report),
            "the checks above say what was expected and what came",
        ));
    }
    if !output.json {
        warn_of_nothing(&report, &project.stack, output);
        if report.passed() > 0 {
            output.result("The smoke test passed.");
        }
    }
    Ok(code::OK)
}

/// `smoke test failed: 1 of 8 checks`.
pub fn count_failures(report: &Report) -> String {
    let failed = report.failed_count();
    let noun = if report.results.len() == 1 { "check" } else { "checks" };
    format!("smoke test failed: {failed} of {} {noun}", report.results.len())
}

/// Adds the checks to a CI step's summary.
pub fn add_summary(session: &Session, report: &Report, output: &Output) {
    let scope = &session.scope;
    let heading = format!("Smoke test of {}/{} in {}", scope.stack, scope.env, scope.region);
    let fact = |result: &CheckResult| {
        let message = if result.message.is_empty() { "" } else { ": " };
        let words = format!("{}{message}{}", result.status.as_str(), result.message);
        (result.check.clone(), words)
    };
    let facts: Vec<_> = report.results.iter().map(fact).collect();
    let facts: Vec<_> = facts.iter().map(|(name, words)| (name.as_str(), words.clone())).collect();
    runner::add_summary(&render::step::markdown(&heading, &facts, None), output);
}

/// A test that tested nothing is no success, and says so.
pub fn warn_of_nothing(report: &Report, stack: &Stack, output: &Output) {
    if report.passed() == 0 && !report.failed() {
        let cause = match (&stack.api, &stack.site) {
            (Some(_), _) => {
                "every check was skipped; `smoke.requests` in stack.yaml says what to ask the API"
            }
            (None, Some(_)) => "every check was skipped",
            (None, None) => "the smoke test asks sites and APIs, and the stack has neither",
        };
        output.note(&format!("warning: nothing was tested: {cause}"));
    }
}

/// Runs the checks that stack.yaml asks for against the outputs of what is deployed.
pub async fn run(session: &Session, project: &Project, document: &Value, sink: &Sink) -> Report {
    prepare(session, project, document).await.run(sink).await
}

/// The test of one deployed stack, to be run as often as one likes.
pub struct Prepared {
    pub target: Target,
    backend: Cloud,
}

/// Reads what the test has to know of the deployed stack.
pub async fn prepare(session: &Session, project: &Project, document: &Value) -> Prepared {
    let backend = Cloud { probe: Probe::new(&session.sdk), counter: session.sdk.counter.clone() };
    let mut target = target(session, project, document, session.serves);
    let (stack, probe) = (&project.stack, &backend.probe);
    if let Some(order) = &mut target.order {
        order.secret = secret(session, stack, probe, &order.route).await;
    }
    if let Some(products) = &mut target.products {
        products.secret = secret(session, stack, probe, &products.route).await;
    }
    Prepared { target, backend }
}

impl Prepared {
    pub async fn run(&self, sink: &Sink) -> Report {
        smoke::run(&self.target, &self.backend, sink).await
    }

    /// The last lines of a log group since `since_ms` (epoch).
    pub async fn log_text(&self, group: &str, since_ms: i64) -> Vec<String> {
        self.backend.log_text(group, since_ms).await.unwrap_or_default()
    }

    /// Some item of a table, where it has any.
    pub async fn any_item(&self, table: &str) -> Option<Value> {
        self.backend.items(table).await.ok()?.into_iter().next()
    }
}

/// The secret of the function behind a route: the variable that stack.yaml fills with
/// `${smoke.secret}`. Where it cannot be read there is none, and the checks that need it say so.
async fn secret(session: &Session, stack: &Stack, probe: &Probe, route: &str) -> Option<String> {
    let route = stack.api.as_ref()?.route_of(route)?;
    let variables = &stack.functions.get(&route.function)?.env;
    let (name, _) = variables.iter().find(|(_, v)| v.parts == [EnvPart::SmokeSecret])?;
    let function = session.scope.name(&route.function);
    probe.variable(&function, name).await.ok().flatten().filter(|secret| !secret.is_empty())
}

fn target(session: &Session, project: &Project, document: &Value, serves_requests: bool) -> Target {
    let stack = &project.stack;
    let text = |key: &str| document.get(key).and_then(Value::as_str).map(str::to_string);
    let named = outputs::with_domains(document.clone(), session, stack);
    let api_of_pages = named.get("api_url").and_then(Value::as_str).map(str::to_string);
    let scope = &session.scope;
    let emulated = scope.endpoint.is_some();
    let page = stack.cdn.as_ref().map_or("index.html", |c| c.default_object.as_str());
    let bucket_url = text("bucket").map(|bucket| match &scope.endpoint {
        Some(endpoint) => format!("{endpoint}/{bucket}/{page}"),
        None => format!("https://{bucket}.s3.{}.amazonaws.com/{page}", scope.region),
    });
    let blocked =
        stack.cdn.as_ref().and_then(|c| c.error_pages.get(&403)).map_or(403, |p| p.status);
    Target {
        site_url: text("site_url"),
        api_url: text("api_url"),
        api_domain_url: api_of_pages.filter(|url| Some(url) != text("api_url").as_ref()),
        first_page: first_page(project),
        bucket_url,
        emulated,
        serves_requests,
        waf: stack.waf.is_some(),
        site_firewall: firewall(session, stack, WafScope::Site),
        api_firewall: firewall(session, stack, WafScope::Api),
        waf_evaluated: !emulated,
        site_blocked_status: blocked,
        requests: requests(scope, stack),
        products: stack.smoke.products.as_ref().map(|p| ProductsTarget {
            route: p.route.clone(),
            table: scope.name(&p.table),
            secret: None,
        }),
        order: stack.smoke.order.as_ref().map(|o| OrderTarget {
            route: o.route.clone(),
            table: scope.name(&o.table),
            user: o.user.clone(),
            secret: None,
        }),
        cors: cors(session, stack, text("site_url")),
        site_headers: site_headers(session, stack, &named),
        log_groups: log_groups(session, stack),
        ca_bundle: session.sdk.network.bundle.as_ref().map(|bundle| bundle.pem.clone()),
        budget: Duration::from_secs(u64::from(stack.smoke.timeout_seconds)),
        checks: checks(stack),
    }
}

/// What the web ACL at a place stops, and where it writes.
fn firewall(session: &Session, stack: &Stack, place: WafScope) -> Firewall {
    let groups = stack.waf.as_ref().map(|w| w.managed_groups.as_slice()).unwrap_or_default();
    let blocks = |group: ManagedGroup, rule: &str| {
        groups.iter().any(|entry| entry.group == group && entry.blocks(rule, place))
    };
    let (id, region) = match place {
        WafScope::Site => ("cdn", Some(GLOBAL_REGION.to_string())),
        WafScope::Api | WafScope::Both => ("api", None),
    };
    Firewall {
        probes: FirewallProbes {
            sqli: blocks(ManagedGroup::Sqli, "SQLi_QUERYARGUMENTS"),
            xss: blocks(ManagedGroup::Common, "CrossSiteScripting_QUERYARGUMENTS"),
        },
        log_group: format!("aws-waf-logs-{}", session.scope.name(id)),
        log_region: region,
    }
}

/// Media type of the file that `/` stands for; `None` where the folder on this machine has none.
/// Where there is no folder, as on a machine that did not build it, a page is expected.
fn first_page(project: &Project) -> Option<String> {
    let (site, cdn) = (project.stack.site.as_ref()?, project.stack.cdn.as_ref()?);
    let (folder, key) = (project.root.join(&site.folder), &cdn.default_object);
    (!folder.is_dir() || files::is_served(&folder, key)).then(|| media_type(key, site))
}

fn cors(session: &Session, stack: &Stack, site_url: Option<String>) -> Option<CorsTarget> {
    let cors = stack.api.as_ref()?.cors.as_ref()?;
    let domain = stack.site.as_ref().and_then(|site| site.domain.as_ref());
    let of_site = match domain.filter(|_| session.scope.endpoint.is_none()) {
        Some(domain) => domain.names().map(|name| format!("https://{name}")).collect(),
        None => Vec::from_iter(site_url),
    };
    let origins = |origin: &Origin| match origin {
        Origin::Site => of_site.clone(),
        Origin::Exact(text) => vec![text.clone()],
    };
    Some(CorsTarget {
        origins: cors.origins.iter().flat_map(origins).collect(),
        headers: cors.allowed_headers(),
        credentials: cors.credentials,
    })
}

/// The headers that `site.headers` sets, as they arrive.
fn site_headers(session: &Session, stack: &Stack, document: &Value) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let Some(headers) = stack.site.as_ref().and_then(|site| site.headers.as_ref()) else {
        return all;
    };
    let SiteHeaders { csp, frame_options, referrer_policy, hsts, custom } = headers;
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    let stage = stack.api.as_ref().map_or("", |api| api.stage.as_str());
    let origin = text("api_url").trim_end_matches(&format!("/{stage}"));
    let fill = |value: &EnvValue| {
        let part = |part: &EnvPart| match part {
            EnvPart::Literal(text) => text.clone(),
            EnvPart::ApiOrigin => origin.to_string(),
            EnvPart::ApiUrl => text("api_url").to_string(),
            EnvPart::SiteUrl => text("site_url").to_string(),
            EnvPart::Region => session.scope.region.clone(),
            EnvPart::Env => session.scope.env.clone(),
            EnvPart::Stack => session.scope.stack.clone(),
            _ => String::new(),
        };
        value.parts.iter().map(part).collect::<String>()
    };
    if csp.is_some() || *frame_options != stack::FrameOptions::default() {
        let api = Some(origin).filter(|_| stack.api.is_some());
        let policy = stack::content_security_policy(Some(headers), api, &fill);
        all.insert("content-security-policy".to_string(), policy);
    }
    all.insert("x-frame-options".to_string(), frame_options.aws().to_string());
    all.insert("referrer-policy".to_string(), referrer_policy.aws().to_string());
    let age = format!("max-age={}", hsts.max_age);
    all.insert("strict-transport-security".to_string(), age);
    all.extend(custom.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())));
    all
}

fn checks(stack: &Stack) -> BTreeSet<Check> {
    let check = |wanted: &SmokeCheck| match wanted {
        SmokeCheck::Site => Check::Site,
        SmokeCheck::Bucket => Check::Bucket,
        SmokeCheck::Requests => Check::Requests,
        SmokeCheck::Products => Check::Products,
        SmokeCheck::Cors => Check::Cors,
        SmokeCheck::Order => Check::Order,
        SmokeCheck::Tampering => Check::Tampering,
        SmokeCheck::Replay => Check::Replay,
        SmokeCheck::UnknownProduct => Check::UnknownProduct,
        SmokeCheck::Oversold => Check::Oversold,
        SmokeCheck::Markup => Check::Markup,
        SmokeCheck::Waf => Check::Waf,
        SmokeCheck::Logs => Check::Logs,
    };
    stack.smoke.checks.iter().map(check).collect()
}

/// What stack.yaml asks, or each route once by GET that has no parameter.
fn requests(scope: &Scope, stack: &Stack) -> Vec<RequestTarget> {
    let Some(api) = &stack.api else { return vec![] };
    let log_group = |function: String| format!("/aws/lambda/{}", scope.name(&function));
    // The test has no credentials: behind an authorizer no function is called.
    let called = |route: &Route| route.authorizer.is_none().then(|| route.function.clone());
    if stack.smoke.requests.is_empty() {
        let asked = |r: &&Route| ["GET", "ANY"].contains(&r.method.as_str());
        let plain = api.routes.iter().filter(asked).filter(|r| !r.path.contains('{'));
        let request = |route: &Route| RequestTarget {
            method: "GET".into(),
            path: route.path.clone(),
            status: None,
            json: None,
            repeatable: true,
            log_group: called(route).map(log_group),
        };
        return plain.map(request).collect();
    }
    let function = |method: &str, path: &str| {
        let asked = path.split(['?', '#']).next().unwrap_or_default();
        called(api.route_of(&format!("{method} {asked}"))?)
    };
    let request = |wanted: &SmokeRequest| {
        let (method, path) = wanted.calls().next()?;
        Some(RequestTarget {
            method: method.into(),
            path: path.into(),
            status: wanted.status,
            json: wanted.json.clone(),
            repeatable: !["POST", "PATCH"].contains(&method),
            log_group: function(method, path).map(log_group),
        })
    };
    stack.smoke.requests.iter().filter_map(request).collect()
}

/// The groups that the test's own requests reach: functions behind its two routes or, without them,
/// behind the GETs of stack.yaml; the access log, the API's firewall.
fn log_groups(session: &Session, stack: &Stack) -> Vec<LogTarget> {
    let scope = &session.scope;
    let Some(api) = &stack.api else { return vec![] };
    let tried = [
        stack.smoke.products.as_ref().map(|p| p.route.as_str()),
        stack.smoke.order.as_ref().map(|o| o.route.as_str()),
    ];
    let routes = tried.into_iter().flatten().filter_map(|route| api.route_of(route));
    let mut names: BTreeSet<String> =
        routes.map(|route| format!("/aws/lambda/{}", scope.name(&route.function))).collect();
    if names.is_empty() {
        let asked = requests(scope, stack).into_iter().filter(|request| request.method == "GET");
        names.extend(asked.filter_map(|request| request.log_group));
    }
    let mut groups: Vec<LogTarget> =
        names.into_iter().map(|name| LogTarget { name, kind: LogKind::Function }).collect();
    groups.push(LogTarget {
        name: format!("/aws/apigateway/{}", scope.name("api")),
        kind: LogKind::Api,
    });
    if stack.waf.is_some() {
        groups.push(LogTarget {
            name: format!("aws-waf-logs-{}", scope.name("api")),
            kind: LogKind::Waf,
        });
    }
    groups
}

struct Cloud {
    probe: Probe,
    counter: Arc<Counter>,
}

/// AWS does not say which table it does not find.
fn of_table(table: &str, mut error: CloudError) -> CloudError {
    if error.is_not_found() {
        error.message = format!("table {table}: {}", error.message);
        error.hint = "`shopstack diff` shows what is missing, `shopstack up` makes it".into();
    }
    error
}

#[async_trait]
impl Backend for Cloud {
    async fn items(&self, table: &str) -> Result<Vec<Value>, CloudError> {
        self.probe.items(table).await.map_err(|e| of_table(table, e))
    }

    async fn item(&self, table: &str, key: &Value) -> Result<Option<Value>, CloudError> {
        self.probe.item(table, key).await.map_err(|e| of_table(table, e))
    }

    async fn remove_order(
        &self,
        table: &str,
        key: &Value,
        stock_of: &str,
        pieces: &BTreeMap<String, u64>,
    ) -> Result<(), CloudError> {
        let taken = TakenStock { table: stock_of.to_string(), pieces: pieces.clone() };
        self.probe.remove_smoke_order(table, key, &taken).await
    }

    async fn put_test_product(&self, table: &str, item: &Value) -> Result<(), CloudError> {
        self.probe.put_test_product(table, item).await
    }

    async fn remove_test_product(&self, table: &str, key: &Value) -> Result<(), CloudError> {
        self.probe.remove_test_product(table, key).await
    }

    async fn log_page(
        &self,
        region: Option<&str>,
        group: &str,
        since_ms: i64,
        token: Option<&str>,
    ) -> Result<LogPage, CloudError> {
        let (lines, next) = self.probe.log_page(region, group, since_ms, token).await?;
        Ok(LogPage { lines, next })
    }

    async fn log_text(&self, group: &str, since_ms: i64) -> Result<Vec<String>, CloudError> {
        self.probe.log_text(group, since_ms).await
    }

    fn count_request(&self) {
        self.counter.count_smoke();
    }
}
