//! The house rules as a test: who may import whom, how long files and functions are, where SDK
//! names stand.

use std::fs;
use std::path::{Path, PathBuf};

/// Module -> our modules it may import. The order is the layering, lowest first.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("stack", &["model"]),
    ("policy", &["model"]),
    ("plan", &["model"]),
    ("aws", &["model"]),
    ("build", &["model"]),
    ("local", &["model"]),
    ("resources", &["model", "stack", "policy", "aws"]),
    ("engine", &["model", "plan"]),
    ("smoke", &["model", "policy", "plan"]),
    ("report", &["model", "policy", "plan"]),
    ("render", &["model", "stack", "policy", "plan", "engine", "report"]),
    (
        "cli",
        &[
            "model",
            "stack",
            "policy",
            "plan",
            "aws",
            "build",
            "local",
            "resources",
            "engine",
            "smoke",
            "report",
            "render",
        ],
    ),
];

/// Files allowed past the limits, each with its reason. Empty is best.
const LONG_FILES: &[(&str, &str)] = &[
    ("src/aws/error.rs", "narrower lines made it longer; to be split"),
    ("src/report/tests.rs", "narrower lines made it longer; to be split"),
    ("src/plan/tests.rs", "narrower lines made it longer; to be split"),
    ("src/plan/build.rs", "narrower lines made it longer; to be split"),
    ("src/plan/secret.rs", "narrower lines made it longer; to be split"),
    ("src/render/graph.rs", "narrower lines made it longer; to be split"),
    ("src/resources/apigateway/api/mod.rs", "narrower lines made it longer; to be split"),
    ("src/resources/dynamodb/table/write.rs", "narrower lines made it longer; to be split"),
    ("tests/it/replayed/function.rs", "narrower lines made it longer; to be split"),
    ("tests/it/replayed/table.rs", "narrower lines made it longer; to be split"),
    ("tests/it/replayed/api.rs", "narrower lines made it longer; to be split"),
    ("tests/it/faults/injected/rows.rs", "narrower lines made it longer; to be split"),
];
const LONG_FUNCTIONS: &[(&str, &str)] = &[
    (
        "src/smoke/tests.rs::each_fault_fails_just_its_own_check_and_is_named",
        "narrower lines made it longer; to be split",
    ),
    (
        "tests/local.rs::web_pages_reach_the_shop_but_not_the_control_plane",
        "narrower lines made it longer; to be split",
    ),
    (
        "tests/it/e2e/report.rs::a_report_is_clean_after_up_and_names_what_somebody_widened",
        "narrower lines made it longer; to be split",
    ),
    (
        "tests/it/drift/binary.rs::the_binary_tells_drift_change_and_both_by_its_exit_code",
        "narrower lines made it longer; to be split",
    ),
    (
        "tests/it/bad_input/mod.rs::a_plan_that_is_out_of_date_names_what_changed",
        "narrower lines made it longer; to be split",
    ),
];

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 70;

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                let short = path
                    .strip_prefix(env!("CARGO_MANIFEST_DIR"))
                    .expect("inside the project")
                    .to_path_buf();
                found.push((short, text));
            }
        }
    }
    assert!(found.len() > 1, "no sources found in {folder}");
    found
}

fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix("src").expect("a file of src");
    let first = inside.components().next().expect("a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_string()
}

/// Code without what is compiled for tests alone, which may import what it likes; lines keep their
/// numbers.
fn production(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        kept.push('\n');
        // What follows is an item: a declaration of one line, or a block that ends at the same
        // depth.
        let indent = line.len() - line.trim_start().len();
        for inner in lines.by_ref() {
            kept.push('\n');
            let depth = inner.len() - inner.trim_start().len();
            if depth == indent
                && (inner.ends_with(';') || inner.trim() == "}" || inner.ends_with("{}"))
            {
                break;
            }
        }
    }
    kept
}

