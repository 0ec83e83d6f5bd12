//! Proxies, certificates and endpoints: what environment and profile say is followed, or refused in
//! words that name it.

use crate::desk::{Desk, Run};
use crate::fake::{Server, empty_account};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::sync::Arc;

const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIDTEST"), ("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-test")];

/// `envs` with credentials and these variables.
fn envs(desk: &Desk, variables: &[(&str, &str)]) -> Run {
    let run = desk.run(&["envs"], &[&KEYS, variables].concat());
    assert!(!format!("{run:?}").contains("a-secret"), "{run:?}");
    run
}

/// The certificates in `pki/`, of which `make.sh` says how they are made.
fn pki(name: &str) -> String {
    format!("{}/tests/remedies/pki/{name}.pem", env!("CARGO_MANIFEST_DIR"))
}

/// The authority that signed what `certified` shows.
fn authority() -> String {
    pki("authority")
}

/// A server with one of the certificates: `aws`, `here` or `elsewhere`.
fn certified(name: &str) -> Arc<rustls::ServerConfig> {
    let key = pki(name).replace(".pem", ".key");
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(pki(name)).unwrap()],
            PrivateKeyDer::from_pem_file(key).unwrap(),
        )
        .unwrap();
    Arc::new(config)
}

#[test]
fn https_goes_through_the_proxy_to_aws_and_the_bundle_is_believed() {
    let desk = Desk::new();
    let (config, bundle) = (certified("aws"), authority());
    let aws = Server::https(config, empty_account());
    let proxy = Server::proxy(Some(aws.port));
    let url = format!("http://me:pass%20word@127.0.0.1:{}", proxy.port);

    let run = envs(&desk, &[("HTTPS_PROXY", &url), ("AWS_CA_BUNDLE", &bundle)]);
    assert!(proxy.asked().contains("CONNECT sts.us-east-1.amazonaws.com:443"), "{}", proxy.asked());
    assert!(proxy.asked().contains("Basic bWU6cGFzcyB3b3Jk"), "{}", proxy.asked());
    assert!(aws.asked().contains("Action=GetCallerIdentity"), "{run:?}");
    assert_eq!((run.code, run.stdout.trim()), (Some(0), "No environments here."), "{run:?}");

    // By the profile as well; and SSL_CERT_FILE, which is the system's own way.
    let config = format!("[default]\nca_bundle = {bundle}\n");
    let config = desk.write("config", &config);
    for variable in [("AWS_CONFIG_FILE", config.as_str()), ("SSL_CERT_FILE", bundle.as_str())] {
        let run = envs(&desk, &[("https_proxy", &url), variable]);
        assert_eq!(run.code, Some(0), "{variable:?}: {run:?}");
    }

    // Without the bundle the certificate is what is wrong, and the message says so.
    let run = envs(&desk, &[("ALL_PROXY", &url)]);
    run.refused(&["certificate was refused", "UnknownIssuer", "the system's certificates"]);
    run.refused(&["AWS_CA_BUNDLE", &format!("through the proxy http://127.0.0.1:{}", proxy.port)]);
    let other = pki("stranger");
    let run = envs(&desk, &[("HTTPS_PROXY", &url), ("AWS_CA_BUNDLE", &other)]);
    run.refused(&["certificate was refused", &format!("{other} (AWS_CA_BUNDLE)")]);
    assert!(!run.stderr.contains("pass"), "{}", run.stderr);
}

#[test]
fn a_certificate_for_another_name_is_told_from_an_unknown_authority() {
    let desk = Desk::new();
    let (config, bundle) = (certified("elsewhere"), authority());
    let server = Server::https(config, empty_account());
    let url = format!("https://127.0.0.1:{}", server.port);
    let run = envs(&desk, &[("AWS_ENDPOINT_URL", &url), ("AWS_CA_BUNDLE", &bundle)]);
    run.refused(&["certificate was refused", &url, "another name"]);
    let plain = Server::refusing_tls();
    let url = format!("https://127.0.0.1:{}", plain.port);
    envs(&desk, &[("AWS_ENDPOINT_URL", &url)]).refused(&["does not speak TLS", "http://"]);
}

