//! Explains a failure of a run's first call: credentials, network, region or endpoint, in the words
//! of the part that failed.

use super::settings::Settings;
use super::tls;
use crate::model::text::one_line;
use crate::model::{CloudError, ErrorKind};

/// Regions that every account has. Others have to be enabled; until then, AWS does not know the
/// account's credentials there.
const ALWAYS_ON: &[&str] = &[
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The sign-in settings of environment and profile that a remedy needs; no secrets.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The profile in use; `default` if none is named.
    pub profile: String,
    /// The profile, or the source of its role, that signs in with IAM Identity Center.
    sso: Option<String>,
    /// The profile's role requires an MFA code.
    mfa: bool,
    /// The file with a web identity token.
    token_file: Option<String>,
    /// Only one of the two variables of an access key is set.
    half: Option<(&'static str, &'static str)>,
}

impl Facts {
    pub(super) fn from_settings(settings: &Settings) -> Self {
        let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        let half = match keys.map(|name| settings.variable(name).is_some()) {
            [true, false] => Some(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
            [false, true] => Some(("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID")),
            _ => None,
        };
        let file = settings.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
        Self {
            profile: settings.profile.clone(),
            sso: settings.source_with(&["sso_session", "sso_start_url"]),
            mfa: settings.source_with(&["mfa_serial"]).is_some(),
            token_file: file
                .or_else(|| settings.of_profile("web_identity_token_file").map(str::to_string)),
            half,
        }
    }
}

/// The network path of the first call, as far as it explains a failure.
#[derive(Debug)]
pub(super) struct Way<'a> {
    /// `None` on AWS.
    pub endpoint: Option<&'a str>,
    pub region: &'a str,
    pub facts: &'a Facts,
    pub proxy: Option<String>,
    /// The user's own certificates, if any.
    pub bundle: Option<&'a str>,
}

impl Way<'_> {
    /// The requested host, and the proxy if there was one.
    pub(super) fn place(&self) -> String {
        let proxy = self.proxy.as_ref().map(|proxy| format!(" through the proxy {proxy}"));
        let asked = match self.endpoint {
            Some(url) => url.to_string(),
            None => format!("AWS in region `{}`", self.region),
        };
        asked + &proxy.unwrap_or_default()
    }
}

/// Rewrites message and remedy of the first call's failure; AWS's own messages stay.
pub(super) fn explain(mut error: CloudError, way: &Way<'_>) -> CloudError {
    let answered = !error.code.is_empty() && !error.code.starts_with("HTTP ");
    match error.kind {
        ErrorKind::Ambiguous if answered => {}
        ErrorKind::Unreachable if error.message.starts_with(tls::REFUSED) => {
            let trusted = way.bundle.unwrap_or("the system's certificates");
            error.message =
                format!("{} ({}, checked against {trusted})", error.message, way.place());
        }
        ErrorKind::Unreachable if error.message.starts_with(tls::FAILED) => {
            error.message = format!("{} ({})", error.message, way.place());
        }
        ErrorKind::Unreachable | ErrorKind::Ambiguous => cannot_reach(&mut error, way),
        ErrorKind::Other if error.code.starts_with("HTTP ") => not_aws(&mut error, way),
        // Our own codes for a bare status: AWS's STS returns its own, with a request ID.
        ErrorKind::AccessDenied | ErrorKind::NotFound
            if error.request_id.is_none()
                && ["Forbidden", "NotFound"].contains(&error.code.as_str()) =>
        {
            not_aws(&mut error, way);
        }
        ErrorKind::Credentials if error.code.is_empty() => credentials(&mut error, way),
        ErrorKind::Credentials
            if way.endpoint.is_none()
                && super::remedy::is_unknown_token(&error.code)
                && !ALWAYS_ON.contains(&way.region) =>
        {
            error.hint = format!(
                "the region {} may not be enabled in this account: an administrator enables it \
                 under Account, AWS Regions, in the console; if it is, check the credentials",
                way.region
            );
        }
        _ => {}
    }
    error
}

