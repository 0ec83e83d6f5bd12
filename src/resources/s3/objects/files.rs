//! The site's folder as objects: every file with its hash, Content-Type and Cache-Control.

use super::blocked::{self, Blocked};
use super::manifest::CONFIG;
use super::media_type;
use super::spec::ObjectSpec;
use crate::model::digest;
use crate::resources::context::path_inside;
use crate::stack::{ParsedCsp, Site};
use md5::{Digest, Md5};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// RFC 8615 gives this folder its name; browsers and certificate authorities look there.
const WELL_KNOWN: &str = ".well-known";
/// S3's limit on an object's key, in bytes.
const KEY_BYTES: usize = 1024;

/// A site's folder.
#[derive(Debug, Default)]
pub struct Folder {
    /// The served files, by object key (path with `/`).
    pub objects: BTreeMap<String, ObjectSpec>,
    /// Files that are not served, by path, with the reason; an excluded folder has a single entry.
    pub left_out: BTreeMap<String, &'static str>,
    /// Uses that the site's Content-Security-Policy blocks.
    pub blocked: Blocked,
}

/// Folders with a file of their own that is named `first`, as keys: `about/`.
pub fn indexed<'k>(objects: &'k BTreeMap<String, ObjectSpec>, first: &str) -> Vec<&'k str> {
    let folder = |key: &'k String| {
        let folder = key.strip_suffix(first)?;
        folder.ends_with('/').then_some(folder)
    };
    objects.keys().filter_map(folder).collect()
}

/// The name that a folder's own page has: that of the site's first page.
pub fn index_name(default_object: &str) -> &str {
    default_object.rsplit('/').next().unwrap_or_default()
}

impl Folder {
    /// Lets each folder's own page answer for the folder, with and without the slash at its end:
    /// as objects of those keys, for neither S3 nor CloudFront knows folders.
    pub fn add_index_pages(&mut self, first: &str) {
        let pages: Vec<(String, ObjectSpec)> = indexed(&self.objects, first)
            .into_iter()
            .filter_map(|folder| {
                let page = self.objects.get(&format!("{folder}{first}"))?;
                Some((folder.to_string(), page.clone()))
            })
            .collect();
        for (folder, page) in pages {
            self.objects.insert(folder.trim_end_matches('/').to_string(), page.clone());
            self.objects.insert(folder, page);
        }
    }

    /// A sentence on the files left out: how many, which and why.
    pub fn left_out_note(&self) -> Option<String> {
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (path, reason) in &self.left_out {
            by_reason.entry(reason).or_default().push(path);
        }
        let part = |(reason, paths): (&&str, &Vec<&str>)| {
            format!("{} {reason}: {}", paths.len(), paths.join(", "))
        };
        let parts: Vec<_> = by_reason.iter().map(part).collect();
        (!parts.is_empty())
            .then(|| format!("left out of the site's folder, and not served: {}", parts.join("; ")))
    }
}

/// A folder that is read: real paths of it and those above it, and the prefix of its keys.
struct Place {
    way: Vec<PathBuf>,
    prefix: String,
}

/// Every file below `folder`.
///
/// Files and folders whose name begins with a dot are left out, but for `.well-known`; so is a
/// file that the generated configuration takes the place of. A symbolic link must stay inside the
/// folder, and the folder inside `project`: whoever may change a link in a branch must not publish
/// what lies beside the project. Errors, in words: the folder or a file cannot be read, a link
/// leads out or upwards, a name is not UTF-8 or too long.
pub fn scan_site(
    project: &Path,
    folder: &Path,
    site: &Site,
    csp: &ParsedCsp,
) -> Result<Folder, String> {
    let root = path_inside(project, folder)?;
    let mut found = Folder::default();
    let mut places = vec![Place { way: vec![root.clone()], prefix: String::new() }];
    while let Some(place) = places.pop() {
        let Some(folder) = place.way.last() else { continue };
        let prefix = &place.prefix;
        let unreadable = |e: std::io::Error| format!("`{prefix}` cannot be read: {e}");
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            let name =
                name.to_str().ok_or_else(|| format!("`{}` is not a UTF-8 name", name.display()))?;
            let key = format!("{prefix}{name}");
            if let Some(reason) = excluded(&key, name) {
                found.left_out.insert(key, reason);
                continue;
            }
            let path =
                entry.path().canonicalize().map_err(|e| format!("`{key}` cannot be read: {e}"))?;
            if !path.starts_with(&root) {
                return Err(format!("`{key}` is a link that leads out of the folder"));
            }
            if path.is_dir() {
                if place.way.contains(&path) {
                    return Err(format!("`{key}` is a link to a folder above it"));
                }
                let way = place.way.iter().cloned().chain([path]).collect();
                places.push(Place { way, prefix: format!("{key}/") });
                continue;
            }
            add(&mut found, key, &path, site, csp)?;
        }
    }
    Ok(found)
}

/// True where the file of that key is among those that [`scan_site`] finds. Looks at names as they
/// are written, also where the file system takes others for the same.
pub fn is_served(folder: &Path, key: &str) -> bool {
    let (mut path, mut upto) = (folder.to_path_buf(), String::new());
    for name in key.split('/') {
        upto = if upto.is_empty() { name.to_string() } else { format!("{upto}/{name}") };
        let mut entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
        if excluded(&upto, name).is_some() || !entries.any(|e| e.file_name() == *name) {
            return false;
        }
        path.push(name);
    }
    path.is_file()
}

fn excluded(key: &str, name: &str) -> Option<&'static str> {
    if name.starts_with('.') && name != WELL_KNOWN {
        return Some("whose name begins with a dot");
    }
    (key == CONFIG).then_some("in whose place the generated configuration is served")
}

