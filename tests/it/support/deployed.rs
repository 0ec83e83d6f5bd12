//! One stack made by the real binary, and the reads, plans and runs of `diff` and `up` on it, a few
//! types at a time.

use super::proxied::{DOWN, ProxiedShop, UP};
use crate::support::clients::Clients;
use async_trait::async_trait;
use futures_util::FutureExt;
use rustix::process::Signal;
use serde_json::Value;
use shopstack::aws::clients::Sdk;
use shopstack::aws::counter::Counter;
use shopstack::aws::{Connect, Reader, Writer};
use shopstack::engine::{self, Outcome};
use shopstack::model::provider::Discover;
use shopstack::model::{Address, CloudError, Desired, Live, Outputs, Plan, Query, Scope, TypeInfo};
use shopstack::plan::diff::{self, Difference};
use shopstack::plan::{self, Inputs, Record};
use shopstack::resources::{Applier, Context, Finder, desired};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub struct DeployedShop {
    pub shop: ProxiedShop,
    pub scope: Scope,
    /// A stranger's clients, past the proxy.
    pub clients: Clients,
    /// What stack.yaml wants.
    pub desired: Vec<Desired>,
    pub record: Record,
    /// What the endpoint did not keep of what `up` wrote, by path: live and written value. Left
    /// out, so that a case sees its own field alone.
    gaps: Vec<(Address, Difference)>,
    live: Vec<Live>,
    known: BTreeMap<Address, Outputs>,
    sdk: Sdk,
    reader: Reader,
}

/// Sets a field to what was written, where the endpoint still shows what it made of that.
fn fill(spec: &mut Value, gap: &Difference) {
    let Some((last, parents)) = gap.path.split_last() else { return };
    let parent = parents.iter().try_fold(spec, |value, part| value.get_mut(part));
    let Some(fields) = parent.and_then(Value::as_object_mut) else { return };
    if fields.get(last).unwrap_or(&Value::Null) == &gap.live {
        fields.insert(last.clone(), gap.wanted.clone());
    }
}

/// The step of one run as the plan's reader sees it: `table.Orders: update drift [billing.mode]`.
pub fn describe_steps(plan: &Plan) -> Vec<String> {
    let one = |step: &shopstack::model::Step| {
        let mut fields: Vec<&str> = step.fields.iter().map(|f| f.path.as_str()).collect();
        fields.sort_unstable();
        let cause = serde_json::to_value(step.cause).unwrap();
        format!(
            "{}: {} {} [{}]",
            step.address,
            step.op.as_str(),
            cause.as_str().unwrap(),
            fields.join(", ")
        )
    };
    let mut all: Vec<String> = plan.steps.iter().map(one).collect();
    all.sort();
    all
}

impl DeployedShop {
    /// Runs `up`, and reads what it left.
    pub async fn up(shop: ProxiedShop) -> DeployedShop {
        let made = shop.run(&UP).await;
        assert_eq!(made.code, 0, "{made:?}");
        let connect = Connect {
            region: Some(shop.region.clone()),
            // As the binary sees it: addresses of sites and APIs name the endpoint's port.
            local_endpoint: Some(shop.proxy.url.clone()),
            calls: shopstack::resources::declared_calls(),
            ..Connect::default()
        };
        let sdk = Sdk::load(&connect, Arc::new(Counter::default())).await.unwrap();
        let reader = Reader::new(&sdk, sdk.caller());
        let scope = Scope {
            stack: shop.stack.clone(),
            env: "dev".into(),
            account: sdk.identity().await.unwrap().account,
            region: shop.region.clone(),
            endpoint: Some(shop.proxy.url.clone()),
        };
        let text = reader.document(&scope, "record").await.unwrap().expect("the record of this up");
        let mut deployed = DeployedShop {
            record: serde_json::from_str(&text).unwrap(),
            gaps: vec![],
            clients: shop.clients().await.0,
            known: builds(&shop).await,
            desired: vec![],
            live: vec![],
            sdk,
            reader,
            scope,
            shop,
        };
        deployed.desired = deployed.wanted().await;
        deployed.look(&deployed.desired.clone(), &[]).await;
        for step in deployed.plan(&deployed.desired).steps {
            let Some(live) = &step.live else { continue };
            let fields = diff::differences(&live.spec, &step.wanted).into_iter();
            deployed.gaps.extend(fields.map(|field| (step.address.clone(), field)));
        }
        deployed.look(&deployed.desired.clone(), &[]).await;
        deployed
    }

    /// What stack.yaml wants now.
    pub async fn wanted(&self) -> Vec<Desired> {
        let file = self.shop.path("stack.yaml");
        let (stack, _) = shopstack::stack::load_for(&file, Some(&self.scope.env)).unwrap();
        let context = Context {
            stack: &stack,
            scope: &self.scope,
            root: &self.shop.path(""),
            expires_at: None,
            judges_conditions: shopstack::local::is_twin(&self.shop.proxy.url).await,
        };
        desired(&context).unwrap().resources
    }

    /// Reads these types, and all that is found through them, again; everything where none is
    /// named.
    pub async fn look(&mut self, desired: &[Desired], types: &[&str]) {
        self.read(desired, touched(types)).await;
    }

