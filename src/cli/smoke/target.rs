//! The target of the smoke test: addresses, checks and log groups of a deployed stack.

use crate::cli::outputs;
use crate::cli::session::{Project, Session};
use crate::model::{Scope, scope::GLOBAL_REGION};
use crate::resources::s3::objects::{files, media_type::media_type};
use crate::smoke::{
    Check, CorsTarget, Firewall, FirewallProbes, LogKind, LogTarget, OrderTarget, ProductsTarget,
    RequestTarget, Target,
};
use crate::stack::{
    self, EnvPart, EnvValue, ManagedGroup, Origin, Route, SiteHeaders, SmokeCheck, SmokeRequest,
    Stack, WafScope,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(super) fn target(
    session: &Session,
    project: &Project,
    document: &Value,
    serves_requests: bool,
) -> Target {
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

/// The rules and the log group of the web ACL at a place.
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

/// The requests of stack.yaml, or a GET of each route without parameters.
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
