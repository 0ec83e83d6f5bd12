//! Checks `site` and `bucket`: CloudFront serves the pages with their security headers, and nothing
//! else does.

use super::http::{Answer, Call, Context, clip, join, unlike};
use super::retry::{Trouble, Try, poll};
use super::{Outcome, Target};
use serde_json::Value;

const REDEPLOY: &str = "CloudFront may still be rolling the change out: run `shopstack smoke` \
                        again, else see `shopstack diff`";

/// The first page with its headers, the generated `config.json`, and on AWS the redirect from http
/// to https.
pub(super) async fn site(context: &Context<'_>) -> Result<Outcome, String> {
    let Some(url) = &context.target.site_url else {
        return Ok(Outcome::Skipped("the stack has no site".into()));
    };
    poll(context.deadline, || async move {
        if let Some(kind) = &context.target.first_page {
            page(context, url, kind).await?;
        }
        configuration(context, url).await?;
        manifest(context, url).await?;
        if context.target.emulated {
            return Ok(());
        }
        redirect(context, url).await
    })
    .await?;
    let redirected = if context.target.emulated {
        "no redirect to https on this endpoint"
    } else {
        "http goes to https"
    };
    let answers = match &context.target.first_page {
        Some(kind) if is_html(kind) => "answers with its HTML and its security headers",
        Some(_) => "answers with its first file and its security headers",
        None => "has no file for `/`",
    };
    Ok(Outcome::Passed(format!("{url} {answers}, and keeps its manifest to itself; {redirected}")))
}

fn is_html(kind: &str) -> bool {
    kind.starts_with("text/html")
}

async fn page(context: &Context<'_>, url: &str, kind: &str) -> Try<()> {
    let answer = context.send(&Call::get(join(url, "/"))).await?;
    if answer.status != 200 {
        return Err(Trouble::Again(answer.unlike("200", REDEPLOY)));
    }
    let told = answer.header("content-type");
    // A page may be a bare fragment: what a stack's own site holds is its author's affair.
    let whole = !is_html(kind) || answer.body.trim_start().starts_with('<');
    if !told.starts_with(kind) || !whole {
        let got = format!("{told:?} beginning with {:?}", clip(&answer.body));
        let tag = if is_html(kind) { " beginning with a tag" } else { "" };
        let expected = format!("{kind}{tag}");
        let todo = "see `site.folder` in stack.yaml";
        return Err(Trouble::Again(unlike(&answer.url, &expected, &got, todo)));
    }
    let faults = header_faults(&answer, context.target);
    if faults.is_empty() { Ok(()) } else { Err(Trouble::Again(faults.join("\n"))) }
}

/// Every header that is missing or too weak, so that one run shows them all.
fn header_faults(answer: &Answer, target: &Target) -> Vec<String> {
    let own = &target.site_headers;

    let hsts = |value: &str| {
        let ages = value.split(';').filter_map(|part| part.trim().strip_prefix("max-age="));
        ages.filter_map(|age| age.trim_matches('"').parse::<u64>().ok()).any(|age| age > 0)
    };
    let referrer = |value: &str| {
        ["no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"]
            .contains(&value)
    };
    let csp = |value: &str| csp_is_tight(value, target.api_of_pages());
    type Rule<'a> = (&'a str, &'a str, &'a dyn Fn(&str) -> bool);
    let rules: [Rule<'_>; 5] = [
        (
            "content-security-policy",
            "default-src, and a connect-src that admits this stack's API and not `*`",
            &csp,
        ),
        ("strict-transport-security", "max-age above 0", &hsts),
        ("x-content-type-options", "nosniff", &|value| value.eq_ignore_ascii_case("nosniff")),
        ("x-frame-options", "DENY", &|value| value.eq_ignore_ascii_case("deny")),
        ("referrer-policy", "no-referrer or one of the same-origin and strict policies", &referrer),
    ];
    let mut faults = Vec::new();
    let defaults = rules.into_iter().filter(|(name, ..)| !own.contains_key(*name));
    let wanted = own.iter().map(|(name, value)| (name.as_str(), value.as_str(), None));
    let all = defaults.map(|(name, expected, good)| (name, expected, Some(good))).chain(wanted);
    for (name, expected, good) in all {
        let value = answer.header(name);
        let as_wanted = match good {
            Some(good) => good(value.trim()),
            None => value.trim().starts_with(expected),
        };
        if !as_wanted {
            let got = if value.is_empty() {
                "no such header".to_string()
            } else {
                format!("{:?}", clip(&value))
            };
            faults.push(unlike(
                &format!("{}, header {name}", answer.url),
                expected,
                &got,
                REDEPLOY,
            ));
        }
    }
    faults
}