#[test]
fn an_endpoint_with_an_authority_of_its_own_is_reached() {
    let desk = Desk::new();
    let (config, bundle) = (certified("here"), authority());
    let server = Server::https(config, empty_account());
    let url = format!("https://127.0.0.1:{}", server.port);
    let run = envs(&desk, &[("AWS_ENDPOINT_URL", &url), ("AWS_CA_BUNDLE", &bundle)]);
    assert!(server.asked().contains("GetCallerIdentity"), "{run:?}");
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn a_bundle_or_proxy_that_cannot_be_used_is_named() {
    let desk = Desk::new();
    let text = desk.write("ca.txt", "not a certificate");
    for (name, value, words) in [
        ("AWS_CA_BUNDLE", "/nowhere/ca.pem", "cannot be read"),
        ("AWS_CA_BUNDLE", &text, "holds no certificate"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem", "no certificate can be read"),
        ("HTTPS_PROXY", "socks5://127.0.0.1:1080", "no proxy that can be used"),
        ("ALL_PROXY", "ftp://127.0.0.1", "no proxy that can be used"),
    ] {
        envs(&desk, &[(name, value)]).refused(&[name, words, "help:"]);
    }
}

#[test]
fn a_proxy_that_fails_is_named_without_its_password() {
    let desk = Desk::new();
    let proxy = Server::proxy(None);
    let url = format!("http://me:s3cret@127.0.0.1:{}", proxy.port);
    let run = envs(&desk, &[("HTTPS_PROXY", &url)]);
    let named = format!("through the proxy http://127.0.0.1:{}", proxy.port);
    run.refused(&[&named, "proxy authorization required", "NO_PROXY"]);
    assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
    // Plain HTTP, to a host that is not this machine.
    let run =
        envs(&desk, &[("HTTP_PROXY", &url), ("AWS_ENDPOINT_URL", "http://aws.test.invalid:4566")]);
    run.refused(&["http://aws.test.invalid:4566", &named, "asks for credentials"]);
}

#[test]
fn loopback_and_no_proxy_are_reached_directly() {
    let desk = Desk::new();
    let (server, proxy) = (Server::http(empty_account()), Server::proxy(None));
    let url = proxy.url();
    for endpoint in [server.url(), format!("http://localhost:{}", server.port)] {
        let proxied = [("HTTP_PROXY", url.as_str()), ("ALL_PROXY", &url)];
        let run = envs(&desk, &[&proxied[..], &[("AWS_ENDPOINT_URL", &endpoint)]].concat());
        assert_eq!((run.code, proxy.asked().as_str()), (Some(0), ""), "{run:?}");
    }
    let run = envs(
        &desk,
        &[("HTTPS_PROXY", &url), ("NO_PROXY", "amazonaws.com"), ("AWS_CA_BUNDLE", "/nowhere")],
    );
    run.refused(&["/nowhere"]);
    let direct = [("HTTPS_PROXY", url.as_str()), ("NO_PROXY", ".invalid")];
    let to = [("AWS_ENDPOINT_URL", "https://aws.test.invalid")];
    let run = envs(&desk, &[&direct[..], &to].concat());
    assert!(!run.stderr.contains("proxy") && proxy.asked().is_empty(), "{run:?}");
}

#[test]
fn fips_and_dual_stack_names_are_asked_for() {
    let desk = Desk::new();
    for (variable, host) in [
        ("AWS_USE_FIPS_ENDPOINT", "CONNECT sts-fips.us-east-1.amazonaws.com:443"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "CONNECT sts.us-east-1.api.aws:443"),
    ] {
        let proxy = Server::proxy(None);
        let url = proxy.url();
        envs(&desk, &[("HTTPS_PROXY", &url), (variable, "true")]).refused(&["proxy"]);
        assert!(proxy.asked().contains(host), "{}", proxy.asked());
        let run = envs(&desk, &[(variable, "true"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:9")]);
        run.refused(&[variable, "AWS_ENDPOINT_URL"]);
        envs(&desk, &[(variable, "yes")]).refused(&[variable, "neither true nor false"]);
    }
}

#[test]
fn the_endpoint_of_a_single_service_is_refused_unless_it_is_awss() {
    let desk = Desk::new();
    envs(&desk, &[("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")]).refused(&[
        "S3 alone",
        "AWS_ENDPOINT_URL_S3",
        "help:",
    ]);
    let config = desk.write(
        "config",
        "[default]\nservices = mine\n[services mine]\ndynamodb =\n  \
         endpoint_url = http://127.0.0.1:9\n",
    );
    envs(&desk, &[("AWS_CONFIG_FILE", &config)]).refused(&["DynamoDB alone", "the profile"]);
    let run = envs(
        &desk,
        &[
            ("AWS_CONFIG_FILE", &config),
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
            ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ],
    );
    run.refused(&["through the proxy"]);
    let proxy = Server::proxy(None);
    let vpc = "https://vpce-1.sts.us-east-1.vpce.amazonaws.com";
    envs(&desk, &[("AWS_ENDPOINT_URL_STS", vpc), ("HTTPS_PROXY", &proxy.url())])
        .refused(&["through the proxy"]);
    assert!(proxy.asked().contains("CONNECT vpce-1.sts."), "{}", proxy.asked());
}

#[test]
fn an_endpoint_needs_a_scheme_and_no_password() {
    let desk = Desk::new();
    for url in ["localhost:4566", "127.0.0.1:4566", "//127.0.0.1", "http://"] {
        envs(&desk, &[("AWS_ENDPOINT_URL", url)]).refused(&["AWS_ENDPOINT_URL", url, "help:"]);
    }
    let run = envs(&desk, &[("AWS_ENDPOINT_URL", "http://me:s3cret@127.0.0.1:9")]);
    run.refused(&["AWS_ENDPOINT_URL", "password"]);
    assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
    let config = desk.write("config", "[default]\nendpoint_url = me:s3cret@host\n");
    let run = envs(&desk, &[("AWS_CONFIG_FILE", &config)]);
    run.refused(&["endpoint_url of the profile `default`"]);
    assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
}

#[test]
fn empty_variables_count_as_unset() {
    let desk = Desk::new();
    let proxy = Server::proxy(None);
    let empty = [
        ("AWS_ENDPOINT_URL", ""),
        ("AWS_PROFILE", ""),
        ("AWS_REGION", " "),
        ("AWS_CA_BUNDLE", ""),
        ("AWS_SESSION_TOKEN", ""),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", ""),
        ("AWS_USE_FIPS_ENDPOINT", ""),
        ("AWS_CONFIG_FILE", ""),
    ];
    let url = proxy.url();
    let run = envs(&desk, &[&empty[..], &[("HTTPS_PROXY", &url)]].concat());
    run.refused(&["through the proxy"]);
    assert!(proxy.asked().contains("CONNECT sts.us-east-1.amazonaws.com:443"), "{}", proxy.asked());
}
