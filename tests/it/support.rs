//! Starts endpoints for tests and drives resource types the way the engine does, one type at a
//! time.

use serde_json::Value;
use shopstack::aws::counter::{Calls, Counter};
use shopstack::aws::{Connect, Reader, Writer, clients::Sdk};
use shopstack::model::{Address, Cause, Desired, Live, Op, Query, Scope, Step};
use shopstack::resources::ResourceType;
use std::sync::Arc;

/// An endpoint given by SHOPSTACK_TEST_ENDPOINT (MiniStack, `test`/`test`, account 000000000000).
pub struct World {
    pub reader: Reader,
    pub writer: Writer,
    pub scope: Scope,
    pub counter: Arc<Counter>,
}

impl World {
    /// A world whose stack name is unique to the test, so that tests share one endpoint side by
    /// side.
    pub async fn new(stack: &str) -> World {
        World::there(stack, &endpoint().await, "us-east-1").await
    }

    /// The same on another endpoint.
    pub async fn at(stack: &str, endpoint: &str) -> World {
        World::there(stack, endpoint, "us-east-1").await
    }

    /// The same in another region.
    pub async fn in_region(stack: &str, region: &str) -> World {
        World::there(stack, &endpoint().await, region).await
    }

    async fn there(stack: &str, endpoint: &str, region: &str) -> World {
        let endpoint = endpoint.to_string();
        let connect = Connect {
            region: Some(region.into()),
            local_endpoint: Some(endpoint.clone()),
            calls: shopstack::resources::declared_calls(),
            ..Connect::default()
        };
        let sdk = Sdk::load(&connect, Arc::new(Counter::default())).await;
        let caller = sdk.caller();
        let reader = Reader::new(&sdk, caller);
        let scope = Scope {
            stack: stack.into(),
            env: "t".into(),
            account: sdk.identity().await.expect("identity").account,
            region: region.into(),
            endpoint: Some(endpoint),
        };
        let writer = Writer::new(&sdk, reader.clone(), scope.clone());
        World { reader, writer, scope, counter: sdk.counter }
    }

    /// Requests that left this world so far.
    pub fn calls(&self) -> Calls {
        self.counter.snapshot()
    }

    /// What the type finds for these wanted resources.
    pub async fn discover(
        &self,
        resource: &dyn ResourceType,
        wanted: &[&Desired],
        found: &[Live],
    ) -> Vec<Live> {
        let query = Query { scope: &self.scope, wanted: wanted.to_vec(), found, thorough: true };
        resource.discover(&self.reader.afresh(), &query).await.expect("discover")
    }
}

/// A desired resource without dependencies.
pub fn desired(resource: &dyn ResourceType, address: &str, name: &str, spec: Value) -> Desired {
    Desired {
        address: Address::parse(address).expect("address"),
        type_name: resource.info().type_name.into(),
        name: name.into(),
        spec,
        context: Value::Null,
        depends_on: Default::default(),
        payload: None,
    }
}

/// The step that makes or changes a desired resource.
pub fn step(desired: &Desired, op: Op, live: Option<Live>) -> Step {
    Step {
        address: desired.address.clone(),
        type_name: desired.type_name.clone(),
        name: desired.name.clone(),
        op,
        cause: Cause::Change,
        fields: vec![],
        wanted: desired.spec.clone(),
        context: desired.context.clone(),
        payload: desired.payload.clone(),
        live,
        after: vec![],
        loses: None,
    }
}

/// The endpoint under test.
pub async fn endpoint() -> String {
    std::env::var("SHOPSTACK_TEST_ENDPOINT").expect("SHOPSTACK_TEST_ENDPOINT names a MiniStack")
}
