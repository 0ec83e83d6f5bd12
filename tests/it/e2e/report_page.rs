//! The HTML report in a browser: it fits a phone and a desk, axe-core finds nothing, and what
//! somebody wrote into a policy stays text.

use super::shop_page::{browser, inspect};
use crate::support::env::endpoint;
use crate::support::shop::Shop;
use serde_json::json;

const MARKUP: &str = r#"{"Version":"2012-10-17","Statement":[{
    "Sid":"<script>document.title='theirs'</script>","Effect":"Allow",
    "Action":"dynamodb:*","Resource":"*"}]}"#;

#[tokio::test]
async fn the_page_fits_is_accessible_and_runs_nothing() {
    let shop = Shop::new("page", &endpoint()).with_quick_crates().with_small_site();
    shop.events(&["up", "--yes", "--no-smoke"]);
    let (clients, _) = shop.clients().await;
    let put = clients.iam.put_role_policy().role_name(shop.name("createOrder"));
    put.policy_name("more").policy_document(MARKUP).send().await.unwrap();
    let run = shop.run(&["policy-report", "--format", "html", "--out", "report.html"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(shop.read("report.html").contains("&lt;script&gt;"), "the statement is there, as text");

    let browser = browser().await;
    let page = format!("file://{}", shop.path("report.html").display());
    for (name, width) in [("phone", 360), ("desk", 1280)] {
        browser.resize(width, 900).await;
        for scheme in ["light", "dark"] {
            browser.prefer(&[("prefers-color-scheme", scheme)]).await;
            browser.open(&page).await;
            browser.find_one("h1").await;
            inspect(&browser, &format!("report-{name}-{scheme}")).await;
        }
    }
    let scripts = browser.script("return document.querySelectorAll('script').length").await;
    let title = browser.script("return document.title").await;
    assert_eq!(
        (scripts, title.as_str().map(|t| t.starts_with("Policy report"))),
        (json!(0), Some(true))
    );
    browser.quit().await;
    shop.events(&["down", "--yes", "--destroy-data"]);
}
