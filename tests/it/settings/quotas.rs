//! Every code by which AWS says that a number of things is reached is known, with the figure and
//! the way out: held against the errors that AWS's models name for the operations that shopstack
//! calls.

use super::{called, model};
use shopstack::aws::error::meaning;
use shopstack::model::ErrorKind;
use std::collections::BTreeSet;

/// Codes of what shopstack never sets, so that it cannot reach them: the beginning of each.
const NEVER_SET: &[(&str, &str)] = &[
    ("TooManyCertificates", "certificates of one's own"),
    ("TooManyCookieNamesInWhiteList", "forwarded cookies"),
    ("TooManyDistributionCNAMEs", "domain names of one's own"),
    ("TooManyDistributionsAssociatedToCachePolicy", "cache policies of one's own"),
    ("TooManyDistributionsAssociatedToFieldLevelEncryptionConfig", "field level encryption"),
    ("TooManyDistributionsAssociatedToKeyGroup", "key groups"),
    ("TooManyDistributionsAssociatedToOriginRequestPolicy", "origin request policies"),
    ("TooManyDistributionsWith", "functions at the edge"),
    ("TooManyFunctionAssociations", "functions at the edge"),
    ("TooManyLambdaFunctionAssociations", "functions at the edge"),
    ("TooManyHeadersInForwardedValues", "forwarded headers"),
    ("TooManyQueryStringParameters", "forwarded parameters"),
    ("TooManyKeyGroupsAssociatedToDistribution", "key groups"),
    ("TooManyOriginCustomHeaders", "headers to the origin"),
    ("TooManyOriginGroupsPerDistribution", "origin groups"),
    ("TooManyOrigins", "a second origin"),
    ("TooManyRemoveHeadersInResponseHeadersPolicy", "removed headers"),
    ("TooManyTrustedSigners", "signers"),
    ("TooManyParts", "uploads in parts"),
    ("FunctionVersionsPerCapacityProviderLimitExceededException", "capacity providers"),
];
/// CloudFront's word for quotas of several kinds: AWS's sentence names which, so no figure is
/// claimed.
const WITHOUT_FIGURE: &[&str] = &["EntityLimitExceeded"];
/// Codes for rates, and for the size of a single item.
const NO_COUNTS: &[&str] = &[
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ItemCollectionSizeLimitExceededException",
    "PackedPolicyTooLarge",
];

/// API Gateway has one code for rates and counts: its words tell which.
const REACHED: &str = "The maximum number of these has been reached.";

fn is_count(code: &str) -> bool {
    let words = ["TooMany", "Limit", "Quota", "Exceeded", "TooLarge"];
    words.iter().any(|word| code.contains(word)) && !NO_COUNTS.contains(&code)
}

#[test]
fn every_count_that_awss_models_name_has_its_figure_and_a_way_out() {
    let called = called();
    let services: BTreeSet<&str> =
        called.iter().filter_map(|operation| operation.split(':').next()).collect();
    let names: Vec<&str> = services.iter().map(|service| model::name_of(service)).collect();
    let errors = model::errors(&names);
    let (mut known, mut faults, mut unused) = (0, Vec::new(), NEVER_SET.to_vec());
    for operation in &called {
        let (service, name) = operation.split_once(':').unwrap();
        let Some(codes) = errors[model::name_of(service)].get(name) else { continue };
        // What takes something away makes no quota full.
        let counts = codes.iter().filter(|(code, _)| is_count(code) && !name.starts_with("Detach"));
        for (code, status) in counts {
            let (kind, hint) = meaning(operation, code, REACHED, *status);
            let never = NEVER_SET.iter().any(|(beginning, _)| code.starts_with(beginning));
            unused.retain(|(beginning, _)| !code.starts_with(beginning));
            let figure = hint.contains("by default ") || WITHOUT_FIGURE.contains(&code.as_str());
            let way_out =
                hint.contains("Service Quotas") && hint.contains("delete what is no longer");
            known += usize::from(figure);
            if !never && (kind != ErrorKind::Quota || !figure || !way_out) {
                faults.push(format!("{operation} {code}: {kind:?}: {hint}"));
            }
        }
    }
    assert!(faults.is_empty(), "{} codes:\n{}", faults.len(), faults.join("\n"));
    assert_eq!(unused, [], "codes that no model names");
    assert!(known >= 25, "only {known}: were the models read?");
}

#[test]
fn the_code_of_service_quotas_is_a_count_for_every_service() {
    for operation in called() {
        let (kind, hint) = meaning(operation, "ServiceQuotaExceededException", "Reached.", 402);
        assert_eq!(kind, ErrorKind::Quota, "{operation}");
        assert!(hint.contains("Service Quotas"), "{operation}: {hint}");
    }
}
