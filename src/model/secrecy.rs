//! What looks like a secret among a function's variables, by its name or by its value. Marks in
//! stack.yaml are sure; this is for what nobody marked.

/// Parts of names that people give to secrets, upper case.
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
/// Whole words of a name that would be too common as parts: `PASS` stands in COMPASS.
const WHOLE_WORDS: [&str; 12] = [
    "PASS", "PWD", "PIN", "AUTH", "CERT", "CRED", "CREDS", "OTP", "JWT", "HMAC", "COOKIE", "BEARER",
];
/// Words that make a secret only where a name ends with them: `ADMIN_LOGIN`, not `LOGIN_PAGE`.
const LAST_WORDS: [&str; 4] = ["LOGIN", "LOGON", "USERPASS", "PASSCODE"];
/// How the values of well-known kinds of secrets begin.
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
/// What stands inside of values that carry a secret among other things, lower case.
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

/// True where a variable's name is one that people give to secrets.
pub fn name_is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let whole = |word: &str| WHOLE_WORDS.contains(&word);
    WORDS.iter().any(|word| name.contains(word))
        || name.split(|c: char| !c.is_ascii_alphanumeric()).any(whole)
        || LAST_WORDS.iter().any(|word| name.ends_with(word))
}

/// True where a value is of a well-known kind of secret, carries one, or looks random.
pub fn value_is_secret(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let parts = || value.split(|c: char| !(c.is_ascii_alphanumeric() || "+=_-.".contains(c)));
    CARRIERS.iter().any(|part| lower.contains(part))
        || parts()
            .any(|part| BEGINNINGS.iter().any(|start| part.starts_with(start)) || is_jwt(part))
        || user_in_url(value)
        || is_random(value)
}

/// A long token without words in it. One with dashes or dots needs a long piece between them, for
/// names of things have those too.
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

/// `postgres://user:password@host/…`, or a long key in place of the user.
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
