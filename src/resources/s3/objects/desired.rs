//! The files of a stack's site, and the configuration that the site reads.

use super::files::{Folder, scan_site};
use super::spec::ObjectsSpec;
use super::{INFO, blocked};
use crate::model::{Address, CloudError, Desired, ErrorKind};
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::{ParsedCsp, Site, Stack, content_security_policy};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

pub(super) fn objects(context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
    if let (Some(site), Some(_)) = (&context.stack.site, &context.stack.cdn)
        && let Some(folder) = site_folder(context.stack, context.root)?
    {
        wanted.notes.extend(folder.left_out_note());
        wanted.notes.extend(blocked::note(&folder.blocked));
        wanted.push(desired_objects(context, site, folder));
    }
    Ok(())
}

/// The files of the stack's site as they are on this machine; `None` where it has no site.
///
/// # Errors
/// The folder or a file in it cannot be read or served.
pub fn site_folder(stack: &Stack, root: &Path) -> Result<Option<Folder>, CloudError> {
    let Some(site) = &stack.site else { return Ok(None) };
    let path = root.join(&site.folder);
    // Ids of AWS make no difference to what a page may hold.
    let csp = content_security_policy(site.headers.as_ref(), None, &|text| text.text.clone());
    scan_site(root, &path, site, &ParsedCsp::parse(&csp)).map(Some).map_err(|what| {
        CloudError::ours(
            ErrorKind::Other,
            format!("the site folder {}: {what}", path.display()),
            "see `site.folder` in stack.yaml",
        )
    })
}

fn desired_objects(context: &Context<'_>, site: &Site, folder: Folder) -> Desired {
    let config: Value = match &context.stack.api {
        Some(_) => json!({"apiUrl": context.api_url()}),
        None => json!({}),
    };
    let spec = ObjectsSpec { objects: folder.objects, config: config.to_string() };
    let mut desired = context.resource(&INFO, "site", context.scope.bucket_name(), &spec);
    desired.context = json!({"distribution_id": reference("distribution", "site", "id")});
    desired.depends_on = BTreeSet::from([Address::new("bucket", "site")]);
    desired.payload = Some(context.root.join(&site.folder));
    desired
}
