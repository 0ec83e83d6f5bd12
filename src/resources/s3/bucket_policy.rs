//! AWS::S3::BucketPolicy: who may read the site's bucket, compared as a document and not as text
//! (catalogue 1.6, 3.3).

use crate::aws::{CallOptions, Reader, Writer};
use crate::model::call::{Call, Retry};
use crate::model::spec::{field, from_value, to_value};
use crate::model::terraform::{Block, Exported};
use crate::model::type_info::{Calls, GraphRole, Pricing};
use crate::model::{
    Address, After, CloudError, Desired, ErrorKind, Live, Outputs, Owner, Query, Step, TypeInfo,
    cloud_error,
};
use crate::policy;
use crate::resources::ResourceType;
use crate::resources::common::FRESH;
use crate::resources::context::{Context, Wanted, reference};
use crate::resources::place::{Place, in_section};
use crate::resources::s3::{RECORDS, S3, SERVICE};
use crate::stack::Stack;
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

pub struct BucketPolicy;

/// `AWS::S3::BucketPolicy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketPolicySpec {
    /// Canonical form; null when there is none.
    pub policy: Value,
}

const PRINCIPAL: &[Retry] = &[Retry::propagation("MalformedPolicy", "Invalid principal", 120)];

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::S3::BucketPolicy",
    group: "bucket_policy",
    read_after: &["AWS::S3::Bucket"],
    delete_after: &[After::all_of("AWS::CloudFront::Distribution")],
    contained_in: Some("AWS::S3::Bucket"),
    heading: "Site",
    graph: GraphRole::PartOf(|_| "bucket"),
    pricing: Pricing::ByUse("nothing"),
    terraform: blocks,
    calls: Calls {
        read: &[Call::new(&SERVICE, "s3:GetBucketPolicy")],
        create: &[Call::new(&SERVICE, "s3:PutBucketPolicy").retries(PRINCIPAL)],
        update: &[Call::new(&SERVICE, "s3:PutBucketPolicy").retries(PRINCIPAL)],
        delete: &[Call::new(&SERVICE, "s3:DeleteBucketPolicy")],
    },
    ..TypeInfo::DEFAULT
};

#[async_trait]
impl ResourceType for BucketPolicy {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(BucketPolicySpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        if context.stack.site.is_some() && context.stack.cdn.is_some() {
            let policy = desired_policy(context, &mut wanted.notes);
            wanted.push(policy);
        }
        Ok(())
    }

    fn places(&self, _stack: &Stack) -> Vec<Place> {
        in_section("site", &["site"])
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let mut found = Vec::new();
        for desired in &query.wanted {
            let bucket = query
                .found
                .iter()
                .find(|b| b.type_name == "AWS::S3::Bucket" && b.name == desired.name);
            let Some(bucket) = bucket else { continue };
            let Some(document) = read(reader, &desired.name, &bucket.owner).await? else {
                continue;
            };
            let spec = BucketPolicySpec { policy: policy::canonical(&document) };
            let mut live =
                Live::new(desired.address.clone(), INFO.type_name, &desired.name, to_value(&spec));
            live.owner = bucket.owner.clone();
            found.push(live);
        }
        Ok(found)
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        put_policy(writer, &step.name, wanted, FRESH).await
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        _live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        put_policy(writer, &step.name, wanted, CallOptions::default()).await
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        remove(writer, &live.name).await
    }
}

/// The document, or `None` when the bucket has none, or is somebody else's and keeps it to itself.
async fn read(reader: &Reader, bucket: &str, owner: &Owner) -> Result<Option<Value>, CloudError> {
    let answer = reader
        .caller
        .call("s3:GetBucketPolicy", || {
            reader.client::<S3>().get_bucket_policy().bucket(bucket).send()
        })
        .await;
    let answer = match cloud_error::optional(answer) {
        Err(error) if error.kind == ErrorKind::AccessDenied && *owner != Owner::Ours => {
            return Ok(None);
        }
        other => other?,
    };
    let Some(text) = answer.and_then(|a| a.policy) else {
        return Ok(None);
    };
    policy::parse(&text)
        .map(Some)
        .map_err(|why| CloudError::shape("s3 GetBucketPolicy", &format!("readable policy: {why}")))
}

