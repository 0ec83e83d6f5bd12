//! Rules for the API, and for the smoke test that visits it.

use super::authorizer;
use super::context::Context;
use super::permission;
use super::request;
use crate::stack::error::{quote, suggest};
use crate::stack::names::{self, Verdict};
use crate::stack::{Api, Cors, Origin, Route, Smoke, Stack};
use std::collections::BTreeMap;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "ANY"];
/// Deeper paths are refused, because each segment is a resource of its own.
const MAX_DEPTH: usize = 8;

pub(super) fn check(context: &mut Context) {
    let Stack { api, smoke, .. } = context.stack;
    if let Some(api) = api {
        check_api(context, api);
    }
    check_smoke(context, smoke);
}

fn check_api(context: &mut Context, api: &Api) {
    let Api {
        stage,
        routes,
        authorizers: _,
        cors,
        domain: _,
        openapi,
        compress: _,
        binary,
        throttling: _,
    } = api;
    if let Some(path) = openapi {
        let what = format!("the path {}", quote(path));
        context.value(&["api", "openapi"], &what, names::inner_path(path), None);
    }
    context.value(
        &["api", "stage"],
        &format!("the stage's name {}", quote(stage)),
        names::stage(stage),
        None,
    );
    let mut parameters = BTreeMap::new();
    for route in routes {
        let Route { method, path, function, authorizer: _, scopes: _ } = route;
        let key = route.key();
        let place = ["api", "routes", key.as_str()];
        let what = format!("the route {}", quote(&key));
        let functions = context.stack.functions.keys();
        let target = ["api", "routes", key.as_str(), "function"];
        context.reference(&target, "function", function, functions);
        if !METHODS.contains(&method.as_str()) {
            let help = match method.as_str() {
                "OPTIONS" => "preflights are answered by `api.cors`".to_string(),
                _ => suggest(method, &METHODS, "write `METHOD /path`; methods").unwrap_or_default(),
            };
            context.key(
                &place,
                &what,
                Err(format!("cannot have the method {}", quote(method))),
                Some(help),
            );
            continue;
        }
        match route_path(path) {
            Ok(()) => sibling(context, &place, path, &mut parameters),
            refused => context.key(&place, &what, refused, None),
        }
    }
    permission::check(context, api);
    authorizer::check(context, api);
    for (i, kind) in binary.iter().enumerate() {
        let what = format!("the media type {}", quote(kind));
        let help = Some("like `image/*`, `application/pdf`, or `*/*` for all".to_string());
        context.value(&["api", "binary", &i.to_string()], &what, names::media_type(kind), help);
    }
    if let Some(cors) = cors {
        check_cors(context, cors);
    }
}

fn check_cors(context: &mut Context, cors: &Cors) {
    let Cors { origins, headers, expose, credentials: _, max_age: _ } = cors;
    for (i, origin) in origins.iter().enumerate() {
        let i = i.to_string();
        check_origin(context, &["api", "cors", "origins", &i], origin);
    }
    for (key, names) in [("headers", headers), ("expose", expose)] {
        for (i, name) in names.iter().enumerate() {
            let earlier = names.iter().take(i).any(|n| n.eq_ignore_ascii_case(name));
            let verdict = match names::header(name) {
                Ok(()) if earlier => Err("stands there twice: case makes no difference".into()),
                verdict => verdict,
            };
            let help = (name == "*").then(|| "name each header".to_string());
            let what = format!("the header {}", quote(name));
            context.value(&["api", "cors", key, &i.to_string()], &what, verdict, help);
        }
    }
}

fn route_path(path: &str) -> Verdict {
    let Some(inner) = path.strip_prefix('/') else {
        return Err("must be `METHOD /path`, with one space and a leading `/`".to_string());
    };
    if inner.is_empty() {
        return Ok(());
    }
    let segments: Vec<_> = inner.split('/').collect();
    if segments.len() > MAX_DEPTH {
        return Err(format!("has {} segments, but may have {MAX_DEPTH}", segments.len()));
    }
    let mut seen = Vec::new();
    let last = segments.len() - 1;
    for (i, segment) in segments.into_iter().enumerate() {
        let name = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
        let greedy = name.is_some_and(|name| name.ends_with('+'));
        if greedy && i < last {
            return Err(format!("has {} before its end: it takes all the rest", quote(segment)));
        }
        let name = name.map(|name| if greedy { name.trim_end_matches('+') } else { name });
        if segment.is_empty() {
            return Err("has an empty segment (a doubled or trailing `/`)".to_string());
        }
        let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name == Some("") || !name.unwrap_or(segment).chars().all(good) {
            return Err(format!(
                "has the segment {}: letters, digits, `.`, `_`, `-`, a {{parameter}} or, at the \
                 end, a {{parameter+}}",
                quote(segment)
            ));
        }
        if name.is_some() && seen.contains(&segment) {
            return Err(format!("has the parameter {} twice", quote(segment)));
        }
        seen.push(segment);
    }
    Ok(())
}

