//! SDK clients: one set per purpose and region, all over one connection pool, SDK retries off
//! (`retry.rs` does them).

use super::call::{Caller, Progress};
use super::counter::{Counter, CountingInterceptor, Purpose};
use super::network::Network;
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
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::sync::Arc;
use std::time::Duration;

pub use crate::model::GLOBAL_REGION;

/// How to reach AWS, from flags and environment.
#[derive(Clone, Debug, Default)]
pub struct Connect {
    /// Overrides the profile's region; without either it is us-east-1.
    pub region: Option<String>,
    pub profile: Option<String>,
    /// Set for `--local`: the twin's endpoint, with its root credentials.
    pub local_endpoint: Option<String>,
    /// Carries the requests in place of the network: how tests play conversations with AWS.
    pub transport: Option<SharedHttpClient>,
    /// The calls that may be made besides this module's own: those of the resource types.
    pub calls: CallTable,
    /// Keep to AWS's rate quotas even where the endpoint is not AWS.
    pub budgets: bool,
}

/// Who is calling, per STS.
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
    /// The emulator's endpoint; `None` on real AWS.
    pub endpoint: Option<String>,
    pub counter: Arc<Counter>,
    calls: Arc<CallTable>,
    budgets: bool,
    pub network: Network,
    pub facts: signin::Facts,
}

/// All clients for one purpose.
#[derive(Clone, Debug)]
pub struct Clients {
    pub region: String,
    pub apigateway: aws_sdk_apigateway::Client,
    pub cloudfront: aws_sdk_cloudfront::Client,
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub iam: aws_sdk_iam::Client,
    pub lambda: aws_sdk_lambda::Client,
    pub logs: aws_sdk_cloudwatchlogs::Client,
    pub logs_global: aws_sdk_cloudwatchlogs::Client,
    pub s3: aws_sdk_s3::Client,
    pub sts: aws_sdk_sts::Client,
    pub tagging: aws_sdk_resourcegroupstagging::Client,
    pub tagging_global: aws_sdk_resourcegroupstagging::Client,
    pub wafv2: aws_sdk_wafv2::Client,
    pub wafv2_global: aws_sdk_wafv2::Client,
}

impl Sdk {
    /// Loads the SDK's standard chain (profiles, SSO, OIDC, `AWS_*`). No request is made yet.
    ///
    /// Errors: settings in environment or profile that cannot be followed.
    pub async fn load(connect: &Connect, counter: Arc<Counter>) -> Result<Self, CloudError> {
        let settings = match connect.local_endpoint {
            Some(_) => Settings::default(),
            None => Settings::load(connect.profile.as_deref()).await?,
        };
        let network = match connect.local_endpoint {
            Some(_) => Network::default(),
            None => Network::of(&settings)?,
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
            // As with the AWS CLI, a profile that is named outranks keys in the environment.
            let base = ProviderConfig::without_region().with_http_client(http);
            // Where roles are assumed; any region does.
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
        let facts = signin::Facts::of(&settings);
        let calls = Arc::new(CallTable::new(super::calls::all().chain(connect.calls.iter())));
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

    /// A set of clients that count, and are limited, by `purpose`.
    pub fn clients(&self, purpose: Purpose) -> Clients {
        let hook = || CountingInterceptor { counter: self.counter.clone(), purpose };
        let global = || Region::new(GLOBAL_REGION);
        let path_style = self.endpoint.is_some();
        macro_rules! client {
            ($sdk:ident) => {
                $sdk::Client::from_conf(
                    $sdk::config::Builder::from(&self.base).interceptor(hook()).build(),
                )
            };
            ($sdk:ident, global) => {
                $sdk::Client::from_conf(
                    $sdk::config::Builder::from(&self.base)
                        .interceptor(hook())
                        .region(global())
                        .build(),
                )
            };
        }
        let s3 = aws_sdk_s3::config::Builder::from(&self.base)
            .interceptor(hook())
            .force_path_style(path_style);
        Clients {
            region: self.region.clone(),
            apigateway: client!(aws_sdk_apigateway),
            cloudfront: client!(aws_sdk_cloudfront, global),
            dynamodb: client!(aws_sdk_dynamodb),
            iam: client!(aws_sdk_iam, global),
            lambda: client!(aws_sdk_lambda),
            logs: client!(aws_sdk_cloudwatchlogs),
            logs_global: client!(aws_sdk_cloudwatchlogs, global),
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            sts: client!(aws_sdk_sts),
            tagging: client!(aws_sdk_resourcegroupstagging),
            tagging_global: client!(aws_sdk_resourcegroupstagging, global),
            wafv2: client!(aws_sdk_wafv2),
            wafv2_global: client!(aws_sdk_wafv2, global),
        }
    }

    /// How the first call goes out.
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

    /// Asks STS who we are; the first request of every command, so its errors explain credentials
    /// and reachability.
    pub async fn identity(&self) -> Result<Identity, CloudError> {
        self.identity_with(Arc::new(|_: &str| {})).await
    }

    /// The same; `progress` hears whom it waits for where no answer comes.
    pub async fn identity_with(&self, progress: Progress) -> Result<Identity, CloudError> {
        let clients = self.clients(Purpose::Read);
        let place = self.way().place();
        let caller = self
            .caller()
            .with_progress(Arc::new(move |text: &str| progress(&format!("{text} ({place})"))));
        let answer = caller
            .call("sts:GetCallerIdentity", || clients.sts.get_caller_identity().send())
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

impl Clients {
    /// CloudWatch Logs in the stack's region or, for WAF's CLOUDFRONT scope, in us-east-1.
    pub fn logs_in(&self, region: &str) -> &aws_sdk_cloudwatchlogs::Client {
        if region == self.region { &self.logs } else { &self.logs_global }
    }

    /// WAF for a scope: CLOUDFRONT always answers in us-east-1.
    pub fn waf_in(&self, scope: &str) -> &aws_sdk_wafv2::Client {
        if scope == "CLOUDFRONT" { &self.wafv2_global } else { &self.wafv2 }
    }
}
