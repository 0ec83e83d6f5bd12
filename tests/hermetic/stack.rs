//! stack.yaml: the shop's own file, the published schema, and every kind of bad input with the
//! exact words it earns.

// Tests may stop at what they did not expect, and print what they measured.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::unreachable,
    clippy::unwrap_used
)]

use shopstack::stack::{self, Billing, EnvPart, Origin, Projection, StackError};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn render(errors: &[StackError]) -> String {
    errors.iter().map(|e| format!("{e}\n")).collect::<Vec<_>>().join("\n")
}

fn errors(source: &str) -> String {
    render(&stack::parse(source, "stack.yaml").expect_err("must be refused"))
}

#[test]
fn the_shops_own_file_says_what_it_seems_to_say() {
    let (stack, source) =
        stack::load(&root().join("stack.yaml")).unwrap_or_else(|e| panic!("{}", render(&e)));
    assert!(source.starts_with("# yaml-language-server: $schema=./stack.schema.json\n"));
    assert_eq!((stack.name.as_str(), stack.region.as_str()), ("shop", "us-east-1"));
    assert_eq!(stack.tables.keys().collect::<Vec<_>>(), ["Orders", "Products"]);
    let products = &stack.tables["Products"];
    assert_eq!(products.key.name, "productId");
    assert_eq!(products.seed.as_deref(), Some("seed/products.json"));
    assert!(products.point_in_time_recovery && products.protect.is_none());
    assert_eq!(products.billing, Billing::OnDemand { max_read: None, max_write: None });
    let order = &stack.functions["createOrder"];
    assert_eq!((order.memory, order.timeout, order.architecture), (256, 10, None));
    assert_eq!(order.env["ORDERS_TABLE"].parts, [EnvPart::TableName("Orders".to_string())]);
    assert_eq!(order.env["SMOKE_SECRET"].parts, [EnvPart::SmokeSecret]);
    assert_eq!(order.grants[1].actions, ["dynamodb:UpdateItem"]);
    assert_eq!(order.grants[1].attributes, ["stock"]);
    assert_eq!(order.grants[2].actions, ["dynamodb:PutItem"]);
    let api = stack.api.as_ref().unwrap();
    assert_eq!(
        api.routes.iter().map(|r| r.key()).collect::<Vec<_>>(),
        ["GET /products", "HEAD /products", "POST /orders"]
    );
    assert_eq!(api.cors.as_ref().unwrap().origins, [Origin::Site]);
    let site = stack.site.as_ref().unwrap();
    for (path, control) in [
        ("index.html", "no-cache"),
        ("images/mug.png", "public, max-age=86400"),
        ("config.json", "no-cache"),
        ("app.js", "public, max-age=3600"),
    ] {
        assert_eq!(site.cache_control(path), control, "{path}");
    }
    assert_eq!(stack.cdn.as_ref().unwrap().error_pages[&403].page, "/404.html");
    assert_eq!(stack.waf.as_ref().unwrap().managed_groups.len(), 5);
}

#[test]
fn every_mapping_of_the_schema_refuses_unknown_keys() {
    fn walk(schema: &serde_json::Value, at: &str, loose: &mut Vec<String>) {
        if schema["type"] == "object"
            && schema.get("additionalProperties").is_none_or(|a| a == true)
        {
            loose.push(at.to_string());
        }
        let children = schema
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(k, _)| !["examples", "default"].contains(&k.as_str()));
        children.for_each(|(k, v)| walk(v, &format!("{at}/{k}"), loose));
        let items = schema.as_array().into_iter().flatten().enumerate();
        items.for_each(|(i, v)| walk(v, &format!("{at}/{i}"), loose));
    }
    let mut loose = Vec::new();
    walk(&stack::json_schema(), "", &mut loose);
    assert_eq!(loose, Vec::<String>::new());
}

/// Editors offer the defaults and examples, so they must be valid: each is put into a file of its
/// own and parsed.
#[test]
fn the_schemas_defaults_are_valid_and_hold_no_nulls() {
    let schema = stack::json_schema();
    let mut parts = 0;
    for (key, part) in schema["properties"].as_object().unwrap() {
        let Some(default) = part.get("default") else {
            continue;
        };
        let source = format!("name: shop\nregion: us-east-1\n{key}: {default}\n");
        let stack =
            stack::parse(&source, "stack.yaml").unwrap_or_else(|e| panic!("{}", render(&e)));
        assert_eq!(
            stack,
            stack::parse("name: shop\nregion: us-east-1\n", "stack.yaml").unwrap(),
            "{key}"
        );
        parts += 1;
    }
    assert!(parts >= 5, "only {parts} defaults");
    assert!(!schema.to_string().contains("null"));
}

