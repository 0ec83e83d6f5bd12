//! Signing in: each provider's own words arrive, with the command that helps.

use crate::desk::{Desk, Run};
use crate::fake::{Answer, Server, empty_account};
use std::sync::Arc;

const CONFIG: &str = "\
[profile process]
credential_process = sh -c \"echo MFA needed >&2; exit 7\"
[profile mumbling]
credential_process = echo s3cret-word
[profile orphan]
role_arn = arn:aws:iam::111111111111:role/deploy
source_profile = gone
[profile circle]
role_arn = arn:aws:iam::111111111111:role/deploy
source_profile = circle2
[profile circle2]
role_arn = arn:aws:iam::111111111111:role/deploy
source_profile = circle
[profile sso]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = deploy
[profile oldsso]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
sso_account_id = 111111111111
sso_role_name = deploy
[profile viasso]
role_arn = arn:aws:iam::111111111111:role/deploy
source_profile = oldsso
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
[profile keys]
aws_access_key_id = AKIDOFPROFILE
aws_secret_access_key = s3cret-key
[profile half]
aws_access_key_id = AKIDOFPROFILE
[profile role]
role_arn = arn:aws:iam::111111111111:role/deploy
source_profile = keys
[profile code]
role_arn = arn:aws:iam::111111111111:role/deploy
source_profile = keys
mfa_serial = arn:aws:iam::111111111111:mfa/me
[profile web]
role_arn = arn:aws:iam::111111111111:role/deploy
web_identity_token_file = /nowhere/token
[profile bare]
region = us-east-1
";

fn envs(desk: &Desk, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let config = desk.write("config", CONFIG);
    let config = [("AWS_CONFIG_FILE", config.as_str())];
    let run = desk.run(&[&["envs"], arguments].concat(), &[&config, variables].concat());
    assert!(!format!("{run:?}").contains("s3cret"), "{run:?}");
    run
}

/// An STS that refuses everything with this code and sentence.
fn refusing(code: &'static str, words: &'static str) -> Answer {
    Arc::new(move |_, _| {
        let error = format!(
            "<Error><Type>Sender</Type><Code>{code}</Code><Message>{words}</Message></Error>"
        );
        (
            403,
            format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">{error}\
                 <RequestId>r</RequestId></ErrorResponse>"
            ),
        )
    })
}

#[test]
fn the_providers_words_arrive_with_a_remedy_of_their_own() {
    let desk = Desk::new();
    let nowhere = ("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    for (profile, words) in [
        ("process", &["MFA needed", "7", "credential_process", "`process`"][..]),
        ("mumbling", &["external process", "`mumbling`"]),
        ("orphan", &["gone", "source_profile", "`orphan`"]),
        ("circle", &["circle2", "source_profile"]),
        ("sso", &["SSO token", "aws sso login --profile sso"]),
        ("oldsso", &["sso/cache", "aws sso login --profile oldsso"]),
        ("viasso", &["sso/cache", "aws sso login --profile oldsso"]),
        ("half", &["aws_secret_access_key", "`half`"]),
        ("web", &["/nowhere/token", "No such file", "web_identity_token_file"]),
        ("role", &["Connection refused", "network"]),
        ("bare", &["no AWS credentials were found in the profile `bare`", "aws configure"]),
        ("nope", &["`nope`", "aws configure list-profiles"]),
    ] {
        envs(&desk, &[], &[("AWS_PROFILE", profile), nowhere]).refused(words);
        envs(&desk, &["--profile", profile], &[nowhere]).refused(words);
    }
}

#[test]
fn a_role_that_is_refused_is_told_in_awss_words() {
    let desk = Desk::new();
    let plain = "User: arn:aws:iam::1:user/me is not authorized to perform: sts:AssumeRole on \
                 resource: arn:aws:iam::111111111111:role/deploy";
    let scp = "User: arn:aws:iam::1:user/me is not authorized to perform: sts:AssumeRole on \
               resource: x with an explicit deny in a service control policy";
    for (profile, words, remedy) in [
        ("role", plain, "trust policy"),
        ("role", scp, "AWS organisation"),
        ("code", plain, "export-credentials --profile code"),
    ] {
        let sts = Server::http(refusing("AccessDenied", words));
        let run = envs(&desk, &["--profile", profile], &[("AWS_ENDPOINT_URL", &sts.url())]);
        run.refused(&["AccessDenied", words, remedy]);
    }
}

