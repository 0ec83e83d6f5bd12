//! Rules on who may call the API: each authorizer, and what routes may ask of theirs.

use super::context::Context;
use crate::stack::error::quote;
use crate::stack::names::{self, Verdict};
use crate::stack::{Api, Authorizer, AuthorizerKind, Route};

pub(super) fn check(context: &mut Context, api: &Api) {
    super::ids(context, &["api", "authorizers"], api.authorizers.keys());
    for (id, authorizer) in &api.authorizers {
        check_authorizer(context, id, authorizer);
    }
    for route in &api.routes {
        check_route(context, api, route);
    }
}

fn check_authorizer(context: &mut Context, id: &str, authorizer: &Authorizer) {
    let Authorizer { user_pools, function, kind, identity, pattern, cache_seconds } = authorizer;
    let at = |key| ["api", "authorizers", id, key];
    if function.is_some() != user_pools.is_empty() {
        let verdict = Err("needs either `user_pools` or a `function`".to_string());
        let what = format!("the authorizer {}", quote(id));
        context.key(&["api", "authorizers", id], &what, verdict, None);
        return;
    }
    if let Some(function) = function {
        context.reference(&at("function"), "function", function, context.stack.functions.keys());
        let slow = context.stack.functions.get(function).filter(|f| f.timeout > 29);
        if let Some(slow) = slow {
            let what = format!(
                "`timeout` is {}, but API Gateway waits 29 seconds for an authorizer",
                slow.timeout
            );
            let help = Some("set it to 29 or less".to_string());
            context.at_value(&["functions", function, "timeout"], what, help);
        }
    }
    for (i, arn) in user_pools.iter().enumerate() {
        let help = Some(
            "such as `arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI`"
                .to_string(),
        );
        let place = ["api", "authorizers", id, "user_pools", &i.to_string()];
        context.value(&place, &quote(arn), user_pool(arn), help);
    }
    let of_request = function.is_some() && *kind == AuthorizerKind::Request;
    if function.is_none() && *kind == AuthorizerKind::Request {
        let verdict = Err("is for an authorizer with a `function`".to_string());
        context.key(&at("kind"), "`kind`", verdict, None);
    }
    check_identity(context, id, identity, of_request, *cache_seconds);
    if let Some(pattern) = pattern {
        let verdict = match function {
            Some(_) if !of_request && pattern.is_empty() => Err("must not be empty".to_string()),
            Some(_) if !of_request => Ok(()),
            _ => Err("is for a function of the kind `token`".to_string()),
        };
        context.key(&at("pattern"), "`pattern`", verdict, None);
    }
}

fn check_identity(
    context: &mut Context,
    id: &str,
    identity: &[String],
    of_request: bool,
    cache_seconds: u32,
) {
    let place = ["api", "authorizers", id, "identity"];
    if of_request {
        if identity.is_empty() && cache_seconds > 0 {
            let verdict = Err("must not be empty while answers are cached".to_string());
            let help = Some("name what tells callers apart, or set `cache_seconds: 0`".to_string());
            context.key(&place, "`identity`", verdict, help);
        }
    } else if identity.len() != 1 {
        let verdict = Err("must be one header, which holds the token".to_string());
        context.key(&place, "`identity`", verdict, None);
    }
    for (i, source) in identity.iter().enumerate() {
        let place = ["api", "authorizers", id, "identity", &i.to_string()];
        let help = of_request.then(|| {
            "`header.NAME`, `query.NAME`, `stage.NAME`, `context.NAME`, such as \
             `context.identity.sourceIp`"
                .to_string()
        });
        let what = format!("the source {}", quote(source));
        context.value(&place, &what, identity_source(source, of_request), help);
    }
}

fn identity_source(source: &str, of_request: bool) -> Verdict {
    let plain = |name: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.$-".contains(c);
        if !name.is_empty() && name.chars().all(allowed) {
            Ok(())
        } else {
            Err("has no name of letters, digits and `_.$-`".to_string())
        }
    };
    match source.split_once('.') {
        Some(("header", name)) => names::header(name),
        Some(("query" | "stage" | "context", name)) if of_request => plain(name),
        _ if of_request => Err("is no source of an identity".to_string()),
        _ => Err("must be a header, such as `header.Authorization`".to_string()),
    }
}

