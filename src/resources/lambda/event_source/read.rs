//! Reads of event sources, of every function of the stack: what a stranger attached calls it too.

use super::spec::EventSourceSpec;
use super::{FUNCTION, INFO, TABLE};
use crate::aws::Reader;
use crate::model::spec::to_value;
use crate::model::{Address, CloudError, Live, Outputs, Owner, Query, Scope};
use crate::resources::common::paged;
use crate::resources::lambda::Lambda;
use aws_sdk_lambda::types::EventSourceMappingConfiguration as Mapping;
use futures_util::future::try_join_all;
use std::collections::BTreeMap;

/// Stands before a function's name where the record of the last `up` names an event source.
pub(super) fn prefix(scope: &Scope) -> String {
    format!("arn:aws:lambda:{}:{}:event-source-of:", scope.region, scope.account)
}

pub(super) async fn discover(reader: &Reader, query: &Query<'_>) -> Result<Vec<Live>, CloudError> {
    let asked =
        query.found.iter().filter(|live| live.type_name == FUNCTION && live.owner == Owner::Ours);
    let found = try_join_all(asked.map(|function| describe(reader, query, function))).await?;
    Ok(found.into_iter().flatten().collect())
}

/// The mappings of one function. The first that is as wanted, else the first there is, stands for
/// the function's own; any other is one too many.
async fn describe(
    reader: &Reader,
    query: &Query<'_>,
    function: &Live,
) -> Result<Vec<Live>, CloudError> {
    let desired = query.wanted.iter().find(|desired| desired.name == function.name);
    if function.not_emulated {
        return Ok(desired.map(|d| Live::not_emulated(d)).into_iter().collect());
    }
    let specs = mappings(reader, &function.name).await?;
    let mut specs: Vec<_> =
        specs.iter().map(|mapping| (mapping, spec_of(mapping, query))).collect();
    specs.sort_by_key(|(mapping, spec)| {
        let wanted = desired.is_some_and(|d| d.spec.get("table") == to_value(spec).get("table"));
        (!wanted, mapping.uuid().unwrap_or_default().to_string())
    });
    let live = |(position, (mapping, spec)): (usize, &(&Mapping, EventSourceSpec))| {
        let id = function.address.id();
        let address = match position {
            0 => Address::new(INFO.group, id),
            n => Address::new(INFO.group, &format!("{id}~{}", n + 1)),
        };
        let mut live = Live::new(address, INFO.type_name, &function.name, to_value(spec));
        live.outputs = outputs(mapping.uuid().unwrap_or_default());
        live.owner = function.owner.clone();
        live
    };
    Ok(specs.iter().enumerate().map(live).collect())
}

/// All mappings of a function that are not on their way out; none where there is no function.
pub(super) async fn mappings(reader: &Reader, function: &str) -> Result<Vec<Mapping>, CloudError> {
    let all = paged(|marker| async move {
        let page = reader
            .caller
            .call("lambda:ListEventSourceMappings", || {
                let lambda = reader.client::<Lambda>();
                let request = lambda.list_event_source_mappings().function_name(function);
                request.set_marker(marker.clone()).send()
            })
            .await;
        let Some(page) = crate::model::cloud_error::optional(page)? else {
            return Ok((vec![], None));
        };
        let marker = page.next_marker.filter(|m| !m.is_empty());
        Ok((page.event_source_mappings.unwrap_or_default(), marker))
    })
    .await?;
    Ok(all.into_iter().filter(|m| m.state() != Some("Deleting")).collect())
}

fn spec_of(mapping: &Mapping, query: &Query<'_>) -> EventSourceSpec {
    let source = mapping.event_source_arn().unwrap_or_default();
    let state = mapping.state().unwrap_or_default();
    let failure = mapping.destination_config().and_then(|config| config.on_failure());
    EventSourceSpec {
        table: table_of(source, query),
        enabled: !["Disabled", "Disabling"].contains(&state),
        batch_size: mapping.batch_size().unwrap_or(100),
        retries: mapping.maximum_retry_attempts().unwrap_or(-1),
        bisect: mapping.bisect_batch_on_function_error().unwrap_or(false),
        dead_letter: failure
            .and_then(|failure| failure.destination())
            .filter(|arn| !arn.is_empty())
            .map(str::to_string),
        extras: extras_of(mapping),
    }
}

/// The table of a stream, or the stream itself where the table has another one by now.
fn table_of(source: &str, query: &Query<'_>) -> String {
    let Some((table, _)) = source.split_once("/stream/") else {
        return source.to_string();
    };
    let found = query.found.iter().find(|live| {
        live.type_name == TABLE && live.outputs.get("arn").map(String::as_str) == Some(table)
    });
    let current = found.map(|live| live.outputs.get(super::desired::STREAM).map(String::as_str));
    match current {
        Some(Some(stream)) if stream != source => source.to_string(),
        _ => table.to_string(),
    }
}

/// Settings that decide which records arrive and how, and that no stack sets.
fn extras_of(mapping: &Mapping) -> BTreeMap<String, String> {
    let filters = mapping.filter_criteria().map(|c| c.filters()).unwrap_or_default();
    let filters: Vec<&str> = filters.iter().filter_map(|filter| filter.pattern()).collect();
    let number = |n: Option<i32>, usual: i32| n.filter(|n| *n != usual).map(|n| n.to_string());
    let types: Vec<&str> = mapping.function_response_types().iter().map(|t| t.as_str()).collect();
    let all = [
        ("filters", Some(filters.join(", ")).filter(|text| !text.is_empty())),
        ("batching window", number(mapping.maximum_batching_window_in_seconds(), 0)),
        ("parallelization", number(mapping.parallelization_factor(), 1)),
        ("record age", number(mapping.maximum_record_age_in_seconds(), -1)),
        ("tumbling window", number(mapping.tumbling_window_in_seconds(), 0)),
        ("response types", Some(types.join(", ")).filter(|text| !text.is_empty())),
        ("kms key", mapping.kms_key_arn().filter(|arn| !arn.is_empty()).map(str::to_string)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?))).collect()
}

pub(super) fn outputs(id: &str) -> Outputs {
    BTreeMap::from([("id".to_string(), id.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lambda::types::{Filter, FilterCriteria, FunctionResponseType};

    #[test]
    fn another_setting_of_an_event_source_is_shown() {
        let usual = Mapping::builder()
            .maximum_batching_window_in_seconds(0)
            .parallelization_factor(1)
            .maximum_record_age_in_seconds(-1)
            .tumbling_window_in_seconds(0);
        assert_eq!(extras_of(&usual.build()), BTreeMap::new());
        let filter = Filter::builder().pattern("{}").build();
        let other = Mapping::builder()
            .filter_criteria(FilterCriteria::builder().filters(filter).build())
            .maximum_batching_window_in_seconds(5)
            .parallelization_factor(2)
            .maximum_record_age_in_seconds(60)
            .tumbling_window_in_seconds(30)
            .function_response_types(FunctionResponseType::ReportBatchItemFailures)
            .kms_key_arn("arn:kms");
        let expected = [
            ("batching window", "5"),
            ("filters", "{}"),
            ("kms key", "arn:kms"),
            ("parallelization", "2"),
            ("record age", "60"),
            ("response types", "ReportBatchItemFailures"),
            ("tumbling window", "30"),
        ];
        let expected = expected.map(|(k, v)| (k.to_string(), v.to_string()));
        assert_eq!(extras_of(&other.build()), expected.into());
    }
}
