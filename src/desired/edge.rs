//! The website: private bucket, its policy and files, and the distribution in front of it.

use super::{Context, reference, site as files};
use crate::model::spec::to_value;
use crate::model::{Address, CloudError, Desired, ErrorKind, tag};
use crate::policy;
use crate::resources::cloudfront::distribution::spec::{DistributionSpec, ErrorPageSpec};
use crate::resources::cloudfront::headers::spec::ResponseHeadersSpec;
use crate::resources::cloudfront::oac::OacSpec;
use crate::resources::s3::bucket::spec::BucketSpec;
use crate::resources::s3::bucket_policy::BucketPolicySpec;
use crate::resources::s3::objects::spec::ObjectsSpec;
use crate::stack::{Cdn, Site};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// AWS's managed cache policy CachingOptimized, by its documented id.
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";

pub(super) fn site(
    context: &Context<'_>,
    site: &Site,
    cdn: &Cdn,
    all: &mut Vec<Desired>,
    notes: &mut Vec<String>,
) -> Result<(), CloudError> {
    let bucket = context.scope.bucket_name();
    let mut tags = context.tags("site");
    if site.protect.unwrap_or(context.expires_at.is_none()) {
        // Buckets have no protection against deletion of their own: it lives in a tag, so that a
        // site that leaves stack.yaml cannot lift it.
        tags.insert(tag::PROTECT.into(), "true".into());
    }
    let spec = BucketSpec {
        tags,
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
        object_ownership: "BucketOwnerEnforced".into(),
        encryption: "AES256".into(),
        versioning: "Enabled".into(),
    };
    all.push(context.resource(
        "bucket",
        "site",
        "AWS::S3::Bucket",
        bucket.clone(),
        to_value(&spec),
    ));
    let name = context.scope.name("site");
    let oac = OacSpec {
        description: context.scope.marker("site"),
        origin_type: "s3".into(),
        signing_behavior: "always".into(),
        signing_protocol: "sigv4".into(),
    };
    all.push(context.resource(
        "oac",
        "site",
        "AWS::CloudFront::OriginAccessControl",
        name.clone(),
        to_value(&oac),
    ));
    let headers = to_value(&response_headers(context));
    all.push(context.resource(
        "headers",
        "site",
        "AWS::CloudFront::ResponseHeadersPolicy",
        name.clone(),
        headers,
    ));
    let distribution = to_value(&distribution(context, cdn, notes));
    all.push(context.resource(
        "distribution",
        "site",
        "AWS::CloudFront::Distribution",
        name,
        distribution,
    ));
    all.push(bucket_policy(context, &bucket, notes));
    all.push(objects(context, site, bucket)?);
    Ok(())
}

fn response_headers(context: &Context<'_>) -> ResponseHeadersSpec {
    let api = if context.stack.api.is_some() {
        format!(" {}", reference("api", "main", "endpoint"))
    } else {
        String::new()
    };
    ResponseHeadersSpec {
        comment: context.scope.marker("site"),
        content_security_policy: format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
             manifest-src 'self'; connect-src 'self'{api}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        frame_options: "DENY".into(),
        referrer_policy: "no-referrer".into(),
        content_type_options: true,
        hsts_max_age: Some(31_536_000),
        hsts_include_subdomains: true,
        hsts_preload: false,
        custom: BTreeMap::new(),
    }
}

