//! The site's files agree with each other: scripts and styles stand in a folder that is named after
//! their content, each product of the seed has its page and its pictures, and the pages hold no
//! inline code. `INSTA_UPDATE=always` renames the folder and writes the pages made from others.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes that all pictures may have together.
const PICTURES: u64 = 1_500_000;
const WIDTHS: [u32; 2] = [400, 800];

fn site() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("site")
}

fn seed() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("seed/products.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn text<'a>(product: &'a Value, field: &str) -> &'a str {
    product[field].as_str().unwrap_or_else(|| panic!("{field} in {product}"))
}

/// Names in a folder of the site, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The one folder of scripts and styles, and the name that its content gives it.
fn assets() -> (PathBuf, String) {
    let all = names(&site().join("assets"));
    assert_eq!(all.len(), 1, "site/assets holds one folder: {all:?}");
    let folder = site().join("assets").join(&all[0]);
    let mut hash = Sha256::new();
    for name in names(&folder) {
        let bytes = fs::read(folder.join(&name)).unwrap();
        hash.update(format!("{name} {}\n", bytes.len()));
        hash.update(bytes);
    }
    let digits: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    (folder, digits[..12].to_string())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// Replaces what stands between `before` and the next `after`, everywhere.
fn replace_between(page: &str, before: &str, after: &str, new: &str) -> String {
    let mut parts = page.split(before);
    let mut result = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (_, rest) = part.split_once(after).unwrap_or_else(|| panic!("{after} after {before}"));
        result += &format!("{before}{new}{after}{rest}");
    }
    result
}

/// A page of the site's root with the right folder of assets and the list of product pages.
fn root_page(name: &str, hash: &str, pages: &str) -> String {
    let page = fs::read_to_string(site().join(name)).unwrap();
    let page = replace_between(&page, "/assets/", "/", hash);
    replace_between(&page, "data-pages=\"", "\"", pages)
}

/// The page of a product of the seed.
fn product_page(template: &str, product: &Value) -> String {
    let (id, image) = (text(product, "productId"), text(product, "image"));
    let (name, about) = (escape(text(product, "name")), escape(text(product, "description")));
    let category = escape(text(product, "category"));
    let base = image.trim_end_matches(".svg");
    let sizes = WIDTHS.map(|width| format!("{base}-{width}.webp {width}w")).join(", ");
    let picture = format!(
        "<div id=\"picture\" data-image=\"{image}\"><picture class=\"picture\">\
         <source type=\"image/webp\" sizes=\"(min-width: 48rem) 50vw, 92vw\" srcset=\"{sizes}\">\
         <img src=\"{image}\" alt=\"{name}\" width=\"800\" height=\"640\" fetchpriority=\"high\">\
         </picture></div>"
    );
    let address = format!("/products/{id}.html");
    let canonical = format!(
        "  <link rel=\"canonical\" href=\"{address}\">\n\
         \x20 <meta property=\"og:url\" content=\"{address}\">\n\
         \x20 <meta property=\"og:site_name\""
    );
    let query = category.replace(' ', "%20");
    let edits = [
        (
            "<!-- Any product, by ?id=…; the pages in products/ are made from this one. -->",
            format!("<!-- {name}. Made from product.html and the seed. -->"),
        ),
        ("Product – Morrow Goods", format!("{name} – Morrow Goods")),
        ("A product of Morrow Goods.", about.clone()),
        ("/images/p-008-800.webp", format!("{base}-800.webp")),
        ("  <meta property=\"og:site_name\"", canonical),
        ("data-product-id=\"\"", format!("data-product-id=\"{id}\"")),
        ("<div id=\"picture\" data-image=\"\"><div class=\"picture\"></div></div>", picture),
        (
            "id=\"category\" href=\"/\">&nbsp;<",
            format!("id=\"category\" href=\"/?category={query}\">{category}<"),
        ),
        ("id=\"name\">&nbsp;<", format!("id=\"name\">{name}<")),
        ("id=\"about\">&nbsp;<", format!("id=\"about\">{about}<")),
    ];
    edits.iter().fold(template.to_string(), |page, (from, to)| {
        assert!(page.contains(from), "product.html has no {from:?}");
        page.replace(from, to)
    })
}

