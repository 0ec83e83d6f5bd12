//! Every field of every type, changed by a stranger and by the author; docs/coverage.md is what
//! came of it.

use super::{fields, page};
use crate::resources::SUITES;
use crate::support::deployed::{DeployedShop, describe_steps};
use crate::support::drift::{Case, DriftCases, OutOfBandChange};
use crate::support::env::moto;
use crate::support::proxied::ProxiedShop;
use futures_util::FutureExt;
use serde_json::Value;
use shopstack::cli::diff::exit_code;
use shopstack::model::{Address, Desired, Live, Op, Plan};
use shopstack::plan::diff::is_same;
use std::panic::AssertUnwindSafe;

/// What was tried of one field, and where.
pub struct Row {
    pub type_name: &'static str,
    pub case: Case,
    pub endpoint: &'static str,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_of_every_type_is_told_as_drift_or_change_and_put_right() {
    let missing: Vec<&str> = all_fields().into_iter().map(|(type_name, _)| type_name).collect();
    let missing = missing.into_iter().filter(|t| !SUITES.iter().any(|s| s.type_name == *t));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&str>::new(), "types without a SUITE");

    let shares = futures_util::future::join_all((0..SHARES).map(on_ministack));
    let (shares, there) = tokio::join!(shares, on_moto());
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for came in shares.into_iter().chain([there]) {
        rows.extend(came.0);
        problems.extend(came.1);
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n\n"));
    if only().is_none() {
        page::check(&rows);
    }
}

/// SHOPSTACK_DRIFT names the cases to try, such as `Table billing`; then the page is not looked at.
fn only() -> Option<String> {
    std::env::var("SHOPSTACK_DRIFT").ok().filter(|v| !v.is_empty())
}

type Came = (Vec<Row>, Vec<String>);

/// Shops on MiniStack that share the types among them.
const SHARES: usize = 4;

async fn on_ministack(share: usize) -> Came {
    let shop = ProxiedShop::new(&format!("drift{share}")).await;
    for prepare in SUITES.iter().filter_map(|suite| suite.prepare) {
        prepare(&shop);
    }
    let mut deployed = DeployedShop::up(shop).await;
    let mut cases = Vec::new();
    let shared = SUITES.iter().skip(share).step_by(SHARES);
    for make in shared.clone().flat_map(|suite| suite.on_ministack) {
        cases.push(make(&deployed).await);
    }
    let came = try_all(&mut deployed, cases, "MiniStack").await;
    for clean_up in shared.filter_map(|suite| suite.clean_up) {
        clean_up(&deployed).await;
    }
    deployed.down().await;
    came
}

/// What MiniStack does not keep. Another region, since API Gateway's account settings are one for
/// each.
async fn on_moto() -> Came {
    let shop = ProxiedShop::at("driftthere", &moto(), "eu-west-3").await;
    let mut deployed = DeployedShop::up(shop).await;
    let mut cases = Vec::new();
    for make in SUITES.iter().flat_map(|suite| suite.on_moto) {
        cases.push(make(&deployed).await);
    }
    let came = try_all(&mut deployed, cases, "moto").await;
    deployed.down().await;
    came
}

async fn try_all(
    deployed: &mut DeployedShop,
    suites: Vec<DriftCases>,
    endpoint: &'static str,
) -> Came {
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for suite in suites {
        let start = std::time::Instant::now();
        for case in &suite.cases {
            let name = format!("{} {}", suite.type_name, case.field);
            if only().is_some_and(|wanted| !name.contains(&wanted)) {
                continue;
            }
            let tried = AssertUnwindSafe(attempt(deployed, &suite, case)).catch_unwind().await;
            let problem = tried.unwrap_or_else(|_| Err("it panicked, see above".into())).err();
            if let Some(problem) = problem {
                println!("drift: {endpoint}: {name}: {problem}");
                problems.push(format!("{endpoint}: {name}: {problem}"));
                if AssertUnwindSafe(mend(deployed)).catch_unwind().await.is_err() {
                    return (rows, problems);
                }
            }
            rows.push(Row { type_name: suite.type_name, case: case.clone(), endpoint });
        }
        // Nothing else was touched on the way.
        let desired = deployed.desired.clone();
        deployed.look(&desired, &[]).await;
        let left = describe_steps(&deployed.plan(&desired));
        if !left.is_empty() {
            problems.push(format!("{endpoint}: {} leaves {left:?}", suite.type_name));
        }
        println!(
            "drift: {} on {endpoint}: {} cases in {:.1?}",
            suite.type_name,
            suite.cases.len(),
            start.elapsed()
        );
    }
    (rows, problems)
}

/// So that the cases after a problem can be judged.
async fn mend(deployed: &mut DeployedShop) {
    let desired = deployed.desired.clone();
    deployed.look(&desired, &[]).await;
    let _ = deployed.apply(&deployed.plan(&desired)).await;
    deployed.look(&desired, &[]).await;
}

async fn attempt(
    deployed: &mut DeployedShop,
    suite: &DriftCases,
    case: &Case,
) -> Result<(), String> {
    let at = if case.at.is_empty() { suite.at } else { case.at };
    if case.no_drift.is_none() {
        drift(deployed, suite, case, at).await.map_err(|problem| format!("drift: {problem}"))?;
    }
    if case.no_change.is_none() {
        change(deployed, suite, case, at).await.map_err(|problem| format!("change: {problem}"))?;
    }
    Ok(())
}

