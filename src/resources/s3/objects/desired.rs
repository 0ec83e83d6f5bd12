//! The files of a stack's site, and the configuration that the site reads.

use super::files::{Folder, index_name, indexed, scan_site};
use super::spec::ObjectsSpec;
use super::{INFO, blocked};
use crate::model::{Address, CloudError, Desired, ErrorKind};
use crate::resources::context::{Context, Wanted, reference};
use crate::stack::{Cdn, IndexPages, ParsedCsp, Site, Stack, content_security_policy};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

pub(super) fn objects(context: &Context<'_>, wanted: &mut Wanted) -> Result<(), CloudError> {
    if let (Some(site), Some(cdn)) = (&context.stack.site, &context.stack.cdn)
        && let Some(mut folder) = site_folder(context.stack, context.root)?
    {
        wanted.notes.extend(notes(&folder, site, cdn));
        if site.index == IndexPages::Rewrite {
            folder.add_index_pages(index_name(&cdn.default_object));
        }
        wanted.push(desired_objects(context, site, cdn, folder));
    }
    Ok(())
}

/// Notes on the folder for plans and for `validate`.
pub fn notes(folder: &Folder, site: &Site, cdn: &Cdn) -> Vec<String> {
    let first = &cdn.default_object;
    let name = index_name(first);
    let folders = indexed(&folder.objects, name);
    let unanswered = (site.index == IndexPages::None && !folders.is_empty()).then(|| {
        format!(
            "{} will not answer with the `{name}` that stands in the folder: \
             `site.index: rewrite` makes it",
            folder_list(&folders)
        )
    });
    // Folders answer with the file that has the name of the first page, whatever that is.
    let usual = if name == USUAL { Vec::new() } else { indexed(&folder.objects, USUAL) };
    let unnamed = (!usual.is_empty()).then(|| {
        format!(
            "{} will not answer with the `{USUAL}` that stands in the folder: folders go by the \
             name of `cdn.default_object`, which is `{name}`",
            folder_list(&usual)
        )
    });
    let nothing = (!folder.objects.contains_key(first)).then(|| {
        format!(
            "the site has no `{first}`, which `/` stands for, so that `/` answers with an error: \
             `cdn.default_object` names another file"
        )
    });
    let blocked = blocked::note(&folder.blocked);
    let of_folders = unanswered.into_iter().chain(unnamed);
    folder.left_out_note().into_iter().chain(blocked).chain(nothing).chain(of_folders).collect()
}

/// The name that most generators of sites give the page of a folder.
const USUAL: &str = "index.html";

/// The first three folders, and how many more there are.
fn folder_list(folders: &[&str]) -> String {
    let shown = folders.iter().take(3).map(|f| format!("/{f}")).collect::<Vec<_>>().join(", ");
    match folders.len().saturating_sub(3) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
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

fn desired_objects(context: &Context<'_>, site: &Site, cdn: &Cdn, folder: Folder) -> Desired {
    let config: Value = match &context.stack.api {
        Some(_) => json!({"apiUrl": context.api_url()}),
        None => json!({}),
    };
    let spec = ObjectsSpec { objects: folder.objects, config: config.to_string() };
    let mut desired = context.resource(&INFO, "site", context.scope.bucket_name(), &spec);
    desired.context = json!({
        "distribution_id": reference("distribution", "site", "id"),
        "default_object": cdn.default_object,
        "keep_seconds": site.keep_seconds(),
    });
    desired.depends_on = BTreeSet::from([Address::new("bucket", "site")]);
    desired.payload = Some(context.root.join(&site.folder));
    desired
}
