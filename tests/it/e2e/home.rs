//! `down` with a name and nothing else, for an environment of another region than the one that a
//! bare command means.

use super::story;
use crate::support::env::endpoint;
use crate::support::inventory::leftovers;
use crate::support::run::summary;
use crate::support::shop::Shop;
use serde_json::json;

#[tokio::test]
async fn down_finds_the_region_of_what_it_takes_away() {
    let endpoint = endpoint();
    let shop = Shop::new("home", &endpoint).in_region("eu-central-1").with_quick_crates();
    let (clients, _) = shop.clients().await;
    shop.events(&["up", "--yes", "--no-smoke"]);
    let there = leftovers(&clients, &shop.stack).await.len();
    let name = shop.stack.clone();

    // A region that is named is believed, and that nothing is there is no success.
    let down = |more: &[&str]| {
        let all = [
            "-f",
            "nowhere.yaml",
            "down",
            "--stack",
            name.as_str(),
            "--yes",
            "--destroy-data",
            "--json",
        ];
        shop.run(&[&all[..], more].concat())
    };
    let elsewhere = down(&["--region", "eu-west-2"]);
    assert_eq!(elsewhere.code, 1, "{}", elsewhere.stderr);
    for part in ["lives in eu-central-1, and not in eu-west-2", "--region eu-central-1"] {
        assert!(elsewhere.stderr.contains(part), "{}", elsewhere.stderr);
    }
    assert_eq!(leftovers(&clients, &shop.stack).await.len(), there);
    // It is this stack's own, elsewhere: taking it over would be the wrong advice.
    let diff = shop.run(&["diff", "--region", "eu-west-2"]);
    assert_eq!(diff.code, 1, "{}", diff.stdout);
    assert!(
        diff.stderr.contains("lives in region eu-central-1")
            && diff.stderr.contains("name that region"),
        "{}",
        diff.stderr
    );
    assert!(!diff.stderr.contains("--adopt"), "{}", diff.stderr);

    let found = down(&[]);
    assert_eq!(found.code, 0, "{}", found.stderr);
    assert!(found.stderr.contains("lives in eu-central-1"), "{}", found.stderr);
    assert_eq!(summary(&found.lines())["remaining"], json!([]));
    story::gone(&shop, &clients).await;

    // Nothing was there, and nothing was taken away: the two are not told in the same words.
    let nothing = shop.run(&["down", "--yes"]);
    let words = "was found in eu-central-1; --region looks elsewhere";
    assert!(nothing.code == 0 && nothing.stdout.contains(words), "{}", nothing.stdout);
}

/// Tables alone have nothing global: the records of all regions say where they live.
#[tokio::test]
async fn tables_alone_are_not_made_a_second_time_elsewhere() {
    let shop = Shop::new("hometables", &endpoint());
    let stack = shop.stack.clone();
    let text = |region: &str| {
        format!(
            "name: {stack}\nregion: {region}\n\
             tables: {{ Notes: {{ key: noteId, protect: false }} }}\n"
        )
    };
    shop.write("stack.yaml", &text("eu-central-1"));
    shop.events(&["up", "--yes"]);
    shop.write("stack.yaml", &text("eu-west-2"));
    for arguments in [&["up", "--yes", "--json"][..], &["diff", "--json"]] {
        let run = shop.run(arguments);
        assert_eq!(run.code, 1, "{arguments:?}: {}{}", run.stdout, run.stderr);
        for part in ["lives in region eu-central-1, and not in eu-west-2", "--region eu-central-1"]
        {
            assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
        }
    }
    // A name alone finds them.
    let bare = ["-f", "nowhere.yaml", "down", "--stack", stack.as_str(), "--yes", "--destroy-data"];
    let down = shop.run(&[&bare[..], &["--json"]].concat());
    assert_eq!(down.code, 0, "{}", down.stderr);
    assert!(down.stderr.contains("lives in eu-central-1"), "{}", down.stderr);
    assert_eq!(summary(&down.lines())["remaining"], json!([]));
    // Nothing is there any more, so another region is as good as any.
    shop.events(&["up", "--yes"]);
    shop.events(&["down", "--yes", "--destroy-data"]);
}

#[tokio::test]
async fn what_is_no_name_is_refused() {
    let shop = Shop::new("noname", &endpoint());
    for name in ["", "*", "../x", "Shop Two"] {
        let run = shop.run(&["down", "--stack", name, "--yes"]);
        assert!(
            run.code == 1 && run.stderr.contains("is not the name of a stack"),
            "{name:?}: {}",
            run.stderr
        );
    }
}
