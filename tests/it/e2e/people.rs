//! What people see at a terminal of their own: the plan and a question, progress with times, URLs,
//! the name to be typed.

use crate::support::env::endpoint;
use crate::support::inventory::leftovers;
use crate::support::run::{Run, command};
use crate::support::shop::Shop;
use std::process::Command;

/// Runs the binary in a terminal, answering each prompt in turn.
fn at_a_terminal(shop: &Shop, endpoint: &str, answers: &[(&str, &str)], arguments: &[&str]) -> Run {
    run_with(shop, endpoint, &[], answers, arguments)
}

/// The same with more variables in its environment, such as `NO_COLOR=1`.
fn run_with(
    shop: &Shop,
    endpoint: &str,
    more: &[&str],
    answers: &[(&str, &str)],
    arguments: &[&str],
) -> Run {
    let shopstack = command(&shop.path("home"));
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut terminal = Command::new("python3");
    terminal.env_clear().stdin(std::process::Stdio::null()).current_dir(shop.path(""));
    terminal
        .envs(shopstack.get_envs().filter_map(|(name, value)| value.map(|value| (name, value))));
    terminal
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    terminal.env("TERM", "xterm").arg(root.join("tests/tools/terminal.py"));
    for (prompt, answer) in answers {
        terminal.args([prompt, answer]);
    }
    // For the command alone: Python has its own use for some.
    terminal.args(["--", "env"]).args(more).arg(shopstack.get_program()).args(arguments);
    Run::execute(terminal)
}

/// Makes the project a git repository with one commit, and says which.
fn committed(shop: &Shop) -> String {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(shop.path(""))
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(arguments);
        let run = Run::execute(git);
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout.trim().to_string()
    };
    git(&["init", "--quiet"]);
    git(&["add", "stack.yaml"]);
    git(&["commit", "--quiet", "-m", "the shop"]);
    git(&["rev-parse", "HEAD"])
}

fn shows(run: &Run, code: i32, words: &[&str]) {
    assert_eq!(run.code, code, "{}{}", run.stdout, run.stderr);
    for word in words {
        assert!(run.stdout.contains(word), "no {word:?} in:\n{}", run.stdout);
    }
}

#[tokio::test]
async fn a_person_is_shown_the_plan_asked_and_told_what_came_of_it() {
    let endpoint = endpoint();
    let shop = Shop::new("people", &endpoint).with_quick_crates();
    let (clients, _) = shop.clients().await;
    let at = |answers: &[(&str, &str)], arguments: &[&str]| {
        at_a_terminal(&shop, &endpoint, answers, arguments)
    };

    let refused = at(&[("account 000000000000? [y/N]", "")], &["up", "--no-smoke"]);
    shows(&refused, 1, &["+ table.Orders", "to create", "not confirmed: nothing was changed"]);
    // The row of a lock that nobody holds is all.
    assert!(leftovers(&clients, &shop.stack).await.iter().all(|left| left.starts_with("record ")));

    let commit = committed(&shop);
    let up = at(&[("account 000000000000? [y/N]", "y")], &["up", "--no-smoke"]);
    shows(
        &up,
        0,
        &["\u{1b}[", "table.Orders created", " s)", " changed in ", "Site  http", "API   http"],
    );
    assert!(up.stdout.find("Apply to ") < up.stdout.find("table.Orders created"), "{}", up.stdout);

    let history = shop.run(&["history"]).stdout;
    assert!(
        history.contains(&commit[..12])
            && history.contains(" changed ")
            && history.lines().count() == 1,
        "{history}"
    );

    assert!(!history.contains("-dirty"), "{history}");
    shop.edit("memory: 256", "memory: 320");
    shop.events(&["up", "--yes", "--no-smoke"]);
    let history = shop.run(&["history"]).stdout;
    assert!(
        history.contains(&format!("{}-dirty", &commit[..12])),
        "what ran was not what is committed: {history}"
    );
    let outputs = shop.run(&["outputs"]).stdout;
    for name in ["Orders", "createOrder"] {
        assert!(outputs.contains(&format!("{name}: {}", shop.name(name))), "{outputs}");
    }

    // Tables hold data: a yes is not enough.
    let name = shop.stack.as_str();
    let prompt = format!("Type the stack's name ({name})");
    let refused = at(&[(&prompt, "yes")], &["down"]);
    shows(&refused, 1, &["20 items", "not confirmed: nothing was deleted"]);
    let (code, plan) = shop.diff();
    assert_eq!(code, 0, "{plan}");
    let down = at(&[(&prompt, name)], &["down"]);
    shows(&down, 0, &["table.Products deleted", "nothing of it is left in us-east-1"]);
    assert_eq!(leftovers(&clients, &shop.stack).await, Vec::<String>::new());
}

/// `NO_COLOR` counts where there would be colour: at a terminal.
#[tokio::test]
async fn a_terminal_has_colour_unless_it_is_not_wanted() {
    let endpoint = endpoint();
    let shop = Shop::new("ink", &endpoint).with_quick_crates();
    assert!(at_a_terminal(&shop, &endpoint, &[], &["diff"]).stdout.contains("\u{1b}["));
    assert!(
        !at_a_terminal(&shop, &endpoint, &[], &["diff", "--color", "never"])
            .stdout
            .contains('\u{1b}')
    );
    let plain = run_with(&shop, &endpoint, &["NO_COLOR=1"], &[], &["diff"]);
    assert!(
        plain.code == 2 && !plain.stdout.contains('\u{1b}'),
        "{}{}",
        plain.stdout,
        plain.stderr
    );
}
