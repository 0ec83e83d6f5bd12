//! Log groups that Lambda made again behind `down`.

use super::list;
use crate::aws::Writer;
use crate::model::CloudError;
use crate::model::cloud_error::optional;
use crate::resources::logs::Logs;

/// Deletes the groups that Lambda itself made again for functions that are gone (catalogue 5.6):
/// late lines do that where a role may create groups. Only untagged groups of exactly these
/// functions' names are touched.
pub async fn sweep(writer: &Writer, functions: &[String]) -> Result<(), CloudError> {
    if functions.is_empty() {
        return Ok(());
    }
    let region = writer.scope.region.as_str();
    let prefix = format!("/aws/lambda/{}", writer.scope.prefix());
    let names: Vec<String> = functions.iter().map(|f| format!("/aws/lambda/{f}")).collect();
    for group in
        list(&writer.reader, &prefix, region).await?.into_iter().filter(|g| names.contains(&g.name))
    {
        let logs = writer.reader.client_in::<Logs>(region);
        let tags = writer
            .caller
            .call("logs:ListTagsForResource", || {
                logs.list_tags_for_resource().resource_arn(&group.arn).send()
            })
            .await;
        // Gone since it was listed.
        let Some(tags) = optional(tags)? else {
            continue;
        };
        if tags.tags().is_none_or(std::collections::HashMap::is_empty) {
            let gone = writer
                .caller
                .call("logs:DeleteLogGroup", || {
                    writer.client::<Logs>().delete_log_group().log_group_name(&group.name).send()
                })
                .await;
            optional(gone)?;
        }
    }
    Ok(())
}
