//! What an account holds of origin access controls.

use crate::support::clients::Clients;
use crate::support::inventory::Inventory;

pub async fn add(all: &mut Inventory, clients: &Clients) {
    let prefix = all.prefix();
    let cloudfront = &clients.cloudfront;
    let controls = cloudfront.list_origin_access_controls().send().await.unwrap();
    for control in controls.origin_access_control_list.iter().flat_map(|l| l.items()) {
        if control.name().starts_with(&prefix) {
            all.alike(control.id(), "OAC");
            all.add(format!("oac {}", control.name()), format!("{control:?}"));
        }
    }
}

/// Names of all origin access controls.
pub async fn names(clients: &Clients) -> Vec<String> {
    let listed = clients.cloudfront.list_origin_access_controls().send().await.unwrap();
    let controls = listed.origin_access_control_list.and_then(|list| list.items);
    controls.unwrap_or_default().into_iter().map(|control| control.name).collect()
}