/// A stranger's change is named alone, put right by writes to that resource alone, and gone.
async fn drift(
    deployed: &mut DeployedShop,
    suite: &DriftCases,
    case: &Case,
    at: &str,
) -> Result<(), String> {
    let before = deployed.live(at).clone();
    let change = OutOfBandChange { live: &before, case, target: case.applied_to(&before.spec) };
    (suite.change)(deployed, &change).await;
    let desired = deployed.desired.clone();
    deployed.look(&desired, &[suite.type_name]).await;
    let plan = deployed.plan(&desired);
    expect(&plan, case, at, "drift", 3)?;
    let step =
        plan.steps.iter().find(|s| s.address.as_str() == at).expect("the step that is expected");
    for field in &step.fields {
        let is = |part: &Value| Value::clone(value_at(part, &field.path).unwrap_or(&Value::Null));
        let (was, now) = (is(&before.spec), is(&change.target));
        let live = if field.path == case.path().join(".") {
            case.seen_as.clone().unwrap_or(now)
        } else {
            now
        };
        let seen = live.is_null() && case.seen_as.is_some()
            || step.op == Op::Create
            || is_same(&field.live, &live);
        if !seen || !is_same(&field.applied, &was) || !is_same(&field.wanted, &was) {
            return Err(format!("{field:?} instead of live {live}, and {was} applied and wanted"));
        }
    }
    carry_out(deployed, &plan, &desired).await
}

/// The author's change is a change, made in one step, and so is the way back.
async fn change(
    deployed: &mut DeployedShop,
    suite: &DriftCases,
    case: &Case,
    at: &str,
) -> Result<(), String> {
    let before = deployed.desired.clone();
    let mut after = before.clone();
    let changed = after.iter_mut().find(|d| d.address.as_str() == at).expect("a wanted resource");
    changed.spec = case.applied_to(&changed.spec);
    match (&case.payload, changed.context.get_mut("payload")) {
        (Some(zip), Some(place)) => *place = Value::String(zip.display().to_string()),
        (Some(path), None) => changed.payload = Some(path.clone()),
        (None, _) => {}
    }
    for desired in [&after, &before] {
        deployed.look_only(desired, suite.type_name).await;
        let plan = deployed.plan(desired);
        expect(&plan, case, at, "change", 2)?;
        carry_out(deployed, &plan, desired).await?;
    }
    Ok(())
}

/// The plan names exactly the case's fields, with this cause and exit code.
fn expect(plan: &Plan, case: &Case, at: &str, cause: &str, code: u8) -> Result<(), String> {
    let mut wanted =
        vec![format!("{at}: {} {cause} [{}]", case.op.as_str(), case.names().join(", "))];
    wanted.extend(
        case.with
            .iter()
            .map(|(other, op, field)| format!("{other}: {} {cause} [{field}]", op.as_str())),
    );
    wanted.sort();
    let forced = plan.steps.iter().flat_map(|s| &s.fields).any(|f| f.replaces);
    if describe_steps(plan) != wanted
        || exit_code(plan) != code
        || forced != (case.op == Op::Replace)
    {
        return Err(format!(
            "exit {} with {:?} instead of {wanted:?}",
            exit_code(plan),
            describe_steps(plan)
        ));
    }
    Ok(())
}

/// Carries a plan out and looks again.
async fn carry_out(
    deployed: &mut DeployedShop,
    plan: &Plan,
    desired: &[Desired],
) -> Result<(), String> {
    let sent = deployed.apply(plan).await?;
    let names: Vec<String> = plan
        .steps
        .iter()
        .flat_map(|s| marks(s.address.clone(), &s.name, s.live.as_ref(), deployed))
        .collect();
    let other: Vec<&String> =
        sent.iter().filter(|text| !names.iter().any(|name| text.contains(name))).collect();
    if sent.is_empty() || !other.is_empty() {
        return Err(format!("{} writes, of which these are elsewhere: {other:?}", sent.len()));
    }
    let types: Vec<&str> = plan.steps.iter().map(|s| s.type_name.as_str()).collect();
    deployed.look(desired, &types).await;
    let left = deployed.plan(desired);
    if exit_code(&left) == 0 {
        Ok(())
    } else {
        Err(format!("not put right: {:?} {left:?}", describe_steps(&left)))
    }
}

/// What a request on a resource has in it: its name or its id.
fn marks(
    address: Address,
    name: &str,
    live: Option<&Live>,
    deployed: &DeployedShop,
) -> Vec<String> {
    let mut marks = vec![name.to_string()];
    for key in ["id", "rest_api_id"] {
        marks.extend(live.and_then(|l| l.outputs.get(key)).cloned());
    }
    match address.as_str() {
        // Caches are told what changed in the bucket.
        "objects.site" => {
            marks.extend(deployed.live("distribution.site").outputs.get("id").cloned())
        }
        "association.api" => marks.extend(deployed.live("stage.main").outputs.get("arn").cloned()),
        // The account's log role belongs to the setting.
        "account.logging" => marks.extend(["/account", "apigateway-logs"].map(String::from)),
        _ => {}
    }
    marks
}

/// The value at a dotted path, whose keys may hold dots themselves.
fn value_at<'a>(spec: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return Some(spec);
    }
    spec.as_object()?.iter().find_map(|(key, value)| {
        let rest = path.strip_prefix(key.as_str())?;
        if rest.is_empty() { Some(value) } else { value_at(value, rest.strip_prefix('.')?) }
    })
}

/// Every type of the registry has its fields covered or explained.
pub fn all_fields() -> Vec<(&'static str, Vec<String>)> {
    shopstack::resources::TYPES
        .iter()
        .map(|r| (r.info().type_name, fields::list_fields(r.info().type_name)))
        .collect()
}
