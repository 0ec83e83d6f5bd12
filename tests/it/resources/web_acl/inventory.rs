//! What an account holds of web ACLs, with the resources that they guard.

use crate::support::clients::Clients;
use crate::support::inventory::{Inventory, sorted};
use aws_sdk_wafv2::types::Scope;

pub async fn add(all: &mut Inventory, clients: &Clients) {
    let prefix = all.prefix();
    for scope in [Scope::Regional, Scope::Cloudfront] {
        let waf = clients.waf_in(scope.as_str());
        let listed = waf.list_web_acls().scope(scope.clone()).send().await.unwrap();
        for one in
            listed.web_acls().iter().filter(|a| a.name().is_some_and(|n| n.starts_with(&prefix)))
        {
            let (id, name, arn) = (one.id().unwrap(), one.name().unwrap(), one.arn().unwrap());
            all.alike(id, "ACL");
            let acl = waf
                .get_web_acl()
                .scope(scope.clone())
                .id(id)
                .name(name)
                .send()
                .await
                .unwrap()
                .web_acl
                .unwrap();
            let tags = waf
                .list_tags_for_resource()
                .resource_arn(arn)
                .send()
                .await
                .unwrap()
                .tag_info_for_resource;
            let used = match scope {
                Scope::Regional => {
                    waf.list_resources_for_web_acl().web_acl_arn(arn).send().await.ok()
                }
                _ => None,
            };
            let text = format!(
                "{:?} {:?} {:?} {:?} for {} tags {}",
                acl.default_action,
                acl.description,
                acl.visibility_config,
                acl.rules,
                sorted(used.iter().flat_map(|u| u.resource_arns())),
                sorted(tags.iter().flat_map(|t| t.tag_list())),
            );
            all.add(format!("acl {} {name}", scope.as_str()), text);
        }
    }
}

/// Names of all web ACLs, of both scopes.
pub async fn names(clients: &Clients) -> Vec<String> {
    let mut names = Vec::new();
    for (client, scope) in
        [(&clients.wafv2, Scope::Regional), (&clients.wafv2_global, Scope::Cloudfront)]
    {
        let listed = client.list_web_acls().scope(scope).send().await.unwrap();
        names.extend(listed.web_acls.unwrap_or_default().into_iter().filter_map(|acl| acl.name));
    }
    names
}
