//! CloudFront's answers and scripted distributions, for the conversations in `distribution*.rs` and
//! `oac.rs`.

use crate::replay::{Answer, Replay, json as answer, xml};
use crate::support::step::desired;
use serde_json::{Value, json};
use shopstack::model::{Desired, Live, Outputs};
use shopstack::resources::cloudfront::distribution::Distribution;

pub const ARN: &str = "arn:aws:cloudfront::123456789012:distribution/E1";
const CACHE: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
/// Managed by AWS, and none of a spec's business.
const FILLED: &str = "<ConnectionMode>direct</ConnectionMode>";

/// A distribution as CloudFront answers it.
#[derive(Clone)]
pub struct Shown {
    pub id: &'static str,
    pub status: &'static str,
    pub enabled: bool,
    pub etag: &'static str,
    /// Minute of its last change.
    pub minute: u32,
    pub reference: &'static str,
    pub price_class: &'static str,
    pub comment: &'static str,
}

const MARKER: &str =
    "shopstack:stack=replay shopstack:env=t shopstack:id=site shopstack:region=us-east-1";

/// Enabled and served everywhere.
pub const DEPLOYED: Shown = Shown {
    id: "E1",
    status: "Deployed",
    enabled: true,
    etag: "e1",
    minute: 0,
    reference: "ref-1",
    price_class: "PriceClass_100",
    comment: MARKER,
};

/// Enabled, and on its way to the edges.
pub const IN_PROGRESS: Shown = Shown { status: "InProgress", ..DEPLOYED };

impl Shown {
    pub fn answer(&self) -> Answer {
        xml(format!(
            "<Distribution><Id>{}</Id><ARN>{}</ARN><Status>{}</Status>\
             <LastModifiedTime>2026-01-01T00:{:02}:00Z</LastModifiedTime>\
             <InProgressInvalidationBatches>0</InProgressInvalidationBatches>\
             <DomainName>d1.cloudfront.net</DomainName>{}</Distribution>",
            self.id,
            ARN.replace("E1", self.id),
            self.status,
            self.minute,
            self.config()
        ))
        .etag(self.etag)
    }

    fn config(&self) -> String {
        let none = |name: &str| format!("<{name}><Quantity>0</Quantity></{name}>");
        let methods =
            "<Quantity>2</Quantity><Items><Method>HEAD</Method><Method>GET</Method></Items>";
        format!(
            "<DistributionConfig><CallerReference>{}</CallerReference>{}<DefaultRootObject>index.html</DefaultRootObject>\
             <Origins><Quantity>1</Quantity><Items><Origin><Id>site</Id>\
             <DomainName>b.s3.us-east-1.amazonaws.com</DomainName><OriginPath></OriginPath>{}\
             <S3OriginConfig><OriginAccessIdentity></OriginAccessIdentity></S3OriginConfig>\
             <ConnectionAttempts>3</ConnectionAttempts><ConnectionTimeout>10</ConnectionTimeout>\
             <OriginShield><Enabled>false</Enabled></OriginShield>\
             <OriginAccessControlId>O1</OriginAccessControlId></Origin></Items></Origins>\
             <DefaultCacheBehavior><TargetOriginId>site</TargetOriginId>\
             <ViewerProtocolPolicy>redirect-to-https</ViewerProtocolPolicy>\
             <AllowedMethods>{methods}<CachedMethods>{methods}</CachedMethods></AllowedMethods>\
             <Compress>true</Compress><CachePolicyId>{CACHE}</CachePolicyId></DefaultCacheBehavior>\
             {}{}<Comment>{}</Comment><PriceClass>{}</PriceClass><Enabled>{}</Enabled>\
             <ViewerCertificate><CloudFrontDefaultCertificate>true</CloudFrontDefaultCertificate>\
             <MinimumProtocolVersion>TLSv1</MinimumProtocolVersion></ViewerCertificate>\
             <WebACLId>arn:acl</WebACLId><HttpVersion>http2and3</HttpVersion><IsIPV6Enabled>true</IsIPV6Enabled>\
             <Staging>false</Staging>{FILLED}</DistributionConfig>",
            self.reference,
            none("Aliases"),
            none("CustomHeaders"),
            none("CacheBehaviors"),
            none("CustomErrorResponses"),
            self.comment,
            self.price_class,
            self.enabled,
        )
    }
}

/// The distribution that `DEPLOYED` is.
pub fn wanted(replay: &Replay) -> Desired {
    let scope = &replay.env.scope;
    let spec = json!({"tags": scope.tags("site"), "comment": scope.marker("site"), "enabled": true,
        "default_root_object": "index.html", "price_class": "PriceClass_100", "http_version": "http2and3",
        "ipv6": true, "web_acl_arn": "arn:acl", "origin_domain": "b.s3.us-east-1.amazonaws.com",
        "origin_access_control_id": "O1", "viewer_protocol_policy": "redirect-to-https", "compress": true,
        "allowed_methods": ["GET", "HEAD"], "cache_policy_id": CACHE, "response_headers_policy_id": "",
        "error_pages": {}, "extras": {}});
    desired(&Distribution, "distribution.site", "replay-t-site", spec)
}

/// What a reader had found of it.
pub fn live(replay: &Replay) -> Live {
    let wanted = wanted(replay);
    let live = Live::new(wanted.address.clone(), &wanted.type_name, &wanted.name, wanted.spec);
    live.with_output("id", "E1").with_output("arn", ARN)
}

/// What the write left that a wait follows.
pub fn outputs(minute: u32) -> Outputs {
    // 2026-01-01T00:00:00Z.
    let modified = 1_767_225_600 + i64::from(minute) * 60;
    Outputs::from([
        ("id".to_string(), "E1".to_string()),
        ("modified".to_string(), modified.to_string()),
    ])
}

/// ListTagsForResource's answer: ours.
pub fn own_tags() -> Answer {
    let tag = |key: &str, value: &str| {
        format!("<Tag><Key>shopstack:{key}</Key><Value>{value}</Value></Tag>")
    };
    let tags = [("stack", "replay"), ("env", "t"), ("id", "site"), ("region", "us-east-1")];
    let tags: String = tags.iter().map(|(key, value)| tag(key, value)).collect();
    xml(format!("<Tags><Items>{tags}</Items></Tags>"))
}

/// One page of ListDistributions; `next` is the marker of the one after it.
pub fn page(ours: bool, next: Option<&str>) -> Answer {
    let item = format!(
        "<Items><DistributionSummary><Id>E1</Id><ARN>{ARN}</ARN><Status>Deployed</Status>\
         <LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime><DomainName>d1.cloudfront.net</DomainName>\
         <Comment>{MARKER}</Comment><Enabled>true</Enabled></DistributionSummary></Items>"
    );
    let next = next.map(|marker| format!("<NextMarker>{marker}</NextMarker>")).unwrap_or_default();
    xml(format!(
        "<DistributionList><Marker></Marker>{next}<MaxItems>100</MaxItems><IsTruncated>{}</IsTruncated>\
         <Quantity>{}</Quantity>{}</DistributionList>",
        !next.is_empty(),
        u8::from(ours),
        if ours { item.as_str() } else { "" }
    ))
}

/// One page of the tag index: these ARNs with these tags, and the next page's token.
pub fn index(arns: &[&str], tags: &Value, token: &str) -> Answer {
    let tags: Vec<Value> = tags
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect();
    let list: Vec<Value> =
        arns.iter().map(|arn| json!({"ResourceARN": arn, "Tags": tags})).collect();
    answer(json!({"ResourceTagMappingList": list, "PaginationToken": token}))
}
