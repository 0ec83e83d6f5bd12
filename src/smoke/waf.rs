//! Check `waf`: an SQL injection and a script in the query are stopped, while an ordinary query
//! passes.

use super::Outcome;
use super::http::{Answer, Call, Context, join};
use super::retry::{Trouble, Try, poll};
use super::target::{Firewall, FirewallProbes, route};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Why a check of the firewall is skipped on an emulator.
pub(super) const NOT_EVALUATED: &str = "this endpoint does not evaluate WAF rules";
const SQL_INJECTION: &str = "1' OR '1'='1 -- ";
const SCRIPT: &str = "<script>alert(1)</script>";
const TODO: &str =
    "see the web ACL, its association and the action of its rules in `shopstack diff`";

/// A place that a web ACL guards.
struct Place {
    url: String,
    method: String,
    blocked: u16,
    probes: Vec<&'static str>,
}

pub(super) async fn check(context: &Context<'_>) -> Result<Outcome, String> {
    let target = context.target;
    if !target.waf {
        return Ok(Outcome::Skipped("the stack has no firewall".into()));
    }
    if !target.waf_evaluated {
        return Ok(Outcome::Skipped(NOT_EVALUATED.into()));
    }
    let places = &places(context)?;
    if places.iter().all(|place| place.probes.is_empty()) {
        return Ok(Outcome::Skipped(
            "no address to probe, or no rule group that would stop a probe".into(),
        ));
    }
    poll(context.deadline, || async move {
        for place in places {
            passes(context, place).await?;
            for probe in &place.probes {
                stopped(context, place, probe).await?;
            }
        }
        Ok(())
    })
    .await?;
    let probes: usize = places.iter().map(|place| place.probes.len()).sum();
    Ok(Outcome::Passed(format!("{probes} probes stopped at {} addresses", places.len())))
}

/// The API's known route and the site. An unknown path would not do: API Gateway answers 403 there
/// by itself.
fn places(context: &Context<'_>) -> Result<Vec<Place>, String> {
    let target = context.target;
    let mut places = Vec::new();
    let products = target.products.as_ref().map(|products| route(&products.route)).transpose()?;
    let other = target.requests.iter().find(|request| request.method == "GET");
    let other = other.map(|request| {
        (request.method.as_str(), request.path.split(['?', '#']).next().unwrap_or_default())
    });
    if let (Some(api), Some((method, path))) = (&target.api_url, products.or(other)) {
        places.push(Place {
            url: join(api, path),
            method: method.to_string(),
            blocked: 403,
            probes: probes(&target.api_firewall),
        });
    }
    if let Some(site) = &target.site_url {
        let place = Place {
            url: join(site, "/"),
            method: "GET".into(),
            blocked: target.site_blocked_status,
            probes: probes(&target.site_firewall),
        };
        places.push(place);
    }
    Ok(places)
}

fn probes(firewall: &Firewall) -> Vec<&'static str> {
    let FirewallProbes { sqli, xss } = firewall.probes;
    let wanted = [(sqli, SQL_INJECTION), (xss, SCRIPT)];
    wanted.into_iter().filter(|(wanted, _)| *wanted).map(|(_, probe)| probe).collect()
}

/// A query whose value is sent as a browser would encode it, and the run's mark, which WAF's log
/// then shows.
pub(super) fn query(context: &Context<'_>, value: &str) -> String {
    format!("?run={}&id={}", context.nonce, utf8_percent_encode(value, NON_ALPHANUMERIC))
}

/// The URLs that WAF's logs must show: one at each address, harmless.
pub(super) fn marked(context: &Context<'_>) -> Result<Vec<Call>, String> {
    let call =
        |place: Place| Call::new(&place.method, format!("{}{}", place.url, query(context, "1")));
    Ok(places(context)?.into_iter().map(call).collect())
}

/// A rule that stops everybody would stop the probes too.
async fn passes(context: &Context<'_>, place: &Place) -> Try<()> {
    let call = Call::new(&place.method, format!("{}{}", place.url, query(context, "1")));
    let answer = context.send(&call).await?;
    if !is_block(&answer, place.blocked) {
        return Ok(());
    }
    Err(Trouble::Again(
        answer.unlike(&format!("anything but {} for an ordinary query", place.blocked), TODO),
    ))
}

async fn stopped(context: &Context<'_>, place: &Place, probe: &str) -> Try<()> {
    let call = Call::new(&place.method, format!("{}{}", place.url, query(context, probe)));
    let answer = context.send(&call).await?;
    if is_block(&answer, place.blocked) {
        return Ok(());
    }
    Err(Trouble::Again(answer.unlike(&format!("{} from the firewall", place.blocked), TODO)))
}

/// Where an error page turns 403 into 200, CloudFront still tells by `X-Cache`.
fn is_block(answer: &Answer, blocked: u16) -> bool {
    answer.status == blocked && (blocked >= 400 || answer.header("x-cache").starts_with("Error"))
}