#[test]
fn bad_files_earn_exactly_these_words() {
    let mut cases: Vec<_> = std::fs::read_dir(root().join("tests/stack_bad"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    cases.retain(|p| p.extension().is_some_and(|e| e == "yaml"));
    cases.sort();
    assert!(cases.len() >= 30, "only {} cases found", cases.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("tests/stack_bad"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for case in cases {
        let name = case.file_stem().unwrap().to_string_lossy();
        let source = std::fs::read_to_string(&case).unwrap();
        let found = stack::parse(&source, "stack.yaml").err();
        let found = found.unwrap_or_else(|| panic!("{name}.yaml is accepted"));
        for e in found.iter().filter(|e| e.line > 0) {
            let line = source.lines().nth(e.line - 1).unwrap_or_default().chars().count();
            assert!(e.column <= line + 1, "{name}.yaml: column outside its line\n{e}");
        }
        settings.bind(|| insta::assert_snapshot!(&*name, render(&found)));
    }
}

#[test]
fn everything_that_can_be_said_is_understood() {
    let source = std::fs::read_to_string(root().join("tests/stack_good/everything.yaml")).unwrap();
    let stack =
        stack::parse(&source, "everything.yaml").unwrap_or_else(|e| panic!("{}", render(&e)));
    let orders = &stack.tables["Orders"];
    assert_eq!(orders.billing, Billing::Provisioned { read: 5, write: 7 });
    assert_eq!(orders.sort_key.as_ref().unwrap().kind.aws(), "N");
    assert_eq!(
        orders.indexes["byUser"].projection,
        Projection::Include(vec!["status".to_string()])
    );
    assert_eq!(orders.indexes["byStatus"].projection, Projection::KeysOnly);
    assert_eq!((orders.protect, orders.point_in_time_recovery), (Some(false), false));
    assert_eq!(
        stack.tables["Logs"].billing,
        Billing::OnDemand { max_read: Some(100), max_write: None }
    );
    let function = &stack.functions["worker"];
    assert_eq!((function.bin.as_deref(), function.reserved_concurrency), (Some("worker"), Some(0)));
    assert_eq!(function.features, ["fast", "serde/std"]);
    assert!(function.tracing && function.log_level.map(|l| l.aws()) == Some("DEBUG"));
    let requests = &stack.smoke.requests;
    assert_eq!(requests[0].calls().collect::<Vec<_>>(), [("GET", "/?full=true")]);
    assert_eq!(
        requests[1].json,
        Some(serde_json::json!({"lines": [1, 2.5, null, {"a": "b"}], "ok": true}))
    );
    assert_eq!(stack.tags["部门"], "商店");
    assert_eq!(stack.functions["nightly"].memory, 256, "merged from an anchor under x-defaults");
    let text = |t: &str| EnvPart::Literal(t.to_string());
    let arn = EnvPart::TableArn("Orders".to_string());
    let expected = [text("a${b}-"), arn, text("/"), EnvPart::Region, EnvPart::Env, EnvPart::Stack];
    assert_eq!(function.env["MIXED"].parts, expected);
    assert_eq!(function.env["EMPTY"].parts, []);
    assert_eq!(function.architecture.map(|a| a.aws()), Some("arm64"));
    assert_eq!(function.grants[0].indexes, ["byUser"]);
    assert_eq!(stack.functions["nightly"].grants, function.grants, "an alias is its anchor");
    let routes: Vec<_> = stack.api.as_ref().unwrap().routes.iter().map(|r| r.key()).collect();
    assert_eq!(
        routes,
        [
            "PUT /orders/{id}",
            "GET /",
            "GET /orders/{id}/lines/{line}",
            "ANY /files/{path+}",
            "GET /me",
            "GET /staff",
            "GET /partners",
            "GET /open"
        ],
        "in the order of the file"
    );
    assert_eq!(
        stack.cdn.as_ref().unwrap().default_object,
        "index.html",
        "a site has a distribution"
    );
    assert!(
        stack
            .waf
            .as_ref()
            .unwrap()
            .managed_groups
            .iter()
            .all(|g| g.group.aws() != "AWSManagedRulesBotControlRuleSet")
    );
}

#[test]
fn routes_name_their_authorizers_and_sites_their_domains() {
    let (stack, _) = stack::load(&root().join("tests/stack_good/everything.yaml")).unwrap();
    let api = stack.api.as_ref().unwrap();
    let me = api.route_of("GET /me").unwrap();
    assert_eq!((me.authorizer.as_deref(), me.function.as_str()), (Some("users"), "worker"));
    assert_eq!(me.scopes, ["orders/read", "openid"]);
    assert_eq!(api.route_of("GET /open").unwrap().authorizer, None);
    assert_eq!(api.authorizers["partners"].aws_type(), "REQUEST");
    let names: Vec<_> = stack.site.as_ref().unwrap().domain.as_ref().unwrap().names().collect();
    assert_eq!(names, ["shop.example", "www.shop.example"]);
}

#[test]
fn the_stacks_that_the_readme_shows_are_good_ones() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let blocks: Vec<&str> =
        readme.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty(), "the README shows no stack.yaml");
    for block in blocks {
        if let Err(errors) = stack::parse(block, "README.md") {
            panic!("{}", render(&errors));
        }
    }
}

#[test]
fn a_stack_may_be_next_to_nothing() {
    let stack = stack::parse("name: a\nregion: eu-central-1\n", "stack.yaml").unwrap();
    assert!(
        stack.api.is_none() && stack.site.is_none() && stack.cdn.is_none() && stack.waf.is_none()
    );
    assert_eq!((stack.logs.retention_days, stack.smoke.checks.len()), (365, 13));
    let with_mark_and_crlf = "\u{feff}name: a\r\nregion: eu-central-1\r\n";
    assert_eq!(stack::parse(with_mark_and_crlf, "stack.yaml").unwrap(), stack);
}

/// `30`, `30.0` and `3e1` are one number.
#[test]
fn numbers_are_numbers_however_they_are_written() {
    let text = |n: &str, m: &str| {
        format!(
            "name: a\nregion: us-east-1\nlogs: {{ retention_days: {n} }}\n\
                 functions: {{ f: {{ crate: f, memory: {m} }} }}\n"
        )
    };
    let plain = stack::parse(&text("30", "256"), "stack.yaml").unwrap();
    for (n, m) in [("30.0", "256.0"), ("3e1", "2.56e2"), ("0x1e", "0x100")] {
        let other = stack::parse(&text(n, m), "stack.yaml");
        assert_eq!(other.unwrap_or_else(|e| panic!("{}", render(&e))), plain, "{n} {m}");
    }
    assert!(errors(&text("30.5", "256")).contains("retention_days"));
    assert!(errors(&text("30", "64.0")).contains("between 128 and 10240"));
}

#[test]
fn files_with_a_byte_order_mark_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stack.yaml");
    let text = "\u{feff}name: shop\nregion: us-east-1\ntags: { ort: Köln }\n";
    let wide = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<_>>();
    for bytes in [text.as_bytes().to_vec(), wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
        std::fs::write(&file, bytes).unwrap();
        let (stack, source) = stack::load(&file).unwrap_or_else(|e| panic!("{}", render(&e)));
        assert_eq!((stack.name.as_str(), stack.tags["ort"].as_str()), ("shop", "Köln"));
        assert!(source.starts_with("name: shop"));
    }
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stack.yaml");
    let message = |path: &Path| {
        let errors = stack::load(path).unwrap_err();
        assert_eq!(errors.len(), 1);
        errors[0].clone()
    };
    let missing = message(&file);
    assert!(missing.message.contains("No such file") && missing.suggestion.unwrap().contains("-f"));
    assert!(message(folder.path()).message.contains("it is a folder"));
    std::fs::write(&file, b"name: shop\nregion: us-\xffeast-1\n").unwrap();
    let text = message(&file);
    assert_eq!((text.line, text.column, text.source_line.as_str()), (2, 12, "region: us-\u{fffd}"));
    std::fs::write(&file, "#".repeat(3 * 1024 * 1024)).unwrap();
    assert!(message(&file).message.contains("too large"));
}

#[test]
fn hostile_text_neither_floods_nor_commands_a_terminal() {
    let shown = errors(&format!("name: \"\\e[2J\"\nregion: us-east-1\n{}: 1\n", "x".repeat(900)));
    assert!(!shown.contains('\u{1b}') && shown.contains("unknown key"), "{shown}");
    assert!(shown.lines().all(|l| l.chars().count() < 200), "{shown}");
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n".to_string();
    for n in 1..12 {
        let alias = format!("*a{}, ", n - 1).repeat(8);
        bomb += &format!("a{n}: &a{n} [{alias}]\n");
    }
    assert!(errors(&bomb).contains("not valid YAML"), "{}", errors(&bomb));
    errors(&"[".repeat(100_000));
    errors(&"a: ".repeat(1000));
}

#[test]
fn cutting_the_file_anywhere_is_an_error_or_a_stack_but_never_a_panic() {
    let source = std::fs::read_to_string(root().join("stack.yaml")).unwrap();
    for end in (0..source.len()).step_by(7).filter(|i| source.is_char_boundary(*i)) {
        for broken in
            [source[..end].to_string(), format!("{}{}", &source[..end], &source[end + 1..])]
        {
            for error in stack::parse(&broken, "stack.yaml").err().into_iter().flatten() {
                assert!(
                    !error.message.is_empty() && !error.to_string().contains("__serde"),
                    "{error}"
                );
            }
        }
    }
}

#[test]
fn missing_folders_are_found_where_they_are_named() {
    let (stack, source) = stack::load(&root().join("stack.yaml")).unwrap();
    let found = stack::missing_paths(&stack, &source, "stack.yaml", "dev", &|path| {
        path != "lambdas/create-order/Cargo.toml"
    });
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].source_line, "    crate: lambdas/create-order");
    assert_eq!(stack::missing_paths(&stack, &source, "stack.yaml", "dev", &|_| true), []);
}