async fn put_policy(
    writer: &Writer,
    bucket: &str,
    wanted: &Value,
    options: CallOptions,
) -> Result<Outputs, CloudError> {
    let wanted: BucketPolicySpec = from_value(wanted)?;
    if wanted.policy.is_null() {
        remove(writer, bucket).await?;
        return Ok(Outputs::new());
    }
    let text = policy::to_json(&wanted.policy);
    writer
        .caller
        .call_with("s3:PutBucketPolicy", options, || {
            writer.client::<S3>().put_bucket_policy().bucket(bucket).policy(&text).send()
        })
        .await?;
    readable(writer, bucket, &wanted.policy).await?;
    Ok(Outputs::new())
}

/// S3 may go on showing the policy of before (catalogue 3.2), which the next `diff` would take for
/// drift. An emulator's reads are never behind.
async fn readable(writer: &Writer, bucket: &str, wanted: &Value) -> Result<(), CloudError> {
    if writer.caller.is_emulated() {
        return Ok(());
    }
    let what = format!("the policy of bucket {bucket} to read as written (usually seconds)");
    let look = || async {
        let document = read(&writer.reader, bucket, &Owner::Ours).await?;
        Ok(document.filter(|d| policy::canonical(d) == *wanted).map(|_| ()))
    };
    writer.caller.wait_until(&what, Duration::from_secs(2), Duration::from_secs(120), look).await
}

async fn remove(writer: &Writer, bucket: &str) -> Result<(), CloudError> {
    let gone = writer
        .caller
        .call("s3:DeleteBucketPolicy", || {
            writer.client::<S3>().delete_bucket_policy().bucket(bucket).send()
        })
        .await;
    cloud_error::optional(gone).map(|_| ())
}

/// The policy as a block of Terraform's AWS provider.
fn blocks(policy: &Exported<'_>) -> Vec<Block> {
    let (id, text) = (policy.address.id(), policy::to_json(policy.get("policy")));
    let values = json!({"bucket": policy.name, "policy": text});
    let block = Block::new("aws_s3_bucket_policy", id, values);
    vec![block.refer("bucket", "aws_s3_bucket", id, "id")]
}

/// CloudFront may read, for this distribution alone and shopstack's own records not at all, and
/// nobody without TLS.
fn desired_policy(context: &Context<'_>, notes: &mut Vec<String>) -> Desired {
    let bucket = context.scope.bucket_name();
    let arn = format!("arn:aws:s3:::{bucket}");
    let secure = json!({"aws:SecureTransport": "false"});
    let tls = if context.scope.endpoint.is_some() {
        // An emulator speaks plain http. Its CloudFront and the identities of this account are let
        // through, so that a deployer who is not root can read and delete the objects; all others
        // still need TLS.
        let source = json!({"aws:SourceArn": reference("distribution", "site", "arn")});
        let account = json!({"aws:PrincipalAccount": context.scope.account});
        json!({"Bool": secure, "ArnNotEquals": source, "StringNotEquals": account})
    } else {
        json!({"Bool": secure})
    };
    let mut document = json!({"Statement": [
        {"Sid": "OnlyThisDistributionReads", "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
         "Action": "s3:GetObject", "Resource": format!("{arn}/*"),
         "Condition": {"ArnEquals": {"aws:SourceArn": reference("distribution", "site", "arn")}}},
        // The records of the site's files are private to shopstack.
        {"Sid": "OwnRecordsStayPrivate", "Effect": "Deny",
         "Principal": {"Service": "cloudfront.amazonaws.com"},
         "Action": "s3:GetObject", "Resource": format!("{arn}/{RECORDS}*")},
        {"Sid": "OnlyOverTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
         "Resource": [arn, format!("{arn}/*")], "Condition": tls},
    ]});
    if !context.judges_conditions
        && let Some(statements) = document.get_mut("Statement").and_then(Value::as_array_mut)
    {
        // Read without its condition, the TLS rule refuses everything to everybody.
        statements.retain(|s| field(s, "Effect") == "Allow");
        notes.push(
            "this endpoint reads bucket policies without their conditions: the bucket's rules that \
             deny are left out here"
                .into(),
        );
    }
    let spec = BucketPolicySpec { policy: policy::canonical(&document) };
    let mut desired = context.resource(&INFO, "site", bucket, &spec);
    desired.depends_on = BTreeSet::from([Address::new("bucket", "site")]);
    desired
}