#[test]
fn modules_import_only_what_their_layer_may() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let module = module_of(&path);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(m, _)| *m == module) else {
            assert!(
                ["main", "lib"].contains(&module.as_str()),
                "{module} has no row in the import table"
            );
            continue;
        };
        for (number, line) in production(&text).lines().enumerate() {
            for (position, _) in line.match_indices("crate::") {
                let rest = &line[position + 7..];
                let name: String =
                    rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let known = MAY_IMPORT.iter().any(|(m, _)| *m == name);
                if known && name != module && !allowed.contains(&name.as_str()) {
                    wrong.push(format!(
                        "{}:{}: {module} imports {name}",
                        path.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The service folders under `src/resources`.
fn services() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/resources");
    let entries = fs::read_dir(root).expect("the services").map(|e| e.expect("an entry").path());
    entries
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
        .collect()
}

#[test]
fn a_resource_type_sees_no_other_service() {
    let services = services();
    let mut wrong = Vec::new();
    for (path, text) in sources("src/resources") {
        let own = path.components().nth(2).expect("a name").as_os_str().to_string_lossy();
        if !services.iter().any(|service| *service == own) {
            continue;
        }
        let named = named_after(&production(&text), "crate::resources::");
        let others = named.iter().filter(|n| services.contains(n) && **n != own);
        wrong.extend(others.map(|n| format!("{}: {n}", path.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The names that stand right behind `prefix`, in braces or alone.
fn named_after(text: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (position, _) in text.match_indices(prefix) {
        let rest = &text[position + prefix.len()..];
        let group =
            rest.strip_prefix('{').map(|inside| inside.split("};").next().unwrap_or(inside));
        for part in group.map_or_else(|| vec![rest], |inside| inside.split(',').collect()) {
            names.push(
                part.trim_start()
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect(),
            );
        }
    }
    names
}

#[test]
fn names_behind_a_path_are_found_alone_and_in_braces() {
    let text = "use super::web_acl::{a, b};\nuse super::{\n    FRESH, role::Role,\n};\nlet x = super::oac::list();";
    let names = named_after(text, "super::");
    for name in ["web_acl", "FRESH", "role", "oac"] {
        assert!(names.iter().any(|n| n == name), "{name} in {names:?}");
    }
}

#[test]
fn sdk_names_stand_only_where_aws_is_spoken() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let module = module_of(&path);
        if ["aws", "resources"].contains(&module.as_str()) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if line.contains("aws_sdk_") || line.contains("aws_smithy_") {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_outer_layers_print_and_nothing_panics_on_purpose() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src").into_iter().chain(sources("lambdas")) {
        // Files of tests and of what tests show; `#[cfg(test)]` stands where they are declared.
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        if stem.ends_with("tests") || stem == "samples" {
            continue;
        }
        for (number, line) in production(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let printing =
                ["println!", "eprintln!", "print!(", "dbg!"].iter().any(|p| code.contains(p));
            let panics = ["unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!("]
                .iter()
                .any(|p| code.contains(p));
            let lambda = path.starts_with("lambdas");
            if (printing && !lambda) || panics {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for_and_stays_short() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src").into_iter().chain(sources("lambdas")).chain(sources("tests"))
    {
        let name = path.display().to_string();
        if !text.starts_with("//! ") && !text.starts_with("// ") {
            wrong.push(format!("{name}: does not begin with a sentence on what it is for"));
        }
        let lines = text.lines().count();
        if lines > FILE_LINES && !LONG_FILES.iter().any(|(file, _)| *file == name) {
            wrong.push(format!("{name}: {lines} lines, {FILE_LINES} is the limit"));
        }
        for (function, length) in functions(&text) {
            let listed = LONG_FUNCTIONS.iter().any(|(f, _)| *f == format!("{name}::{function}"));
            if length > FUNCTION_LINES && !listed {
                wrong.push(format!(
                    "{name}: fn {function} has {length} lines, {FUNCTION_LINES} is the limit"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Functions with their length in lines, told by rustfmt's indentation: a body ends at its own
/// closing brace.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let head = ["pub(crate) ", "pub(super) ", "pub ", "const ", "async "]
            .iter()
            .fold(code, |code, word| code.strip_prefix(word).unwrap_or(code));
        let Some(rest) = head.strip_prefix("fn ") else {
            continue;
        };
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let close = format!("{}}}", " ".repeat(indent));
        if let Some(length) = lines[start..].iter().position(|l| *l == close) {
            found.push((name, length + 1));
        }
    }
    found
}

#[test]
fn every_resource_type_has_a_test_of_its_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut missing = Vec::new();
    for service in services() {
        let folder = root.join("src/resources").join(service);
        for entry in fs::read_dir(folder).expect("the resource types") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy().to_string();
            let helper = ["mod", "definition"].contains(&name.as_str());
            if !helper && !root.join(format!("tests/it/resources/{name}.rs")).exists() {
                missing.push(name);
            }
        }
    }
    assert!(missing.is_empty(), "no tests/it/resources/<name>.rs for: {}", missing.join(", "));
}