fn csp_is_tight(policy: &str, api_url: Option<&str>) -> bool {
    let directive = |wanted: &str| {
        let mut all = policy.split(';').map(str::split_whitespace);
        all.find_map(|mut words| {
            (words.next()?.eq_ignore_ascii_case(wanted)).then(|| words.collect::<Vec<_>>())
        })
    };
    let Some(fallback) = directive("default-src") else {
        return false;
    };
    let connect = directive("connect-src").unwrap_or(fallback);
    let open = connect.iter().any(|source| ["*", "http:", "https:"].contains(source));
    let admits = |api: &str| {
        connect.iter().any(|source| {
            let rest = match source.split_once("://*.") {
                // Environments with a time to live share a policy that admits the region's APIs.
                Some((scheme, host)) => {
                    let after = api.strip_prefix(scheme).and_then(|r| r.strip_prefix("://"));
                    let name = after.and_then(|r| r.split_once('.'));
                    name.and_then(|(_, rest)| rest.strip_prefix(host))
                }
                None => api.strip_prefix(source.trim_end_matches('/')),
            };
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    !open && api_url.is_none_or(admits)
}

/// A site that still points at an API of the past looks fine until somebody opens it.
async fn configuration(context: &Context<'_>, url: &str) -> Try<()> {
    let Some(api_url) = context.target.api_of_pages() else {
        return Ok(());
    };
    let answer = context.send(&Call::get(join(url, "/config.json"))).await?;
    let body: Option<Value> = serde_json::from_str(&answer.body).ok();
    let told = body
        .as_ref()
        .and_then(|body| body.get("apiUrl")?.as_str())
        .map(|told| told.trim_end_matches('/'));
    if answer.status == 200 && told == Some(api_url.trim_end_matches('/')) {
        return Ok(());
    }
    Err(Trouble::Again(answer.unlike(&format!("200 with apiUrl {api_url}"), REDEPLOY)))
}

/// The list of the site's files is shopstack's own. An error page of the site may stand in for the
/// refusal, with whatever status it has.
async fn manifest(context: &Context<'_>, url: &str) -> Try<()> {
    let answer = context.send(&Call::get(join(url, "/.shopstack/site.json"))).await?;
    let is_manifest = serde_json::from_str::<Value>(&answer.body).is_ok_and(|b| b.is_object());
    if answer.status >= 400 || !is_manifest {
        return Ok(());
    }
    let todo = "see the bucket's policy in `shopstack diff`; CloudFront may still have an old copy";
    Err(Trouble::Again(answer.unlike("a refusal", todo)))
}

/// Plain http must lead to https and to nowhere else.
pub(super) async fn redirect(context: &Context<'_>, url: &str) -> Try<()> {
    let Some(rest) = url.strip_prefix("https://") else {
        return Err(Trouble::Never(unlike(
            url,
            "an https address",
            "another",
            "see `shopstack outputs`",
        )));
    };
    let answer = context.send(&Call::get(join(&format!("http://{rest}"), "/"))).await?;
    let target = answer.header("location");
    let right = target
        .strip_prefix(url.trim_end_matches('/'))
        .is_some_and(|path| path.is_empty() || path == "/");
    if matches!(answer.status, 301 | 302 | 307 | 308) && right {
        return Ok(());
    }
    let got = format!("{} to {:?}", answer.status, clip(&target));
    Err(Trouble::Again(unlike(&answer.url, &format!("a redirect to {url}"), &got, REDEPLOY)))
}

/// S3 itself must refuse everybody but the distribution.
pub(super) async fn bucket(context: &Context<'_>) -> Result<Outcome, String> {
    let Some(url) = &context.target.bucket_url else {
        return Ok(Outcome::Skipped("the stack has no bucket".into()));
    };
    let todo = "see the bucket's policy and its public access block in `shopstack diff`";
    // An open bucket is waited for as well: a block of public access takes its time to reach every
    // node of S3.
    poll(context.deadline, || async move {
        let answer = context.send(&Call::get(url)).await?;
        if answer.status == 403 {
            return Ok(());
        }
        let seen = if answer.status == 200 {
            "200: anybody can read it".to_string()
        } else {
            answer.summary()
        };
        Err(Trouble::Again(unlike(&answer.url, "403 without credentials", &seen, todo)))
    })
    .await?;
    Ok(Outcome::Passed("S3 refuses a direct read with 403".into()))
}