#[test]
fn a_web_identity_that_is_refused_is_told_in_awss_words() {
    let desk = Desk::new();
    let token = desk.write("token", "s3cret.token");
    for (code, words, remedy) in [
        ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", "trust policy"),
        ("InvalidIdentityToken", "No OpenIDConnect provider found in your account", "id-token"),
        ("ExpiredTokenException", "Token expired: current date/time 1 must be before", "again"),
    ] {
        let sts = Server::http(refusing(code, words));
        let url = sts.url();
        let run = envs(
            &desk,
            &[],
            &[
                ("AWS_WEB_IDENTITY_TOKEN_FILE", token.as_str()),
                ("AWS_ROLE_ARN", "arn:aws:iam::111111111111:role/ci"),
                ("AWS_ENDPOINT_URL", &url),
            ],
        );
        run.refused(&[code, words, remedy]);
    }
}

#[test]
fn an_expired_token_names_the_command_to_sign_in() {
    let desk = Desk::new();
    let cache = desk.0.path().join("home/.aws/sso/cache");
    std::fs::create_dir_all(&cache).unwrap();
    let expired = "{\"accessToken\": \"s3cret\", \"expiresAt\": \"2020-01-01T00:00:00Z\", \
                   \"region\": \"us-east-1\", \"startUrl\": \"https://corp.awsapps.com/start\"}";
    // The SHA-1 of `corp`, the session's name.
    std::fs::write(cache.join("ee0bfd2552fbd840c02cc48b6e823320543c450f.json"), expired).unwrap();
    let run = envs(&desk, &["--profile", "sso"], &[]);
    run.refused(&["expired", "aws sso login --profile sso"]);
    // Without a session the file is called after the start URL; the error says how.
    let named = envs(&desk, &["--profile", "oldsso"], &[]).stderr;
    let name = named.split("sso/cache/").nth(1).unwrap().split('`').next().unwrap();
    // A token that the service does not know any more.
    let fresh = expired.replace("2020", "2099");
    std::fs::write(cache.join(name), fresh).unwrap();
    let body = "{\"message\":\"Session token not found or invalid\"}";
    for (status, code, body, remedy) in [
        (401, "UnauthorizedException", body, "aws sso login --profile oldsso"),
        (403, "ForbiddenException", "{\"message\":\"No access\"}", "IAM Identity Center"),
    ] {
        let kind = format!("{{\"__type\":\"{code}\",{}", &body[1..]);
        let sso = Server::http(Arc::new(move |_, _| (status, kind.clone())));
        let url = sso.url();
        envs(&desk, &["--profile", "oldsso"], &[("AWS_ENDPOINT_URL_SSO", &url)])
            .refused(&[code, remedy]);
    }
}

#[test]
fn config_files_that_cannot_be_read_are_named_with_the_line() {
    let desk = Desk::new();
    for text in ["[profile x\n", "a = b\n", "[default]\nnonsense\n"] {
        let config = desk.write("broken", text);
        let run = desk.run(&["envs"], &[("AWS_CONFIG_FILE", &config)]);
        run.refused(&[&config, "line", "AWS_CONFIG_FILE"]);
    }
}

#[test]
fn a_profile_on_the_command_line_outranks_keys_in_the_environment() {
    let desk = Desk::new();
    let aws = Server::http(empty_account());
    let url = aws.url();
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDOFENV"), ("AWS_SECRET_ACCESS_KEY", "s3cret-env")];
    let at = [("AWS_ENDPOINT_URL", url.as_str())];
    for (arguments, more, signer) in [
        (&["--profile", "keys"][..], &keys[..], "AKIDOFPROFILE"),
        (&[], &keys[..], "AKIDOFENV"),
        (&[], &[("AWS_PROFILE", "keys")], "AKIDOFPROFILE"),
        (&[], &[("AWS_DEFAULT_PROFILE", "keys")], "AKIDOFPROFILE"),
        (&[], &[("AWS_PROFILE", "keys"), ("AWS_DEFAULT_PROFILE", "nope")], "AKIDOFPROFILE"),
    ] {
        aws.asked.lock().unwrap().clear();
        let run = envs(&desk, arguments, &[&at, more].concat());
        let asked = aws.asked();
        assert!(run.code == Some(0) && asked.contains(&format!("Credential={signer}/")), "{run:?}");
    }
}

#[test]
fn half_a_key_is_said_to_be_half() {
    let desk = Desk::new();
    envs(&desk, &[], &[("AWS_ACCESS_KEY_ID", "a")])
        .refused(&["no AWS credentials", "AWS_SECRET_ACCESS_KEY is not"]);
}

#[test]
fn the_metadata_service_is_asked_unless_it_is_switched_off() {
    let desk = Desk::new();
    let metadata = Server::http(Arc::new(|_, _| (404, "<none/>".into())));
    let url = metadata.url();
    let at = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str());
    envs(&desk, &[], &[at]).refused(&["no AWS credentials"]);
    assert_eq!(metadata.asked(), "", "the tests' own setting is `true`");
    envs(&desk, &[], &[at, ("AWS_EC2_METADATA_DISABLED", "false")])
        .refused(&["no AWS credentials"]);
    assert!(metadata.asked().contains("/latest/api/token"), "{}", metadata.asked());
}
