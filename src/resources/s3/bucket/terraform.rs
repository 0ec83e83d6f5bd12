//! A bucket as blocks of Terraform's AWS provider, which has one for each setting.

use crate::model::terraform::{Block, Exported};
use serde_json::{Value, json};

pub(super) fn blocks(bucket: &Exported<'_>) -> Vec<Block> {
    let (id, get) = (bucket.address.id(), |key: &str| bucket.get(key));
    let part = |kind, mut values: Value| {
        if let Some(fields) = values.as_object_mut() {
            fields.insert("bucket".into(), bucket.name.into());
        }
        Block::new(kind, id, values).refer("bucket", "aws_s3_bucket", id, "id")
    };
    // S3 knows no way back from versioning to none.
    let versioning = match get("versioning").as_str() {
        Some("Unversioned") | None => "Disabled",
        Some(status) => status,
    };
    let by_default = json!([{"sse_algorithm": get("encryption")}]);
    let itself = json!({
        "bucket": bucket.name, "force_destroy": false, "tags": get("tags"),
    });
    let mut blocks = vec![
        Block::new("aws_s3_bucket", id, itself),
        part(
            "aws_s3_bucket_public_access_block",
            json!({
                "block_public_acls": get("block_public_acls"),
                "block_public_policy": get("block_public_policy"),
                "ignore_public_acls": get("ignore_public_acls"),
                "restrict_public_buckets": get("restrict_public_buckets"),
            }),
        ),
        part(
            "aws_s3_bucket_versioning",
            json!({"versioning_configuration": [{"status": versioning}]}),
        ),
        part(
            "aws_s3_bucket_server_side_encryption_configuration",
            json!({
                "rule": [{"apply_server_side_encryption_by_default": by_default}],
            }),
        ),
        part(
            "aws_s3_bucket_ownership_controls",
            json!({
                "rule": [{"object_ownership": get("object_ownership")}],
            }),
        ),
    ];
    let lifecycle = get("lifecycle");
    if let (Some(old), Some(broken)) = (
        lifecycle.get("old_versions_days").and_then(Value::as_i64),
        lifecycle.get("broken_uploads_days").and_then(Value::as_i64),
    ) {
        blocks.push(part(
            "aws_s3_bucket_lifecycle_configuration",
            json!({
                "rule": [{
                    "id": "shopstack", "status": "Enabled", "filter": [{"prefix": ""}],
                    "noncurrent_version_expiration": [{"noncurrent_days": old}],
                    "abort_incomplete_multipart_upload": [{"days_after_initiation": broken}],
                }],
            }),
        ));
    }
    blocks
}
