//! AWS::Logs::LogGroup: made before whatever writes to it, with retention; deleted after it
//! (catalogue section 6).

mod desired;
mod extras;
pub mod spec;
mod sweep;
mod terraform;

use crate::aws::{CallOptions, Reader, Writer};
use crate::model::call::{Call, Retry};
use crate::model::cloud_error::optional;
use crate::model::spec::{Tags, field, from_value, to_value};
use crate::model::type_info::{Calls, OutputForm, OutputKey, Pricing};
use crate::model::{After, CloudError, Live, Outputs, Owner, Query, Scope, Step, TypeInfo, tag};
use crate::resources::ResourceType;
use crate::resources::context::{Context, Wanted};
use crate::resources::logs::Logs;
use crate::resources::logs::SERVICE;
use crate::resources::place::{Place, by_key, in_section};
use crate::stack::Stack;
use async_trait::async_trait;
use futures_util::future::try_join_all;
use serde_json::Value;
use spec::LogGroupSpec;
use std::collections::BTreeMap;

pub use sweep::sweep;

pub struct LogGroup;

const RETENTION: &[Retry] = &[Retry::propagation(
    "AccessDeniedException",
    "no identity-based policy allows the logs:PutRetentionPolicy",
    60,
)];

pub const INFO: TypeInfo = TypeInfo {
    type_name: "AWS::Logs::LogGroup",
    group: "log_group",
    // The log groups of everything that writes to them.
    delete_after: &[
        After::those("AWS::Lambda::Function", |group, function| {
            group.name == format!("/aws/lambda/{}", function.name)
        }),
        After::those("AWS::ApiGateway::Stage", is_apis),
        After::those("AWS::ApiGateway::RestApi", is_apis),
        After::those("AWS::WAFv2::LoggingConfiguration", |group, logging| {
            let destination = logging.spec["destination"].as_str().unwrap_or_default();
            destination.split(',').any(|arn| arn.ends_with(&format!(":log-group:{}", group.name)))
        }),
        After::those("AWS::WAFv2::WebACL", |group, acl| {
            group.name == format!("aws-waf-logs-{}", acl.name)
        }),
    ],
    replace_on: &["region"],
    heading: "Logs",
    outputs: &[OutputKey {
        key: "log_groups",
        attribute: "name",
        form: OutputForm::List,
        label: "Log group",
    }],
    pricing: Pricing::ByUse("data taken in and kept"),
    terraform: terraform::blocks,
    calls: Calls {
        read: &[
            Call::new(&SERVICE, "logs:DescribeLogGroups"),
            Call::new(&SERVICE, "logs:ListTagsForResource"),
            extras::READS[0],
        ],
        create: &[
            Call::new(&SERVICE, "logs:CreateLogGroup")
                .actions(&["logs:CreateLogGroup", "logs:TagResource"]),
            Call::new(&SERVICE, "logs:PutRetentionPolicy").retries(RETENTION),
            Call::new(&SERVICE, "logs:TagResource"),
        ],
        update: &[
            Call::new(&SERVICE, "logs:PutRetentionPolicy").retries(RETENTION),
            Call::new(&SERVICE, "logs:DeleteRetentionPolicy"),
            Call::new(&SERVICE, "logs:TagResource"),
            Call::new(&SERVICE, "logs:UntagResource"),
            extras::WRITES[0],
            extras::WRITES[1],
            extras::WRITES[2],
            extras::WRITES[3],
            extras::WRITES[4],
        ],
        delete: &[Call::new(&SERVICE, "logs:DeleteLogGroup")],
    },
    ..TypeInfo::DEFAULT
};

/// Every API and stage may write to the groups of access logs: a stage's setting can be any of
/// them.
fn is_apis(group: &Live, _: &Live) -> bool {
    group.name.starts_with("/aws/apigateway/")
}

/// A log group as DescribeLogGroups shows it.
struct Seen {
    name: String,
    /// Without the trailing `:*`, the form that tagging, WAF and API Gateway want.
    arn: String,
    retention_days: Option<i32>,
    extras: BTreeMap<String, String>,
}

