//! The rules for names, by the strictest of the AWS services that use them. Each check says in
//! words what is wrong.

use crate::model::character;

/// A check's verdict: `Err` ends the sentence "X …".
pub(super) type Verdict = Result<(), String>;

fn length(text: &str, max: usize) -> Verdict {
    let count = text.chars().count();
    if count == 0 {
        return Err("must not be empty".to_string());
    }
    if count > max {
        Err(format!("is {count} characters long, but may have {max}"))
    } else {
        Ok(())
    }
}

/// First character that `allowed` refuses.
fn charset(text: &str, allowed: impl Fn(char) -> bool, words: &str) -> Verdict {
    match text.chars().find(|c| !allowed(*c)) {
        Some(c) if character::first_hidden(text).is_some_and(|(_, hidden)| hidden == c) => {
            Err(format!("holds {}, but may hold {words} alone", character::describe(c)))
        }
        Some(c) => Err(format!("holds {c:?}, but may hold {words} alone")),
        None => Ok(()),
    }
}

/// The stack's name: it becomes part of a bucket's name, with S3's reserved prefixes.
pub(super) fn stack(name: &str) -> Verdict {
    length(name, 20)?;
    charset(
        name,
        |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
        "lower-case letters, digits and `-`",
    )?;
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || name.ends_with('-') {
        return Err("must begin with a letter and must not end with `-`".to_string());
    }
    match ["xn--", "sthree-", "amzn-s3-demo-"].iter().find(|p| name.starts_with(**p)) {
        Some(prefix) => Err(format!("begins with `{prefix}`, which S3 keeps for itself")),
        None => Ok(()),
    }
}

pub(super) fn account(id: &str) -> Verdict {
    if id.len() == 12 && id.chars().all(|c| c.is_ascii_digit()) {
        Ok(())
    } else {
        Err("is not the id of an AWS account".to_string())
    }
}

/// A variable of AWS's that a build may be given.
pub(super) fn aws_variable(name: &str) -> Verdict {
    let letters = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    match name.strip_prefix("AWS_").filter(|rest| !rest.is_empty() && rest.chars().all(letters)) {
        Some(_) => Ok(()),
        None => Err("is not the name of a variable that begins with `AWS_`".to_string()),
    }
}

/// A logical id: last part of a resource's name.
pub(super) fn logical_id(id: &str) -> Verdict {
    length(id, 32)?;
    charset(id, |c| c.is_ascii_alphanumeric(), "letters and digits")?;
    if id.starts_with(|c: char| c.is_ascii_digit()) {
        Err("must begin with a letter".to_string())
    } else {
        Ok(())
    }
}

/// AWS's general rule for tags, which every service here keeps but, by its own words, API Gateway:
/// that one takes them all the same (catalogue section 14).
pub(super) fn tag_key(key: &str) -> Verdict {
    length(key, 128)?;
    charset(key, is_tag_char, TAG_CHARS)?;
    let lower = key.to_lowercase();
    match ["aws:", "shopstack:"].iter().find(|p| lower.starts_with(**p)) {
        Some(prefix) => Err(format!("begins with `{prefix}`, which is not yours to set")),
        None => Ok(()),
    }
}

pub(super) fn tag_value(value: &str) -> Verdict {
    if !value.is_empty() {
        length(value, 256)?;
    }
    charset(value, is_tag_char, TAG_CHARS)
}

const TAG_CHARS: &str = "letters, digits, spaces and `_.:/=+-@`";

/// Letters and digits of any script: Unicode's classes L and N. An identifier may begin with the
/// same letters, but for a few that decompose into a letter and a mark, such as Thai's am.
fn is_tag_char(c: char) -> bool {
    let letter = unicode_ident::is_xid_start(c) || "\u{e33}\u{eb3}\u{37a}".contains(c);
    letter || c.is_numeric() || " _.:/=+-@".contains(c)
}

pub(super) fn attribute(name: &str) -> Verdict {
    length(name, 255)?;
    charset(name, |c| !c.is_control(), "printable characters")
}

pub(super) fn index(name: &str) -> Verdict {
    if name.chars().count() < 3 {
        return Err("must have at least 3 characters".to_string());
    }
    length(name, 255)?;
    charset(name, |c| c.is_ascii_alphanumeric() || "_.-".contains(c), "letters, digits and `_.-`")
}

pub(super) fn stage(name: &str) -> Verdict {
    length(name, 128)?;
    charset(name, |c| c.is_ascii_alphanumeric() || "_-".contains(c), "letters, digits, `_` and `-`")
}

/// Variables that Lambda sets itself and refuses in a function's configuration: the reserved part
/// of its documented list, and names that its refusals were seen to mention. Other names that begin
/// with `AWS_` are settings for the SDKs, for layers or for Lambda, and users may set them.
const RESERVED: [&str; 19] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// Lambda's own rule for environment variables.
pub(super) fn env_var(name: &str) -> Verdict {
    if RESERVED.contains(&name) {
        return Err("is reserved: Lambda sets it itself".to_string());
    }
    if name.chars().count() < 2 {
        return Err("must have at least 2 characters".to_string());
    }
    charset(name, |c| c.is_ascii_alphanumeric() || c == '_', "letters, digits and `_`")?;
    if name.starts_with(|c: char| !c.is_ascii_alphabetic()) {
        Err("must begin with a letter".to_string())
    } else {
        Ok(())
    }
}

