//! The SDK's configuration from flags and environment, and the caller's identity. SDK retries are
//! off; see `retry.rs`.

use super::call::{Caller, Progress};
use super::connections::Connections;
use super::counter::{Counter, CountingInterceptor, Purpose};
use super::network::Network;
use super::reads::Sts;
use super::settings::Settings;
use super::signin;
use crate::model::call::CallTable;
use crate::model::{CloudError, ErrorKind};
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::sync::Arc;
use std::time::Duration;

pub use crate::model::GLOBAL_REGION;

/// How to reach AWS, from flags and environment.
#[derive(Clone, Debug, Default)]
pub struct Connect {
    /// Overrides the profile's region; the default is us-east-1.
    pub region: Option<String>,
    pub profile: Option<String>,
    /// Set for `--local`: the twin's endpoint, with its root credentials.
    pub local_endpoint: Option<String>,
    /// Handles requests in place of the network, so that tests can replay conversations with AWS.
    pub transport: Option<SharedHttpClient>,
    /// The allowed calls besides this module's own: those of the resource types.
    pub calls: CallTable,
    /// Apply AWS's rate quotas even if the endpoint is not AWS.
    pub budgets: bool,
}

/// The caller's identity from STS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Twelve digits.
    pub account: String,
    pub arn: String,
}

/// A loaded configuration from which client sets are made.
#[derive(Clone, Debug)]
pub struct Sdk {
    base: SdkConfig,
    pub region: String,
    /// The emulator's endpoint; `None` on AWS.
    pub endpoint: Option<String>,
    pub counter: Arc<Counter>,
    calls: Arc<CallTable>,
    budgets: bool,
    pub network: Network,
    pub facts: signin::Facts,
}

impl Sdk {
    /// Loads the SDK's default provider chain (profiles, SSO, OIDC, `AWS_*`). Sends no request yet.
    ///
    /// Errors: settings in environment or profile that cannot be used.
    pub async fn load(connect: &Connect, counter: Arc<Counter>) -> Result<Self, CloudError> {
        let settings = match connect.local_endpoint {
            Some(_) => Settings::default(),
            None => Settings::load(connect.profile.as_deref()).await?,
        };
        let network = match connect.local_endpoint {
            Some(_) => Network::default(),
            None => Network::from_settings(&settings)?,
        };
        let http = connect.transport.clone().unwrap_or_else(|| network.http_client());
        // Requests with large bodies override these: `upload.rs`.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_secs(30))
            .operation_attempt_timeout(Duration::from_secs(90))
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http.clone())
            .timeout_config(timeouts)
            .retry_config(RetryConfig::disabled());
        if let Some(endpoint) = &connect.local_endpoint {
            loader = loader
                .endpoint_url(endpoint)
                .use_fips(false)
                .use_dual_stack(false)
                .credentials_provider(Credentials::new("test", "test", None, None, "local twin"));
        } else if let Some(profile) = &connect.profile {
            // As with the AWS CLI, a profile named by flag takes precedence over keys in the
            // environment.
            let base = ProviderConfig::without_region().with_http_client(http);
            // The region for assuming roles; any region works.
            let region = connect.region.clone().or_else(|| settings.region());
            let region = Region::new(region.unwrap_or_else(|| GLOBAL_REGION.into()));
            let provider = ProfileFileCredentialsProvider::builder()
                .configure(&base.with_region(Some(region)))
                .profile_name(profile)
                .build();
            loader = loader.profile_name(profile).credentials_provider(provider);
        } else {
            loader = loader.profile_name(&settings.profile);
        }
        if let Some(region) = &connect.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let mut base = loader.load().await;
        if base.region().is_none() {
            base = base.into_builder().region(Region::new(GLOBAL_REGION)).build();
        }
        let region = base.region().map_or_else(|| GLOBAL_REGION.to_string(), ToString::to_string);
        let endpoint = base.endpoint_url().map(|url| url.trim_end_matches('/').to_string());
        settings.check(&base)?;
        let facts = signin::Facts::from_settings(&settings);
        let calls =
            Arc::new(CallTable::new(super::calls::list_calls().chain(connect.calls.iter())));
        let budgets = connect.budgets;
        Ok(Self { base, region, endpoint, counter, network, facts, calls, budgets })
    }

    /// Makes calls through this configuration's clients.
    pub fn caller(&self) -> Caller {
        let caller = Caller::new(self.counter.clone(), self.calls.clone(), self.endpoint.is_some());
        if self.budgets { caller.with_budgets() } else { caller }
    }

    /// The same configuration for another region.
    pub fn in_region(&self, region: &str) -> Self {
        let base = self.base.clone().into_builder().region(Region::new(region.to_string()));
        Self { base: base.build(), region: region.to_string(), ..self.clone() }
    }

    /// The same configuration with other credentials.
    pub(super) fn with_credentials(&self, credentials: Credentials) -> Self {
        let provider = SharedCredentialsProvider::new(credentials);
        let base = self.base.clone().into_builder().credentials_provider(provider);
        Self { base: base.build(), ..self.clone() }
    }

    /// Makes clients that count, and are limited, by `purpose`.
    pub fn connections(&self, purpose: Purpose) -> Connections {
        Connections::new(
            self.base.clone(),
            &self.region,
            self.endpoint.is_some(),
            CountingInterceptor { counter: self.counter.clone(), purpose },
        )
    }

    /// The network path of the first call.
    fn way(&self) -> signin::Way<'_> {
        let aws = format!("https://sts.{}.amazonaws.com", self.region);
        signin::Way {
            endpoint: self.endpoint.as_deref(),
            region: &self.region,
            facts: &self.facts,
            proxy: self.network.proxy_to(self.endpoint.as_deref().unwrap_or(&aws)),
            bundle: self.network.bundle.as_ref().map(|bundle| bundle.place.as_str()),
        }
    }

    /// Gets the caller's identity from STS. This is the first request of every command, so its
    /// errors explain credentials and connectivity.
    pub async fn identity(&self) -> Result<Identity, CloudError> {
        self.identity_with(Arc::new(|_: &str| {})).await
    }

    /// The same; reports long waits to `progress`.
    pub async fn identity_with(&self, progress: Progress) -> Result<Identity, CloudError> {
        let sts = self.connections(Purpose::Read).client::<Sts>(&self.region);
        let place = self.way().place();
        let caller = self
            .caller()
            .with_progress(Arc::new(move |text: &str| progress(&format!("{text} ({place})"))));
        let answer = caller
            .call("sts:GetCallerIdentity", || sts.get_caller_identity().send())
            .await
            .map_err(|e| signin::explain(e, &self.way()))?;
        let account = answer.account().unwrap_or_default().to_string();
        if account.len() != 12 {
            return Err(CloudError::ours(
                ErrorKind::Credentials,
                format!("STS names `{account}` as the account, which is not an account id"),
                "check the credentials, and AWS_ENDPOINT_URL if it is set",
            ));
        }
        Ok(Identity { account, arn: answer.arn().unwrap_or_default().to_string() })
    }
}