fn check_route(context: &mut Context, api: &Api, route: &Route) {
    let key = route.key();
    let at = |part| ["api", "routes", key.as_str(), part];
    let Some(id) = &route.authorizer else {
        if !route.scopes.is_empty() {
            let verdict = Err("need an `authorizer` for the route".to_string());
            context.key(&at("scopes"), "`scopes`", verdict, None);
        }
        return;
    };
    context.reference(&at("authorizer"), "authorizer", id, api.authorizers.keys());
    let of_function = api.authorizers.get(id).is_some_and(|a| a.function.is_some());
    if of_function && !route.scopes.is_empty() {
        let verdict = Err("need an authorizer with `user_pools`".to_string());
        let help = Some("a function checks scopes itself".to_string());
        context.key(&at("scopes"), "`scopes`", verdict, help);
    }
    for (i, scope) in route.scopes.iter().enumerate() {
        let place = ["api", "routes", &key, "scopes", &i.to_string()];
        context.value(&place, &format!("the scope {}", quote(scope)), scope_name(scope), None);
    }
}

/// A scope of OAuth (RFC 6749): printable ASCII without blanks, `"` and `\`.
fn scope_name(scope: &str) -> Verdict {
    let allowed = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    if !scope.is_empty() && scope.len() <= 128 && scope.chars().all(allowed) {
        Ok(())
    } else {
        Err("must have 1 to 128 printable characters, without blanks, `\"` and `\\`".to_string())
    }
}

/// The ARN of a Cognito user pool.
fn user_pool(arn: &str) -> Verdict {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", "aws", "cognito-idp", region, account, pool] = parts.as_slice() else {
        return Err("is not the ARN of a Cognito user pool".to_string());
    };
    let Some(pool) = pool.strip_prefix("userpool/") else {
        return Err("is not the ARN of a Cognito user pool".to_string());
    };
    if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
        return Err("lacks the account, which has twelve digits".to_string());
    }
    // A pool's id says in which region it is.
    match pool.split_once('_') {
        Some((there, id))
            if there == *region
                && !id.is_empty()
                && id.chars().all(|c| c.is_ascii_alphanumeric()) =>
        {
            Ok(())
        }
        _ => Err(format!("must end in the ID of a user pool of {region}, not in {}", quote(pool))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_pools_have_their_region_twice() {
        for good in [
            "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI",
            "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_1",
        ] {
            assert_eq!(user_pool(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "us-east-1_AbCdEfGhI",
            "arn:aws:cognito-idp:us-east-1:123456789012:userpool/eu-west-1_AbCdEfGhI",
            "arn:aws:cognito-idp:us-east-1:1:userpool/us-east-1_A",
            "arn:aws:cognito-idp:us-east-1:123456789012:us-east-1_A",
            "arn:aws:cognito-identity:us-east-1:123456789012:identitypool/us-east-1:1",
            "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_",
            "arn:aws-cn:cognito-idp:cn-north-1:123456789012:userpool/cn-north-1_A",
        ] {
            assert!(user_pool(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_stands_in_a_header_and_a_request_is_told_by_more() {
        for source in ["header.Authorization", "header.X-Api-Token"] {
            assert_eq!(identity_source(source, false), Ok(()), "{source}");
            assert_eq!(identity_source(source, true), Ok(()), "{source}");
        }
        for source in ["query.token", "stage.mode", "context.identity.sourceIp"] {
            assert!(identity_source(source, false).is_err(), "{source}");
            assert_eq!(identity_source(source, true), Ok(()), "{source}");
        }
        for source in
            ["", "Authorization", "header.", "query.", "header.a b", "body.x", "query.a,b"]
        {
            assert!(identity_source(source, true).is_err(), "{source}");
        }
    }
}
