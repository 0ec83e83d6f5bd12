//! The binary's manners, without any endpoint: exit codes, streams, colours, and errors that say
//! what to do.

use crate::support::run::Run;
use crate::support::shop::{SECRET, Shop};
use serde_json::Value;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// An error: exit code 1, nothing on stdout but the document of `--json`, every one of these words
/// on stderr.
fn refused(run: &Run, words: &[&str]) {
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.is_empty() || run.stdout.starts_with("{\"error\":{\"message\":"),
        "{}",
        run.stdout
    );
    for word in words {
        assert!(run.stderr.contains(word), "no {word:?} in: {}", run.stderr);
    }
    assert!(!run.stderr.contains("panicked") && !run.stderr.contains(SECRET), "{}", run.stderr);
    assert!(!run.stderr.contains('\u{1b}'), "colour without a terminal: {}", run.stderr);
}

#[test]
fn help_and_version_are_answers() {
    let shop = Shop::offline();
    let help = shop.run(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for name in [
        "validate",
        "schema",
        "build",
        "diff",
        "up",
        "down",
        "smoke",
        "outputs",
        "policy-report",
        "envs",
        "sweep",
        "local",
    ] {
        assert!(
            help.stdout.lines().any(|l| l.trim_start().starts_with(&format!("{name} "))),
            "{name}: {}",
            help.stdout
        );
        let of_command = shop.run(&[name, "--help"]);
        assert_eq!((of_command.code, of_command.stderr.as_str()), (0, ""), "{name}");
    }
    let version = shop.run(&["--version"]);
    assert_eq!(
        (version.code, version.stdout),
        (0, format!("shopstack {}\n", env!("CARGO_PKG_VERSION")))
    );
}

#[test]
fn bad_usage_is_exit_code_1_and_not_claps_own() {
    let shop = Shop::offline();
    refused(&shop.run(&["upp"]), &["upp", "up"]);
    refused(&shop.run(&[]), &["Usage"]);
    refused(&shop.run(&["up", "--lock-timeout", "4"]), &["--lock-timeout", "30m"]);
    refused(&shop.run(&["--env", " ", "envs"]), &["is empty", "--env pr-42"]);
    refused(
        &shop.run_at("http://127.0.0.1:9", &["up", "--adopt", "nothing"]),
        &["nothing", "table.Products"],
    );
}

#[test]
fn a_bad_stack_is_shown_at_its_place() {
    let shop = Shop::offline();
    shop.edit("    memory: 256", "    memroy: 256");
    for arguments in [&["validate"][..], &["diff", "--json"], &["up", "--yes"]] {
        refused(&shop.run(arguments), &["stack.yaml:17:5", "memroy: 256", "memory"]);
    }
    refused(&shop.run(&["-f", "nowhere.yaml", "validate"]), &["nowhere.yaml"]);
    let shop = Shop::offline();
    shop.edit("folder: site", "folder: sites");
    refused(&shop.run(&["validate"]), &["stack.yaml:", "folder: sites", "does not exist"]);
}

#[test]
fn validate_tells_machines_where_and_looks_into_seeds() {
    let shop = Shop::offline();
    assert_eq!(shop.run(&["validate", "--json"]).lines()[0]["valid"], true);
    shop.edit("    memory: 256", "    memroy: 256");
    let run = shop.run(&["validate", "--json"]);
    let told = &run.lines()[0];
    assert_eq!((run.code, &told["valid"]), (1, &false.into()));
    assert_eq!(
        (&told["errors"][0]["line"], &told["errors"][0]["column"]),
        (&17.into(), &5.into()),
        "{told}"
    );
    assert!(run.stderr.contains("stack.yaml:17:5"), "{}", run.stderr);

    let shop = Shop::offline();
    shop.edit(
        "    key: productId\n",
        "    key: productId\n    indexes: { byCategory: { key: category } }\n",
    );
    for (seed, says) in [
        ("[{\"name\": \"no key\"}]", "an item, number 1, without the key `productId`"),
        ("[{\"productId\": 5}]", "whose key `productId` is 5 and not text"),
        (
            "[{\"productId\": \"a\"}, {\"productId\": \"a\"}]",
            "two items of the key \"a\", the second is number 2",
        ),
        ("[{\"productId\": ", "is not JSON: EOF"),
        ("{}", "is not a JSON array of objects"),
        ("[\n{\"prоductId\": \"a\"}]", ".json:2:1 has an item, number 1, without the key"),
        ("[{\"prоductId\": \"a\"}]", "its `productId` holds U+043E"),
        (
            "[{\u{a0}\"productId\": \"a\"}]",
            "products.json:1:3 is not JSON: U+00A0 (no-break space)",
        ),
        (
            "[{\"productId\": \"a\", \"category\": 7}]",
            "`category`, a key of the index `byCategory`, is 7",
        ),
        (
            "[{\"productId\": \"a\", \"category\": \"\"}]",
            "`category`, a key of the index `byCategory`, is \"\"",
        ),
        ("[{\"productId\": \"a\", \"n\": 1e126}]", "larger than DynamoDB takes"),
    ] {
        std::fs::write(shop.path("seed/products.json"), seed).unwrap();
        refused(
            &shop.run(&["validate"]),
            &["table.Products: the seed file", "seed/products.json", says],
        );
    }
}

#[test]
fn seeds_with_a_byte_order_mark_are_good_ones() {
    let shop = Shop::offline();
    let seed = shop.read("seed/products.json");
    std::fs::write(shop.path("seed/products.json"), format!("\u{feff}{seed}")).unwrap();
    let run = shop.run(&["validate"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn what_needs_no_network_needs_no_credentials() {
    let shop = Shop::offline();
    let valid = shop.run(&["validate"]);
    assert_eq!(valid.code, 0, "{}", valid.stderr);
    assert!(valid.stdout.contains("stack `shop` is valid"), "{}", valid.stdout);
    let schema = shop.run(&["schema"]);
    let printed: Value = serde_json::from_str(&schema.stdout).unwrap();
    let committed =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("stack.schema.json"))
            .unwrap();
    assert_eq!(
        printed,
        serde_json::from_str::<Value>(&committed).unwrap(),
        "stack.schema.json is what `schema` prints"
    );
    for shell in ["bash", "zsh", "fish"] {
        let completions = shop.run(&["completions", shell]);
        assert!(completions.code == 0 && completions.stdout.contains("shopstack"), "{shell}");
    }
}

#[test]
fn without_credentials_one_clear_message() {
    let shop = Shop::offline();
    for arguments in [&["diff"][..], &["envs", "--json"], &["down", "--yes"]] {
        let mut command = shop.command(arguments);
        command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
        refused(&Run::execute(command), &["credentials", "help:"]);
    }
}

#[test]
fn an_endpoint_that_does_not_answer_is_named() {
    let shop = Shop::offline();
    // A port that was free a moment ago: nothing listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let run = shop.run_at(&endpoint, &["diff", "--json"]);
    refused(&run, &[endpoint.as_str(), "help:"]);
    let errors = run.stderr.lines().filter(|line| line.starts_with("error: ")).count();
    assert_eq!(errors, 1, "one message: {}", run.stderr);
}

/// A pipeline reads the last line, whatever happened; what remains after a `down` that saw nothing
/// is not known.
#[test]
fn json_lines_end_with_a_summary_even_if_nothing_was_begun() {
    let shop = Shop::offline();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");
    for (arguments, remaining) in [
        (&["up", "--yes", "--json"][..], serde_json::json!([])),
        (
            &["down", "--yes", "--json"],
            serde_json::json!(["not known: the run ended before it looked"]),
        ),
        (&["smoke", "--json"], serde_json::json!([])),
    ] {
        let run = shop.run_at(&endpoint, arguments);
        let lines = run.lines();
        assert_eq!((run.code, lines.len()), (1, 1), "{arguments:?}: {}{}", run.stdout, run.stderr);
        let last = &lines[0];
        assert_eq!(
            (&last["event"], &last["result"]),
            (&"summary".into(), &"failed".into()),
            "{last}"
        );
        assert_eq!((&last["remaining"], &last["changed"]), (&remaining, &0.into()), "{last}");
        assert!(last["calls"]["write"] == 0 && last["outputs"] == serde_json::json!({}), "{last}");
        assert!(last["error"]["message"].as_str().is_some_and(|m| m.contains(&endpoint)), "{last}");
        assert!(run.stderr.contains(&endpoint), "and a person reads it on stderr: {}", run.stderr);
    }
}

#[test]
fn a_profile_that_is_not_there_is_named() {
    let shop = Shop::offline();
    let mut command = shop.command(&["diff", "--profile", "nope"]);
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").env("AWS_CONFIG_FILE", "/dev/null");
    refused(&Run::execute(command), &["credentials", "the profile `nope`"]);
}

/// Before there is anything to end in good order a signal ends the command, with its own exit code
/// and a word.
#[test]
fn a_signal_while_nothing_is_under_way_ends_any_command() {
    let shop = Shop::offline();
    for (arguments, signal) in
        [(&["diff"][..], "-INT"), (&["outputs"], "-TERM"), (&["down", "--yes", "--json"], "-INT")]
    {
        // Takes the call and never answers it.
        let endpoint = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut command = shop.command(arguments);
        command.env("AWS_ENDPOINT_URL", format!("http://{}", endpoint.local_addr().unwrap()));
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-test");
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let child = command.spawn().unwrap();
        let _called = endpoint.accept().unwrap();
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let ended = child.wait_with_output().unwrap();
        let (stdout, stderr) =
            (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        assert_eq!(ended.status.code(), Some(130), "{arguments:?}: {stderr}");
        assert!(
            stderr.contains("interrupted: nothing was changed") && stderr.contains("again"),
            "{stderr}"
        );
        if arguments.contains(&"--json") {
            let last: Value = serde_json::from_str(stdout.trim()).unwrap();
            assert_eq!(
                (&last["event"], &last["result"]),
                (&"summary".into(), &"interrupted".into()),
                "{last}"
            );
        }
    }
}

/// Build scripts and macros of any crate run in cargo's environment.
#[test]
fn builds_see_none_of_the_callers_credentials() {
    let shop = Shop::offline();
    let root = shop.path("");
    std::fs::create_dir_all(root.join("curious/src")).unwrap();
    let manifest = "[package]\nname = \"curious\"\nedition = \"2024\"\n[workspace]\n";
    std::fs::write(root.join("curious/Cargo.toml"), manifest).unwrap();
    let looks =
        "const _: () = assert!(option_env!(\"AWS_SECRET_ACCESS_KEY\").is_none());\nfn main() {}\n";
    std::fs::write(root.join("curious/src/main.rs"), looks).unwrap();
    let stack = "name: curious\nregion: us-east-1\nfunctions:\n  f: { crate: curious, \
                 architecture: ARCH }\n";
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    std::fs::write(root.join("stack.yaml"), stack.replace("ARCH", architecture)).unwrap();
    let mut command = shop.command(&["build"]);
    command.env("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-test");
    let run = Run::execute(command);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let mut bare = Command::new("cargo");
    bare.args(["build", "--quiet"])
        .current_dir(root.join("curious"))
        .env("AWS_SECRET_ACCESS_KEY", "x");
    assert_ne!(Run::execute(bare).code, 0, "the crate does look for it");
}

#[test]
fn what_is_no_region_is_refused() {
    let shop = Shop::offline();
    refused(&shop.run(&["--region", "the-moon", "diff"]), &["`the-moon`", "us-east-1"]);
    shop.edit("region: us-east-1", "region: us-east1");
    refused(&shop.run(&["validate"]), &["us-east1", "stack.yaml:4", "did you mean `us-east-1`?"]);
}
