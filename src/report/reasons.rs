//! Why a statement is there: the author's words for grants, our own for what every stack has.

use super::sides::Pair;
use super::{Kind, Reasons};
use crate::policy::judge::Statement;

/// The reason of a wanted statement, if there is one.
pub(super) fn reason(
    pair: &Pair,
    sid: &str,
    wanted: &Statement,
    known: &Reasons,
) -> Option<String> {
    let path = pair.policy.as_ref().map(|policy| format!("{policy}.{sid}"));
    let keys = [Some(sid.to_string()), path];
    let given = keys.into_iter().flatten().find_map(|key| known.get(&(pair.address.clone(), key)));
    given
        .cloned()
        .or_else(|| if pair.shared { shared(pair.kind) } else { ours(pair.kind, sid, wanted) })
}

/// Of the role by which API Gateway writes the logs of all stacks of the account
/// (`resources::account`): here also why it is no narrower.
fn shared(kind: Kind) -> Option<String> {
    let text = match kind {
        Kind::Trust => {
            "API Gateway alone takes on this role, for this account where it says for whom; AWS \
             does not promise that it does, and a role it cannot take on would log nothing"
        }
        Kind::InlinePolicy => {
            "API Gateway writes the logs of every API of this account by this one role, into \
             groups whose names it chooses: this account's logs, and nothing else"
        }
        Kind::ManagedPolicies | Kind::ManagedDocument => {
            "AWS documents this policy of its own for the role by which API Gateway writes the \
             logs of every API of this account; API Gateway checks the role before it takes it, \
             and is not known to take a narrower one. It allows writing and reading logs, and \
             nothing else"
        }
        _ => return None,
    };
    Some(text.into())
}

fn ours(kind: Kind, sid: &str, wanted: &Statement) -> Option<String> {
    let text = match (kind, sid) {
        (Kind::Trust, "LambdaOnly") => {
            "only the Lambda service, acting for this account, takes on this role"
        }
        (Kind::InlinePolicy, "OwnLogs") => "the function writes its log, and no other one's",
        (Kind::InlinePolicy, "Traces") => {
            "the function sends its traces (`tracing` in stack.yaml); X-Ray knows no narrower right"
        }
        (Kind::InlinePolicy, "Stream") => {
            "Lambda reads the changes of the table that the function hears of (`on` in stack.yaml)"
        }
        (Kind::InlinePolicy, "DeadLetters") => {
            "events given up are told to the queue or topic of `dead_letter` in stack.yaml"
        }
        (Kind::FunctionPolicy, "schedule") => "the rule of the function's `schedule` calls it",
        (Kind::BucketPolicy, "OnlyThisDistributionReads") => {
            "the stack's own CloudFront distribution reads the site's files; nobody else does"
        }
        (Kind::BucketPolicy, "OwnRecordsStayPrivate") => {
            "the list of the site's files with their digests is read by shopstack alone"
        }
        (Kind::BucketPolicy, "OnlyOverTls") => {
            "nothing is sent or fetched over an unencrypted connection"
        }
        (Kind::FunctionPolicy, sid) if sid.starts_with("authorizer-") => {
            "API Gateway asks the function who a caller is (`authorizers` in stack.yaml)"
        }
        (Kind::FunctionPolicy, _) => return route(wanted),
        _ => return None,
    };
    Some(text.into())
}

/// `.../prod/GET/products` -> which route needs the call.
fn route(wanted: &Statement) -> Option<String> {
    let source = wanted.condition_values("aws:sourcearn").next()?;
    // A reference stands for the ARN up to the API's id, which is cut off otherwise.
    let route = match source.rsplit_once("}}/") {
        Some((_, route)) => route,
        None => source.splitn(6, ':').nth(5)?.split_once('/')?.1,
    };
    let mut parts = route.splitn(3, '/');
    let (stage, method, path) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!("the API's stage {stage} calls it for {method} /{path}"))
}
