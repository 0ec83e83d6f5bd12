//! Environment variables and profile settings that determine how to reach AWS, read once and
//! checked before the SDK sees them: the SDK ignores unusable settings, and then acts somewhere
//! else.

use crate::model::{CloudError, ErrorKind};
use aws_config::SdkConfig;
use aws_config::profile::ProfileSet;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::service_config::ServiceConfigKey;
use std::collections::HashMap;

/// Credentials that a profile named on the command line overrides: as with the AWS CLI, `--profile`
/// takes precedence.
const OVERRULED: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
];

/// AWS's IDs of the services that shopstack calls.
const SERVICES: &[&str] = &[
    "API Gateway",
    "CloudFront",
    "CloudWatch",
    "CloudWatch Logs",
    "DynamoDB",
    "EventBridge",
    "IAM",
    "Lambda",
    "Resource Groups Tagging API",
    "S3",
    "STS",
    "WAFV2",
];

/// Boolean variables; the SDK silently ignores other values.
const SWITCHES: &[&str] = &[
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
];

/// Settings found in environment and profile.
#[derive(Debug, Default)]
pub struct Settings {
    /// The profile in use; `default` if none is named.
    pub profile: String,
    variables: HashMap<String, String>,
    profiles: ProfileSet,
}

impl Settings {
    /// Reads environment and config files. `profile` is the value of `--profile`.
    ///
    /// Errors: a config file that cannot be read or parsed, a profile that does not exist, a
    /// boolean that is neither true nor false, an endpoint that is not a URL.
    pub async fn load(profile: Option<&str>) -> Result<Self, CloudError> {
        let here = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self::from_variables(variables(here, profile)).await
    }

    async fn from_variables(variables: HashMap<String, String>) -> Result<Self, CloudError> {
        for name in SWITCHES {
            if let Some(value) = variables.get(*name)
                && !["true", "false"].iter().any(|word| value.eq_ignore_ascii_case(word))
            {
                return Err(refused(
                    format!("{name} is `{value}`, which is neither true nor false"),
                    format!("set {name} to true or false, or unset it"),
                ));
            }
        }
        let named = variables.get("AWS_PROFILE").cloned();
        let keys = variables.contains_key("AWS_ACCESS_KEY_ID");
        let env = Env::from(variables.clone());
        let profiles =
            aws_config::profile::load(&Fs::real(), &env, &EnvConfigFiles::default(), None)
                .await
                .map_err(|error| unreadable(&error))?;
        if let Some(name) = &named
            && !keys
            && profiles.get_profile(name).is_none()
        {
            return Err(refused(
                format!("no AWS credentials: the profile `{name}` is in no AWS config file"),
                "`aws configure list-profiles` shows those there are; choose one with --profile, \
                 or unset AWS_PROFILE",
            ));
        }
        let profile = named.unwrap_or_else(|| "default".into());
        let settings = Self { profile, variables, profiles };
        if !settings.ignores_endpoints() {
            let mut urls: Vec<_> = settings
                .variables
                .iter()
                .filter(|(name, _)| {
                    *name == "AWS_ENDPOINT_URL" || name.starts_with("AWS_ENDPOINT_URL_")
                })
                .map(|(name, url)| (name.clone(), url.as_str()))
                .collect();
            urls.sort();
            if let Some(url) = settings.of_profile("endpoint_url") {
                urls.push((format!("endpoint_url of the profile `{}`", settings.profile), url));
            }
            for (name, url) in urls {
                check_url(&name, url)?;
            }
        }
        Ok(settings)
    }

    /// A setting of the profile in use.
    pub fn of_profile(&self, key: &str) -> Option<&str> {
        let profile = self.profiles.get_profile(&self.profile)?;
        profile.get(key).map(str::trim).filter(|value| !value.is_empty())
    }