#[async_trait]
impl ResourceType for LogGroup {
    fn info(&self) -> &'static TypeInfo {
        &INFO
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(LogGroupSpec)
    }

    fn desired(&self, context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
        desired::log_groups(context, wanted);
        Ok(())
    }

    fn places(&self, stack: &Stack) -> Vec<Place> {
        let of_functions = by_key(&["functions"], stack.functions.keys());
        let others = in_section("api", &["api"])
            .into_iter()
            .chain(in_section("waf", &["waf-api", "waf-cdn"]));
        of_functions.into_iter().chain(others).collect()
    }

    async fn discover(&self, reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
        let prefix = query.scope.prefix();
        let mut places = vec![
            (format!("/aws/lambda/{prefix}"), query.scope.region.clone()),
            (format!("/aws/apigateway/{prefix}"), query.scope.region.clone()),
            (format!("aws-waf-logs-{prefix}"), query.scope.region.clone()),
        ];
        if query.scope.region != crate::aws::clients::GLOBAL_REGION {
            places.push((
                format!("aws-waf-logs-{prefix}"),
                crate::aws::clients::GLOBAL_REGION.into(),
            ));
        }
        // Groups side by side too: those that the index does not know yet are asked for their tags
        // one by one.
        let listings = places.iter().map(|(prefix, region)| async move {
            let groups = list(reader, prefix, region).await?;
            try_join_all(groups.into_iter().map(|group| describe(reader, query, group, region)))
                .await
        });
        Ok(try_join_all(listings).await?.into_iter().flatten().flatten().collect())
    }

    async fn create(
        &self,
        writer: &Writer,
        step: &Step,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: LogGroupSpec = from_value(wanted)?;
        let logs = writer.client_in::<Logs>(&wanted.region);
        let tags: std::collections::HashMap<String, String> =
            wanted.tags.clone().into_iter().collect();
        let made = writer
            .caller
            .call("logs:CreateLogGroup", || {
                logs.create_log_group()
                    .log_group_name(&step.name)
                    .set_tags(Some(tags.clone()))
                    .send()
            })
            .await;
        match made {
            // Lambda, WAF or an earlier run of ours was first: adopt it below (catalogue 1.4).
            // Those set no foreign tags.
            Err(error) if error.code == "ResourceAlreadyExistsException" => {
                let arn = arn(writer, &wanted.region, &step.name);
                let there = own_tags(&writer.reader, &arn, &wanted.region).await?;
                if let (Owner::Foreign(says), false) =
                    (writer.scope.owner(&there), there.is_empty())
                {
                    return Err(crate::resources::common::foreign_error("log group", step, &says));
                }
                set_tags(writer, &wanted.region, &arn, &wanted.tags, &Tags::new()).await?;
            }
            other => {
                other?;
            }
        }
        set_retention(writer, step, &wanted, crate::resources::common::FRESH).await?;
        Ok(outputs(&step.name, &arn(writer, &wanted.region, &step.name)))
    }

    async fn update(
        &self,
        writer: &Writer,
        step: &Step,
        live: &Live,
        wanted: &Value,
    ) -> Result<Outputs, CloudError> {
        let wanted: LogGroupSpec = from_value(wanted)?;
        let before: LogGroupSpec = from_value(&live.spec)?;
        if before.retention_days != wanted.retention_days {
            set_retention(writer, step, &wanted, CallOptions::default()).await?;
        }
        if before.tags != wanted.tags {
            set_tags(writer, &wanted.region, live.output("arn")?, &wanted.tags, &before.tags)
                .await?;
        }
        extras::remove(writer, &wanted.region, &step.name, &before.extras).await?;
        Ok(live.outputs.clone())
    }

    async fn sweep(&self, writer: &Writer, deleted: &[Step]) -> Result<(), CloudError> {
        let function = "AWS::Lambda::Function";
        let functions = deleted.iter().filter(|s| s.type_name == function);
        sweep::sweep(writer, &functions.map(|s| s.name.clone()).collect::<Vec<_>>()).await
    }

    async fn delete(&self, writer: &Writer, live: &Live) -> Result<(), CloudError> {
        let before: LogGroupSpec = from_value(&live.spec)?;
        let logs = writer.client_in::<Logs>(&before.region);
        let gone = writer
            .caller
            .call("logs:DeleteLogGroup", || {
                logs.delete_log_group().log_group_name(&live.name).send()
            })
            .await;
        optional(gone).map(|_| ())
    }
}

