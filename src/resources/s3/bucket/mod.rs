//! AWS::S3::Bucket: private, tagged and empty-able; its policy and objects are types of their own
//! (catalogue section 3).
//!
//! Every setting is a call of its own, and two at once on one bucket give `OperationAborted`:
//! writes are serial.

use crate::aws::{CallOptions, Reader, Writer};
use crate::model::call::Call;
use crate::model::cloud_error::optional;
use crate::model::spec::from_value;
use crate::model::type_info::{Calls, GraphRole, OutputForm, OutputKey, Pricing};
use crate::model::{After, CloudError, ErrorKind, Live, Outputs, Query, Step, TypeInfo};
use crate::resources::ResourceType;
use crate::resources::common::{FRESH, ONCE};
use crate::resources::context::{Context, Wanted};
use crate::resources::place::{Place, in_section};
use crate::resources::s3::S3;
use crate::resources::s3::delete_batch;
use crate::resources::s3::{DELETE_OBJECTS, GET_OBJECT, LIST_OBJECTS, LIST_VERSIONS, SERVICE};
use crate::stack::Stack;
use async_trait::async_trait;
use aws_sdk_s3::types;
use serde_json::Value;
use spec::{BucketSpec, outputs};
use std::time::Duration;

mod data;
mod desired;
mod empty;
mod extras;
mod lifecycle;
mod read;
mod settings;
pub mod spec;
mod terraform;
mod write;

use read::exists;
use write::{put_access_block, put_encryption, put_ownership, put_tags, put_versioning};

pub struct Bucket;

const CREATE: Call = Call::new(&SERVICE, "s3:CreateBucket")
    .actions(&["s3:CreateBucket", "s3:PutBucketOwnershipControls"]);
const TAGGING: Call = Call::new(&SERVICE, "s3:PutBucketTagging");
const ACCESS_BLOCK: Call =
    Call::new(&SERVICE, "s3:PutPublicAccessBlock").actions(&["s3:PutBucketPublicAccessBlock"]);
const OWNERSHIP: Call = Call::new(&SERVICE, "s3:PutBucketOwnershipControls");
const VERSIONING: Call = Call::new(&SERVICE, "s3:PutBucketVersioning");
const ENCRYPTION: Call =
    Call::new(&SERVICE, "s3:PutBucketEncryption").actions(&["s3:PutEncryptionConfiguration"]);

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::S3::Bucket",
    group: "bucket",
    name_limit: 63,
    delete_after: &[After::all_of("AWS::CloudFront::Distribution")],
    holds_data: true,
    heading: "Site",
    arn: Some(|scope, _| format!("arn:aws:s3:::{}", scope.bucket_name())),
    protected: |spec| {
        spec.pointer(&format!("/tags/{}", crate::model::tag::PROTECT))
            .is_some_and(|on| on == "true")
    },
    outputs: &[OutputKey {
        key: "bucket",
        attribute: "name",
        form: OutputForm::Single,
        label: "Bucket",
    }],
    graph: GraphRole::Node { title: "S3", kind: "store", column: 2 },
    pricing: Pricing::ByUse("storage and requests"),
    terraform: terraform::blocks,
    calls: Calls {
        read: &[
            LIST_OBJECTS,
            GET_OBJECT,
            LIST_VERSIONS,
            Call::new(&SERVICE, "s3:ListBuckets").actions(&["s3:ListAllMyBuckets"]),
            Call::new(&SERVICE, "s3:HeadBucket").actions(&["s3:ListBucket"]),
            Call::new(&SERVICE, "s3:GetPublicAccessBlock")
                .actions(&["s3:GetBucketPublicAccessBlock"]),
            Call::new(&SERVICE, "s3:GetBucketVersioning"),
            Call::new(&SERVICE, "s3:GetBucketEncryption")
                .actions(&["s3:GetEncryptionConfiguration"]),
            Call::new(&SERVICE, "s3:GetBucketOwnershipControls"),
            Call::new(&SERVICE, "s3:GetBucketTagging"),
            lifecycle::READ,
            extras::READS[0],
            extras::READS[1],
        ],
        create: &[
            CREATE,
            TAGGING,
            ACCESS_BLOCK,
            OWNERSHIP,
            VERSIONING,
            ENCRYPTION,
            lifecycle::WRITE,
        ],
        update: &[
            TAGGING,
            ACCESS_BLOCK,
            OWNERSHIP,
            VERSIONING,
            ENCRYPTION,
            lifecycle::WRITE,
            lifecycle::DELETE,
            extras::WEBSITE_WRITE,
            extras::CORS_WRITE,
        ],
        delete: &[DELETE_OBJECTS, Call::new(&SERVICE, "s3:DeleteBucket")],
    },
    ..TypeInfo::DEFAULT
};

#[async_trait]
impl ResourceType for Bucket {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(BucketSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::bucket(context, wanted);
        Ok(())
    }

