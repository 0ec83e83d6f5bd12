//! Reads for `doctor`: what the caller may do, how many resources exist, and the account's
//! settings.

use super::call::Caller;
use super::pages::paged;
use super::reader::Reader;
use super::reads::{ApiGateway, CloudFront, Iam, Lambda, Logs, Waf};
use crate::model::CloudError;
use crate::model::GLOBAL_REGION;
use crate::model::cloud_error::optional;
use aws_sdk_cloudfront::types::ResponseHeadersPolicyType;
use aws_sdk_iam::types::SummaryKeyType;
use aws_sdk_wafv2::types::Scope as WafScope;

/// Lambda's limits for the account and region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LambdaLimits {
    /// Concurrent executions of all functions together.
    pub concurrent: i32,
    /// The part that no function has reserved.
    pub unreserved: i32,
    /// Bytes of function code.
    pub code: i64,
    pub most_code: i64,
}

/// Actions that belong together, and the resources they act on.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub actions: Vec<String>,
    /// Empty for all resources.
    pub resources: Vec<String>,
    /// Keys and values of the request context.
    pub context: Vec<(String, String)>,
}

/// The account of a reader, in its region.
#[derive(Clone, Debug)]
pub struct Account {
    pub(super) reader: Reader,
    pub(super) caller: Caller,
}

impl Account {
    pub fn new(reader: &Reader) -> Self {
        Self { reader: reader.clone(), caller: reader.caller.clone() }
    }

    /// The user or role whose policies apply to a caller with this ARN. `None` for the root user,
    /// which needs no policies and cannot be simulated.
    pub async fn policy_source(&self, caller: &str) -> Result<Option<String>, CloudError> {
        let mut parts = caller.splitn(6, ':');
        let (service, name) = (parts.nth(2), parts.nth(2).unwrap_or_default());
        let mut words = name.split('/');
        match (service, words.next(), words.next()) {
            (Some("iam"), Some("user"), Some(_)) => Ok(Some(caller.to_string())),
            (Some("sts"), Some("assumed-role"), Some(role)) => {
                // The session's ARN omits the path of the role.
                let iam = self.reader.client::<Iam>();
                let get = || iam.get_role().role_name(role).send();
                let answer = self.caller.call("iam:GetRole", get).await?;
                Ok(answer.role.map(|role| role.arn))
            }
            _ => Ok(None),
        }
    }

    /// Roles of the account.
    pub async fn roles(&self) -> Result<usize, CloudError> {
        let summary = || self.reader.client::<Iam>().get_account_summary().send();
        let answer = self.caller.call("iam:GetAccountSummary", summary).await?;
        let all = answer.summary_map.unwrap_or_default();
        let roles = all.get(&SummaryKeyType::from("Roles")).copied().unwrap_or_default();
        Ok(usize::try_from(roles).unwrap_or_default())
    }

    pub async fn lambda_limits(&self) -> Result<LambdaLimits, CloudError> {
        let get = || self.reader.client::<Lambda>().get_account_settings().send();
        let answer = self.caller.call("lambda:GetAccountSettings", get).await?;
        let limit = answer.account_limit();
        let used = answer.account_usage().map_or(0, |usage| usage.total_code_size());
        Ok(LambdaLimits {
            concurrent: limit.map_or(0, |l| l.concurrent_executions()),
            unreserved: limit.and_then(|l| l.unreserved_concurrent_executions()).unwrap_or(0),
            code: used,
            most_code: limit.map_or(0, |l| l.total_code_size()),
        })
    }

    pub async fn response_headers_policies(&self) -> Result<usize, CloudError> {
        let client = &self.reader.client::<CloudFront>();
        let policies = paged(|marker| async move {
            let list = || {
                let list = client.list_response_headers_policies();
                list.r#type(ResponseHeadersPolicyType::Custom).set_marker(marker.clone()).send()
            };
            let page = self.caller.call("cloudfront:ListResponseHeadersPolicies", list).await?;
            let list = page.response_headers_policy_list;
            Ok(list.map_or((vec![], None), |l| (l.items.unwrap_or_default(), l.next_marker)))
        });
        Ok(policies.await?.len())
    }

    pub async fn distributions(&self) -> Result<usize, CloudError> {
        let client = &self.reader.client::<CloudFront>();
        let all = paged(|marker| async move {
            let list = || client.list_distributions().set_marker(marker.clone()).send();
            let page = self.caller.call("cloudfront:ListDistributions", list).await?;
            let list = page.distribution_list;
            let next = list.as_ref().and_then(|l| l.next_marker.clone()).filter(|m| !m.is_empty());
            Ok((list.and_then(|l| l.items).unwrap_or_default(), next))
        });
        Ok(all.await?.len())
    }

    /// Web ACLs of a scope, `CLOUDFRONT` or `REGIONAL`.
    pub async fn web_acls(&self, scope: &str) -> Result<usize, CloudError> {
        let global = scope == "CLOUDFRONT";
        let region = if global { GLOBAL_REGION } else { self.reader.region.as_str() };
        let client = &self.reader.client_in::<Waf>(region);
        let all = paged(|marker| async move {
            let list = || {
                let list = client.list_web_acls().scope(WafScope::from(scope)).limit(100);
                list.set_next_marker(marker.clone()).send()
            };
            let page = self.caller.call("wafv2:ListWebACLs", list).await?;
            Ok((page.web_acls.unwrap_or_default(), page.next_marker))
        });
        Ok(all.await?.len())
    }

    pub async fn rest_apis(&self) -> Result<usize, CloudError> {
        let client = &self.reader.client::<ApiGateway>();
        let all = paged(|marker| async move {
            let list = || client.get_rest_apis().limit(500).set_position(marker.clone()).send();
            let page = self.caller.call("apigateway:GetRestApis", list).await?;
            Ok((page.items.unwrap_or_default(), page.position))
        });
        Ok(all.await?.len())
    }

    pub async fn log_resource_policies(&self) -> Result<usize, CloudError> {
        let client = &self.reader.client::<Logs>();
        let all = paged(|marker| async move {
            let list = || client.describe_resource_policies().set_next_token(marker.clone()).send();
            let page = self.caller.call("logs:DescribeResourcePolicies", list).await?;
            Ok((page.resource_policies.unwrap_or_default(), page.next_token))
        });
        Ok(all.await?.len())
    }

    /// The role with which API Gateway writes logs in this region; `None` if there is none.
    pub async fn log_role(&self) -> Result<Option<String>, CloudError> {
        let get = || self.reader.client::<ApiGateway>().get_account().send();
        let answer = optional(self.caller.call("apigateway:GetAccount", get).await)?;
        let role = answer.and_then(|answer| answer.cloudwatch_role_arn);
        Ok(role.filter(|arn| arn.contains(":role/")))
    }
}