    /// Reads one type again as `desired` has it; nothing has changed.
    pub async fn look_only(&mut self, desired: &[Desired], type_name: &'static str) {
        self.read(desired, BTreeSet::from([type_name])).await;
    }

    async fn read(&mut self, desired: &[Desired], fresh: BTreeSet<&'static str>) {
        let known = Known { finder: Finder(self.reader()), live: self.live.clone(), fresh };
        self.live = engine::read(&known, &self.scope, desired, false).await.unwrap();
        for live in &mut self.live {
            let of_live = self.gaps.iter().filter(|(address, _)| *address == live.address);
            for (_, gap) in of_live {
                fill(&mut live.spec, gap);
            }
        }
    }

    pub fn live(&self, address: &str) -> &Live {
        self.live
            .iter()
            .find(|l| l.address.as_str() == address)
            .unwrap_or_else(|| panic!("no {address}"))
    }

    /// As a process of its own would have it: nothing known of tags, and the rate budgets
    /// untouched.
    pub fn reader(&self) -> Reader {
        self.reader.with_caller(self.sdk.caller())
    }

    fn writer(&self) -> Writer {
        Writer::new(&self.sdk, self.reader(), self.scope.clone())
    }

    /// All that was read last.
    pub fn live_resources(&self) -> &[Live] {
        &self.live
    }

    /// What `diff` would say of what was read last.
    pub fn plan(&self, desired: &[Desired]) -> Plan {
        let types = Finder(self.reader()).types();
        let inputs = Inputs {
            scope: &self.scope,
            desired,
            live: &self.live,
            known: &self.known,
            record: Some(&self.record),
            types: &types,
            adopt: &BTreeSet::new(),
        };
        plan::plan(&inputs).unwrap()
    }

    /// Does what `up` would do, and keeps its record. Returns the requests that changed something.
    ///
    /// Errors: what failed, in words.
    pub async fn apply(&mut self, plan: &Plan) -> Result<Vec<String>, String> {
        let run = engine::Run {
            applier: Arc::new(Applier(self.writer())),
            externals: BTreeMap::new(),
            sink: Arc::new(|_| {}),
            cancelled: std::future::pending().boxed().shared(),
            parallel: 24,
        };
        self.shop.proxy.watch(std::process::id(), None, Signal::KILL);
        let outcome: Outcome = engine::run(plan, &run).await;
        let seen = self.shop.proxy.unwatch().await;
        if outcome.done_count() != plan.steps.len() {
            return Err(format!("not all was done: {:?} {:?}", outcome.failed, outcome.skipped));
        }
        self.record.specs.extend(outcome.specs.into_iter().filter(|(_, spec)| !spec.is_null()));
        Ok(seen.texts)
    }

    /// The zip that `up` has built of a function.
    pub fn zip(&self, function: &str) -> &str {
        &self.known[&Address::new("build", function)]["zip"]
    }

    /// Takes the stack away.
    pub async fn down(&self) {
        let gone = self.shop.run(&DOWN).await;
        assert_eq!(gone.code, 0, "{gone:?}");
        assert_eq!(gone.last()["remaining"], serde_json::json!([]));
    }
}

/// The zips that `up` has built.
async fn builds(shop: &ProxiedShop) -> BTreeMap<Address, Outputs> {
    let built = shop.run(&["build", "--json"]).await;
    let text = |value: &Value| value.as_str().expect("a text").to_string();
    let list = built.last()["artifacts"].as_array().cloned().unwrap_or_default();
    let one = |artifact: &Value| {
        let zip = shop.path(&text(&artifact["zip"])).display().to_string();
        let outputs =
            BTreeMap::from([("sha256".into(), text(&artifact["sha256"])), ("zip".into(), zip)]);
        (Address::new("build", &text(&artifact["function"])), outputs)
    };
    list.iter().map(one).collect()
}

/// These types and those whose reads build on them; all where none is named.
fn touched(types: &[&str]) -> BTreeSet<&'static str> {
    let all: Vec<&'static TypeInfo> =
        shopstack::resources::TYPES.iter().map(|r| r.info()).collect();
    let named = |name: &&'static str| types.is_empty() || types.contains(name);
    let mut fresh: BTreeSet<&'static str> = all.iter().map(|i| i.type_name).filter(named).collect();
    loop {
        let before = fresh.len();
        let more = all
            .iter()
            .filter(|i| i.read_after.iter().any(|t| fresh.contains(t)))
            .map(|i| i.type_name);
        fresh.extend(more.collect::<Vec<_>>());
        if fresh.len() == before {
            return fresh;
        }
    }
}

/// Asks the endpoint for some types, and remembers the others.
struct Known {
    finder: Finder,
    live: Vec<Live>,
    fresh: BTreeSet<&'static str>,
}

#[async_trait]
impl Discover for Known {
    fn types(&self) -> Vec<&'static TypeInfo> {
        self.finder.types()
    }

    async fn discover(&self, type_name: &str, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        if self.fresh.contains(type_name) {
            return self.finder.discover(type_name, query).await;
        }
        Ok(self.live.iter().filter(|l| l.type_name == type_name).cloned().collect())
    }
}
