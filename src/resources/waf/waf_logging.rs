//! AWS::WAFv2::LoggingConfiguration: a web ACL's logs into its log group, secrets redacted
//! (catalogue section 9.1).

use crate::aws::{Reader, Writer, clients::GLOBAL_REGION};
use crate::model::call::{Call, Retry};
use crate::model::cloud_error::optional;
use crate::model::spec::{field, from_value, to_value};
use crate::model::terraform::{Block, Exported};
use crate::model::type_info::{Calls, Pricing};
use crate::model::{
    Address, CloudError, Desired, ErrorKind, Live, Outputs, Owner, Query, Step, TypeInfo,
};
use crate::resources::ResourceType;
use crate::resources::context::{Context, Wanted, reference};
use crate::resources::waf::firewalls;
use crate::resources::waf::{self, caller_of, scope_of_arn};
use crate::resources::waf::{SERVICE, per_second, read};
use crate::resources::waf::{waf_client, waf_reads};
use async_trait::async_trait;
use aws_sdk_wafv2::error::BuildError;
use aws_sdk_wafv2::types::{FieldToMatch, LoggingConfiguration, SingleHeader};
use futures_util::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub struct WafLogging;

/// `AWS::WAFv2::LoggingConfiguration`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WafLoggingSpec {
    pub web_acl_arn: String,
    /// Log group ARN without `:*`.
    pub destination: String,
    /// Lower-cased names of redacted headers.
    pub redacted_headers: BTreeSet<String>,
}

const ACL: &str = "AWS::WAFv2::WebACL";

/// WAF opens the delivery into the log group with the caller's rights.
const PUT: &[Call] = &[Call::new(&SERVICE, "wafv2:PutLoggingConfiguration")
    .actions(&[
        "wafv2:PutLoggingConfiguration",
        "iam:CreateServiceLinkedRole",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
    ])
    .retries(&[Retry::busy("WAFServiceLinkedRoleErrorException", "", 120)])
    .quotas(&[per_second("WAF: 1 PutLoggingConfiguration per second")])];

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::WAFv2::LoggingConfiguration",
    group: "waf_logging",
    read_after: &[ACL],
    // Deleting the ACL drops it too, but deleted first, the delivery is closed before the log group
    // goes (9.3).
    replace_on: &["web_acl_arn"],
    heading: "WAF",
    pricing: Pricing::ByUse("data taken in by the log group"),
    terraform: blocks,
    calls: Calls {
        read: &[read("wafv2:GetLoggingConfiguration")],
        create: PUT,
        update: PUT,
        delete: &[Call::new(&SERVICE, "wafv2:DeleteLoggingConfiguration")
            .actions(&["wafv2:DeleteLoggingConfiguration", "logs:DeleteLogDelivery"])],
    },
    ..TypeInfo::DEFAULT
};

#[async_trait]
impl ResourceType for WafLogging {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(WafLoggingSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        if context.stack.waf.is_none() {
            return Ok(());
        }
        for (id, _) in firewalls(context.stack) {
            wanted.push(desired_logging(context, id));
        }
        Ok(())
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let acls: Vec<&Live> =
            query.found.iter().filter(|live| live.type_name == ACL && !live.not_emulated).collect();
        let read = if acls.is_empty() && query.scope.endpoint.is_some() && !query.wanted.is_empty()
        {
            probe(reader, query).await.map(|()| Vec::new())
        } else {
            try_join_all(acls.into_iter().map(|acl| describe(reader, query, acl))).await
        };
        match read {
            Ok(found) => Ok(found.into_iter().flatten().collect()),
            Err(error) if error.kind == ErrorKind::NotEmulated => {
                Ok(query.wanted.iter().map(|desired| Live::not_emulated(desired)).collect())
            }
            Err(error) => Err(error),
        }
    }

    async fn create(
        &self,
        writer: &Writer,
        _step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        put_logging(writer, &from_value(wanted)?).await
    }

    async fn update(
        &self,
        writer: &Writer,
        _step: &Step,
        _: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        put_logging(writer, &from_value(wanted)?).await
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        let before: WafLoggingSpec = from_value(&live.spec)?;
        let waf = waf_client(writer, scope_of_arn(&before.web_acl_arn));
        let gone = caller_of(&writer.caller, scope_of_arn(&before.web_acl_arn))
            .call("wafv2:DeleteLoggingConfiguration", || {
                waf.delete_logging_configuration().resource_arn(&before.web_acl_arn).send()
            })
            .await;
        optional(gone).map(|_| ())
    }
}

/// The logging of one ACL; `None` when it has none.
async fn describe(
    reader: &Reader,
    query: &Query<'_>,
    acl: &Live,
) -> Result<Option<Live>, CloudError> {
    let arn = acl.output("arn")?;
    let Some(seen) = optional(get(reader, arn).await)? else {
        return Ok(None);
    };
    let desired = query.wanted.iter().find(|d| *field(&query.resolved(d), "web_acl_arn") == arn);
    if desired.is_none() && acl.owner != Owner::Ours {
        return Ok(None);
    }
    let (address, name) = match desired {
        Some(desired) => (desired.address.clone(), &desired.name),
        None => (Address::new(INFO.group, acl.address.id()), &acl.name),
    };
    let mut live = Live::new(address, INFO.type_name, name, to_value(&spec_of(&seen)));
    live.owner = acl.owner.clone();
    Ok(Some(live))
}

async fn get(reader: &Reader, acl_arn: &str) -> Result<LoggingConfiguration, CloudError> {
    let waf = waf_reads(reader, scope_of_arn(acl_arn));
    caller_of(&reader.caller, scope_of_arn(acl_arn))
        .call("wafv2:GetLoggingConfiguration", || {
            waf.get_logging_configuration().resource_arn(acl_arn).send()
        })
        .await?
        .logging_configuration
        .ok_or_else(|| CloudError::shape("wafv2 GetLoggingConfiguration", "LoggingConfiguration"))
}

