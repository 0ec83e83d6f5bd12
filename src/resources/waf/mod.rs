//! Shared by the WAF types: an ACL's scope, and the caller for it (catalogue section 9.1).

pub mod association;
pub mod waf_logging;
pub mod web_acl;

use crate::aws::connections::reads_only;
use crate::aws::{Caller, Reader, Writer};
use crate::model::GLOBAL_REGION;
use crate::model::call::{Call, Quota, Retry, Service};
use crate::model::{CloudError, ErrorKind};
use crate::stack::Stack;
use aws_sdk_wafv2::error::BuildError;

reads_only! {
    /// WAFv2, reads only.
    reads::Waf(aws_sdk_wafv2) {
        get_logging_configuration: GetLoggingConfigurationFluentBuilder,
        get_web_acl: GetWebACLFluentBuilder,
        get_web_acl_for_resource: GetWebACLForResourceFluentBuilder,
        list_tags_for_resource: ListTagsForResourceFluentBuilder,
        list_web_acls: ListWebACLsFluentBuilder,
    }
}

/// Rules for every WAF operation.
pub const SERVICE: Service = Service {
    retries: &[
        Retry::propagation("WAFUnavailableEntityException", "", 600),
        Retry::busy("WAFInternalErrorException", "", 60),
        Retry::busy("WAFTagOperationException", "", 60),
        Retry::busy("WAFTagOperationInternalErrorException", "", 60),
    ],
    not_found: &["WAFNonexistentItemException"],
    // Longer than elsewhere: an ACL is made in every place that evaluates it.
    read_after_create: 300,
    ..Service::DEFAULT
};

/// Reads for a scope: CLOUDFRONT always answers in us-east-1.
pub(crate) fn waf_reads(reader: &Reader, scope: &str) -> Waf {
    reader.client_in(region_of_scope(scope, &reader.region))
}

/// The client for a scope: CLOUDFRONT always answers in us-east-1.
pub(crate) fn waf_client(writer: &Writer, scope: &str) -> aws_sdk_wafv2::Client {
    writer.client_in::<Waf>(region_of_scope(scope, &writer.reader.region))
}

fn region_of_scope<'a>(scope: &str, own: &'a str) -> &'a str {
    if scope == CLOUDFRONT { GLOBAL_REGION } else { own }
}

const READS: Quota = Quota { label: "WAF: 5 reads per second", rate: 5.0, burst: 5.0 };

/// A quota of one call per second, as WAF has for each of its changes.
pub(crate) const fn per_second(label: &'static str) -> Quota {
    Quota { label, rate: 1.0, burst: 1.0 }
}

/// A quota of one call per two seconds.
pub(crate) const fn per_two_seconds(label: &'static str) -> Quota {
    Quota { label, rate: 0.5, burst: 1.0 }
}

/// A read.
pub(crate) const fn read(operation: &'static str) -> Call {
    Call::new(&SERVICE, operation).quotas(&[READS])
}

/// CloudFront's scope, whose calls all go to us-east-1.
pub const CLOUDFRONT: &str = "CLOUDFRONT";
/// The scope of API stages, in the stack's region.
pub const REGIONAL: &str = "REGIONAL";

/// The caller for a scope: CLOUDFRONT uses us-east-1's rate budget, REGIONAL that of the stack's
/// region.
pub fn caller_of(caller: &Caller, waf_scope: &str) -> Caller {
    if waf_scope == CLOUDFRONT { caller.in_region(GLOBAL_REGION) } else { caller.clone() }
}

/// The web ACLs of a stack that has a `waf:` section: logical id and scope.
pub fn firewalls(stack: &Stack) -> Vec<(&'static str, &'static str)> {
    let site = stack.site.is_some().then_some(("cdn", CLOUDFRONT));
    let api = stack.api.is_some().then_some(("api", REGIONAL));
    site.into_iter().chain(api).collect()
}

/// The scope that an ACL's ARN belongs to; the SDK clients are chosen by it.
pub fn scope_of_arn(arn: &str) -> &'static str {
    if arn.split(':').nth(5).is_some_and(|path| path.starts_with("global/")) {
        CLOUDFRONT
    } else {
        REGIONAL
    }
}

/// A request that our own code left a member out of.
pub fn incomplete(error: BuildError) -> CloudError {
    CloudError::ours(
        ErrorKind::Other,
        format!("a WAF request could not be built: {error}"),
        "this is a defect of shopstack: report it with the plan (`diff --json`)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_tells_its_scope() {
        assert_eq!(scope_of_arn("arn:aws:wafv2:eu-west-1:1:regional/webacl/x/1"), REGIONAL);
        assert_eq!(scope_of_arn("arn:aws:wafv2:us-east-1:1:global/webacl/x/1"), CLOUDFRONT);
    }
}
