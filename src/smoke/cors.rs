//! Check `cors`: browsers may read the API from every origin that stack.yaml names, and from no
//! stranger's.

use super::Outcome;
use super::http::{Answer, Call, Context, join, unlike};
use super::retry::{Trouble, Try, poll};
use super::target::{CorsTarget, Target, route};

const STRANGER: &str = "https://evil.example";
const ALLOW: &str = "access-control-allow-origin";
const TODO: &str = "see `api.cors` in stack.yaml; a function's answers carry the origin that the \
                    function says, for which it can have the variable `${api.cors_origins}`";

pub(super) async fn check(context: &Context<'_>) -> Result<Outcome, String> {
    let target = context.target;
    let (Some(api), Some(cors)) = (&target.api_url, &target.cors) else {
        return Ok(Outcome::Skipped("the stack has no API, or no website may call it".into()));
    };
    let asked = &asked(target)?;
    if asked.is_empty() {
        return Ok(Outcome::Skipped("`smoke.requests` in stack.yaml names no request".into()));
    }
    poll(context.deadline, || async move {
        for (i, origin) in cors.origins.iter().enumerate() {
            // Which of several origins a preflight answers is decided by a template. Emulators run
            // no templates and answer the first.
            let answered = !target.emulated || i == 0;
            for Asked { method, path, .. } in asked.iter().filter(|_| answered) {
                preflight(context, &join(api, path), method, origin, cors).await?;
            }
            for Asked { method, path, .. } in asked.iter().filter(|asked| asked.read) {
                reading(context, &join(api, path), method, origin, cors).await?;
            }
        }
        Ok(())
    })
    .await?;
    let origins = cors.origins.join(" and ");
    let untried = if target.emulated && cors.origins.len() > 1 {
        "; this endpoint answers preflight requests of the first origin alone"
    } else {
        ""
    };
    Ok(Outcome::Passed(format!("{origins} may call the API, {STRANGER} may not{untried}")))
}

/// A route that browsers are to call.
#[derive(PartialEq, Eq)]
struct Asked<'a> {
    method: &'a str,
    path: &'a str,
    /// It is a GET that may be sent, and whose answer pages should be able to read.
    read: bool,
}

/// The routes that smoke.products and smoke.order name; without them, those of the requests.
fn asked(target: &Target) -> Result<Vec<Asked<'_>>, String> {
    let products = target.products.as_ref().map(|products| (&products.route, true));
    let order = target.order.as_ref().map(|order| (&order.route, false));
    let mut all = Vec::new();
    for (named, read) in products.into_iter().chain(order) {
        let (method, path) = route(named)?;
        all.push(Asked { method, path, read });
    }
    if !all.is_empty() {
        return Ok(all);
    }
    for request in &target.requests {
        let path = request.path.split(['?', '#']).next().unwrap_or_default();
        let fine = request.status.is_none_or(|status| status < 300);
        let read = request.method == "GET" && fine && path == request.path;
        let one = Asked { method: &request.method, path, read };
        if !all.contains(&one) {
            all.push(one);
        }
    }
    Ok(all)
}

async fn preflight(
    context: &Context<'_>,
    url: &str,
    method: &str,
    origin: &str,
    cors: &CorsTarget,
) -> Try<()> {
    let wanted = cors.headers.join(",").to_ascii_lowercase();
    let ask = |origin: &str| {
        Call::new("OPTIONS", url)
            .header("origin", origin)
            .header("access-control-request-method", method)
            .header("access-control-request-headers", wanted.as_str())
    };
    let answer = context.send(&ask(origin)).await?;
    let subject = format!("{} from {origin}", answer.url);
    if !(200..300).contains(&answer.status) {
        return Err(Trouble::Again(answer.unlike("a preflight answer of 200 or 204", TODO)));
    }
    allowed(&answer, origin)?;
    holds(&answer, &subject, "access-control-allow-methods", method)?;
    for header in &cors.headers {
        holds(&answer, &subject, "access-control-allow-headers", header)?;
    }
    if cors.credentials {
        holds(&answer, &subject, "access-control-allow-credentials", "true")?;
    }
    refused(&context.send(&ask(STRANGER)).await?)
}

/// A simple GET is sent without a preflight: only the answer's own header keeps strangers from
/// reading it.
async fn reading(
    context: &Context<'_>,
    url: &str,
    method: &str,
    origin: &str,
    cors: &CorsTarget,
) -> Try<()> {
    let ask = |origin: &str| Call::new(method, url).header("origin", origin);
    let answer = context.send(&ask(origin)).await?;
    if context.target.products.is_none() && answer.status >= 300 {
        // Refused, as behind an authorizer: that is API Gateway's own answer, which may name
        // whoever asks.
        return Ok(());
    }
    allowed(&answer, origin)?;
    if cors.credentials {
        let subject = format!("{} from {origin}", answer.url);
        holds(&answer, &subject, "access-control-allow-credentials", "true")?;
    }
    refused(&context.send(&ask(STRANGER)).await?)
}

fn allowed(answer: &Answer, origin: &str) -> Try<()> {
    let got = answer.header(ALLOW);
    if got == origin {
        return Ok(());
    }
    let subject = format!("{} from {origin}, header {ALLOW}", answer.url);
    Err(Trouble::Again(unlike(
        &subject,
        &format!("{origin:?}"),
        &format!("{got:?}, status {}", answer.status),
        TODO,
    )))
}

fn refused(answer: &Answer) -> Try<()> {
    let got = answer.header(ALLOW);
    if !got
        .split(',')
        .map(str::trim)
        .any(|origin| origin == "*" || origin.eq_ignore_ascii_case(STRANGER))
    {
        return Ok(());
    }
    let subject = format!("{} from {STRANGER}, header {ALLOW}", answer.url);
    Err(Trouble::Again(unlike(
        &subject,
        "nothing that lets this stranger in",
        &format!("{got:?}"),
        TODO,
    )))
}

/// The comma list in `header` names `wanted`, or is `*`.
fn holds(answer: &Answer, subject: &str, header: &str, wanted: &str) -> Try<()> {
    let got = answer.header(header);
    if got.split(',').map(str::trim).any(|part| part == "*" || part.eq_ignore_ascii_case(wanted)) {
        return Ok(());
    }
    Err(Trouble::Again(unlike(
        &format!("{subject}, header {header}"),
        wanted,
        &format!("{got:?}"),
        TODO,
    )))
}
