//! `smoke` by itself: its JUnit file, and exit code 4 where the shop does not behave as one; `up
//! --wait accepted`.

use super::project::Project;
use crate::support;

#[tokio::test]
async fn a_shop_that_serves_is_passed_and_one_that_does_not_is_told() {
    let project = Project::new("trial", &support::endpoint().await);
    let (clients, identity) = project.clients().await;
    // Accepted is not served: the smoke test is left out, and that is said.
    let accepted = project.run(&["up", "--yes", "--wait", "accepted", "--json"]);
    assert_eq!(accepted.code, 0, "{}", accepted.stderr);
    assert!(accepted.stderr.contains("The smoke test is left out"), "{}", accepted.stderr);
    assert!(!accepted.lines().iter().any(|l| l["event"] == "smoke"), "{}", accepted.stdout);

    let passed = project.events(&["smoke", "--junit", "junit.xml"]);
    let xml = project.read("junit.xml");
    assert_eq!(
        passed.iter().filter(|l| l["event"] == "smoke").count(),
        xml.matches("<testcase ").count(),
        "{xml}"
    );
    assert!(xml.contains("failures=\"0\"") && xml.contains("name=\"order\""), "{xml}");

    // Somebody opens nothing and closes everything: the bucket refuses the distribution itself.
    let bucket = format!("{}-{}-us-east-1", project.name("site"), identity.account);
    clients.s3.delete_bucket_policy().bucket(&bucket).send().await.unwrap();
    project.edit("smoke:\n", "smoke:\n  timeout_seconds: 10\n");
    let failed = project.run(&["smoke", "--junit", "junit.xml"]);
    assert_eq!(failed.code, 4, "{}{}", failed.stdout, failed.stderr);
    assert!(
        failed.stderr.contains("✗ smoke site") && failed.stderr.contains("help: "),
        "{}",
        failed.stderr
    );
    assert!(project.read("junit.xml").contains("<failure "), "{}", project.read("junit.xml"));

    // `up` mends it, and ends well.
    let mended = project.events(&["up", "--yes"]);
    assert_eq!(super::project::done(&mended), ["bucket_policy.site"]);
    project.events(&["down", "--yes", "--destroy-data"]);
}
