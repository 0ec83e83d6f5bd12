//! How the shop looks: light and dark, with colours of the system's own, without motion, at four
//! widths; and how little of it moves while it loads.

use super::shop_page::{PRODUCT, add, browser, inspect, open_shop, seed};
use super::shop_server::{Fault, ShopServer};
use serde_json::json;

const WIDTHS: [u32; 4] = [320, 360, 768, 1280];
/// A good page stays under 0.1 (web.dev, Cumulative Layout Shift); this one hardly moves at all.
const MOST_SHIFT: f64 = 0.02;

#[tokio::test]
async fn every_page_fits_at_four_widths_light_and_dark() {
    let (server, browser) = open_shop().await;
    browser.click(&add("p-010")).await;
    for width in WIDTHS {
        browser.resize(width, 900).await;
        for scheme in ["light", "dark"] {
            browser.prefer(&[("prefers-color-scheme", scheme)]).await;
            for (name, page) in [
                ("home", "/"),
                ("page", "/products/p-010.html"),
                ("checkout", "/checkout.html"),
                ("lost", "/nothing-here"),
            ] {
                browser.open(&format!("{}{page}", server.url)).await;
                browser.find_one("body[data-catalogue=ready]").await;
                inspect(&browser, &format!("{name}-{width}-{scheme}")).await;
            }
        }
    }
    browser.quit().await;
}

#[tokio::test]
async fn forced_colours_keep_edges_and_reduced_motion_stops_all_motion() {
    let (server, browser) = open_shop().await;
    browser.click(&add("p-001")).await;
    browser.prefer(&[("forced-colors", "active"), ("prefers-reduced-motion", "reduce")]).await;
    for (name, page) in [("home", "/"), ("checkout", "/checkout.html")] {
        browser.open(&format!("{}{page}", server.url)).await;
        browser.find_one("body[data-catalogue=ready]").await;
        inspect(&browser, &format!("{name}-forced-colours")).await;
        let bare = browser
            .script(
                "const shown = (e) => e.getClientRects().length > 0; \
                 const bare = (e) => getComputedStyle(e).borderStyle === 'none'; \
                 return [...document.querySelectorAll('.button')]\
                 .filter((e) => shown(e) && bare(e)).length",
            )
            .await;
        assert_eq!(bare, json!(0), "buttons without an edge on {name}");
        let moving = browser.script("return document.getAnimations().length").await;
        assert_eq!(moving, json!(0), "animations on {name}");
    }
    browser.quit().await;
}

#[tokio::test]
async fn hardly_anything_moves_while_a_page_loads() {
    let server = ShopServer::start(seed()).await;
    let browser = browser().await;
    let observe = "window.shift = 0; window.moved = []; new PerformanceObserver((list) => { \
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) { \
            window.shift += entry.value; \
            for (const { node, previousRect: a, currentRect: b } of entry.sources) \
                window.moved.push(`${node?.outerHTML?.slice(0, 60)} ${a.y}+${a.height} to \
                ${b.y}+${b.height}`); } }).observe({ type: 'layout-shift', buffered: true });";
    browser.command("Page.addScriptToEvaluateOnNewDocument", json!({"source": observe})).await;
    for width in [360, 1280] {
        browser.resize(width, 900).await;
        for page in ["/", "/?category=Desk", "/products/p-001.html", "/product.html?id=p-004"] {
            // The catalogue comes when everything else has long been there; once so late that the
            // note about a slow shop comes and goes.
            let late = if page.starts_with("/?") { 5 } else { 1 };
            server.fail_catalogue([Fault::Late(late)]);
            browser.open(&format!("{}{page}", server.url)).await;
            browser.find_one("body[data-catalogue=ready]").await;
            browser.find_one(PRODUCT).await;
            let shift = browser
                .promise(
                    "await Promise.all([...document.images].filter((i) => i.loading !== 'lazy')\
                     .map((i) => i.decode())); \
                     const frame = () => new Promise((done) => requestAnimationFrame(done)); \
                     await frame(); await frame(); \
                     return window.shift;",
                )
                .await;
            let shift = shift.as_f64().unwrap();
            println!("layout shift at {width} px, {page}: {shift:.4}");
            if shift > MOST_SHIFT {
                let moved = browser.script("return window.moved").await;
                panic!("{page} at {width} pixels moves by {shift}: {moved}");
            }
        }
    }
    browser.quit().await;
}

#[tokio::test]
async fn without_javascript_a_sentence_says_why() {
    let server = ShopServer::start(seed()).await;
    let browser = browser().await;
    browser.command("Emulation.setScriptExecutionDisabled", json!({"value": true})).await;
    browser.resize(360, 780).await;
    browser.open(&server.url).await;
    assert!(browser.text(".no-js").await.contains("Please turn on JavaScript"));
    browser.quit().await;
}
