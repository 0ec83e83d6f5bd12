//! AWS::S3::Object, all files of the site as one resource: one listing shows whether anything
//! differs.
//!
//! A listing has no Content-Type or Cache-Control. A manifest object, written last, records them:
//! an object that is older than the manifest and has the recorded digest is as recorded; only
//! others are asked for one by one. An object as wanted that no manifest records was sent by a run
//! that died: it is sent again, and the caches are told.

use crate::aws::{CallOptions, Reader, Writer};
use crate::model::call::{Call, Service};
use crate::model::spec::from_value;
use crate::model::type_info::{Calls, GraphRole, Pricing};
use crate::model::{After, CloudError, Live, Op, Outputs, Query, Step, TypeInfo};
use crate::resources::ResourceType;
use crate::resources::common::FRESH;
use crate::resources::context::{Context, Wanted};
use crate::resources::s3::delete_batch;
use crate::resources::s3::{DELETE_OBJECTS, GET_OBJECT, LIST_OBJECTS, SERVICE};
use async_trait::async_trait;
use serde_json::Value;
use spec::ObjectsSpec;
use std::collections::{BTreeMap, BTreeSet};

mod blocked;
mod desired;
pub mod files;
mod manifest;
pub mod media_type;
mod read;
pub mod spec;
mod write;

pub use desired::{notes, site_folder};

pub struct Objects;

const CLOUDFRONT: Service = Service { not_found: &["NoSuchDistribution"], ..Service::DEFAULT };
const WRITES: &[Call] = &[
    Call::new(&SERVICE, "s3:PutObject"),
    DELETE_OBJECTS,
    Call::new(&CLOUDFRONT, "cloudfront:CreateInvalidation"),
];

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::S3::Object",
    group: "objects",
    read_after: &[
        "AWS::S3::Bucket",
        "AWS::CloudFront::Distribution",
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGateway::Stage",
    ],
    delete_after: &[After::all_of("AWS::CloudFront::Distribution")],
    contained_in: Some("AWS::S3::Bucket"),
    heading: "Site",
    graph: GraphRole::PartOf(|_| "bucket"),
    pricing: Pricing::ByUse("storage and requests"),
    calls: Calls {
        read: &[
            LIST_OBJECTS,
            Call::new(&SERVICE, "s3:HeadObject").actions(&["s3:GetObject"]),
            GET_OBJECT,
        ],
        create: WRITES,
        update: WRITES,
        delete: &[DELETE_OBJECTS],
    },
    ..TypeInfo::DEFAULT
};

#[async_trait]
impl ResourceType for Objects {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(ObjectsSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::objects(context, wanted)
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let mut found = Vec::new();
        for desired in &query.wanted {
            found.extend(read::discover(reader, query, desired).await?);
        }
        Ok(found)
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: ObjectsSpec = from_value(wanted)?;
        let bucket = &step.name;
        // Objects of an earlier, interrupted run are uploaded again, and unwanted ones are deleted.
        let there = read::keys(&writer.reader, bucket, FRESH).await?;
        let change = manifest::change(&BTreeMap::new(), &wanted, there);
        write::apply(writer, step, &wanted, &change).await?;
        write::record(writer, step, &wanted, &BTreeMap::new()).await?;
        Ok(Outputs::new())
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: ObjectsSpec = from_value(wanted)?;
        let before = manifest::entries(&from_value(&live.spec)?);
        let mut change = manifest::change(&before, &wanted, before.keys().cloned().collect());
        let seconds = step.context.get("keep_seconds").and_then(Value::as_u64).unwrap_or_default();
        let due: BTreeSet<&str> =
            live.due.iter().filter_map(|path| path.strip_prefix("objects.")).collect();
        let mut stays = before.clone();
        stays.retain(|key, _| !due.contains(key.as_str()));
        let kept = change.retain_until(&stays, read::kept_files(live), seconds, manifest::now());
        write::apply(writer, step, &wanted, &change).await?;
        if step.op == Op::Update && !change.is_empty() {
            write::invalidate(writer, step, &change).await?;
        }
        write::record(writer, step, &wanted, &kept).await?;
        Ok(live.outputs.clone())
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        match read::keys(&writer.reader, &live.name, CallOptions::default()).await {
            Err(error) if error.is_not_found() => Ok(()),
            keys => write::remove(writer, &live.name, &keys?).await,
        }
    }
}
