//! What an account holds of roles.

use crate::support::clients::Clients;
use crate::support::inventory::{Inventory, sorted};

pub async fn add(all: &mut Inventory, clients: &Clients) {
    let stack = all.stack();
    let iam = &clients.iam;
    let roles: Result<Vec<_>, _> = iam.list_roles().into_paginator().items().send().collect().await;
    for role in roles.unwrap() {
        let name = role.role_name();
        if !role.path().contains(&format!("/{stack}/")) && !name.starts_with(&format!("{stack}-")) {
            continue;
        }
        // A function's tag names it.
        all.alike(
            role.role_id(),
            &format!("ROLE-{}", name.trim_start_matches(&format!("{stack}-dev-"))),
        );
        let mut policies = Vec::new();
        for policy in iam.list_role_policies().role_name(name).send().await.unwrap().policy_names()
        {
            let found =
                iam.get_role_policy().role_name(name).policy_name(policy).send().await.unwrap();
            policies.push((policy.clone(), found.policy_document));
        }
        let attached = iam.list_attached_role_policies().role_name(name).send().await.unwrap();
        let tags = iam.list_role_tags().role_name(name).send().await.unwrap();
        let text = format!(
            "{} {:?} {:?} {:?} policies {} attached {} tags {}",
            role.path(),
            role.assume_role_policy_document,
            role.description,
            role.max_session_duration,
            sorted(policies),
            sorted(attached.attached_policies()),
            sorted(tags.tags()),
        );
        all.add(format!("role {name}"), text);
    }
}

/// ARNs of all roles of shopstack.
pub async fn names(clients: &Clients) -> Vec<String> {
    let roles = clients.iam.list_roles().path_prefix("/shopstack/").into_paginator().items().send();
    let roles: Vec<_> = roles.collect::<Result<_, _>>().await.unwrap();
    roles.into_iter().map(|role| role.arn).collect()
}
