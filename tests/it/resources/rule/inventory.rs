//! What an account holds of rules.

use crate::support::clients::Clients;
use crate::support::inventory::Inventory;
use shopstack::resources::events::EventBridge;

pub async fn add(all: &mut Inventory, clients: &Clients) {
    let events = clients.connections.client::<EventBridge>(clients.connections.region());
    let prefix = all.prefix();
    let rules = events.list_rules().name_prefix(&prefix).send().await.unwrap();
    for rule in rules.rules() {
        let name = rule.name().unwrap_or_default();
        let targets = events.list_targets_by_rule().rule(name).send().await.unwrap();
        let targets: Vec<_> = targets.targets().iter().map(|t| t.arn().to_string()).collect();
        let schedule = rule.schedule_expression().unwrap_or_default();
        all.add(format!("rule {name}"), format!("{schedule} {targets:?}"));
    }
}

/// Names of all rules.
pub async fn names(clients: &Clients) -> Vec<String> {
    let events = clients.connections.client::<EventBridge>(clients.connections.region());
    let rules = events.list_rules().send().await.unwrap();
    rules.rules().iter().filter_map(|rule| rule.name().map(str::to_string)).collect()
}
