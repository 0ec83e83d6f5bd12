//! Findings on settings: what is open, detached, or not as stack.yaml has it.

use super::maker::{Maker, RESTORE};
use super::settings::BLOCKS;
use super::{Kind, Severity, Side};
use crate::plan::diff;
use serde_json::{Map, Value};

/// True for surfaces that are judged here.
pub(super) fn speaks(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::PublicAccessBlock
            | Kind::ObjectOwnership
            | Kind::BucketSettings
            | Kind::FunctionSettings
            | Kind::TableSettings
            | Kind::FunctionUrl
            | Kind::EventSources
            | Kind::FunctionExtras
            | Kind::Routes
            | Kind::WebAcl
            | Kind::WebAclRules
            | Kind::DistributionAccess
            | Kind::Subscriptions
            | Kind::OtherSettings
    )
}

pub(super) fn add(maker: &mut Maker<'_>) {
    if maker.pair.kind == Kind::OtherSettings {
        return judge_others(maker);
    }
    // A resource that is not there opens nothing; that it is missing is `diff`'s business.
    if !maker.pair.carried {
        return;
    }
    match maker.pair.kind {
        Kind::PublicAccessBlock => blocks(maker),
        Kind::ObjectOwnership => ownership(maker),
        Kind::FunctionUrl => urls(maker),
        Kind::EventSources => event_sources(maker),
        Kind::FunctionExtras => extras(maker),
        Kind::Routes => routes(maker),
        Kind::WebAcl => web_acl(maker),
        Kind::WebAclRules => web_acl_rules(maker),
        Kind::DistributionAccess => distribution(maker),
        Kind::BucketSettings | Kind::FunctionSettings | Kind::TableSettings => changed(maker),
        Kind::Subscriptions => subscriptions(maker),
        _ => {}
    }
}

fn live(maker: &Maker<'_>, rule: &str, severity: Severity, sid: Option<&str>) -> Draft {
    let side = if maker.pair.wanted == maker.pair.live { Side::Both } else { Side::Live };
    Draft { rule: rule.into(), severity, sid: sid.map(str::to_string), side }
}

/// A finding without its words.
struct Draft {
    rule: String,
    severity: Severity,
    sid: Option<String>,
    side: Side,
}

impl Draft {
    fn add_finding(self, maker: &mut Maker<'_>, message: String, fix: String) {
        maker.add(&self.rule, self.severity, self.sid.as_deref(), self.side, message, fix);
    }
}

fn blocks(maker: &mut Maker<'_>) {
    // Neither side says anything: a stack that has a bucket wants all four.
    if maker.pair.wanted.is_null() && maker.pair.live.is_null() {
        return;
    }
    let off = |block: &&str| maker.pair.live.get(*block) != Some(&Value::Bool(true));
    let open: Vec<&str> = BLOCKS.iter().filter(|b| off(b)).copied().collect();
    for block in open {
        let message = format!("the bucket's public access block `{block}` is off");
        live(maker, "public-access-block-off", Severity::High, Some(block)).add_finding(
            maker,
            message,
            RESTORE.into(),
        );
    }
}

fn ownership(maker: &mut Maker<'_>) {
    let owner = maker.pair.live.get("object_ownership").and_then(Value::as_str);
    let Some(owner) = owner.filter(|o| *o != "BucketOwnerEnforced").map(str::to_string) else {
        return;
    };
    let message = format!("object ownership is {owner}: access control lists can grant access");
    live(maker, "access-list-grants", Severity::Medium, None).add_finding(
        maker,
        message,
        RESTORE.into(),
    );
}

/// Function URLs by qualifier, or `$LATEST`: `{"auth_type": .., "url": ..}`.
fn urls(maker: &mut Maker<'_>) {
    for (qualifier, url) in entries(&maker.pair.live) {
        let auth = text(&url, "auth_type");
        let (severity, who) = if auth == "NONE" {
            (Severity::High, "anyone on the internet can call it, past API and firewall")
        } else {
            (Severity::Medium, "it is reached past API and firewall by whoever a policy lets in")
        };
        let message =
            format!("the function has an HTTPS endpoint of its own, AuthType {auth}: {who}");
        live(maker, "function-url", severity, Some(&qualifier)).add_finding(
            maker,
            message,
            RESTORE.into(),
        );
    }
}

