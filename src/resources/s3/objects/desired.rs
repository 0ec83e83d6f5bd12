//! The files of a stack's site, and the configuration that the site reads.

use super::INFO;
use super::files::scan_site;
use super::spec::ObjectsSpec;
use crate::model::{Address, CloudError, Desired, ErrorKind};
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::Site;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn objects(context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
    if let (Some(site), Some(_)) = (&context.stack.site, &context.stack.cdn) {
        wanted.push(desired_objects(context, site)?);
    }
    Ok(())
}

fn desired_objects(context: &Context<'_>, site: &Site) -> Result<Desired, CloudError> {
    let folder = context.root.join(&site.folder);
    let mut objects =
        scan_site(context.root, &folder, &|path| site.cache_control(path).to_string()).map_err(
            |what| {
                CloudError::ours(
                    ErrorKind::Other,
                    format!("the site folder {}: {what}", folder.display()),
                    "see `site.folder` in stack.yaml",
                )
            },
        )?;
    objects.remove("config.json");
    let config: Value = match &context.stack.api {
        Some(_) => json!({"apiUrl": context.api_url()}),
        None => json!({}),
    };
    let spec = ObjectsSpec { objects, config: config.to_string() };
    let mut desired = context.resource(&INFO, "site", context.scope.bucket_name(), &spec);
    desired.context = json!({"distribution_id": reference("distribution", "site", "id")});
    desired.depends_on = BTreeSet::from([Address::new("bucket", "site")]);
    desired.payload = Some(folder);
    Ok(desired)
}
