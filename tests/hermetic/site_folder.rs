//! What `validate -v` tells of the site's folder: files that are not served, folders that do not
//! answer, what the pages' policy blocks.

use crate::support::shop::Shop;

/// A stack of a site alone, with these files.
fn site(keys: &str, files: &[&str]) -> Shop {
    let shop = Shop::offline();
    std::fs::remove_dir_all(shop.path("site")).unwrap();
    for file in files {
        let path = shop.path(&format!("site/{file}"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "<p>x</p>").unwrap();
    }
    shop.write(
        "stack.yaml",
        &format!("name: own\nregion: us-east-1\nsite:\n  folder: site\n{keys}"),
    );
    shop
}

fn notes(shop: &Shop) -> String {
    let run = shop.run(&["validate", "-v"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    format!("{}{}", run.stdout, run.stderr)
}

#[test]
fn folders_that_will_not_answer_are_named() {
    let pages = ["index.html", "about/index.html", "docs/api/index.html"];
    let told = notes(&site("", &pages));
    let wanted = "/about/, /docs/api/ will not answer with the `index.html`";
    assert!(told.contains(wanted) && told.contains("site.index: rewrite"), "{told}");
    let told = notes(&site("  index: rewrite\n", &pages));
    assert!(!told.contains("will not answer"), "{told}");

    // Another first page: the folders' own index.html is nobody's, with the rewrite too.
    let pages = ["home.html", "about/index.html", "blog/home.html"];
    let told = notes(&site("cdn: { default_object: home.html }\n", &pages));
    for wanted in [
        "/blog/ will not answer with the `home.html`",
        "/about/ will not answer with the `index.html` that stands in the folder: folders go by",
    ] {
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
    let told = notes(&site("  index: rewrite\ncdn: { default_object: home.html }\n", &pages));
    assert!(told.contains("/about/ will not answer") && !told.contains("/blog/"), "{told}");
}

#[test]
fn every_file_is_served_or_named() {
    let files = [
        "index.html",
        ".env",
        ".well-known/acme-challenge/token",
        ".well-known/.hidden",
        "sub/.git/config",
        "config.json",
        "sub/config.json",
        "_redirects",
        "LICENSE",
        "a b (1).html",
        "Thumbs.db",
    ];
    let told = notes(&site("", &files));
    let dots = "3 whose name begins with a dot: .env, .well-known/.hidden, sub/.git";
    for wanted in [dots, "1 in whose place the generated configuration is served: config.json"] {
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
}

#[test]
fn a_page_that_is_not_there_is_refused_before_anything_is_made() {
    let refused = |keys: &str, wanted: &str| {
        let run = site(keys, &["index.html"]).run(&["validate"]);
        assert!(run.code == 1 && run.stderr.contains(wanted), "{keys}: {}", run.stderr);
    };
    refused("cdn: { default_object: home.html }\n", "`home.html` is not among the files");
    for page in ["/nope.html", "/Index.html", "/.well-known"] {
        let keys = format!("cdn: {{ error_pages: {{ 403: {{ page: {page}, status: 404 }} }} }}\n");
        refused(&keys, "is not among the files");
    }
}

#[test]
fn a_page_that_an_overlay_names_must_be_there_too() {
    let keys = "environments:\n  prod: { cdn: { default_object: nope.html } }\n";
    let shop = site(keys, &["index.html"]);
    assert_eq!(shop.run(&["validate"]).code, 0);
    let run = shop.run(&["validate", "--env", "prod"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(run.stderr.contains("`nope.html` is not among the files"), "{}", run.stderr);
}

#[test]
fn a_stack_in_utf_16_is_read_by_every_part_of_validate() {
    let shop = site("cdn: { default_object: home.html }\n", &["home.html"]);
    let text = std::fs::read_to_string(shop.path("stack.yaml")).unwrap();
    let wide: Vec<u8> =
        std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    std::fs::write(shop.path("stack.yaml"), wide).unwrap();
    let run = shop.run(&["validate"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let run = shop.run(&["validate", "--resolved"]);
    assert!(run.stdout.contains("home.html"), "{}{}", run.stdout, run.stderr);
}