/// API Gateway allows one parameter at a place: `/a/{x}` and `/a/{y}` cannot stand side by side.
fn sibling<'p>(
    context: &mut Context,
    place: &[&str],
    path: &'p str,
    seen: &mut BTreeMap<&'p str, &'p str>,
) {
    for (start, _) in path.match_indices("/{") {
        let (parent, rest) = path.split_at(start);
        let segment = rest.get(1..).and_then(|r| r.split('/').next()).unwrap_or_default();
        let first = *seen.entry(parent).or_insert(segment);
        if first != segment {
            let problem =
                format!("has {} where another route has {}", quote(segment), quote(first));
            let help =
                "API Gateway allows one parameter name at each place of a path; use the same"
                    .to_string();
            context.key(place, &format!("the path {}", quote(path)), Err(problem), Some(help));
        }
    }
}

fn check_origin(context: &mut Context, place: &[&str], origin: &Origin) {
    match origin {
        Origin::Site if context.stack.site.is_some() || !context.references => {}
        Origin::Site => {
            let help = Some("add a `site`, or write exact origins".to_string());
            context.value(
                place,
                "the origin `site`",
                Err("needs a `site` in this stack".to_string()),
                help,
            );
        }
        Origin::Exact(text) => {
            let help = Some(
                "write `site`, or like `https://shop.example` or `http://localhost:3000`"
                    .to_string(),
            );
            context.value(place, &format!("the origin {}", quote(text)), exact_origin(text), help);
        }
    }
}

fn exact_origin(text: &str) -> Verdict {
    if text.contains('*') {
        return Err(
            "must be exact: browsers know no wildcard inside an origin, and `*` would let \
             everybody in"
                .to_string(),
        );
    }
    let (scheme, rest) = text.split_once("://").ok_or("must begin with `https://`")?;
    // An IPv6 address stands in brackets, since it holds colons itself.
    let address = rest.starts_with('[').then(|| rest.find(']')).flatten().map(|end| end + 1);
    let (host, rest) = rest.split_at(address.or_else(|| rest.find(':')).unwrap_or(rest.len()));
    let port = rest.strip_prefix(':');
    if address.is_some() && port.is_none() && !rest.is_empty() {
        return Err("must end after host and port, without a path or a `/`".to_string());
    }
    let label = |l: &str| {
        let inner = l.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        inner && (1..=63).contains(&l.len()) && !l.starts_with('-') && !l.ends_with('-')
    };
    if host.contains(['/', '?', '#']) || port.is_some_and(|p| p.contains(['/', '?', '#'])) {
        return Err("must end after host and port, without a path or a `/`".to_string());
    }
    let is_address =
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).is_some_and(|host| {
            host.parse::<std::net::Ipv6Addr>().is_ok_and(|a| a.to_string() == host)
        });
    if !is_address && (host.len() > 253 || !host.split('.').all(label)) {
        return Err("has no valid host (lower-case letters, digits, `-`, `.`)".to_string());
    }
    if port.is_some_and(|p| p.parse::<u16>().map_or(true, |n| n == 0) || p.starts_with(['0', '+']))
    {
        return Err("has no valid port".to_string());
    }
    let loopback = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    let local = loopback || host.ends_with(".localhost");
    match (scheme, port) {
        ("https", Some("443")) | ("http", Some("80")) => {
            Err("must leave out the scheme's own port, as browsers do".to_string())
        }
        ("https", _) => Ok(()),
        ("http", _) if local => Ok(()),
        ("http", _) => Err("must be https; http is for localhost alone".to_string()),
        _ => Err("must begin with `https://`".to_string()),
    }
}

fn check_smoke(context: &mut Context, smoke: &Smoke) {
    let Smoke { checks: _, requests, products, order, timeout_seconds: _ } = smoke;
    request::check(context, requests);
    let products = products.as_ref().map(|p| ("products", &p.route, &p.table));
    let named = order.as_ref().map(|o| ("order", &o.route, &o.table));
    for (part, route, table) in products.into_iter().chain(named) {
        let api = context.stack.api.as_ref();
        if api.is_none_or(|api| api.route_of(route).is_none()) {
            let routes: Vec<_> = api.iter().flat_map(|api| &api.routes).map(Route::key).collect();
            context.reference(&["smoke", part, "route"], "route", route, routes.iter());
        }
        context.reference(&["smoke", part, "table"], "table", table, context.stack.tables.keys());
    }
    if let Some(order) = order {
        context.value(&["smoke", "order", "user"], "the user", names::one_line(&order.user), None);
    }
}