fn distribution(context: &Context<'_>, cdn: &Cdn, notes: &mut Vec<String>) -> DistributionSpec {
    let emulated = context.scope.endpoint.is_some();
    if emulated {
        notes.push(
            "this endpoint is not AWS and speaks plain http: the viewer policy is allow-all and the bucket lets this \
             distribution read without TLS here; on AWS it is redirect-to-https and TLS only"
                .into(),
        );
    }
    let page = |(status, page): (&u16, &crate::stack::ErrorPage)| {
        let spec = ErrorPageSpec {
            page: page.page.clone(),
            status: page.status.to_string(),
            min_ttl: i64::from(page.cache_seconds),
        };
        (status.to_string(), spec)
    };
    let waf = context.stack.waf.is_some();
    DistributionSpec {
        tags: context.tags("site"),
        comment: context.scope.marker("site"),
        enabled: true,
        default_root_object: cdn.default_object.clone(),
        price_class: cdn.price_class.aws().into(),
        http_version: "http2and3".into(),
        ipv6: true,
        web_acl_arn: if waf { reference("web_acl", "cdn", "arn") } else { String::new() },
        origin_domain: reference("bucket", "site", "regional_domain_name"),
        origin_access_control_id: reference("oac", "site", "id"),
        viewer_protocol_policy: if emulated { "allow-all" } else { "redirect-to-https" }.into(),
        compress: true,
        allowed_methods: ["GET", "HEAD", "OPTIONS"].map(String::from).into(),
        cache_policy_id: CACHING_OPTIMIZED.into(),
        response_headers_policy_id: reference("headers", "site", "id"),
        error_pages: cdn.error_pages.iter().map(page).collect(),
        extras: BTreeMap::new(),
    }
}

fn bucket_policy(context: &Context<'_>, bucket: &str, notes: &mut Vec<String>) -> Desired {
    let arn = format!("arn:aws:s3:::{bucket}");
    let mut tls = json!({"Bool": {"aws:SecureTransport": "false"}});
    if context.scope.endpoint.is_some() {
        // An emulator's CloudFront fetches over plain http: it alone is let through, everybody else
        // still needs TLS.
        tls["ArnNotEquals"] = json!({"aws:SourceArn": reference("distribution", "site", "arn")});
    }
    let mut document = json!({"Statement": [
        {"Sid": "OnlyThisDistributionReads", "Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"},
         "Action": "s3:GetObject", "Resource": format!("{arn}/*"),
         "Condition": {"ArnEquals": {"aws:SourceArn": reference("distribution", "site", "arn")}}},
        {"Sid": "OnlyOverTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
         "Resource": [arn, format!("{arn}/*")], "Condition": tls},
    ]});
    if !context.judges_conditions
        && let Some(statements) = document["Statement"].as_array_mut()
    {
        // Read without its condition, the TLS rule refuses everything to everybody.
        statements.retain(|s| s["Effect"] == "Allow");
        notes.push(
            "this endpoint reads bucket policies without their conditions: the bucket's TLS rule is left out here"
                .into(),
        );
    }
    let spec = to_value(&BucketPolicySpec { policy: policy::canonical(&document) });
    let mut desired = context.resource(
        "bucket_policy",
        "site",
        "AWS::S3::BucketPolicy",
        bucket.to_string(),
        spec,
    );
    desired.depends_on = BTreeSet::from([Address::new("bucket", "site")]);
    desired
}

fn objects(context: &Context<'_>, site: &Site, bucket: String) -> Result<Desired, CloudError> {
    let folder = context.root.join(&site.folder);
    let mut objects =
        files::scan_site(context.root, &folder, &|path| site.cache_control(path).to_string())
            .map_err(|what| {
                CloudError::ours(
                    ErrorKind::Other,
                    format!("the site folder {}: {what}", folder.display()),
                    "see `site.folder` in stack.yaml",
                )
            })?;
    objects.remove("config.json");
    let config: Value = match &context.stack.api {
        Some(_) => json!({"apiUrl": context.api_url()}),
        None => json!({}),
    };
    let spec = to_value(&ObjectsSpec { objects, config: config.to_string() });
    let mut desired = context.resource("objects", "site", "AWS::S3::Object", bucket, spec);
    desired.context = json!({"distribution_id": reference("distribution", "site", "id")});
    desired.depends_on = BTreeSet::from([Address::new("bucket", "site")]);
    desired.payload = Some(folder);
    Ok(desired)
}
