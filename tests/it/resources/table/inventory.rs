//! What an account holds of tables.

use crate::support::clients::Clients;
use crate::support::inventory::{Inventory, sorted};
use aws_sdk_dynamodb::types::TimeToLiveStatus;

pub async fn add(all: &mut Inventory, clients: &Clients) {
    let prefix = all.prefix();
    let db = &clients.dynamodb;
    let names: Result<Vec<String>, _> =
        db.list_tables().into_paginator().items().send().collect().await;
    for name in names.unwrap().iter().filter(|n| n.starts_with(&prefix)) {
        let table = db.describe_table().table_name(name).send().await.unwrap().table.unwrap();
        let backups = db.describe_continuous_backups().table_name(name).send().await.unwrap();
        let backups = backups
            .continuous_backups_description
            .and_then(|b| b.point_in_time_recovery_description);
        let ttl = db.describe_time_to_live().table_name(name).send().await.unwrap();
        // An emulator may keep the name of an attribute that is turned off.
        let ttl = ttl
            .time_to_live_description
            .filter(|found| found.time_to_live_status == Some(TimeToLiveStatus::Enabled))
            .and_then(|found| found.attribute_name);
        let items = db.scan().table_name(name).send().await.unwrap();
        let tags = db
            .list_tags_of_resource()
            .resource_arn(table.table_arn().unwrap())
            .send()
            .await
            .unwrap();
        let text = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} recovery {:?} ttl {ttl:?} items {} tags {}",
            table.table_status,
            table.key_schema,
            sorted(table.attribute_definitions()),
            table.billing_mode_summary.and_then(|b| b.billing_mode),
            table.deletion_protection_enabled,
            table.sse_description,
            backups.and_then(|b| b.point_in_time_recovery_status),
            items.count,
            sorted(tags.tags()),
        );
        all.add(format!("table {name}"), text);
    }
}

/// Names of all tables.
pub async fn names(clients: &Clients) -> Vec<String> {
    let tables = clients.dynamodb.list_tables().into_paginator().items().send();
    tables.collect::<Result<_, _>>().await.unwrap()
}
