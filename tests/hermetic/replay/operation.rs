//! Which AWS operation a request asks for, by AWS's own name, and how its service writes errors.

use super::answer::{Answer, Format, json, refused};

/// Operation, method, path with `*` for one part and `**` for the rest, and a word that the query
/// must begin with.
const PATHS: &[(&str, &str, &str, &str)] = &[
    ("CreateDistributionWithTags", "POST", "/2020-05-31/distribution", "WithTags"),
    ("ListDistributions", "GET", "/2020-05-31/distribution", ""),
    ("GetDistribution", "GET", "/2020-05-31/distribution/*", ""),
    ("UpdateDistribution", "PUT", "/2020-05-31/distribution/*/config", ""),
    ("DeleteDistribution", "DELETE", "/2020-05-31/distribution/*", ""),
    ("CreateInvalidation", "POST", "/2020-05-31/distribution/*/invalidation", ""),
    ("ListTagsForResource", "GET", "/2020-05-31/tagging", ""),
    ("TagResource", "POST", "/2020-05-31/tagging", "Operation=Tag"),
    ("UntagResource", "POST", "/2020-05-31/tagging", "Operation=Untag"),
    ("CreateOriginAccessControl", "POST", "/2020-05-31/origin-access-control", ""),
    ("ListOriginAccessControls", "GET", "/2020-05-31/origin-access-control", ""),
    ("GetOriginAccessControl", "GET", "/2020-05-31/origin-access-control/*", ""),
    ("UpdateOriginAccessControl", "PUT", "/2020-05-31/origin-access-control/*/config", ""),
    ("DeleteOriginAccessControl", "DELETE", "/2020-05-31/origin-access-control/*", ""),
    ("CreateResponseHeadersPolicy", "POST", "/2020-05-31/response-headers-policy", ""),
    ("ListResponseHeadersPolicies", "GET", "/2020-05-31/response-headers-policy", ""),
    ("GetResponseHeadersPolicy", "GET", "/2020-05-31/response-headers-policy/*", ""),
    ("UpdateResponseHeadersPolicy", "PUT", "/2020-05-31/response-headers-policy/*", ""),
    ("DeleteResponseHeadersPolicy", "DELETE", "/2020-05-31/response-headers-policy/*", ""),
    ("CreateFunction", "POST", "/2015-03-31/functions", ""),
    ("ListFunctions", "GET", "/2015-03-31/functions", ""),
    ("GetFunction", "GET", "/2015-03-31/functions/*", ""),
    ("DeleteFunction", "DELETE", "/2015-03-31/functions/*", ""),
    ("UpdateFunctionConfiguration", "PUT", "/2015-03-31/functions/*/configuration", ""),
    ("UpdateFunctionCode", "PUT", "/2015-03-31/functions/*/code", ""),
    ("GetPolicy", "GET", "/2015-03-31/functions/*/policy", ""),
    ("ListFunctionUrlConfigs", "GET", "/2021-10-31/functions/*/urls", ""),
    ("DeleteFunctionUrlConfig", "DELETE", "/2021-10-31/functions/*/url", ""),
    ("ListVersionsByFunction", "GET", "/2015-03-31/functions/*/versions", ""),
    ("ListAliases", "GET", "/2015-03-31/functions/*/aliases", ""),
    (
        "ListFunctionEventInvokeConfigs",
        "GET",
        "/2019-09-25/functions/*/event-invoke-config/list",
        "",
    ),
    ("ListEventSourceMappings", "GET", "/2015-03-31/event-source-mappings", ""),
    ("DeleteEventSourceMapping", "DELETE", "/2015-03-31/event-source-mappings/*", ""),
    ("DeleteFunctionConcurrency", "DELETE", "/2017-10-31/functions/*/concurrency", ""),
    ("AddPermission", "POST", "/2015-03-31/functions/*/policy", ""),
    ("RemovePermission", "DELETE", "/2015-03-31/functions/*/policy/*", ""),
    ("CreateEventSourceMapping", "POST", "/2015-03-31/event-source-mappings", ""),
    ("ListEventSourceMappings", "GET", "/2015-03-31/event-source-mappings", ""),
    ("UpdateEventSourceMapping", "PUT", "/2015-03-31/event-source-mappings/*", ""),
    ("DeleteEventSourceMapping", "DELETE", "/2015-03-31/event-source-mappings/*", ""),
    ("TagResource", "POST", "/2017-03-31/tags/**", ""),
    ("UntagResource", "DELETE", "/2017-03-31/tags/**", ""),
    ("GetRestApis", "GET", "/restapis", ""),
    ("CreateRestApi", "POST", "/restapis", ""),
    ("GetRestApi", "GET", "/restapis/*", ""),
    ("UpdateRestApi", "PATCH", "/restapis/*", ""),
    ("DeleteRestApi", "DELETE", "/restapis/*", ""),
    ("GetResources", "GET", "/restapis/*/resources", ""),
    ("CreateResource", "POST", "/restapis/*/resources/*", ""),
    ("GetMethod", "GET", "/restapis/*/resources/*/methods/*", ""),
    ("PutMethod", "PUT", "/restapis/*/resources/*/methods/*", ""),
    ("PutIntegration", "PUT", "/restapis/*/resources/*/methods/*/integration", ""),
    ("GetGatewayResponses", "GET", "/restapis/*/gatewayresponses", ""),
    ("GetAuthorizers", "GET", "/restapis/*/authorizers", ""),
    ("CreateAuthorizer", "POST", "/restapis/*/authorizers", ""),
    ("UpdateAuthorizer", "PATCH", "/restapis/*/authorizers/*", ""),
    ("DeleteAuthorizer", "DELETE", "/restapis/*/authorizers/*", ""),
    ("GetStages", "GET", "/restapis/*/stages", ""),
    ("CreateStage", "POST", "/restapis/*/stages", ""),
    ("UpdateStage", "PATCH", "/restapis/*/stages/*", ""),
    ("DeleteStage", "DELETE", "/restapis/*/stages/*", ""),
    ("GetDeployments", "GET", "/restapis/*/deployments", ""),
    ("CreateDeployment", "POST", "/restapis/*/deployments", ""),
    ("DeleteDeployment", "DELETE", "/restapis/*/deployments/*", ""),
    ("GetDomainNames", "GET", "/domainnames", ""),
    ("CreateDomainName", "POST", "/domainnames", ""),
    ("GetDomainName", "GET", "/domainnames/*", ""),
    ("UpdateDomainName", "PATCH", "/domainnames/*", ""),
    ("DeleteDomainName", "DELETE", "/domainnames/*", ""),
    ("GetBasePathMappings", "GET", "/domainnames/*/basepathmappings", ""),
    ("CreateBasePathMapping", "POST", "/domainnames/*/basepathmappings", ""),
    ("DeleteBasePathMapping", "DELETE", "/domainnames/*/basepathmappings/*", ""),
    ("GetAccount", "GET", "/account", ""),
    ("UpdateAccount", "PATCH", "/account", ""),
    ("GetTags", "GET", "/tags/**", ""),
    ("TagResource", "PUT", "/tags/**", ""),
    ("UntagResource", "DELETE", "/tags/**", ""),
];