    /// The profile in use, or the nearest of its sources, that has one of these settings.
    pub fn source_with(&self, keys: &[&str]) -> Option<String> {
        let (mut name, mut seen) = (self.profile.as_str(), Vec::new());
        while !seen.contains(&name) {
            let profile = self.profiles.get_profile(name)?;
            if keys.iter().any(|key| profile.get(key).is_some()) {
                return Some(name.into());
            }
            seen.push(name);
            name = profile.get("source_profile")?;
        }
        None
    }

    /// A variable that is set and not empty.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).filter(|value| !value.trim().is_empty()).cloned()
    }

    /// The region of environment or profile.
    pub fn region(&self) -> Option<String> {
        ["AWS_REGION", "AWS_DEFAULT_REGION"]
            .iter()
            .find_map(|name| self.variable(name))
            .or_else(|| self.of_profile("region").map(str::to_string))
    }

    fn ignores_endpoints(&self) -> bool {
        let asked = self.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        asked
            .as_deref()
            .or_else(|| self.of_profile("ignore_configured_endpoint_urls"))
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Rejects unusable settings: endpoints of single services, because one endpoint decides
    /// whether this is AWS, and FIPS or dual-stack names for an endpoint that is not AWS.
    pub fn check(&self, base: &SdkConfig) -> Result<(), CloudError> {
        if base.endpoint_url().is_some() {
            for (on, name) in [
                (base.use_fips(), "AWS_USE_FIPS_ENDPOINT (use_fips_endpoint)"),
                (base.use_dual_stack(), "AWS_USE_DUALSTACK_ENDPOINT (use_dualstack_endpoint)"),
            ] {
                if on == Some(true) {
                    return Err(refused(
                        format!("{name} does not go together with AWS_ENDPOINT_URL"),
                        "unset one of the two: an endpoint of your own has no such variant",
                    ));
                }
            }
            return Ok(());
        }
        let Some(source) = base.service_config() else {
            return Ok(());
        };
        for service in SERVICES {
            let key = ServiceConfigKey::builder()
                .service_id(service)
                .env("AWS_ENDPOINT_URL")
                .profile("endpoint_url")
                .build();
            let found: Option<String> = key.ok().and_then(|key| source.load_config(key));
            let Some(url) = found else { continue };
            let name = format!("AWS_ENDPOINT_URL_{}", service.to_uppercase().replace(' ', "_"));
            check_url(&name, &url)?;
            if !is_aws(&url) {
                return Err(refused(
                    format!(
                        "an endpoint is set for {service} alone ({name} or the profile): {url}"
                    ),
                    format!(
                        "set AWS_ENDPOINT_URL, which is for every service, or unset {name}; \
                         endpoints under amazonaws.com are accepted for single services"
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// The effective variables. An empty variable counts as unset.
fn variables(mut here: HashMap<String, String>, profile: Option<&str>) -> HashMap<String, String> {
    here.retain(|name, value| !name.starts_with("AWS_") || !value.trim().is_empty());
    if let Some(profile) = profile {
        here.retain(|name, _| !OVERRULED.contains(&name.as_str()));
        here.insert("AWS_PROFILE".into(), profile.into());
    } else if !here.contains_key("AWS_PROFILE")
        && let Some(name) = here.get("AWS_DEFAULT_PROFILE").cloned()
    {
        here.insert("AWS_PROFILE".into(), name);
    }
    here
}

fn refused(message: impl Into<String>, hint: impl Into<String>) -> CloudError {
    CloudError::ours(ErrorKind::Credentials, message, hint)
}

fn unreadable(error: &(dyn std::error::Error + 'static)) -> CloudError {
    refused(
        format!(
            "no AWS credentials: an AWS config file cannot be read: {}",
            super::words::words(error)
        ),
        "correct that file; AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE say where the files \
         are",
    )
}

/// An endpoint needs a scheme and a host, and has no use for a user name: AWS's requests are
/// signed. The refusal must not repeat a password.
fn check_url(name: &str, url: &str) -> Result<(), CloudError> {
    if url.contains('@') {
        return Err(refused(
            format!("{name} holds a user name or a password"),
            "leave it out of the URL: requests to AWS are signed with AWS credentials",
        ));
    }
    let rest = url.trim().split_once("://").map(|(_, rest)| rest);
    // The parser takes `http:///x` for the host `x`.
    let nameless =
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':', '?', '#']));
    let problem = match url::Url::parse(url.trim()) {
        Ok(parsed) if !["http", "https"].contains(&parsed.scheme()) => SCHEME.to_string(),
        Ok(_) if rest.is_none() => SCHEME.to_string(),
        Ok(_) if !nameless => return Ok(()),
        Ok(_) | Err(url::ParseError::EmptyHost) => "names no host".to_string(),
        Err(url::ParseError::RelativeUrlWithoutBase) => SCHEME.to_string(),
        Err(error) => format!("is no URL: {error}"),
    };
    Err(refused(format!("{name} {problem}: `{url}`"), example(name)))
}

const SCHEME: &str = "does not begin with http:// or https://";

fn example(name: &str) -> String {
    format!("write {name} like http://127.0.0.1:4566")
}

/// True for AWS's own names, VPC endpoints among them.
fn is_aws(url: &str) -> bool {
    let parsed = url::Url::parse(url.trim()).ok();
    let host = parsed.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    [".amazonaws.com", ".api.aws"].iter().any(|end| host.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(vars: &[(&str, &str)], profile: Option<&str>) -> HashMap<String, String> {
        variables(vars.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect(), profile)
    }

    #[test]
    fn empty_variables_are_unset_and_a_named_profile_decides() {
        let vars = cleaned(&[("AWS_PROFILE", " "), ("AWS_REGION", ""), ("HOME", "")], None);
        assert_eq!(vars.keys().collect::<Vec<_>>(), ["HOME"]);
        let vars = cleaned(&[("AWS_DEFAULT_PROFILE", "a")], None);
        assert_eq!(vars["AWS_PROFILE"], "a");
        let vars = cleaned(&[("AWS_DEFAULT_PROFILE", "a"), ("AWS_PROFILE", "b")], None);
        assert_eq!(vars["AWS_PROFILE"], "b");
        let vars = cleaned(&[("AWS_ACCESS_KEY_ID", "k"), ("AWS_PROFILE", "b")], Some("c"));
        assert_eq!(vars.iter().collect::<Vec<_>>(), [(&"AWS_PROFILE".into(), &"c".into())]);
    }

    #[test]
    fn endpoints_are_urls_without_a_password() {
        for url in ["http://127.0.0.1:4566", "https://aws.example", "http://[::1]:4566/"] {
            assert!(check_url("AWS_ENDPOINT_URL", url).is_ok(), "{url}");
        }
        for url in ["localhost:4566", "127.0.0.1", "ftp://x", "http://", "http://:80", "//x"] {
            let error = check_url("AWS_ENDPOINT_URL", url).unwrap_err();
            assert!(error.message.contains("AWS_ENDPOINT_URL"), "{url}: {error}");
        }
        for url in ["http://me:s3cret@127.0.0.1:9", "me:s3cret@127.0.0.1:9", "http://s3cret@h"] {
            let error = check_url("AWS_ENDPOINT_URL", url).unwrap_err();
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
    }

    #[test]
    fn only_awss_own_names_serve_single_services() {
        for url in
            ["https://vpce-1-2.sts.us-east-1.vpce.amazonaws.com", "https://s3.eu-west-1.api.aws"]
        {
            assert!(is_aws(url), "{url}");
        }
        for url in [
            "http://127.0.0.1:4566",
            "https://amazonaws.com.example",
            "https://x/.api.aws",
            "https://evil.example#.amazonaws.com",
            "https://evil.example\\.amazonaws.com",
        ] {
            assert!(!is_aws(url), "{url}");
        }
    }

    #[tokio::test]
    async fn switches_say_true_or_false() {
        let vars = cleaned(&[("AWS_USE_FIPS_ENDPOINT", "yes")], None);
        let error = Settings::from_variables(vars).await.unwrap_err();
        assert!(error.message.contains("AWS_USE_FIPS_ENDPOINT is `yes`"), "{error}");
    }
}
