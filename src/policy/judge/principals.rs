//! Rules on who: the public, other accounts, and AWS services that act for anybody unless they are
//! bound.

use super::{Conditions, Issue, Place, Severity, Statement, wild};

/// Condition keys that say who asks or from where, lower case. SecureTransport and the like narrow
/// nothing.
const NARROWING: [&str; 13] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
];

/// Condition keys that bind a service to whom it acts for.
const SOURCE: [&str; 4] =
    ["aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"];

/// Condition keys whose values name accounts.
const ACCOUNTS: [&str; 5] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceowner",
];

/// Operators that let through only what equals; `...IfExists` and `ForAllValues:` let an absent key
/// through.
const POSITIVE: [&str; 6] =
    ["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress"];

pub(super) fn public(statement: &Statement) -> Option<Issue> {
    let open: Vec<String> =
        named(statement).filter(|(_, p)| wild(p)).map(|(kind, p)| format!("{kind} {p}")).collect();
    if open.is_empty() || bound(&statement.conditions, |key| NARROWING.contains(&key)) {
        return unbound_federation(statement);
    }
    let signed = statement
        .condition_values("lambda:functionurlauthtype")
        .any(|value| value.eq_ignore_ascii_case("AWS_IAM"));
    let who = if signed { "every AWS account" } else { "anyone" };
    Some(Issue {
        rule: "public-principal",
        severity: Severity::High,
        message: format!("{who} may do this ({}), and no condition narrows it", open.join(", ")),
        fix: "name the service or role that needs it, and bind it with aws:SourceArn or \
              aws:SourceAccount",
    })
}

/// An identity provider signs in everyone who has an account there, so the statement has to name
/// its users. `aud` alone names the application, which is the same for all users of GitHub.
fn unbound_federation(statement: &Statement) -> Option<Issue> {
    let providers = statement.principals.get("Federated")?;
    let names_user = |provider: &str| {
        let saml = provider.contains(":saml-provider/");
        bound(&statement.conditions, |key| match saml {
            true => key.starts_with("saml:"),
            false => key.ends_with(":sub") || key == "cognito-identity.amazonaws.com:aud",
        })
    };
    let open: Vec<&str> = providers.iter().map(String::as_str).filter(|p| !names_user(p)).collect();
    (!open.is_empty()).then(|| Issue {
        rule: "public-principal",
        severity: Severity::High,
        message: format!(
            "everyone whom {} signs in may do this, and no condition names a user",
            open.join(", ")
        ),
        fix: "add a condition on the provider's `sub`, such as \
              token.actions.githubusercontent.com:sub",
    })
}

pub(super) fn foreign_account(statement: &Statement, account: &str) -> Option<Issue> {
    let principals = named(statement).filter(|(kind, _)| *kind == "AWS").map(|(_, p)| p);
    let conditions = ACCOUNTS.into_iter().flat_map(|key| statement.condition_values(key));
    let foreign: Vec<&str> = principals
        .chain(conditions)
        .filter(|text| account_of(text).is_some_and(|found| found != account))
        .map(String::as_str)
        .collect();
    (!foreign.is_empty()).then(|| Issue {
        rule: "foreign-account",
        severity: Severity::High,
        message: format!("another AWS account is let in: {}", foreign.join(", ")),
        fix: "name principals and sources of the stack's own account only",
    })
}

pub(super) fn confused_deputy(statement: &Statement, place: Place) -> Option<Issue> {
    let services: Vec<&str> =
        statement.principals.get("Service").into_iter().flatten().map(String::as_str).collect();
    if services.is_empty() || source_bound(&statement.conditions) {
        return None;
    }
    // Only Lambda itself, with iam:PassRole in this account, can bring a role to use; a resource is
    // open to all callers.
    let severity = if place == Place::Trust { Severity::Medium } else { Severity::High };
    Some(Issue {
        rule: "confused-deputy",
        severity,
        message: format!("{} may do this on behalf of any AWS account", services.join(", ")),
        fix: "add a condition on aws:SourceArn or aws:SourceAccount",
    })
}

/// True where a service acts only for a named account or resource.
pub(super) fn source_bound(conditions: &Conditions) -> bool {
    bound(conditions, |key| SOURCE.contains(&key))
}

fn named(statement: &Statement) -> impl Iterator<Item = (&str, &String)> {
    statement
        .principals
        .iter()
        .flat_map(|(kind, list)| list.iter().map(move |p| (kind.as_str(), p)))
}

/// True where a key that counts must equal something narrow. Conditions are ANDed, the values of a
/// key are ORed. `counts` gets keys in lower case.
fn bound(conditions: &Conditions, counts: impl Fn(&str) -> bool) -> bool {
    conditions.iter().any(|(operator, tested)| {
        let operator = operator.to_ascii_lowercase();
        let operator = operator.strip_prefix("foranyvalue:").unwrap_or(&operator);
        POSITIVE.contains(&operator)
            && tested.iter().any(|(key, values)| {
                counts(&key.to_ascii_lowercase())
                    && !values.is_empty()
                    && values.iter().all(|v| narrow(v))
            })
    })
}

/// True where a condition's value stands for somebody in particular. An ARN may hold wildcards
/// behind its account.
fn narrow(value: &str) -> bool {
    if value.starts_with("{{") {
        return true;
    }
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "s3", "", "", bucket] => !wild(bucket.split('/').next().unwrap_or("*")),
        ["arn", _, _, _, account, _] => !account.is_empty() && !wild(account),
        _ if is_wide_network(value) => false,
        // `repo:org/*` matches the repositories of one organisation, `repo:*` all of GitHub.
        ["repo", path, ..] if path.contains('/') => !path.starts_with('*'),
        _ => !wild(value) && !value.eq_ignore_ascii_case("none"),
    }
}

/// True for an address range such as `0.0.0.0/1`, which is larger than any that registries
/// allocate to one organisation: a /8 of IPv4, a /12 of IPv6.
fn is_wide_network(value: &str) -> bool {
    let Some((address, length)) = value.split_once('/') else { return false };
    let least = match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(_)) => 8,
        Ok(std::net::IpAddr::V6(_)) => 12,
        Err(_) => return false,
    };
    length.parse::<u8>().is_ok_and(|length| length < least)
}

/// The account that an ARN or a bare account id names.
fn account_of(text: &str) -> Option<&str> {
    let account = if text.starts_with("arn:") { text.split(':').nth(4)? } else { text };
    (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())).then_some(account)
}
