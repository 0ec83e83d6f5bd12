//! An SDK error and its causes in words; the words of AWS where the SDK leaves them out.

/// An error and its causes in words, each said once.
pub(super) fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = String::new();
    for cause in causes(error) {
        // Behind AWS's own words comes only the SDK's repetition of them.
        let answer = answer_of(cause);
        let last = answer.is_some();
        let said = answer.unwrap_or_else(|| cause.to_string());
        if text.is_empty() {
            text = said;
        } else if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        if last {
            break;
        }
    }
    text
}

/// An error and its causes, outermost first. An I/O error hides what it carries from `source`.
pub(super) fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> Vec<&'a (dyn std::error::Error + 'static)> {
    let mut found = vec![error];
    while let Some(last) = found.last() {
        let carried = last.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        match carried.map(|inner| inner as &(dyn std::error::Error + 'static)).or(last.source()) {
            Some(next) => found.push(next),
            None => break,
        }
    }
    found
}

/// The words of AWS behind a failed sign-in: the SDK's own text leaves its code and sentence out.
fn answer_of(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    use aws_sdk_sts::operation::{
        assume_role::AssumeRoleError, assume_role_with_web_identity::AssumeRoleWithWebIdentityError,
    };
    let role = cause.downcast_ref::<AssumeRoleError>().map(|e| (e.meta(), "AssumeRole"));
    let web = || cause.downcast_ref::<AssumeRoleWithWebIdentityError>();
    let (meta, operation) =
        role.or_else(|| web().map(|e| (e.meta(), "AssumeRoleWithWebIdentity")))?;
    let (code, words) = (meta.code()?, meta.message().unwrap_or_default());
    Some(format!("sts {operation}: {code}: {words}"))
}