fn cannot_reach(error: &mut CloudError, way: &Way<'_>) {
    let cause = unframed(&error.message).replace("tcp connect error: ", "");
    error.message = match (way.endpoint, &way.proxy) {
        (Some(_), None) => format!("nothing answers at {}: {cause}", way.place()),
        _ => format!("{} cannot be reached: {cause}", way.place()),
    };
    error.hint = match (way.endpoint, &way.proxy) {
        (_, Some(_)) => {
            "check that the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY runs and lets this host \
             through, or list the host in NO_PROXY"
        }
        (Some(_), None) => {
            "start the endpoint, or unset AWS_ENDPOINT_URL; `--local` starts the local twin"
        }
        (None, None) => "check that the region exists and that the network lets you out",
    }
    .into();
}

/// A response that is not from AWS: another web server, or an error page of a proxy.
fn not_aws(error: &mut CloudError, way: &Way<'_>) {
    error.message = match &way.proxy {
        Some(_) if error.code == "HTTP 407" => {
            format!("{}: the proxy asks for credentials", way.place())
        }
        Some(_) => format!("the answer of {} is not AWS's: {}", way.place(), error.message),
        None => format!("{} does not answer as AWS does: {}", way.place(), error.message),
    };
    error.hint = match way.proxy {
        Some(_) => "check the proxy, and the user name and password in its URL",
        None => "check AWS_ENDPOINT_URL, or unset it; `--local` starts the local twin",
    }
    .into();
}

/// Text around the message of the part that failed, outermost first.
const FRAMES: &[&str] = &[
    "dispatch failure: ",
    "other: ",
    "an error occurred while loading credentials: ",
    "unexpected credentials error: ",
    "the credentials provider was not properly configured: ",
    "the credential provider was not enabled: ",
    "ProfileFile provider could not be built: ",
    "Error retrieving credentials: ",
    "service error: ",
    "unhandled error: ",
    "io error: ",
    "client error (Connect): ",
];

/// The provider's own message and the remedy for it.
fn credentials(error: &mut CloudError, way: &Way<'_>) {
    let facts = way.facts;
    let words = unframed(&error.message);
    let (message, hint) = match attempts(words) {
        Some(None) => (none_found(facts), nothing_found()),
        Some(Some(reason)) => (format!("no AWS credentials: {reason}"), remedy(reason, way)),
        None => {
            let file = facts.token_file.as_ref().filter(|_| words.starts_with("No such file"));
            let what = match file {
                Some(file) => format!("the web identity token file {file}: "),
                None => String::new(),
            };
            (format!("no AWS credentials: {what}{words}"), remedy(words, way))
        }
    };
    (error.message, error.hint) = (one_line(&message), hint);
}

fn unframed(mut words: &str) -> &str {
    while let Some(rest) = FRAMES.iter().find_map(|frame| words.strip_prefix(frame)) {
        words = rest;
    }
    words
}

/// The reason that the profile's provider gave if no provider had credentials. `None` for other
/// messages.
fn attempts(words: &str) -> Option<Option<&str>> {
    let bare = |reason: &str| FRAMES.iter().any(|frame| frame.strip_suffix(": ") == Some(reason));
    if bare(words) {
        return Some(None);
    }
    let tried = words.strip_prefix("no credentials found in chain")?;
    let profile = tried.lines().find_map(|line| line.trim().strip_prefix("Profile: "));
    Some(profile.map(unframed).filter(|reason| !bare(reason)))
}

fn none_found(facts: &Facts) -> String {
    let place = match facts.profile.as_str() {
        "default" => String::new(),
        name => format!(" in the profile `{name}`"),
    };
    let half = facts.half.map(|(set, unset)| format!("; {set} is set, but {unset} is not"));
    format!("no AWS credentials were found{place}{}", half.unwrap_or_default())
}

fn nothing_found() -> String {
    "sign in (`aws sso login`, `aws configure`), name a profile with --profile or AWS_PROFILE, or \
     use --local for the local twin"
        .into()
}

