//! Each grant is taken away in turn; something has to fail.

use super::bench::{Bench, Carrier, Failures};
use crate::cli::error::CliError;
use crate::model::Address;
use crate::report::{GrantTrial, GrantVerdict, Removal, removals};
use crate::stack::Stack;
use std::collections::BTreeSet;

/// Statements whose rights AWS's services use on behalf of a function; on the twin they work
/// without.
const OF_SERVICES: [&str; 4] = ["OwnLogs", "Traces", "Stream", "DeadLetters"];

const BY_TWIN: &str = "nothing failed: on the twin this works without a grant, on AWS it does not";
const CALLS_ANYWAY: &str = "nothing failed: the twin calls functions without asking their policies";
const ATTRIBUTES_UNSEEN: &str = "nothing failed, and nothing fails with no attribute at all: the \
                                 twin does not look at the attributes of this call";

/// Tries every grant of every policy.
pub(super) async fn run(bench: &mut Bench<'_>, stack: &Stack) -> Result<Vec<GrantTrial>, CliError> {
    let keys = keys(stack);
    let mut trials = Vec::new();
    for carrier in bench.carriers.clone() {
        for removal in removals(&carrier.wanted) {
            // Keys come with every grant of attributes: without them no item can be named.
            if removal.attribute.as_ref().is_some_and(|name| keys.contains(name.as_str())) {
                continue;
            }
            let trial = try_grant(bench, &carrier, &removal).await?;
            bench.output.note(&line(&trial));
            trials.push(trial);
        }
    }
    Ok(trials)
}

fn keys(stack: &Stack) -> BTreeSet<&str> {
    let of_tables = stack.tables.values().flat_map(|table| {
        let own = [Some(&table.key), table.sort_key.as_ref()];
        let indexes = table.indexes.values().flat_map(|i| [Some(&i.key), i.sort_key.as_ref()]);
        own.into_iter().chain(indexes).flatten()
    });
    of_tables.map(|key| key.name.as_str()).collect()
}

async fn try_grant(
    bench: &mut Bench<'_>,
    carrier: &Carrier,
    removal: &Removal,
) -> Result<GrantTrial, CliError> {
    let address = &removal.address;
    bench.put_spec(carrier, &removal.without).await?;
    let failures = bench.failures(function_of(address)).await;
    // Back first: whatever the test said, the next grant is tried alone.
    bench.put_back(carrier).await?;
    let Failures { checks, refusal: observed } = failures?;

    let (verdict, evidence) = if !checks.is_empty() {
        let answer = observed.as_ref().map(|o| format!("; {o}")).unwrap_or_default();
        let evidence = format!("failed without it: {}{answer}", checks.join(", "));
        (GrantVerdict::Needed, evidence)
    } else if let Some(why) = not_emulated(bench, carrier, removal).await? {
        (GrantVerdict::NotEmulated, why.to_string())
    } else {
        (GrantVerdict::Unused, "every check passed without it".to_string())
    };
    Ok(GrantTrial {
        address: address.clone(),
        sid: removal.sid.clone(),
        action: removal.action.clone(),
        resource: bench.plain(&removal.resource),
        attribute: removal.attribute.clone(),
        verdict,
        evidence,
        observed,
    })
}

/// Why nothing can fail on the twin without this grant, if so.
async fn not_emulated(
    bench: &mut Bench<'_>,
    carrier: &Carrier,
    removal: &Removal,
) -> Result<Option<&'static str>, CliError> {
    if OF_SERVICES.contains(&removal.sid.as_str()) {
        return Ok(Some(BY_TWIN));
    }
    if removal.address.group() == "permission" {
        return Ok(Some(CALLS_ANYWAY));
    }
    let Some(control) = &removal.control else { return Ok(None) };
    bench.put_spec(carrier, control).await?;
    let failures = bench.failures(function_of(&removal.address)).await;
    bench.put_back(carrier).await?;
    Ok(failures?.checks.is_empty().then_some(ATTRIBUTES_UNSEEN))
}

/// The function whose log can show what a role was refused.
fn function_of(address: &Address) -> Option<&str> {
    (address.group() == "role").then(|| address.id())
}

fn line(trial: &GrantTrial) -> String {
    let attribute = trial.attribute.as_ref().map(|a| format!(" ({a})")).unwrap_or_default();
    format!("{} without {}{attribute}: {}", trial.address, trial.action, trial.evidence)
}
