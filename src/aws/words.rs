//! An SDK error and its causes as text; adds AWS's message where the SDK omits it.

/// An error and its causes as text, without repetitions.
pub(super) fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = String::new();
    for cause in causes(error) {
        // AWS's own message is followed only by the SDK's repetition of it.
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

/// An error and its causes, outermost first. An I/O error hides its content from `source`.
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

/// AWS's code and message of a failed sign-in, which the SDK's text omits.
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