async fn list(reader: &Reader, prefix: &str, region: &str) -> Result<Vec<Seen>, CloudError> {
    let logs = &reader.client_in::<Logs>(region);
    let mut groups = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = reader
            .caller
            .call("logs:DescribeLogGroups", || {
                logs.describe_log_groups()
                    .log_group_name_prefix(prefix)
                    .limit(50)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        for group in page.log_groups() {
            groups.push(Seen {
                name: group.log_group_name().unwrap_or_default().to_string(),
                arn: group.arn().unwrap_or_default().trim_end_matches(":*").to_string(),
                retention_days: group.retention_in_days(),
                extras: extras::listed(group),
            });
        }
        token = page.next_token().filter(|t| !t.is_empty()).map(str::to_string);
        if token.is_none() {
            return Ok(groups);
        }
    }
}

/// Turns a listed group into a live resource; `None` when it is neither wanted nor ours.
async fn describe(
    reader: &Reader,
    query: &Query<'_>,
    seen: Seen,
    region: &str,
) -> Result<Option<Live>, CloudError> {
    let desired =
        query.wanted.iter().find(|d| d.name == seen.name && field(&d.spec, "region") == region);
    // The listing may go on naming a group that has been deleted.
    let Some(tags) =
        optional(tags_of(reader, query, &seen.arn, region, desired.map(|d| &d.spec)).await)?
    else {
        return Ok(None);
    };
    let desired = desired.copied();
    let derived = |id: &str| names(query.scope, id).contains(&seen.name);
    let Some((address, owner)) = query.claim(INFO.group, &seen.name, desired, &tags, derived)
    else {
        return Ok(None);
    };
    let extras = match (desired, &owner) {
        (Some(_), Owner::Ours) => {
            extras::read_extras(reader, region, &seen.name, seen.extras).await?
        }
        _ => BTreeMap::new(),
    };
    let (region, retention_days) = (region.to_string(), seen.retention_days);
    let spec = LogGroupSpec { tags, region, retention_days, extras };
    let mut live = Live::new(address, INFO.type_name, &seen.name, to_value(&spec));
    live.outputs = outputs(&seen.name, &seen.arn);
    live.owner = owner;
    Ok(Some(live))
}

/// The names that a logical id may stand for: a function's group, the API's, and a web ACL's.
fn names(scope: &Scope, id: &str) -> [String; 3] {
    let (name, acl) = (scope.name(id), scope.name(id.strip_prefix("waf-").unwrap_or(id)));
    [
        format!("/aws/lambda/{name}"),
        format!("/aws/apigateway/{name}"),
        format!("aws-waf-logs-{acl}"),
    ]
}

/// The index answers for groups whose tags are as wanted; anything else is read at the source, for
/// the index lags: a group that is about to count as unwanted, and so to be deleted, must be ours
/// by its own word.
async fn tags_of(
    reader: &Reader,
    query: &Query<'_>,
    arn: &str,
    region: &str,
    wanted: Option<&Value>,
) -> Result<Tags, CloudError> {
    if let (Some(indexed), Some(wanted)) = (reader.index(query.scope).await?.tags(arn), wanted)
        && to_value(indexed) == *field(wanted, "tags")
    {
        return Ok(indexed.clone());
    }
    own_tags(reader, arn, region).await
}

/// The tags that the group itself tells.
async fn own_tags(reader: &Reader, arn: &str, region: &str) -> Result<Tags, CloudError> {
    let logs = reader.client_in::<Logs>(region);
    let answer = reader
        .caller
        .call("logs:ListTagsForResource", || logs.list_tags_for_resource().resource_arn(arn).send())
        .await?;
    Ok(tag::without_aws_tags(
        answer.tags().into_iter().flatten().map(|(k, v)| (k.as_str(), v.as_str())),
    ))
}

async fn set_retention(
    writer: &Writer,
    step: &Step,
    wanted: &LogGroupSpec,
    options: CallOptions,
) -> Result<(), CloudError> {
    let logs = writer.client_in::<Logs>(&wanted.region);
    let name = &step.name;
    match wanted.retention_days {
        Some(days) => writer
            .caller
            .call_with("logs:PutRetentionPolicy", options, || {
                logs.put_retention_policy().log_group_name(name).retention_in_days(days).send()
            })
            .await
            .map(|_| ()),
        None => writer
            .caller
            .call_with("logs:DeleteRetentionPolicy", options, || {
                logs.delete_retention_policy().log_group_name(name).send()
            })
            .await
            .map(|_| ()),
    }
}

async fn set_tags(
    writer: &Writer,
    region: &str,
    arn: &str,
    wanted: &Tags,
    before: &Tags,
) -> Result<(), CloudError> {
    let logs = writer.client_in::<Logs>(region);
    let (set, unset) = crate::resources::common::tag_changes(before, wanted);
    if !set.is_empty() {
        let set: std::collections::HashMap<String, String> = set.into_iter().collect();
        writer
            .caller
            .call("logs:TagResource", || {
                logs.tag_resource().resource_arn(arn).set_tags(Some(set.clone())).send()
            })
            .await?;
    }
    if !unset.is_empty() {
        writer
            .caller
            .call("logs:UntagResource", || {
                logs.untag_resource().resource_arn(arn).set_tag_keys(Some(unset.clone())).send()
            })
            .await?;
    }
    Ok(())
}

fn arn(writer: &Writer, region: &str, name: &str) -> String {
    format!("arn:aws:logs:{region}:{}:log-group:{name}", writer.scope.account)
}

fn outputs(name: &str, arn: &str) -> Outputs {
    BTreeMap::from([("name".to_string(), name.into()), ("arn".to_string(), arn.into())])
}