/// Event source mappings by UUID: `{"source": .., "state": ..}`.
fn event_sources(maker: &mut Maker<'_>) {
    for (id, mapping) in entries(&maker.pair.live) {
        let message = format!(
            "{} calls the function (event source mapping, {})",
            text(&mapping, "source"),
            text(&mapping, "state")
        );
        live(maker, "event-source", Severity::Medium, Some(&id)).add_finding(
            maker,
            message,
            RESTORE.into(),
        );
    }
}

fn extras(maker: &mut Maker<'_>) {
    let wanted = maker.pair.wanted.clone();
    for (name, value) in entries(&maker.pair.live) {
        if wanted.get(&name) == Some(&value) {
            continue;
        }
        let grave = ["layers", "vpc", "file systems", "image config"].contains(&name.as_str());
        let severity = if grave { Severity::High } else { Severity::Low };
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_string);
        let message = format!("the function has {name}: {shown}; stack.yaml has none");
        live(maker, "function-extra", severity, Some(&name)).add_finding(
            maker,
            message,
            RESTORE.into(),
        );
    }
}

fn routes(maker: &mut Maker<'_>) {
    let wanted: Map<String, Value> = entries(&maker.pair.wanted).into_iter().collect();
    let found: Map<String, Value> = entries(&maker.pair.live).into_iter().collect();
    for (route, now) in &found {
        let Some(before) = wanted.get(route) else {
            let open = text(now, "authorization") == "NONE"
                && now.get("api_key_required") != Some(&Value::Bool(true));
            let who = if open { "anyone can call it" } else { "callers with credentials reach it" };
            let message = format!(
                "the API has a route {route} that stack.yaml does not have ({}, authorization {}): \
                 {who}",
                text(now, "integration"),
                text(now, "authorization")
            );
            let severity = if open { Severity::High } else { Severity::Medium };
            let draft = live(maker, "anonymous-route", severity, Some(route));
            draft.add_finding(maker, message, RESTORE.into());
            continue;
        };
        let changes: Vec<String> = diff::differences(now, before)
            .iter()
            .map(|d| {
                format!("{} is {}, wanted is {}", d.dotted(), shown(&d.live), shown(&d.wanted))
            })
            .collect();
        if !changes.is_empty() {
            let message = format!("the route {route} differs: {}", changes.join("; "));
            let draft = live(maker, "changed-route", Severity::High, Some(route));
            draft.add_finding(maker, message, RESTORE.into());
        }
    }
    for route in wanted.keys().filter(|route| !found.contains_key(*route)) {
        let message = format!("stack.yaml wants a route {route} that the API does not have");
        let side = Side::Wanted;
        maker.add("missing-route", Severity::Medium, Some(route), side, message, RESTORE.into());
    }
}

fn web_acl(maker: &mut Maker<'_>) {
    let (wanted, found) = (maker.pair.wanted.clone(), maker.pair.live.clone());
    if wanted == found {
        return;
    }
    let (rule, severity, message) = match (wanted.as_str(), found.as_str()) {
        (Some(wanted), None) => (
            "acl-detached",
            Severity::High,
            format!("no web ACL is attached, so nothing is filtered; wanted is {wanted}"),
        ),
        (Some(wanted), Some(found)) => (
            "acl-detached",
            Severity::High,
            format!("another web ACL is attached: {found}; wanted is {wanted}"),
        ),
        _ => (
            "changed-setting",
            Severity::Low,
            format!("a web ACL is attached that stack.yaml does not have: {}", shown(&found)),
        ),
    };
    live(maker, rule, severity, None).add_finding(maker, message, RESTORE.into());
}

