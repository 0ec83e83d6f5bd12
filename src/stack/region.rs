//! Names of AWS regions: the commercial ones that are known, what new ones will be called, and
//! what a wrong one was probably meant to be.

use super::error::suggest;
use super::names::Verdict;

/// The commercial regions at the time of writing. AWS opens new ones, so a name that is built like
/// these passes as well.
pub const REGIONS: [&str; 34] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
];

/// The points of the compass, which every region's name has between its first part and its number.
const DIRECTIONS: [&str; 9] = [
    "north",
    "northeast",
    "east",
    "southeast",
    "south",
    "southwest",
    "west",
    "northwest",
    "central",
];

/// How regions of other partitions begin, and what these are called. Their ARNs, endpoints and
/// global services differ.
const PARTITIONS: [(&str, &str); 5] = [
    ("cn-", "AWS China"),
    ("us-gov-", "AWS GovCloud (US)"),
    ("eusc-", "the AWS European Sovereign Cloud"),
    ("us-iso", "an isolated AWS partition"),
    ("eu-iso", "an isolated AWS partition"),
];

/// Ends the refusal of a region outside AWS's commercial partition.
const UNSUPPORTED: &str =
    "shopstack does not support: it deploys to the commercial regions of AWS alone";

/// Checks that a stack may live in the region of this name: a known one, or one that AWS may have
/// opened since, which is a known first part, a direction and a number from 1 to 9.
pub(super) fn check(name: &str) -> Verdict {
    if REGIONS.contains(&name) {
        return Ok(());
    }
    if let Some((_, partition)) = PARTITIONS.iter().find(|(prefix, _)| name.starts_with(prefix)) {
        return Err(format!("is a region of {partition}, which {UNSUPPORTED}"));
    }
    let mut parts = name.split('-');
    let first = parts.next().unwrap_or_default();
    let known = REGIONS.iter().any(|r| r.split('-').next() == Some(first));
    let direction = parts.next().is_some_and(|direction| DIRECTIONS.contains(&direction));
    let number = parts.next().is_some_and(|n| n.len() == 1 && ("1"..="9").contains(&n));
    if known && direction && number && parts.next().is_none() {
        Ok(())
    } else {
        Err("is not the name of an AWS region".to_string())
    }
}

/// The replacement for a name that `check` refused; nothing for a region of another partition.
pub(super) fn suggestion(name: &str) -> Option<String> {
    if PARTITIONS.iter().any(|(prefix, _)| name.starts_with(prefix)) {
        return None;
    }
    suggest(name, &REGIONS, "there are")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_regions_and_those_that_may_come_pass() {
        for name in REGIONS.into_iter().chain(["us-east-3", "sa-west-1", "ap-southeast-9"]) {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn slips_are_told_what_was_meant() {
        for (wrong, meant) in [
            ("us-esat-1", "us-east-1"),
            ("eu-cental-1", "eu-central-1"),
            ("ap-sotheast-2", "ap-southeast-2"),
            ("us-east1", "us-east-1"),
            ("US-EAST-1", "us-east-1"),
            ("ue-west-1", "eu-west-1"),
            ("us-east-1a", "us-east-1"),
            ("eu_north_1", "eu-north-1"),
        ] {
            assert!(check(wrong).is_err(), "{wrong}");
            let says = suggestion(wrong);
            assert_eq!(says, Some(format!("did you mean `{meant}`?")), "{wrong}");
        }
        for (wrong, says) in [("cn-north-1", "China"), ("us-gov-west-1", "GovCloud")] {
            assert!(check(wrong).is_err_and(|why| why.contains(says)), "{wrong}");
            assert_eq!(suggestion(wrong), None);
        }
        for wrong in ["", "frankfurt", "us-east-0", "us-east-10", "xx-west-1", "us--1"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
