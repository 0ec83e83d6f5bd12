//! Network access: proxies from the environment, and the certificates for checking servers.

use super::settings::Settings;
use crate::model::{CloudError, ErrorKind};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::sync::Arc;
use std::time::Duration;

/// Idle connections are dropped after this long. Servers close them silently, some within a minute
/// and the local twin after 75 s, and a request sent at that moment gets no response.
const POOL_IDLE: Duration = Duration::from_secs(20);

/// Variables that name proxies, as curl reads them.
const PROXIES: &[&str] =
    &["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// The user's own certificates, which replace the system's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    pub pem: Vec<u8>,
    /// Path, and the setting that names it, for messages.
    pub place: String,
}

/// How requests leave this machine.
#[derive(Clone, Debug, Default)]
pub struct Network {
    proxies: Option<Arc<Matcher>>,
    pub bundle: Option<Bundle>,
}

impl Network {
    /// Proxies and certificates from `settings`.
    ///
    /// Errors: a bundle that cannot be read or contains no certificate; a proxy that cannot be
    /// used.
    pub fn from_settings(settings: &Settings) -> Result<Self, CloudError> {
        let profile = format!("ca_bundle of the profile `{}`", settings.profile);
        let named = settings
            .variable("AWS_CA_BUNDLE")
            .map(|path| (path, "AWS_CA_BUNDLE".to_string()))
            .or_else(|| settings.of_profile("ca_bundle").map(|path| (path.into(), profile)));
        let bundle = match named {
            Some((path, by)) => Some(read_bundle(&path, &by)?),
            None => None,
        };
        if bundle.is_none() && ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|v| is_set(v)) {
            check_system(settings)?;
        }
        Ok(Self { proxies: proxies()?.map(Arc::new), bundle })
    }

    /// A client for this network; loopback and the metadata services bypass proxies.
    pub fn http_client(&self) -> SharedHttpClient {
        let mut store = TrustStore::default();
        if let Some(bundle) = &self.bundle {
            store = TrustStore::empty().with_pem_certificate(bundle.pem.clone());
        }
        let context = TlsContext::builder().with_trust_store(store).build().unwrap_or_default();
        let provider = || tls::Provider::Rustls(CryptoMode::Ring);
        let direct = Builder::new()
            .pool_idle_timeout(POOL_IDLE)
            .tls_provider(provider())
            .tls_context(context.clone())
            .build_https();
        if self.proxies.is_none() {
            return direct;
        }
        let proxied = Builder::new().pool_idle_timeout(POOL_IDLE).build_with_connector_fn(
            move |settings, components| {
                let mut builder = Connector::builder();
                builder.set_connector_settings(settings.cloned());
                builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
                builder
                    .proxy_config(ProxyConfig::from_env())
                    .tls_provider(provider())
                    .tls_context(context.clone())
                    .build()
            },
        );
        SharedHttpClient::new(Routed { direct, proxied })
    }

    /// The proxy for `url`, without its user name and password.
    pub fn proxy_to(&self, url: &str) -> Option<String> {
        if is_near(url) {
            return None;
        }
        let intercept = self.proxies.as_ref()?.intercept(&url.parse().ok()?)?;
        Some(intercept.uri().to_string().trim_end_matches('/').to_string())
    }
}

/// True if a variable has a value.
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// The proxies of the environment, parsed by the HTTP client's own code.
fn proxies() -> Result<Option<Matcher>, CloudError> {
    for name in PROXIES.iter().filter(|name| is_set(name)) {
        let value = std::env::var(name).unwrap_or_default();
        let scheme = value.split_once("://").map_or("http", |(scheme, _)| scheme);
        let usable = ["http", "https"].iter().any(|s| scheme.eq_ignore_ascii_case(s));
        // Parsed one by one, because one variable may hide another.
        let parsed = Matcher::builder().all(value.as_str()).build();
        let read = "https://aws.example".parse().ok().and_then(|url| parsed.intercept(&url));
        if !usable || read.is_none() {
            return Err(CloudError::ours(
                ErrorKind::Unreachable,
                format!("{name} names no proxy that can be used"),
                "name an HTTP proxy, such as http://proxy.example:3128, or unset it",
            ));
        }
    }
    Ok(PROXIES.iter().any(|name| is_set(name)).then(Matcher::from_env))
}

