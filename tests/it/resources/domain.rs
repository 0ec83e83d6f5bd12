//! AWS::ApiGateway::DomainName: made with its mapping, read back as wanted, its mapping changed,
//! found by its tags, deleted; a stranger's of the same name is told and left.

mod drift;

use crate::support::clients::Clients;
use crate::support::env::TestEnv;
use crate::support::inventory::Inventory;
use crate::support::step::{desired, step};
use crate::support::suite::{Coverage, Suite, TypeInventory};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use shopstack::model::{Desired, Live, Op, Owner, tag};
use shopstack::resources::{ResourceType, apigateway::domain::DomainName};
use std::collections::BTreeMap;

pub const SUITE: Suite = Suite {
    type_name: "AWS::ApiGateway::DomainName",
    prepare: Some(|shop| {
        // Of one environment alone: another one cannot have the same name.
        let certificate = format!("arn:aws:acm:{}:000000000000:certificate/1", shop.region);
        let domain = format!("{{ name: {}.example, certificate: \"{certificate}\" }}", shop.stack);
        let overlay = format!("\nenvironments: {{ dev: {{ api: {{ domain: {domain} }} }} }}\n");
        shop.write("stack.yaml", &format!("{}{overlay}", shop.read("stack.yaml")));
    }),
    on_ministack: &[|shop| Box::pin(async { drift::cases(shop) })],
    on_moto: &[],
    clean_up: None,
    inventory: Coverage::Own(TypeInventory { kind: "domain", add, names }),
};

fn add<'a>(inventory: &'a mut Inventory, clients: &'a Clients) -> BoxFuture<'a, ()> {
    Box::pin(async move {
        // An endpoint that knows no domains has none.
        let Ok(listed) = clients.apigateway.get_domain_names().limit(500).send().await else {
            return;
        };
        for seen in listed.items() {
            let tags: BTreeMap<String, String> =
                seen.tags().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
            if tags.get(tag::STACK) != Some(&inventory.stack()) {
                continue;
            }
            let name = seen.domain_name().unwrap_or_default();
            let mappings = clients.apigateway.get_base_path_mappings().domain_name(name);
            let mappings = mappings.send().await.unwrap();
            let mappings: BTreeMap<_, _> = mappings
                .items()
                .iter()
                .map(|m| (m.base_path().unwrap_or_default().to_string(), m.stage()))
                .collect();
            let text = json!({"tags": tags, "mappings": mappings,
                "certificate": seen.regional_certificate_arn()});
            inventory.add(format!("domain {name}"), text.to_string());
        }
    })
}

fn names(clients: &Clients) -> BoxFuture<'_, Vec<String>> {
    Box::pin(async move {
        let listed = clients.apigateway.get_domain_names().limit(500).send().await;
        let listed = listed.map(|answer| answer.items.unwrap_or_default()).unwrap_or_default();
        listed.into_iter().filter_map(|seen| seen.domain_name).collect()
    })
}

fn wanted(env: &TestEnv, target: &str) -> Desired {
    let spec = json!({"tags": env.scope.tags("domain"), "endpoint_type": "REGIONAL",
        "certificate": "arn:aws:acm:us-east-1:000000000000:certificate/1",
        "security_policy": "TLS_1_2", "mappings": {"(none)": target}, "extras": {}});
    desired(&DomainName, "domain.api", &format!("api.{}.example", env.scope.stack), spec)
}

async fn api(env: &TestEnv) -> String {
    let name = env.scope.name("api");
    let made = env.clients.apigateway.create_rest_api().name(&name).send().await.unwrap();
    made.id.unwrap()
}

async fn update(env: &TestEnv, want: &Desired) -> Live {
    let live = env.discover(&DomainName, &[want], &[]).await.remove(0);
    let change = step(want, Op::Update, Some(live.clone()));
    DomainName.update(&env.writer, &change, &live, &want.spec).await.expect("update");
    let after = env.discover(&DomainName, &[want], &[]).await.remove(0);
    assert_eq!(after.spec, want.spec);
    after
}

#[tokio::test]
async fn its_whole_life() {
    let env = TestEnv::new("domain").await;
    let (first, second) = (api(&env).await, api(&env).await);
    let mut want = wanted(&env, &format!("{first}/v1"));
    let create = step(&want, Op::Create, None);
    let made = DomainName.create(&env.writer, &create, &want.spec).await.expect("create");
    let again = DomainName.create(&env.writer, &create, &want.spec).await.expect("create again");
    assert_eq!(made, again);
    let live = env.discover(&DomainName, &[&want], &[]).await.remove(0);
    assert_eq!((&live.spec, &live.address, &live.owner), (&want.spec, &want.address, &Owner::Ours));
    assert_eq!(live.outputs, made);
    let record = format!("{} CNAME {}", want.name, made["dns_target"]);
    assert!(!made["dns_target"].is_empty() && made["dns_records"] == record, "{made:?}");

    want.spec["mappings"] = json!({"(none)": format!("{second}/v1")});
    update(&env, &want).await;
    want.spec["mappings"] = json!({"(none)": format!("{second}/v1"), "old": format!("{first}/v1")});
    update(&env, &want).await;
    want.spec["tags"]["team"] = json!("a");
    update(&env, &want).await;

    // Nothing wanted: known by its tags. Another wanted: this one has to go under its own address.
    let by_tags = env.discover(&DomainName, &[], &[]).await.remove(0);
    assert_eq!((&by_tags.address, &by_tags.owner), (&want.address, &Owner::Ours));
    let mut other = want.clone();
    other.name = format!("other-{}", want.name);
    let old = env.discover(&DomainName, &[&other], &[]).await.remove(0);
    assert_eq!(old.address.as_str(), format!("domain.{}", want.name));

    DomainName.delete(&env.writer, &by_tags).await.expect("delete");
    DomainName.delete(&env.writer, &by_tags).await.expect("deleting what is gone is done");
    assert!(env.discover(&DomainName, &[&want], &[]).await.is_empty());
    for id in [first, second] {
        env.clients.apigateway.delete_rest_api().rest_api_id(id).send().await.unwrap();
    }
}

#[tokio::test]
async fn a_strangers_domain_of_the_name_is_told() {
    let env = TestEnv::new("domainforeign").await;
    let want = wanted(&env, "a/v1");
    let client = &env.clients.apigateway;
    let theirs = client.create_domain_name().domain_name(&want.name);
    theirs.tags("team", "theirs").send().await.unwrap();
    let live = env.discover(&DomainName, &[&want], &[]).await.remove(0);
    assert!(matches!(live.owner, Owner::Foreign(_)), "{:?}", live.owner);
    assert_eq!(live.spec["mappings"], Value::Object(Default::default()));
    assert!(env.discover(&DomainName, &[], &[]).await.is_empty(), "nobody's to delete");
    client.delete_domain_name().domain_name(&want.name).send().await.unwrap();
}