/// Asks an emulator for the logging of an ACL that cannot be there, so that the first plan already
/// says what the endpoint does not know. Real AWS is never asked.
async fn probe(reader: &Reader, query: &Query<'_>) -> Result<(), CloudError> {
    let name = query.scope.name("probe");
    let account = &query.scope.account;
    let arn = format!(
        "arn:aws:wafv2:{GLOBAL_REGION}:{account}:global/webacl/{name}/\
         00000000-0000-4000-8000-000000000000"
    );
    optional(get(reader, &arn).await).map(|_| ())
}

/// Puts the whole configuration; both ACL and log group may be new (catalogue 9.2).
async fn put_logging(writer: &Writer, wanted: &WafLoggingSpec) -> Result<Outputs, CloudError> {
    let waf = waf_client(writer, scope_of_arn(&wanted.web_acl_arn));
    let stale = |error: &CloudError| error.code == "WAFOptimisticLockException";
    let configuration = configuration_of(wanted).map_err(waf::incomplete)?;
    let caller = caller_of(&writer.caller, scope_of_arn(&wanted.web_acl_arn));
    let send = || {
        caller.call_with("wafv2:PutLoggingConfiguration", crate::resources::common::FRESH, || {
            waf.put_logging_configuration().logging_configuration(configuration.clone()).send()
        })
    };
    match send().await {
        // Without a lock token of ours it only says that somebody else was at it in the same
        // moment.
        Err(error) if stale(&error) => match send().await {
            Err(error) if stale(&error) => {
                return Err(crate::resources::common::contested(
                    &format!("the logging of {}", wanted.web_acl_arn),
                    error,
                ));
            }
            other => other?,
        },
        other => other?,
    };
    Ok(Outputs::new())
}

fn configuration_of(wanted: &WafLoggingSpec) -> Result<LoggingConfiguration, BuildError> {
    let redacted = wanted.redacted_headers.iter().map(|name| {
        let header = SingleHeader::builder().name(name).build()?;
        Ok(FieldToMatch::builder().single_header(header).build())
    });
    LoggingConfiguration::builder()
        .resource_arn(&wanted.web_acl_arn)
        .log_destination_configs(&wanted.destination)
        .set_redacted_fields(
            Some(redacted.collect::<Result<Vec<_>, BuildError>>()?).filter(|list| !list.is_empty()),
        )
        .build()
}

/// The live configuration; redactions and filters that shopstack never makes stand in brackets
/// among the headers, as drift.
fn spec_of(seen: &LoggingConfiguration) -> WafLoggingSpec {
    let mut destinations: Vec<&str> =
        seen.log_destination_configs().iter().map(|arn| arn.trim_end_matches(":*")).collect();
    destinations.sort_unstable();
    let redacted = seen.redacted_fields().iter().map(|field| match field.single_header() {
        Some(header) => header.name().to_lowercase(),
        None if field.uri_path().is_some() => "(path)".into(),
        None if field.query_string().is_some() => "(query string)".into(),
        None if field.method().is_some() => "(method)".into(),
        None => "(another field)".into(),
    });
    WafLoggingSpec {
        web_acl_arn: seen.resource_arn().to_string(),
        destination: destinations.join(","),
        redacted_headers: redacted
            .chain(seen.logging_filter().map(|_| "(filter)".to_string()))
            .collect(),
    }
}

/// The logging of a web ACL as a block of Terraform's AWS provider.
fn blocks(logging: &Exported<'_>) -> Vec<Block> {
    let id = logging.address.id();
    let headers = logging.get("redacted_headers").as_array().into_iter().flatten();
    let redacted: Vec<Value> =
        headers.map(|name| json!({"single_header": [{"name": name}]})).collect();
    let values = json!({
        "resource_arn": logging.get("web_acl_arn"),
        "log_destination_configs": [logging.get("destination")], "redacted_fields": redacted,
    });
    let group = format!("waf-{id}");
    let block = Block::new("aws_wafv2_web_acl_logging_configuration", id, values)
        .refer("resource_arn", "aws_wafv2_web_acl", id, "arn")
        .refer("log_destination_configs", "aws_cloudwatch_log_group", &group, "arn");
    vec![block]
}

fn desired_logging(context: &Context<'_>, id: &str) -> Desired {
    let spec = WafLoggingSpec {
        web_acl_arn: reference("web_acl", id, "arn"),
        destination: reference("log_group", &format!("waf-{id}"), "arn"),
        redacted_headers: ["authorization", "cookie", "x-api-key"].map(String::from).into(),
    };
    let mut desired = context.resource(&INFO, id, context.scope.name(id), &spec);
    desired.depends_on = BTreeSet::from([Address::new("web_acl", id)]);
    desired
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_wafv2::types::QueryString;

    #[test]
    fn what_is_put_reads_back_the_same_and_strangers_fields_show() {
        let wanted = WafLoggingSpec {
            web_acl_arn: "arn:aws:wafv2:us-east-1:1:global/webacl/a/1".into(),
            destination: "arn:aws:logs:us-east-1:1:log-group:aws-waf-logs-a".into(),
            redacted_headers: ["authorization", "cookie"].map(String::from).into(),
        };
        let mut put = configuration_of(&wanted).unwrap();
        assert_eq!(spec_of(&put), wanted);
        let query = FieldToMatch::builder().query_string(QueryString::builder().build()).build();
        put.redacted_fields.get_or_insert_default().push(query);
        assert!(spec_of(&put).redacted_headers.contains("(query string)"));
    }
}