fn read_bundle(path: &str, by: &str) -> Result<Bundle, CloudError> {
    let place = format!("{path} ({by})");
    let refused = |what: String| {
        CloudError::ours(
            ErrorKind::Unreachable,
            format!("the CA bundle {place} {what}"),
            "name a file with certificates in PEM form, or unset it",
        )
    };
    let pem = std::fs::read(path).map_err(|error| refused(format!("cannot be read: {error}")))?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate =
            certificate.map_err(|error| refused(format!("is not in PEM form: {error}")))?;
        roots.add(certificate).map_err(|error| {
            refused(format!("holds a certificate that cannot be used: {error}"))
        })?;
    }
    if roots.is_empty() {
        return Err(refused("holds no certificate".into()));
    }
    Ok(Bundle { pem, place })
}

/// `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's certificates.
fn check_system(settings: &Settings) -> Result<(), CloudError> {
    if !rustls_native_certs::load_native_certs().certs.is_empty() {
        return Ok(());
    }
    let places: Vec<_> = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .iter()
        .filter_map(|name| Some(format!("{name}={}", settings.variable(name)?)))
        .collect();
    Err(CloudError::ours(
        ErrorKind::Unreachable,
        format!("no certificate can be read from {}", places.join(", ")),
        "name a file with certificates in PEM form, or unset it",
    ))
}

/// True for this machine itself and for the link-local addresses of metadata services: a proxy
/// would ask the wrong machine, or a stranger for credentials.
fn is_near(url: &str) -> bool {
    let parsed = url::Url::parse(url).ok();
    match parsed.as_ref().and_then(|url| url.host()) {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback() || ip.is_link_local(),
        Some(url::Host::Ipv6(ip)) => {
            ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unique_local()
        }
        // The parser writes names in lower case.
        Some(url::Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

#[derive(Debug)]
struct Routed {
    direct: SharedHttpClient,
    proxied: SharedHttpClient,
}

impl HttpClient for Routed {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(RoutedConnector {
            direct: self.direct.http_connector(settings, components),
            proxied: self.proxied.http_connector(settings, components),
        })
    }
}

#[derive(Debug)]
struct RoutedConnector {
    direct: SharedHttpConnector,
    proxied: SharedHttpConnector,
}

impl HttpConnector for RoutedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if is_near(request.uri()) { self.direct.call(request) } else { self.proxied.call(request) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_metadata_services_are_near() {
        for url in [
            "http://127.0.0.1:4566",
            "http://127.9.9.9/x",
            "http://localhost:80/",
            "https://abc.execute-api.localhost:4566/v1",
            "http://[::1]:4566/",
            "http://169.254.169.254/latest",
            "http://169.254.170.2/v2",
            "http://[fd00:ec2::254]/latest",
            "HTTP://LOCALHOST.:80",
            "http://user@127.0.0.1/",
            "http://127.1/",
        ] {
            assert!(is_near(url), "{url}");
        }
        for url in [
            "https://sts.us-east-1.amazonaws.com/",
            "http://10.0.0.1:80",
            "http://localhost.example",
            "http://example/127.0.0.1",
            "http://127.0.0.1@example/",
            "http://example#.localhost",
        ] {
            assert!(!is_near(url), "{url}");
        }
    }

    #[test]
    fn a_bundle_is_checked_before_it_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let path = path.to_str().unwrap();
        let says = |path: &str| read_bundle(path, "AWS_CA_BUNDLE").unwrap_err().message;
        assert!(says(path).contains("cannot be read"), "{}", says(path));
        std::fs::write(path, "hello").unwrap();
        assert!(says(path).contains("holds no certificate"), "{}", says(path));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        std::fs::write(path, broken).unwrap();
        assert!(says(path).contains("cannot be used") && says(path).contains("AWS_CA_BUNDLE"));
    }
}
