//! What a name may look like, by the strictest of the AWS services that will carry it. Each check
//! says in words what is wrong.

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

pub(super) fn region(name: &str) -> Verdict {
    let parts: Vec<_> = name.split('-').collect();
    let good = match parts.as_slice() {
        [continent, middle @ .., number] if !middle.is_empty() => {
            let word = |w: &&str| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase());
            let number =
                (1..=2).contains(&number.len()) && number.chars().all(|c| c.is_ascii_digit());
            (2..=4).contains(&continent.len())
                && word(continent)
                && middle.iter().all(word)
                && number
        }
        _ => false,
    };
    if !good {
        return Err("is not the name of an AWS region".to_string());
    }
    match PARTITIONS.iter().find(|(prefix, _)| name.starts_with(prefix)) {
        Some((_, partition)) => Err(format!("is a region of {partition}, which {UNSUPPORTED}")),
        None => Ok(()),
    }
}

/// Ends the refusal of a region outside AWS's commercial partition.
pub(super) const UNSUPPORTED: &str =
    "shopstack does not support: it deploys to the commercial regions of AWS alone";

/// How regions of other partitions begin, and what these are called. Their ARNs, endpoints and
/// global services differ.
const PARTITIONS: [(&str, &str); 4] = [
    ("cn-", "AWS China"),
    ("us-gov-", "AWS GovCloud (US)"),
    ("eusc-", "the AWS European Sovereign Cloud"),
    ("us-iso", "an isolated AWS partition"),
];

/// A variable of AWS's that a build may be given.
pub(super) fn aws_variable(name: &str) -> Verdict {
    let letters = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    match name.strip_prefix("AWS_").filter(|rest| !rest.is_empty() && rest.chars().all(letters)) {
        Some(_) => Ok(()),
        None => Err("is not the name of a variable that begins with `AWS_`".to_string()),
    }
}

/// Known when this was written; for suggestions alone, since AWS opens new ones.
pub(super) const REGIONS: [&str; 16] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "sa-east-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-south-1",
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
];

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

/// API Gateway takes the fewest characters in tags, so all tags keep to them.
pub(super) fn tag_key(key: &str) -> Verdict {
    length(key, 128)?;
    charset(key, is_tag_char, TAG_CHARS)?;
    let lower = key.to_ascii_lowercase();
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

const TAG_CHARS: &str = "letters, digits and `._:/+=-` (API Gateway takes no others in tags)";

fn is_tag_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._:/+=-".contains(c)
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

/// Lambda's own rule for environment variables, and those that it sets itself.
pub(super) fn env_var(name: &str) -> Verdict {
    let reserved =
        ["AWS_", "LAMBDA_", "_"].iter().any(|p| name.to_ascii_uppercase().starts_with(p));
    if reserved {
        return Err("is reserved: Lambda sets `AWS_*`, `LAMBDA_*` and `_*` itself".to_string());
    }
    if name.chars().count() < 2 {
        return Err("must have at least 2 characters".to_string());
    }
    charset(name, |c| c.is_ascii_alphanumeric() || c == '_', "letters, digits and `_`")?;
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        Err("must begin with a letter".to_string())
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
