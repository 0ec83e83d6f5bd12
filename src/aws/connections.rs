//! SDK clients by purpose: created on first use, kept for the run, sharing one connection pool.

use super::counter::CountingInterceptor;
use aws_config::{Region, SdkConfig};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// An AWS service, represented by the reads that its resource types may make. `reads_only!`
/// implements it.
pub trait SdkService: Sized + 'static {
    /// The SDK's client, which can write.
    type Client: Clone + Send + Sync + 'static;

    /// True for services with one endpoint in us-east-1, whatever the stack's region.
    const GLOBAL: bool;

    fn connect(connection: &Connection) -> Self::Client;

    /// Hides every operation of `client` except the reads.
    fn reads(client: Self::Client) -> Self;
}

/// The configuration of SDK clients. Only `Connections` creates one.
#[derive(Debug)]
pub struct Connection {
    pub config: SdkConfig,
    pub counting: CountingInterceptor,
    /// The endpoint is an emulator, which addresses buckets by path instead of host name.
    pub emulated: bool,
}

/// Clients of one purpose. A clone shares them.
#[derive(Clone)]
pub struct Connections {
    config: Arc<SdkConfig>,
    region: String,
    emulated: bool,
    counting: CountingInterceptor,
    made: Arc<Mutex<HashMap<(TypeId, String), Made>>>,
}

type Made = Box<dyn Any + Send + Sync>;

impl Connections {
    pub(super) fn new(
        config: SdkConfig,
        region: &str,
        emulated: bool,
        counting: CountingInterceptor,
    ) -> Self {
        Self {
            config: Arc::new(config),
            region: region.into(),
            emulated,
            counting,
            made: Arc::default(),
        }
    }

    /// The stack's region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The client of a service in `region`; a global service has one for all regions.
    pub fn client<S: SdkService>(&self, region: &str) -> S::Client {
        let region = if S::GLOBAL { crate::model::GLOBAL_REGION } else { region };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (TypeId::of::<S::Client>(), region.to_string());

        if let Some(client) = made.get(&key).and_then(|c| c.downcast_ref::<S::Client>()) {
            return client.clone();
        }

        let config = self.config.to_builder().region(Region::new(region.to_string())).build();
        let client = S::connect(&Connection {
            config,
            counting: self.counting.clone(),
            emulated: self.emulated,
        });
        made.insert(key, Box::new(client.clone()));
        client
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("region", &self.region).finish_non_exhaustive()
    }
}

/// Declares a service: a newtype over its SDK client that exposes exactly the listed reads. The
/// client is private to its own module, so no other code can reach the writes.
///
/// `global` marks a service with one endpoint in us-east-1; `path_style` makes the client of an
/// emulator address buckets by path.
macro_rules! reads_only {
    (
        $(#[$doc:meta])*
        $module:ident::$name:ident($sdk:ident $(, $how:ident)?)
        { $($method:ident: $builder:ident,)* }
    ) => {
        pub use $module::$name;

        mod $module {
            use $crate::aws::connections::{Connection, SdkService};

            $(#[$doc])*
            #[derive(Clone, Debug)]
            pub struct $name($sdk::Client);

            impl $name {
                $(pub fn $method(&self) -> $sdk::operation::$method::builders::$builder {
                    self.0.$method()
                })*
            }

            impl SdkService for $name {
                type Client = $sdk::Client;

                const GLOBAL: bool = $crate::aws::connections::reads_only!(@global $($how)?);

                fn connect(connection: &Connection) -> Self::Client {
                    let config = $sdk::config::Builder::from(&connection.config)
                        .interceptor(connection.counting.clone());
                    $crate::aws::connections::reads_only!(@style config connection $($how)?);
                    $sdk::Client::from_conf(config.build())
                }

                fn reads(client: Self::Client) -> Self {
                    Self(client)
                }
            }
        }
    };
    (@global global) => { true };
    (@global $($other:ident)?) => { false };
    (@style $config:ident $connection:ident path_style) => {
        let $config = $config.force_path_style($connection.emulated);
    };
    (@style $config:ident $connection:ident $($other:ident)?) => {};
}

pub(crate) use reads_only;