/// The remedy for a provider's message, which is the SDK's or AWS's.
fn remedy(words: &str, way: &Way<'_>) -> String {
    let (facts, profile) = (way.facts, &way.facts.profile);
    let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if has(&["tcp connect error", "tunnel error", "dns error", "timed out", "timeout"]) {
        let proxy = way.proxy.as_ref().map(|proxy| format!(", and the proxy {proxy}"));
        return format!(
            "check the network{} on the way to the service that gives out credentials",
            proxy.unwrap_or_default()
        );
    }
    if has(&["SSO token", "access token", "sso/cache", "UnauthorizedException"])
        || facts.sso.is_some() && has(&["expired", "Unauthorized"])
    {
        let name = facts.sso.as_ref().unwrap_or(profile);
        return format!("sign in with `aws sso login --profile {name}`, then run again");
    }
    if facts.sso.is_some() && has(&["ForbiddenException", "No access"]) {
        return "the account and role of the profile are not assigned to you: ask who manages \
                access in IAM Identity Center"
            .into();
    }
    if has(&["external process"]) {
        return format!(
            "the words are those of `credential_process` in the profile `{profile}`: see that the \
             command works by itself"
        );
    }
    if has(&["credentials-login"]) {
        return format!(
            "shopstack cannot use what `aws login` leaves; hand it on: `eval \"$(aws configure \
             export-credentials --profile {profile} --format env)\"`, then run again without \
             --profile"
        );
    }
    if has(&["source profile", "infinite loop"]) {
        return format!(
            "correct `source_profile` in the AWS config file; `aws configure list-profiles` shows \
             the profiles there are (in use: `{profile}`)"
        );
    }
    if has(&["WebIdentity", "InvalidIdentityToken"]) || facts.token_file.is_some() {
        return web_identity(words);
    }
    if facts.mfa && has(&["AccessDenied"]) {
        return format!(
            "the profile asks for a code (`mfa_serial`), which shopstack cannot: sign in with the \
             AWS CLI first, `eval \"$(aws configure export-credentials --profile {profile} \
             --format env)\"`, and run again without --profile"
        );
    }
    if has(&["AccessDenied"]) {
        return super::remedy::of_role("sts:AssumeRole", words);
    }
    format!(
        "correct the profile `{profile}` or the AWS_* variables that it names, or sign in another \
         way (`aws sso login`, `aws configure`)"
    )
}

fn web_identity(words: &str) -> String {
    if words.contains("AccessDenied") {
        return super::remedy::of_role("sts:AssumeRoleWithWebIdentity", words);
    }
    if words.contains("ExpiredToken") {
        return "the token of the CI run has expired: start the run again".into();
    }
    if words.contains("No such file") {
        return "AWS_WEB_IDENTITY_TOKEN_FILE (or web_identity_token_file in the profile) has to \
                name the file with the token that the CI system writes"
            .into();
    }
    "the account needs an OIDC provider for the issuer of this token, with its audience; on GitHub \
     the job needs `permissions: id-token: write`"
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(kind: ErrorKind, code: &str, endpoint: Option<&str>, region: &str) -> CloudError {
        let facts = Facts { profile: "default".into(), ..Facts::default() };
        let way = Way { endpoint, region, facts: &facts, proxy: None, bundle: None };
        let error = CloudError::ours(kind, "dispatch failure: dns error", "");
        explain(CloudError { code: code.into(), ..error }, &way)
    }

    #[test]
    fn the_first_call_says_what_is_wrong_with_region_endpoint_or_credentials() {
        let here = Some("http://127.0.0.1:9");
        for (kind, code, endpoint, message, hint) in [
            (ErrorKind::Unreachable, "", None, "`eu-nowhere-7` cannot", "the region exists"),
            (ErrorKind::Unreachable, "", here, "at http://127.0.0.1:9: dns error", "--local"),
            (ErrorKind::Ambiguous, "", here, "nothing answers at http://127.0.0.1:9", "--local"),
            (ErrorKind::Ambiguous, "HTTP 502", here, "nothing answers", "--local"),
            (ErrorKind::Other, "HTTP 200", here, "does not answer as AWS", "AWS_ENDPOINT_URL"),
            (ErrorKind::NotFound, "NotFound", here, "does not answer as AWS", "AWS_ENDPOINT_URL"),
            (ErrorKind::Credentials, "", None, "no AWS credentials: dns error", "the network"),
            (ErrorKind::Credentials, "InvalidClientTokenId", None, "dns error", "not be enabled"),
            // AWS's own message stays if there is one.
            (ErrorKind::Ambiguous, "InternalFailure", here, "dispatch failure: dns error", ""),
            (ErrorKind::Credentials, "ExpiredToken", None, "dispatch failure: dns error", ""),
        ] {
            let error = explained(kind, code, endpoint, "eu-nowhere-7");
            assert!(error.message.contains(message), "{code}: {error:?}");
            assert!(error.hint.contains(hint), "{code}: {error:?}");
        }
        let known = explained(ErrorKind::Credentials, "InvalidClientTokenId", None, "eu-west-1");
        assert!(!known.hint.contains("enabled"), "{known:?}");
    }
}