/// The same for S3, which has no other service's paths.
const S3: &[(&str, &str, &str, &str)] = &[
    ("ListBuckets", "GET", "/", ""),
    ("HeadBucket", "HEAD", "/*", ""),
    ("DeleteBucket", "DELETE", "/*", ""),
    ("DeleteObjects", "POST", "/*", "delete"),
    ("ListObjectsV2", "GET", "/*", "list-type=2"),
    ("ListObjectVersions", "GET", "/*", "versions"),
    ("GetBucketTagging", "GET", "/*", "tagging"),
    ("PutBucketTagging", "PUT", "/*", "tagging"),
    ("GetPublicAccessBlock", "GET", "/*", "publicAccessBlock"),
    ("PutPublicAccessBlock", "PUT", "/*", "publicAccessBlock"),
    ("GetBucketVersioning", "GET", "/*", "versioning"),
    ("PutBucketVersioning", "PUT", "/*", "versioning"),
    ("GetBucketEncryption", "GET", "/*", "encryption"),
    ("PutBucketEncryption", "PUT", "/*", "encryption"),
    ("GetBucketOwnershipControls", "GET", "/*", "ownershipControls"),
    ("PutBucketOwnershipControls", "PUT", "/*", "ownershipControls"),
    ("GetBucketPolicy", "GET", "/*", "policy"),
    ("GetBucketLifecycleConfiguration", "GET", "/*", "lifecycle"),
    ("PutBucketLifecycleConfiguration", "PUT", "/*", "lifecycle"),
    ("DeleteBucketLifecycle", "DELETE", "/*", "lifecycle"),
    ("GetBucketWebsite", "GET", "/*", "website"),
    ("DeleteBucketWebsite", "DELETE", "/*", "website"),
    ("GetBucketCors", "GET", "/*", "cors"),
    ("DeleteBucketCors", "DELETE", "/*", "cors"),
    ("PutBucketPolicy", "PUT", "/*", "policy"),
    ("DeleteBucketPolicy", "DELETE", "/*", "policy"),
    ("CreateBucket", "PUT", "/*", ""),
    ("HeadObject", "HEAD", "/*/**", ""),
    ("GetObject", "GET", "/*/**", ""),
    ("PutObject", "PUT", "/*/**", ""),
];