/// The errors about routes of the shop where its description is this text.
fn undescribed(description: Result<&str, &str>) -> Vec<StackError> {
    let (stack, source) = stack::load(&root().join("stack.yaml")).unwrap();
    stack::undescribed_routes(&stack, &source, "stack.yaml", &|path| {
        assert_eq!(path, "lambdas/openapi.yaml");
        description.map(String::from).map_err(String::from)
    })
}

#[test]
fn routes_that_the_description_does_not_have_are_refused() {
    let shops = std::fs::read_to_string(root().join("lambdas/openapi.yaml")).unwrap();
    assert_eq!(undescribed(Ok(&shops)), []);
    let found = undescribed(Ok(&shops.replace("    head:\n", "    trace:\n")));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].source_line, "    HEAD /products: listProducts");
    assert!(found[0].message.contains("is not described in `lambdas/openapi.yaml`"), "{found:?}");
    let found = undescribed(Ok(&shops.replace("  /orders:\n", "  /bookings:\n")));
    assert_eq!(found[0].source_line, "    POST /orders: createOrder");

    for (text, words) in [
        (Err("does not exist"), "`lambdas/openapi.yaml` does not exist"),
        (Ok("openapi: 3.1.0\n"), "has no `paths`"),
        (Ok("paths: {}\n"), "has no `openapi`"),
        (Ok("a: [\n"), "cannot be read: "),
        (Ok(""), "has no `openapi`"),
    ] {
        let found = undescribed(text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains(words), "{found:?}");
        assert!(found[0].source_line.contains("openapi: lambdas/openapi.yaml"), "{found:?}");
    }
}

#[test]
fn pages_that_the_site_does_not_have_are_found_where_they_are_named() {
    let source = "name: shop\nregion: us-east-1\nsite: { folder: dist }\ncdn:\n  default_object: \
                  home.html\n  error_pages:\n    403: { page: /nope.html, status: 404 }\n    \
                  404: { page: /404.html, status: 404 }\n";
    let missing = |source: &str, served: &[&str]| {
        let stack = stack::parse(source, "stack.yaml").unwrap_or_else(|e| panic!("{}", render(&e)));
        stack::missing_pages(&stack, source, "stack.yaml", "dev", &|key| served.contains(&key))
    };
    let found = missing(source, &["404.html", "index.html"]);
    let places: Vec<_> = found.iter().map(|e| (e.line, e.column)).collect();
    assert_eq!(places, [(5, 19), (7, 18)], "{}", render(&found));
    assert!(found[0].message.contains("`home.html` is not among the files of `dist`"));
    assert!(missing(source, &["404.html", "home.html", "nope.html"]).is_empty());
    // What stack.yaml does not name may be missing: a site need not have a first page.
    let source = "name: shop\nregion: us-east-1\nsite: { folder: dist }\n";
    assert!(missing(source, &[]).is_empty());
}
