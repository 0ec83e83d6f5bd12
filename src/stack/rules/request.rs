//! Rules on the requests of the smoke test: one method each, and a path that a route answers.

use super::context::Context;
use crate::stack::SmokeRequest;
use crate::stack::error::quote;

pub(super) fn check(context: &mut Context, requests: &[SmokeRequest]) {
    for (i, request) in requests.iter().enumerate() {
        let i = i.to_string();
        let place = ["smoke", "requests", i.as_str()];
        let calls: Vec<(&str, &str)> = request.calls().collect();
        let [(method, path)] = calls.as_slice() else {
            let message = "a request has one of `get`, `head`, `post`, `put`, `patch`, `delete`";
            let help = Some("write it as `{ get: /notes, status: 200 }`".to_string());
            context.at_value(&place, message.to_string(), help);
            continue;
        };
        let key = method.to_lowercase();
        let place = ["smoke", "requests", i.as_str(), key.as_str()];
        let what = format!("the path {}", quote(path));
        if !path.starts_with('/') || path.contains(|c: char| c.is_whitespace() || c.is_control()) {
            let verdict = Err("must begin with `/` and hold no blanks".to_string());
            context.value(&place, &what, verdict, None);
        } else if path.contains(['{', '}']) {
            let verdict = Err("is asked as it stands, and holds a parameter".to_string());
            let help = Some("write a value in its place, such as `/notes/1`".to_string());
            context.value(&place, &what, verdict, help);
        } else if context.references {
            check_route(context, &place, method, path);
        }
        if request.json.is_some() && ["GET", "HEAD"].contains(method) {
            let place = ["smoke", "requests", i.as_str(), "json"];
            let verdict = Err(format!("is a body, and a {method} has none"));
            context.key(&place, "`json`", verdict, None);
        }
    }
}

fn check_route(context: &mut Context, place: &[&str], method: &str, path: &str) {
    let Some(api) = &context.stack.api else {
        let verdict = Err("needs an `api` to ask".to_string());
        context.value(place, &format!("the path {}", quote(path)), verdict, None);
        return;
    };
    let asked = path.split(['?', '#']).next().unwrap_or_default();
    if api.route_of(&format!("{method} {asked}")).is_none() {
        let routes: Vec<_> = api.routes.iter().map(|r| quote(&r.key())).collect();
        let message = format!("no route answers {}", quote(&format!("{method} {path}")));
        context.at_value(place, message, Some(format!("there are: {}", routes.join(", "))));
    }
}
