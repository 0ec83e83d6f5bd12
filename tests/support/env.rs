//! The endpoints under test, and clients of them that drive one resource type the way the engine
//! does.

use super::clients::Clients;
use shopstack::aws::counter::{Calls, Counter, Purpose};
use shopstack::aws::{Connect, Reader, Writer, clients::Sdk};
use shopstack::model::{Desired, Live, Query, Scope};
use shopstack::resources::ResourceType;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Once};

/// Clients of the endpoint under test (MiniStack, `test`/`test`, account 000000000000).
pub struct TestEnv {
    pub reader: Reader,
    pub writer: Writer,
    pub clients: Clients,
    pub scope: Scope,
    pub counter: Arc<Counter>,
}

impl TestEnv {
    /// One whose stack name is unique to the test, so that tests share one endpoint side by side.
    pub async fn new(stack: &str) -> TestEnv {
        TestEnv::connect(stack, &endpoint(), "us-east-1").await
    }

    /// The same on another endpoint.
    pub async fn at(stack: &str, endpoint: &str) -> TestEnv {
        TestEnv::connect(stack, endpoint, "us-east-1").await
    }

    /// The same in another region.
    pub async fn in_region(stack: &str, region: &str) -> TestEnv {
        TestEnv::connect(stack, &endpoint(), region).await
    }

    async fn connect(stack: &str, endpoint: &str, region: &str) -> TestEnv {
        let endpoint = endpoint.to_string();
        let connect = Connect {
            region: Some(region.into()),
            local_endpoint: Some(endpoint.clone()),
            calls: shopstack::resources::declared_calls(),
            ..Connect::default()
        };
        let sdk = Sdk::load(&connect, Arc::new(Counter::default())).await.unwrap();
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
        let clients = Clients::new(&sdk, Purpose::Apply);
        TestEnv { reader, writer, clients, scope, counter: sdk.counter }
    }

    /// Requests that left this environment so far.
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

/// URL of the MiniStack under test, given by SHOPSTACK_TEST_ENDPOINT. Without one nothing of this
/// binary can run: see `required`.
pub fn endpoint() -> String {
    required("SHOPSTACK_TEST_ENDPOINT", "a MiniStack")
}

/// URL of the moto server, for what MiniStack does not keep.
pub fn moto() -> String {
    endpoint();
    required("SHOPSTACK_TEST_MOTO", "a moto server")
}

/// Folder of the tests' Python environment.
pub fn tools() -> PathBuf {
    endpoint();
    required("SHOPSTACK_TEST_TOOLS", "the tests' Python environment").into()
}

/// Folder of the Python environment with the judges of policies.
pub fn policy_tools() -> PathBuf {
    endpoint();
    required("SHOPSTACK_TEST_POLICY_TOOLS", "the Python environment with checkov").into()
}

/// The value of an environment variable that `tests/tools/run.sh` sets.
///
/// Without any endpoint the whole binary ends here, with success and a message: libtest cannot skip
/// a test at run time, and a test that returned early would count as passed. Where
/// SHOPSTACK_TEST_REQUIRED is set, as in `make test`, and where only some endpoints are missing,
/// the test fails instead.
// Nothing else ends a test binary with success before its tests have run.
#[allow(clippy::exit)]
pub fn required(variable: &str, purpose: &str) -> String {
    static SAID: Once = Once::new();
    let value = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(value) = value(variable) {
        return value;
    }
    let must_run = ["SHOPSTACK_TEST_REQUIRED", "SHOPSTACK_TEST_ENDPOINT"].map(value);
    assert!(must_run == [None, None], "{variable} must name {purpose}");
    SAID.call_once(|| {
        let said = writeln!(
            std::io::stderr(),
            "\nNOT RUN: the live tests need endpoints, and {variable} names none.\n\
             `make test` starts them and runs everything; `tests/tools/run.sh --test it <filter>` \
             runs some.\n"
        );
        std::process::exit(i32::from(said.is_err()));
    });
    unreachable!("the process has ended")
}
