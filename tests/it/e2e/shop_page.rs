//! What the tests of the shop do again and again: open it, fill the form, and look whether a state
//! of the page is accessible and fits the window. A screenshot of each state is kept under
//! `target/shop/`.

use super::shop_server::ShopServer;
use super::webdriver::Browser;
use base64::Engine as _;
use serde_json::{Value, json};
use std::path::Path;

pub const PRODUCT: &str = "[data-testid=product] [data-testid=add-to-cart]";
pub const ERROR: &str = "[data-testid=error]";
pub const RETRY: &str = "[data-testid=retry]";
pub const COUNT: &str = "[data-testid=cart-count]";
const PHONE: (u32, u32) = (360, 780);

/// The products of the seed.
pub fn seed() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("seed/products.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// As many products as wanted, made from those of the seed.
pub fn many(count: usize) -> Vec<Value> {
    let seed = seed();
    let product = |n: usize| {
        let mut product = seed[n % seed.len()].clone();
        product["name"] = json!(format!("{} {n}", product["name"].as_str().unwrap()));
        product["productId"] = json!(format!("many-{n:03}"));
        product
    };
    (0..count).map(product).collect()
}

pub async fn browser() -> Browser {
    let driver = std::env::var("SHOPSTACK_TEST_WEBDRIVER")
        .expect("SHOPSTACK_TEST_WEBDRIVER names a chromedriver");
    Browser::start(&driver).await
}

/// A shop with the seed's products, open in a browser on a phone-sized screen.
pub async fn open_shop() -> (ShopServer, Browser) {
    let server = ShopServer::start(seed()).await;
    let browser = browser().await;
    browser.resize(PHONE.0, PHONE.1).await;
    browser.open(&server.url).await;
    browser.find_one(PRODUCT).await;
    (server, browser)
}

pub fn add(id: &str) -> String {
    format!("[data-product-id={id}] [data-testid=add-to-cart]")
}

/// From any page to the checkout, through the drawer.
pub async fn go_to_checkout(browser: &Browser) {
    browser.click("#open-cart").await;
    browser.click("[data-testid=checkout]").await;
    browser.find_one("body[data-page=checkout][data-catalogue=ready]").await;
}

pub async fn fill_form(browser: &Browser) {
    for (field, text) in [
        ("#user-id", "ada@example.org"),
        ("#name", "Ada Byron"),
        ("#street", "12 St James's Square"),
        ("#postal-code", "SW1Y 4LE"),
        ("#city", "London"),
        ("#country", "United Kingdom"),
    ] {
        browser.type_text(field, text).await;
    }
}

/// With a product in the cart and the form filled, one click before the order.
pub async fn ready_to_order(browser: &Browser, product: &str) {
    browser.click(&add(product)).await;
    go_to_checkout(browser).await;
    fill_form(browser).await;
}

/// axe-core finds nothing at all, nothing is wider than the window, and a screenshot is kept.
pub async fn inspect(browser: &Browser, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/shop");
    std::fs::create_dir_all(&folder).unwrap();
    let png = base64::engine::general_purpose::STANDARD.decode(browser.picture().await).unwrap();
    std::fs::write(folder.join(format!("{}.png", name.replace(' ', "-"))), png).unwrap();

    let overflow = browser
        .script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth",
        )
        .await;
    assert_eq!(overflow, json!(0), "{name} is wider than the window");
    let found = violations(browser).await;
    assert!(found.is_empty(), "{name}: {found:#?}");
}

/// What axe-core says against the page as it is now.
async fn violations(browser: &Browser) -> Vec<String> {
    let tools = std::env::var("SHOPSTACK_TEST_TOOLS")
        .expect("SHOPSTACK_TEST_TOOLS names the tests' Python tools");
    let lib = std::fs::read_dir(format!("{tools}/lib")).unwrap();
    let axe = lib
        .map(|entry| entry.unwrap().path().join("site-packages/axe_core_python/axe.min.js"))
        .find(|path| path.exists())
        .expect("axe-core among the tests' tools");
    // Colours are measured once an animation has ended.
    let still = "document.getAnimations().every((a) => a.playState !== 'running' || \
                 a.effect.getComputedTiming().iterations === Infinity)";
    browser.until(still).await;
    browser.script(&std::fs::read_to_string(axe).unwrap()).await;
    let report =
        browser.promise("return await axe.run(document, { resultTypes: ['violations'] });").await;
    assert!(report["testEngine"]["name"] == "axe-core", "{report}");
    let violations = report["violations"].as_array().unwrap().iter();
    violations.map(|v| format!("{}: {} {}", v["id"], v["help"], v["nodes"][0]["html"])).collect()
}