/// Addresses are written from the root: the domain is known once the stack is up.
fn sitemap(products: &[Value]) -> String {
    let entry = |address: String| format!("  <url><loc>{address}</loc></url>\n");
    let pages = products.iter().map(|p| entry(format!("/products/{}.html", text(p, "productId"))));
    let all: String = std::iter::once(entry("/".into())).chain(pages).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n{all}</urlset>\n"
    )
}

fn root_pages() -> Vec<String> {
    names(&site()).into_iter().filter(|name| name.ends_with(".html")).collect()
}

#[test]
fn generated_files_are_up_to_date() {
    let (folder, hash) = assets();
    let products = seed();
    let ids: Vec<&str> = products.iter().map(|product| text(product, "productId")).collect();
    let pages = ids.join(" ");
    let mut wanted: BTreeMap<String, String> = root_pages()
        .into_iter()
        .map(|name| (name.clone(), root_page(&name, &hash, &pages)))
        .collect();
    for (id, product) in ids.iter().zip(&products) {
        let page = product_page(&wanted["product.html"], product);
        wanted.insert(format!("products/{id}.html"), page);
    }
    wanted.insert("sitemap.xml".into(), sitemap(&products));

    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::rename(&folder, site().join("assets").join(&hash)).unwrap();
        let _ = fs::remove_dir_all(site().join("products"));
        fs::create_dir(site().join("products")).unwrap();
        for (name, text) in &wanted {
            fs::write(site().join(name), text).unwrap();
        }
        return;
    }

    let named = folder.file_name().unwrap().to_str().unwrap();
    assert_eq!(named, hash, "INSTA_UPDATE=always renames site/assets/{named}");
    for (name, text) in &wanted {
        let is = fs::read_to_string(site().join(name)).unwrap_or_default();
        assert!(is == *text, "site/{name} is out of date: INSTA_UPDATE=always rewrites it");
    }
    let extra = names(&site().join("products")).len();
    assert_eq!(extra, products.len(), "site/products has a page that the seed does not know");
}

#[test]
fn pages_have_no_inline_code_and_name_only_files_that_exist() {
    for name in root_pages().iter().chain(&["products/p-001.html".to_string()]) {
        let page = fs::read_to_string(site().join(name)).unwrap();
        for inline in ["<style", " style=", "<script>", " onclick", " onload", "javascript:"] {
            assert!(!page.contains(inline), "{name} has {inline}");
        }
        for needed in ["<title>", "name=\"description\"", "name=\"viewport\"", "lang=\"en\""] {
            assert!(page.contains(needed), "{name} has no {needed}");
        }
        let indexed = !page.contains("content=\"noindex\"");
        assert_eq!(page.contains("property=\"og:image\""), indexed, "{name}");
        for attribute in [" href=\"/", " src=\"/"] {
            for rest in page.split(attribute).skip(1) {
                let address = rest.split('"').next().unwrap().split('?').next().unwrap();
                let exists =
                    ["", "config.json"].contains(&address) || site().join(address).is_file();
                assert!(exists, "{name} names /{address}, which is not there");
            }
        }
    }
}

#[test]
fn each_product_has_its_pictures_and_they_are_small() {
    for product in seed() {
        let image = text(&product, "image").trim_start_matches('/').to_string();
        assert!(site().join(&image).is_file(), "{image}");
        for width in WIDTHS {
            let name = format!("{}-{width}.webp", image.trim_end_matches(".svg"));
            let bytes = fs::read(site().join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!((&bytes[..4], &bytes[8..12]), (&b"RIFF"[..], &b"WEBP"[..]), "{name}");
        }
    }
    let folder = site().join("images");
    let size = |name: &String| fs::metadata(folder.join(name)).unwrap().len();
    let all: u64 = names(&folder).iter().map(size).sum();
    assert!(all < PICTURES, "pictures take {all} bytes");
}
