//! When an environment may be swept, by the word of its own resources.

use super::TYPES;
use crate::model::{Live, Owner, tag};

/// The latest expiry (RFC 3339) that resources confirmed as the stack's carry, if all of them carry
/// one. An expiry lifts the protection of tables: what is not the stack's has no say, and one tag
/// that somebody put on one thing is drift.
pub fn confirmed(live: &[Live]) -> Option<String> {
    let ours = live.iter().filter(|l| l.owner == Owner::Ours && authoritative(&l.type_name));
    let told: Option<Vec<&str>> =
        ours.map(|l| l.spec.get("tags")?.get(tag::EXPIRES_AT)?.as_str()).collect();
    told?.into_iter().max().map(str::to_string)
}

/// When everything that is left may be swept. Of an environment that is half gone the types that
/// have a say may be gone first: then what is left and carries tags has it.
pub fn of_what_is_left(live: &[Live]) -> Option<String> {
    let ours = || live.iter().filter(|l| l.owner == Owner::Ours && !l.not_emulated);
    if ours().any(|l| authoritative(&l.type_name)) {
        return confirmed(live);
    }
    let tags = ours().filter_map(|l| l.spec.get("tags").filter(|tags| tags.is_object()));
    let told: Option<Vec<&str>> = tags.map(|tags| tags.get(tag::EXPIRES_AT)?.as_str()).collect();
    told?.into_iter().max().map(str::to_string)
}

/// True for types whose tags are read from their own service in every run.
fn authoritative(type_name: &str) -> bool {
    TYPES.iter().map(|t| t.info()).any(|i| i.authoritative_tags && i.type_name == type_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Address;
    use serde_json::json;

    #[test]
    fn only_what_is_ours_and_read_at_the_source_has_a_say_and_the_latest_counts() {
        let live = |type_name: &str, at: &str| {
            Live::new(
                Address::new("any", at),
                type_name,
                "n",
                json!({"tags": {(tag::EXPIRES_AT): at}}),
            )
        };
        let (early, late, later) =
            ("2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z", "2031-01-01T00:00:00Z");
        let (role, table) = (live("AWS::IAM::Role", early), live("AWS::DynamoDB::Table", late));
        let owned = |owner: Owner| Live { owner, ..live("AWS::DynamoDB::Table", later) };
        let strangers = [
            owned(Owner::Stray),
            owned(Owner::Foreign("theirs".into())),
            live("AWS::S3::Bucket", later),
        ];
        assert_eq!(confirmed(&strangers), None);
        let all = [&[role, table][..], &strangers].concat();
        assert_eq!(confirmed(&all).as_deref(), Some(late));
        let mut bare = live("AWS::Lambda::Function", early);
        bare.spec = json!({"tags": {}});
        assert_eq!(confirmed(&[&all[..], &[bare]].concat()), None, "one that knows of none");

        let left = owned(Owner::Ours);
        let bucket = Live { type_name: "AWS::S3::Bucket".into(), ..left };
        assert_eq!(of_what_is_left(std::slice::from_ref(&bucket)).as_deref(), Some(later));
        assert_eq!(of_what_is_left(&[&all[..], &[bucket]].concat()).as_deref(), Some(late));
        assert_eq!(of_what_is_left(&[]), None);
    }
}