    fn places(&self, _stack: &Stack) -> Vec<Place> {
        in_section("site", &["site"])
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        read::discover(reader, query).await
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: BucketSpec = from_value(wanted)?;
        let name = &step.name;
        let options = obtain(writer, name, &wanted).await?;
        // Tags first: from here on the bucket says whose it is, should this run end now.
        put_tags(writer, name, &wanted.tags, options).await?;
        put_access_block(writer, name, &wanted, options).await?;
        put_ownership(writer, name, &wanted.object_ownership, options).await?;
        if wanted.versioning != UNVERSIONED {
            put_versioning(writer, name, &wanted.versioning, options).await?;
        }
        put_encryption(writer, name, &wanted.encryption, options).await?;
        if let Some(lifecycle) = &wanted.lifecycle {
            lifecycle::put_rule(writer, name, lifecycle, options).await?;
        }
        readable(writer, name, &wanted).await?;
        Ok(outputs(name, &writer.scope.region))
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: BucketSpec = from_value(wanted)?;
        let name = &step.name;
        if live.spec.is_null() {
            return Err(read::taken(name, read::ELSEWHERE));
        }
        let before: BucketSpec = from_value(&live.spec)?;
        if before.tags != wanted.tags {
            put_tags(writer, name, &wanted.tags, CallOptions::default()).await?;
        }
        let block = |s: &BucketSpec| {
            (
                s.block_public_acls,
                s.ignore_public_acls,
                s.block_public_policy,
                s.restrict_public_buckets,
            )
        };
        if block(&before) != block(&wanted) {
            put_access_block(writer, name, &wanted, CallOptions::default()).await?;
        }
        if before.object_ownership != wanted.object_ownership {
            put_ownership(writer, name, &wanted.object_ownership, CallOptions::default()).await?;
        }
        if before.versioning != wanted.versioning {
            put_versioning(writer, name, &wanted.versioning, CallOptions::default()).await?;
        }
        if before.encryption != wanted.encryption {
            put_encryption(writer, name, &wanted.encryption, CallOptions::default()).await?;
        }
        lifecycle::change(writer, name, &before, &wanted).await?;
        extras::remove(writer, name, &before.extras).await?;
        readable(writer, name, &wanted).await?;
        Ok(outputs(name, &writer.scope.region))
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        empty::delete(writer, &live.name).await
    }
}

/// S3 shows a setting late that was put just now, or not at all (catalogue 3.2): waited for, so
/// that the next `diff` sees no drift where there is none. An emulator's reads are never behind.
async fn readable(writer: &Writer, name: &str, wanted: &BucketSpec) -> Result<(), CloudError> {
    if writer.caller.is_emulated() {
        return Ok(());
    }
    let what = format!("the settings of bucket {name} to read as written (usually seconds)");
    let look = || async {
        Ok(read::shows(&writer.reader, &writer.scope, name, wanted).await?.then_some(()))
    };
    writer.caller.wait_until(&what, Duration::from_secs(2), Duration::from_secs(120), look).await
}

/// Versioning that was never turned on; once on it can only be suspended, which means the same from
/// then on.
const UNVERSIONED: &str = "Unversioned";

/// Finds the bucket that an earlier try of ours made, or makes it. us-east-1 answers 200 to a
/// second CreateBucket and resets the ACLs: it is looked for before every try (catalogue 1.4).
/// Returns whether a 404 on it may be lag: not where it was there at the first look. Errors:
/// `Foreign`.
async fn obtain(
    writer: &Writer,
    name: &str,
    wanted: &BucketSpec,
) -> Result<CallOptions, CloudError> {
    for (tries, pause) in [1, 2, 4, 8].into_iter().enumerate() {
        if read::claim(&writer.reader, &writer.scope, name).await? {
            return Ok(if tries == 0 { CallOptions::default() } else { FRESH });
        }
        match create_bucket(writer, name, wanted).await {
            Err(mut error) if error.code == "BucketAlreadyExists" => {
                error.kind = ErrorKind::Foreign;
                error.hint.push_str("; S3 frees the name of a deleted bucket within the hour");
                return Err(error);
            }
            // There is one: whose, is said by a read, which may lag behind.
            Err(error) if error.code == "BucketAlreadyOwnedByYou" => {
                let what =
                    format!("bucket {name}, which exists, to become readable (usually seconds)");
                let look = || async {
                    Ok(read::claim(&writer.reader, &writer.scope, name).await?.then_some(()))
                };
                let (every, ceiling) = (Duration::from_secs(2), Duration::from_secs(120));
                return writer.caller.wait_until(&what, every, ceiling, look).await.map(|()| FRESH);
            }
            // Perhaps made: a 5xx, or an answer that was lost.
            Err(error) if error.kind == ErrorKind::Ambiguous => {
                writer
                    .caller
                    .report_wait("CreateBucket may have worked; looking whether the bucket exists");
                writer.caller.pause(Duration::from_secs(pause)).await?;
            }
            other => return other.map(|()| FRESH),
        }
    }
    if !read::claim(&writer.reader, &writer.scope, name).await? {
        create_bucket(writer, name, wanted).await?;
    }
    Ok(FRESH)
}

async fn create_bucket(writer: &Writer, name: &str, wanted: &BucketSpec) -> Result<(), CloudError> {
    let region = &writer.scope.region;
    // us-east-1 has no location constraint; naming it there is refused.
    let place = (region != crate::aws::clients::GLOBAL_REGION).then(|| {
        types::CreateBucketConfiguration::builder()
            .location_constraint(types::BucketLocationConstraint::from(region.as_str()))
            .build()
    });
    let ownership = types::ObjectOwnership::from(wanted.object_ownership.as_str());
    writer
        .caller
        .call_with("s3:CreateBucket", ONCE, || {
            writer
                .client::<S3>()
                .create_bucket()
                .bucket(name)
                .set_create_bucket_configuration(place.clone())
                .object_ownership(ownership.clone())
                .send()
        })
        .await
        .map(|_| ())
}
