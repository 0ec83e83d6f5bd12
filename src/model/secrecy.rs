//! Detects secrets among a function's variables, by name or by value. Marks in stack.yaml are
//! certain; this covers variables without a mark.

/// Parts of typical names of secrets, in upper case.
const WORDS: [&str; 11] = [
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "KEY",
    "CREDENTIAL",
    "PRIVATE",
    "SIGNATURE",
    "SALT",
    "DSN",
];
/// Whole words, because as parts they would be too common: `PASS` occurs in COMPASS.
const WHOLE_WORDS: [&str; 12] = [
    "PASS", "PWD", "PIN", "AUTH", "CERT", "CRED", "CREDS", "OTP", "JWT", "HMAC", "COOKIE", "BEARER",
];
/// Words that indicate a secret only at the end of a name: `ADMIN_LOGIN`, not `LOGIN_PAGE`.
const LAST_WORDS: [&str; 4] = ["LOGIN", "LOGON", "USERPASS", "PASSCODE"];
/// Prefixes of well-known kinds of secrets.
const BEGINNINGS: [&str; 24] = [
    "AKIA",
    "ASIA",
    "AIza",
    "SG.",
    "dop_v1_",
    "gho_",
    "ghp_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "hf_",
    "npm_",
    "pypi-",
    "rk_live_",
    "shpat_",
    "sk-ant-",
    "sk-proj-",
    "sk_live_",
    "sk_test_",
    "whsec_",
    "xapp-",
    "xox",
    "ya29.",
];
/// Parts of values that contain a secret among other things, in lower case.
const CARRIERS: [&str; 9] = [
    "-----begin",
    "bearer ",
    "basic ",
    "hooks.slack.com/services/",
    "pwd=",
    "password=",
    "accountkey=",
    "secret=",
    "token=",
];

/// True for a value that no secret has, whatever its variable is called: `USE_TOKEN: "true"`.
pub fn says_nothing(value: &str) -> bool {
    ["", "true", "false", "on", "off", "none"].contains(&value)
}

/// True if the name of a variable is typical of secrets.
pub fn name_is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let whole = |word: &str| WHOLE_WORDS.contains(&word);
    WORDS.iter().any(|word| name.contains(word))
        || name.split(|c: char| !c.is_ascii_alphanumeric()).any(whole)
        || LAST_WORDS.iter().any(|word| name.ends_with(word))
}

/// True if a value is a well-known kind of secret, contains one, or looks random.
pub fn value_is_secret(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let parts = || value.split(|c: char| !(c.is_ascii_alphanumeric() || "+=_-.".contains(c)));
    CARRIERS.iter().any(|part| lower.contains(part))
        || parts()
            .any(|part| BEGINNINGS.iter().any(|start| part.starts_with(start)) || is_jwt(part))
        || user_in_url(value)
        || is_random(value)
}

/// A long token without words. A token with dashes or dots needs a long part between them, because
/// ordinary names have those too.
fn is_random(value: &str) -> bool {
    let some = |text: &str, test: fn(&char) -> bool| text.chars().any(|c| test(&c));
    let mixed = |text: &str| {
        some(text, char::is_ascii_lowercase)
            && some(text, char::is_ascii_uppercase)
            && some(text, char::is_ascii_digit)
    };
    let all = |signs: &str| value.chars().all(|c| c.is_ascii_alphanumeric() || signs.contains(c));
    let hex = value.chars().all(|c| c.is_ascii_hexdigit()) && some(value, char::is_ascii_digit);
    let pieces = || value.split(['-', '.', ':', '_']);
    hex && value.len() >= 32
        || value.len() >= 24 && mixed(value) && all("+/=_")
        || value.len() >= 24
            && all("+/=_-.:")
            && pieces().any(|piece| piece.len() >= 16 && mixed(piece))
}

/// `postgres://user:password@host/…`, or a long key instead of the user.
fn user_in_url(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else {
        return false;
    };
    let place = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    place.rsplit_once('@').is_some_and(|(user, _)| user.contains(':') || user.len() >= 20)
}

fn is_jwt(value: &str) -> bool {
    value.starts_with("eyJ") && value.split('.').count() == 3
}
