//! The site's folder as objects: every file with its hash, Content-Type and Cache-Control.

use super::spec::ObjectSpec;
use crate::model::digest;
use crate::resources::context::path_inside;
use md5::{Digest, Md5};
use std::collections::BTreeMap;
use std::path::Path;

/// Every file below `folder` by object key (path with `/`). `cache_control` gives the header for a
/// key.
///
/// Files and folders whose name begins with a dot are left out; a symbolic link must stay inside
/// the folder, and the folder inside `project`: whoever may change a link in a branch must not
/// publish what lies beside the project. Errors, in words: the folder or a file cannot be read, a
/// link leads out or upwards, a name is not UTF-8.
pub fn scan_site(
    project: &Path,
    folder: &Path,
    cache_control: &dyn Fn(&str) -> String,
) -> Result<BTreeMap<String, ObjectSpec>, String> {
    let root = path_inside(project, folder)?;
    let mut found = BTreeMap::new();
    let mut folders = vec![(vec![root.clone()], String::new())];
    while let Some((way, prefix)) = folders.pop() {
        let Some(folder) = way.last() else { continue };
        for entry in
            std::fs::read_dir(folder).map_err(|e| format!("`{prefix}` cannot be read: {e}"))?
        {
            let entry = entry.map_err(|e| format!("`{prefix}` cannot be read: {e}"))?;
            let name = entry.file_name();
            let name =
                name.to_str().ok_or_else(|| format!("`{}` is not a UTF-8 name", name.display()))?;
            if name.starts_with('.') {
                continue;
            }
            let key = format!("{prefix}{name}");
            let path =
                entry.path().canonicalize().map_err(|e| format!("`{key}` cannot be read: {e}"))?;
            if !path.starts_with(&root) {
                return Err(format!("`{key}` is a link that leads out of the folder"));
            }
            if path.is_dir() {
                if way.contains(&path) {
                    return Err(format!("`{key}` is a link to a folder above it"));
                }
                folders.push((way.iter().cloned().chain([path]).collect(), format!("{key}/")));
                continue;
            }
            if !path.is_file() {
                return Err(format!("`{key}` is neither a file nor a folder"));
            }
            if key.contains("{{") {
                return Err(format!(
                    "`{key}` has `{{{{` in its name, which shopstack keeps for itself"
                ));
            }
            let bytes = std::fs::read(&path).map_err(|e| format!("`{key}` cannot be read: {e}"))?;
            let spec = ObjectSpec {
                md5: digest::hex(&Md5::digest(&bytes)),
                content_type: content_type(name).to_string(),
                cache_control: cache_control(&key),
            };
            found.insert(key, spec);
        }
    }
    Ok(found)
}

/// The Content-Type for a file's name; what is unknown is a download and never a page.
pub fn content_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, e)| e).to_ascii_lowercase();
    match extension.as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "xml" => "application/xml",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_become_keys_with_their_headers_and_dotfiles_stay_home() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("images")).unwrap();
        std::fs::write(folder.path().join("index.html"), "hello").unwrap();
        std::fs::write(folder.path().join("images/a.SVG"), "<svg/>").unwrap();
        std::fs::write(folder.path().join(".env"), "SECRET=1").unwrap();
        let found = scan_site(folder.path(), folder.path(), &|key| format!("for {key}")).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["images/a.SVG", "index.html"]);
        assert_eq!(found["index.html"].md5, "5d41402abc4b2a76b9719d911017c592");
        assert_eq!(found["images/a.SVG"].content_type, "image/svg+xml");
        assert_eq!(found["index.html"].cache_control, "for index.html");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_refused() {
        let (outside, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(outside.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), folder.path().join("page.html"))
            .unwrap();
        let scan = |path: &Path| scan_site(folder.path(), path, &|_| String::new());
        assert!(scan(folder.path()).unwrap_err().contains("leads out"));
        std::fs::remove_file(folder.path().join("page.html")).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("site")).unwrap();
        assert!(scan(&folder.path().join("site")).unwrap_err().contains("out of the project"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_folder_above_ends_the_search_and_one_beside_does_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        std::fs::write(folder.path().join("a/b/page.html"), "x").unwrap();
        std::os::unix::fs::symlink(folder.path().join("a/b"), folder.path().join("again")).unwrap();
        let scan = || scan_site(folder.path(), folder.path(), &|_| String::new());
        assert_eq!(
            scan().unwrap().keys().collect::<Vec<_>>(),
            ["a/b/page.html", "again/page.html"]
        );
        std::os::unix::fs::symlink(folder.path().join("a"), folder.path().join("a/b/up")).unwrap();
        assert!(scan().unwrap_err().contains("folder above"));
    }
}