fn add(
    found: &mut Folder,
    key: String,
    path: &Path,
    site: &Site,
    csp: &ParsedCsp,
) -> Result<(), String> {
    if !path.is_file() {
        return Err(format!("`{key}` is neither a file nor a folder"));
    }
    if key.contains("{{") {
        return Err(format!("`{key}` has `{{{{` in its name, which shopstack keeps for itself"));
    }
    if key.len() > KEY_BYTES {
        let length = key.len();
        return Err(format!("`{key}` has a path of {length} bytes, and S3 takes {KEY_BYTES}"));
    }
    let bytes = std::fs::read(path).map_err(|e| format!("`{key}` cannot be read: {e}"))?;
    let spec = ObjectSpec {
        md5: digest::hex(&Md5::digest(&bytes)),
        content_type: media_type::content_type(&key, &bytes, site),
        cache_control: site.cache_control(&key).to_string(),
    };
    let markup = spec.content_type.contains("html");
    blocked::inspect(&key, &bytes, markup, csp, &mut found.blocked);
    found.objects.insert(key, spec);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(project: &Path, folder: &Path) -> Result<Folder, String> {
        let site = serde_json::json!({"folder": "site",
            "cache": [{"match": "*.html", "control": "no-store"}]});
        let site = serde_json::from_value(site).unwrap();
        scan_site(project, folder, &site, &ParsedCsp::parse("default-src 'self'"))
    }

    fn keys(folder: &Folder) -> Vec<&str> {
        folder.objects.keys().map(String::as_str).collect()
    }

    #[test]
    fn files_become_keys_with_their_headers() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("images")).unwrap();
        std::fs::write(folder.path().join("index.html"), "hello").unwrap();
        std::fs::write(folder.path().join("images/a.SVG"), "<svg/>").unwrap();
        let found = scan(folder.path(), folder.path()).unwrap();
        assert_eq!(keys(&found), ["images/a.SVG", "index.html"]);
        assert_eq!(found.objects["index.html"].md5, "5d41402abc4b2a76b9719d911017c592");
        assert_eq!(found.objects["images/a.SVG"].content_type, "image/svg+xml");
        assert_eq!(found.objects["index.html"].cache_control, "no-store");
        assert!(found.left_out_note().is_none());
    }

    #[test]
    fn what_is_left_out_is_told_and_well_known_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for inner in [".well-known/acme-challenge", ".git", "a/.cache"] {
            std::fs::create_dir_all(folder.path().join(inner)).unwrap();
        }
        for file in
            [".well-known/security.txt", ".well-known/.x", ".git/config", ".env", "config.json"]
        {
            std::fs::write(folder.path().join(file), "x").unwrap();
        }
        std::fs::write(folder.path().join("a/config.json"), "{}").unwrap();
        let found = scan(folder.path(), folder.path()).unwrap();
        assert_eq!(keys(&found), [".well-known/security.txt", "a/config.json"]);
        let note = found.left_out_note().unwrap();
        assert!(note.contains("1 in whose place the generated configuration"), "{note}");
        let dots = "4 whose name begins with a dot: .env, .git, .well-known/.x, a/.cache";
        assert!(note.contains(dots), "{note}");
    }

    #[test]
    fn what_is_served_is_known_by_its_exact_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("errors/.old")).unwrap();
        for file in ["errors/404.html", "errors/.old/404.html", "config.json"] {
            std::fs::write(folder.path().join(file), "x").unwrap();
        }
        for (key, served) in [
            ("errors/404.html", true),
            ("errors/404.HTML", false),
            ("errors/.old/404.html", false),
            ("errors", false),
            ("index.html", false),
            ("config.json", false),
        ] {
            assert_eq!(is_served(folder.path(), key), served, "{key}");
        }
    }

    #[test]
    fn a_folders_own_page_answers_for_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        for inner in ["about/team", "empty"] {
            std::fs::create_dir_all(folder.path().join(inner)).unwrap();
        }
        for file in ["index.html", "about/index.html", "about/team/index.html", "empty/a.html"] {
            std::fs::write(folder.path().join(file), file).unwrap();
        }
        let mut found = scan(folder.path(), folder.path()).unwrap();
        assert_eq!(indexed(&found.objects, "index.html"), ["about/", "about/team/"]);
        found.add_index_pages("index.html");
        for (alias, page) in [("about", "about/"), ("about/team", "about/team/")] {
            let page = &found.objects[&format!("{page}index.html")];
            assert_eq!(&found.objects[alias], page);
            assert_eq!(&found.objects[&format!("{alias}/")], page);
        }
        assert_eq!(found.objects.len(), 8);
    }

    #[test]
    fn a_path_that_s3_does_not_take_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let deep = vec!["x".repeat(200); 6].join("/");
        std::fs::create_dir_all(folder.path().join(&deep)).unwrap();
        std::fs::write(folder.path().join(&deep).join("a.txt"), "x").unwrap();
        assert!(scan(folder.path(), folder.path()).unwrap_err().contains("S3 takes 1024"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_refused() {
        let (outside, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(outside.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), folder.path().join("page.html"))
            .unwrap();
        let scan = |path: &Path| scan(folder.path(), path);
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
        let scan = || scan(folder.path(), folder.path());
        assert_eq!(keys(&scan().unwrap()), ["a/b/page.html", "again/page.html"]);
        std::os::unix::fs::symlink(folder.path().join("a"), folder.path().join("a/b/up")).unwrap();
        assert!(scan().unwrap_err().contains("folder above"));
    }
}