fn web_acl_rules(maker: &mut Maker<'_>) {
    if maker.pair.wanted.is_null() || maker.pair.live.is_null() {
        return;
    }
    let changes = diff::differences(&maker.pair.live, &maker.pair.wanted);
    for change in changes {
        let path = change.dotted();
        let weaker = change.live.is_null()
            || path.ends_with(".action")
            || counts_more(&change.live, &change.wanted, &path)
            || path.ends_with(".limit")
            || path == "default_action";
        let (rule, severity) = if weaker {
            ("acl-weakened", Severity::High)
        } else {
            ("changed-setting", Severity::Medium)
        };
        let message =
            format!("{path} is {}, wanted is {}", shown(&change.live), shown(&change.wanted));
        live(maker, rule, severity, Some(&path)).add_finding(maker, message, RESTORE.into());
    }
}

/// True where a rule of a managed group only counts what stack.yaml wants blocked.
fn counts_more(live: &Value, wanted: &Value, path: &str) -> bool {
    let counted = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let wanted = counted(wanted);
    path.ends_with(".count") && counted(live).iter().any(|rule| !wanted.contains(rule))
}

fn distribution(maker: &mut Maker<'_>) {
    let emulated = maker.input.scope.endpoint.is_some();
    let viewer = "viewer_protocol_policy";
    let (wanted, found) = (maker.pair.wanted.clone(), maker.pair.live.clone());
    let same = found.get(viewer) == wanted.get(viewer);
    if text(&found, viewer) == "allow-all" && !(emulated && same) {
        let message = "viewers may use plain http (allow-all)".to_string();
        let draft = live(maker, "unencrypted-viewer", Severity::Medium, None);
        draft.add_finding(maker, message, RESTORE.into());
    }
    changed(maker);
}

/// A resource that only one side has, or else every setting that differs.
fn judge_others(maker: &mut Maker<'_>) {
    // Its owner decides, and the surface says so.
    if maker.pair.foreign.is_some() {
        return;
    }
    let name = maker.pair.name.clone();
    match (maker.pair.wanted.is_null(), maker.pair.live.is_null()) {
        (false, true) => {
            let message = format!("stack.yaml wants `{name}`, and AWS does not have it");
            let fix = "run `shopstack up`: it makes what is missing".to_string();
            maker.add("missing-resource", Severity::Medium, None, Side::Wanted, message, fix);
        }
        (true, false) => {
            let message = format!("AWS has `{name}`, and stack.yaml does not");
            let fix = "run `shopstack up`: it deletes what stack.yaml no longer has".to_string();
            maker.add("excess-resource", Severity::Medium, None, Side::Live, message, fix);
        }
        _ => changed_settings(maker, Severity::Low),
    }
}

/// Every setting that differs.
fn changed(maker: &mut Maker<'_>) {
    changed_settings(maker, Severity::Medium);
}

fn changed_settings(maker: &mut Maker<'_>, severity: Severity) {
    let (wanted, found) = (maker.pair.wanted.clone(), maker.pair.live.clone());
    if wanted.is_null() || found.is_null() {
        return;
    }
    for change in diff::differences(&found, &wanted) {
        let path = change.dotted();
        let message =
            format!("{path} is {}, wanted is {}", shown(&change.live), shown(&change.wanted));
        let draft = live(maker, "changed-setting", severity, Some(&path));
        draft.add_finding(maker, message, RESTORE.into());
    }
}

/// Subscription filters by name: the ARN of the destination.
fn subscriptions(maker: &mut Maker<'_>) {
    for (filter, destination) in entries(&maker.pair.live) {
        let message = format!("every log event goes to {}", shown(&destination));
        live(maker, "log-subscription", Severity::Medium, Some(&filter)).add_finding(
            maker,
            message,
            RESTORE.into(),
        );
    }
}

fn entries(value: &Value) -> Vec<(String, Value)> {
    let map = value.as_object().into_iter().flatten();
    map.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("unknown")
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::String(text) => text.clone(),
        Value::Object(map) if map.contains_key("unknown") => "known after up".into(),
        other => other.to_string(),
    }
}
