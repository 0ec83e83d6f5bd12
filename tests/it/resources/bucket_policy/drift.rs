//! Out-of-band changes of each field of AWS::S3::BucketPolicy.

use crate::support::deployed::DeployedShop;
use crate::support::drift::{DriftCases, OutOfBandChange, case};
use serde_json::json;
use shopstack::policy;

pub fn cases() -> DriftCases {
    let theirs = policy::canonical(
        &json!({"Statement": [{"Sid": "Theirs", "Effect": "Deny", "Principal": "*",
        "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::x"}]}),
    );
    let cases = vec![
        case("policy", theirs["statements"]["Theirs"].clone()).inner(&["statements", "Theirs"]),
    ];
    DriftCases {
        type_name: "AWS::S3::BucketPolicy",
        at: "bucket_policy.site",
        cases,
        change: |shop, change| Box::pin(change_policy(shop, change)),
    }
}

async fn change_policy(shop: &DeployedShop, change: &OutOfBandChange<'_>) {
    let text = policy::to_json(&change.target["policy"]);
    shop.clients
        .s3
        .put_bucket_policy()
        .bucket(&change.live.name)
        .policy(text)
        .send()
        .await
        .unwrap();
}