/// Reads of what others may have set on a resource, and the refusal that says that there is
/// nothing; empty where an empty answer says so. Most conversations are not about them.
pub const FOUND_NOTHING: &[(&str, &str)] = &[
    ("DescribeTimeToLive", ""),
    ("DescribeKinesisStreamingDestination", ""),
    ("GetResourcePolicy", "PolicyNotFoundException"),
    ("GetAuthorizers", ""),
    ("GetDomainNames", ""),
    ("ListFunctionUrlConfigs", ""),
    ("ListVersionsByFunction", ""),
    ("ListAliases", ""),
    ("ListFunctionEventInvokeConfigs", ""),
    ("ListEventSourceMappings", ""),
    ("DescribeSubscriptionFilters", ""),
    ("GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration"),
    ("GetBucketWebsite", "NoSuchWebsiteConfiguration"),
    ("GetBucketCors", "NoSuchCORSConfiguration"),
];

/// The answer of one of `FOUND_NOTHING`.
pub fn nothing_found(operation: &str) -> Answer {
    match FOUND_NOTHING.iter().find(|(name, _)| *name == operation) {
        Some((_, code)) if !code.is_empty() => refused(code).status(404),
        _ => json(serde_json::json!({"FunctionUrlConfigs": []})),
    }
}

/// The operation of a request; what no table holds is `METHOD path`.
pub fn operation_of(method: &str, target: Option<&str>, uri: &str, body: &str) -> (String, Format) {
    if let Some(target) = target {
        return (target.rsplit('.').next().unwrap_or_default().to_string(), Format::Json);
    }
    if let Some(action) = body.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        return (action.to_string(), Format::Xml);
    }
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    let find = |table: &[(&str, &str, &str, &str)]| {
        // The most particular query first: an empty one fits everything.
        let mut rows: Vec<_> =
            table.iter().filter(|(_, m, p, _)| *m == method && fits(p, path)).collect();
        rows.sort_by_key(|(.., word)| std::cmp::Reverse(word.len()));
        let has =
            |word: &str| word.is_empty() || query.split('&').any(|pair| pair.starts_with(word));
        rows.into_iter().find(|(.., word)| has(word)).map(|(name, ..)| name.to_string())
    };
    if let Some(name) = find(PATHS) {
        let format = if path.starts_with("/2020-05-31/") { Format::Xml } else { Format::Json };
        return (name, format);
    }
    (find(S3).unwrap_or_else(|| format!("{method} {path}")), Format::S3)
}

fn fits(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (Some("**"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(part)) if !part.is_empty() => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

#[test]
fn requests_are_named_as_aws_names_them() {
    let name = |method: &str, uri: &str| operation_of(method, None, uri, "").0;
    assert_eq!(name("GET", "/2020-05-31/distribution/E1"), "GetDistribution");
    assert_eq!(name("POST", "/2020-05-31/distribution?WithTags"), "CreateDistributionWithTags");
    assert_eq!(name("PUT", "/bucket/?tagging"), "PutBucketTagging");
    assert_eq!(name("PUT", "/bucket/"), "CreateBucket");
    assert_eq!(name("PUT", "/bucket/a/b.html?x-id=PutObject"), "PutObject");
    assert_eq!(name("GET", "/bucket?list-type=2&prefix=a"), "ListObjectsV2");
    assert_eq!(name("GET", "/restapis/a/resources?embed=methods"), "GetResources");
    assert_eq!(
        operation_of("POST", Some("AWSWAF_20190729.GetWebACL"), "/", "{}"),
        ("GetWebACL".into(), Format::Json)
    );
    assert_eq!(
        operation_of("POST", None, "/", "Action=GetRole&RoleName=r"),
        ("GetRole".into(), Format::Xml)
    );
    assert_eq!(operation_of("GET", None, "/b?policy", "").1, Format::S3);
}