/// Name of a parameter of SSM Parameter Store; `${…}` stand for what they refer to.
pub(super) fn parameter(name: &str) -> Verdict {
    length(name, 1011)?;
    if name.starts_with("arn:") {
        return Err("is an ARN: name the parameter alone, such as `/shop/api-key`".to_string());
    }
    if name.ends_with('/') {
        return Err("must not end with `/`".to_string());
    }
    charset(
        &unreferred(name),
        |c| c.is_ascii_alphanumeric() || "_.-/".contains(c),
        "letters, digits and `_.-/`",
    )
}

/// Name or ARN of a secret of Secrets Manager.
pub(super) fn secret(name: &str) -> Verdict {
    length(name, 512)?;
    if name.starts_with("arn:") {
        let mut parts = name.splitn(7, ':').skip(2);
        let whole = parts.next() == Some("secretsmanager") && parts.nth(2) == Some("secret");
        return if whole && parts.next().is_some_and(|rest| !rest.contains(['*', '?'])) {
            Ok(())
        } else {
            Err("is not the ARN of a secret".to_string())
        };
    }
    charset(
        &unreferred(name),
        |c| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c),
        "letters, digits and `/_+=.@-`",
    )
}

/// ARN of a KMS key; an alias cannot be granted on.
pub(super) fn kms_key(arn: &str) -> Verdict {
    let mut parts = arn.splitn(6, ':');
    let head = [parts.next(), parts.next(), parts.next()];
    let key = parts.nth(2).and_then(|rest| rest.strip_prefix("key/"));
    let id = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if head == [Some("arn"), Some("aws"), Some("kms")]
        && key.is_some_and(|key| !key.is_empty() && key.chars().all(id))
    {
        return Ok(());
    }
    Err("must be the ARN of a key, such as `arn:aws:kms:us-east-1:111122223333:key/…`".to_string())
}

/// The text without its `${…}`.
fn unreferred(text: &str) -> String {
    let mut parts = text.split("${");
    let first = parts.next().unwrap_or_default().to_string();
    first
        + &parts.map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect::<String>()
}

/// A binary of a crate, as cargo takes it.
pub(super) fn cargo_target(name: &str) -> Verdict {
    length(name, 64)?;
    let file = "it is a name, such as that of `src/bin/NAME.rs`";
    charset(name, |c| c.is_alphanumeric() || c == '_' || c == '-', "letters, digits, `_` and `-`")
        .map_err(|wrong| format!("{wrong}: {file}"))
}

/// A feature of a crate, as cargo takes it: one of its own, or one of a dependency.
pub(super) fn cargo_feature(name: &str) -> Verdict {
    length(name, 128)?;
    let allowed = |c: char| c.is_alphanumeric() || "_-+./".contains(c);
    charset(name, allowed, "letters, digits and `_-+./`")?;
    if name.starts_with(['-', '+', '.', '/']) {
        Err("must begin with a letter, a digit or `_`".to_string())
    } else {
        Ok(())
    }
}

/// The name of an HTTP header: a token of RFC 9110, without the `*` that CORS reads as all.
pub(super) fn header(name: &str) -> Verdict {
    length(name, 100)?;
    charset(
        name,
        |c| c.is_ascii_alphanumeric() || "!#$%&+-.^_`|~".contains(c),
        "letters, digits and `-`",
    )
}

/// A media type without parameters, or a range of them: `image/*`, `*/*`.
pub(super) fn media_type(text: &str) -> Verdict {
    let token = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&^_.+-".contains(c))
    };
    match text.split_once('/') {
        Some(("*", "*")) => Ok(()),
        Some((kind, part)) if token(kind) && (part == "*" || token(part)) => Ok(()),
        _ => Err("must be like `type/subtype`".to_string()),
    }
}

/// A Content-Type: a media type, and parameters after `;`.
pub(super) fn content_type(text: &str) -> Verdict {
    if text.trim() != text {
        return Err("must not begin or end with a space or a line break".to_string());
    }
    let (kind, parameters) = text.split_once(';').unwrap_or((text, ""));
    if kind.contains('*') {
        return Err("must name one type, without `*`".to_string());
    }
    media_type(kind.trim_end())?;
    charset(parameters, |c| c.is_ascii_graphic() || c == ' ', "printable ASCII")
}

/// A path inside the project: nothing absolute, nothing upwards, the same on every system.
pub(super) fn inner_path(path: &str) -> Verdict {
    length(path, 255)?;
    charset(path, |c| !c.is_control() && !"\\:*?\"<>|".contains(c), "plain file names and `/`")?;
    if path.starts_with('/') || path.starts_with('~') {
        return Err("must be relative to the folder of stack.yaml".to_string());
    }
    if path.split('/').any(|part| part == "..") {
        return Err("leads out of the project".to_string());
    }
    if path.trim_end_matches('/').split('/').any(|part| part.is_empty() || part == ".") {
        return Err("must be written plainly, without `.` or empty parts".to_string());
    }
    Ok(())
}

/// One line of text for humans.
pub(super) fn one_line(text: &str) -> Verdict {
    if text.trim().is_empty() {
        return Err("must not be empty".to_string());
    }
    if text.trim_end().chars().any(char::is_control) {
        return Err("must be one line".to_string());
    }
    length(text, 200)
}
