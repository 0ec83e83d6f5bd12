//! Names of surfaces in ids, and the fix of each kind of surface that works.

use super::Kind;
use super::sides::Pair;

/// The part of a finding's id that says which surface it is about.
pub(super) fn short_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Trust => "trust",
        Kind::InlinePolicy => "inline",
        Kind::ManagedPolicies => "managed",
        Kind::ManagedDocument => "managed-document",
        Kind::PermissionsBoundary => "boundary",
        Kind::BucketPolicy => "bucket",
        Kind::PublicAccessBlock => "public-access-block",
        Kind::ObjectOwnership => "ownership",
        Kind::BucketSettings | Kind::FunctionSettings | Kind::TableSettings => "settings",
        Kind::ExecutionRole => "execution-role",
        Kind::FunctionPolicy => "function",
        Kind::VersionPolicy => "version",
        Kind::FunctionUrl => "url",
        Kind::EventSources => "event-sources",
        Kind::FunctionExtras => "extras",
        Kind::ApiPolicy => "api",
        Kind::Routes => "routes",
        Kind::TablePolicy => "table",
        Kind::StreamPolicy => "stream",
        Kind::WebAcl => "web-acl",
        Kind::WebAclRules => "rules",
        Kind::DistributionAccess => "distribution",
        Kind::Subscriptions => "subscriptions",
        Kind::LogResourcePolicies => "log-policy",
        Kind::OtherSettings => "other",
    }
}

/// The fix that works, where the kind of surface decides: `up` takes away what stack.yaml does not
/// have, but for policies that serve the whole account.
pub(super) fn true_fix(pair: &Pair, region: &str, fix: String) -> String {
    match pair.kind {
        Kind::TablePolicy | Kind::StreamPolicy => {
            "run `shopstack up`: it takes the policy away; what a function needs belongs in its \
             grants in stack.yaml"
                .into()
        }
        Kind::VersionPolicy => {
            "run `shopstack up`: it deletes the version or alias, and the policy with it".into()
        }
        Kind::ManagedDocument => {
            "detach the managed policy: `shopstack up` does so; what a function needs belongs in \
             its grants in stack.yaml"
                .into()
        }
        Kind::LogResourcePolicies => format!(
            "it serves the whole account and `shopstack up` leaves it alone: narrow it, or remove \
             it with `aws logs delete-resource-policy --region {} --policy-name {}`",
            region,
            quoted(pair.policy.as_deref().unwrap_or_default())
        ),
        _ => fix,
    }
}

/// The text as one word of a shell; others choose the names of policies.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+,@".contains(c);
    match !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        true => text.into(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn names_stay_one_word_of_a_shell() {
        assert_eq!(quoted("route53-logs"), "route53-logs");
        assert_eq!(quoted("a; rm -rf $HOME"), "'a; rm -rf $HOME'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("-x"), "'-x'");
    }
}
