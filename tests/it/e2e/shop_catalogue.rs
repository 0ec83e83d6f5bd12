//! The catalogue and the products' pages in a real browser.

use super::shop_page::{PRODUCT, browser, inspect, many, open_shop, seed};
use super::shop_server::ShopServer;
use serde_json::json;

const NAMES: &str =
    "[...document.querySelectorAll('[data-testid=product] h3')].map((e) => e.innerText)";

#[tokio::test]
async fn search_category_and_sort_stand_in_the_address_and_survive_a_reload() {
    let (_server, browser) = open_shop().await;
    browser.type_text("[data-testid=search]", "lamp").await;
    browser.wait_for_text("[data-testid=found]", "2 products").await;
    browser.type_text("[data-testid=sort]", "Price, lowest first").await;
    browser.until(&format!("{NAMES}[0] === 'Pivot Desk Lamp'")).await;
    inspect(&browser, "search").await;
    browser.script("location.reload()").await;
    browser.wait_for_text("[data-testid=found]", "2 products").await;
    let names = browser.script(&format!("return {NAMES}")).await;
    assert_eq!(names, json!(["Pivot Desk Lamp", "Halo Table Lamp"]));
    let address = browser.script("return location.search").await;
    assert_eq!(address, json!("?q=lamp&sort=price-up"));

    browser.script("history.pushState(null, '', '/'); location.reload()").await;
    browser.wait_for_text("[data-testid=found]", "20 products").await;
    browser.click("#filter a[href*=Desk]").await;
    browser.wait_for_text("[data-testid=found]", "5 products").await;
    browser.script("location.reload()").await;
    browser.wait_for_text("#filter [aria-current]", "Desk").await;
    browser.wait_for_text("[data-testid=found]", "5 products").await;
    browser.script("history.back()").await;
    browser.wait_for_text("[data-testid=found]", "20 products").await;

    browser.type_text("[data-testid=search]", "rocket").await;
    browser.wait_for_text("[data-testid=nothing]", "Nothing here fits your search").await;
    inspect(&browser, "nothing-found").await;
    browser.click("#show-all").await;
    browser.wait_for_text("[data-testid=found]", "20 products").await;
    browser.quit().await;
}

#[tokio::test]
async fn a_product_has_a_page_of_its_own_with_picture_price_and_stock() {
    let (server, browser) = open_shop().await;
    browser.click("[data-product-id=p-010] [data-testid=product-link]").await;
    browser.wait_for_text("[data-testid=price]", "$72.25").await;
    let title = browser.script("return [location.pathname, document.title]").await;
    assert_eq!(title, json!(["/products/p-010.html", "Quiet Wall Clock – Morrow Goods"]));
    browser.wait_for_text("[data-testid=stock]", "Only 4 left").await;
    browser.until("document.querySelector('#picture img').currentSrc.endsWith('.webp')").await;
    inspect(&browser, "product").await;

    // More than there is gets no further than a sentence.
    browser.script("document.querySelector('#quantity').value = ''").await;
    browser.type_text("#quantity", "9").await;
    browser.click("#add").await;
    browser.wait_for_text("#quantity-help", "from 1 to 4").await;
    inspect(&browser, "product-quantity").await;

    // A product that joined the table later: no page and no picture yet, and a very long name.
    let mut products = seed();
    products[0]["productId"] = json!("new-1");
    products[0]["image"] = json!("/images/not-there.svg");
    products[0]["name"] =
        json!("Donaudampfschifffahrtsgesellschaftskapitänsmützenhalterung".repeat(2));
    server.sell(products);
    browser.open(&server.url).await;
    browser.click("[data-product-id=new-1] [data-testid=product-link]").await;
    browser.wait_for_text("[data-testid=price]", "$18.50").await;
    let address = browser.script("return location.pathname + location.search").await;
    assert_eq!(address, json!("/product.html?id=new-1"));
    browser.wait_for_text("#picture [data-testid=no-picture]", "No picture yet").await;
    inspect(&browser, "product-without-picture").await;

    browser.open(&format!("{}/product.html?id=gone", server.url)).await;
    browser.wait_for_text("[data-testid=unknown-product]", "We no longer have this").await;
    inspect(&browser, "product-unknown").await;
    browser.open(&format!("{}/nowhere", server.url)).await;
    browser.wait_for_text("h1", "This shelf is empty").await;
    inspect(&browser, "not-found").await;
    browser.quit().await;
}

#[tokio::test]
async fn three_hundred_products_come_in_parts() {
    let server = ShopServer::start(many(300)).await;
    let browser = browser().await;
    browser.resize(360, 780).await;
    browser.open(&server.url).await;
    browser.find_one(PRODUCT).await;
    browser.wait_for_text("[data-testid=found]", "300 products").await;
    let height = browser.script("return document.documentElement.scrollHeight").await;
    assert!(height.as_u64().unwrap() < 6_000, "{height} pixels");
    browser.click("[data-testid=show-more]").await;
    browser.until("document.querySelectorAll('[data-testid=product]').length === 48").await;
    browser.script("location.reload()").await;
    browser.until("document.querySelectorAll('[data-testid=product]').length === 48").await;
    browser.wait_for_text("#more", "48 of 300").await;
    inspect(&browser, "many-products").await;
    browser.quit().await;
}

#[tokio::test]
async fn markup_in_a_product_is_text() {
    let mut products = seed();
    products[0]["name"] = json!("<img src=x onerror=document.title='owned'>");
    products[0]["description"] = json!("<script>document.title='owned'</script>");
    let server = ShopServer::start(products).await;
    let browser = browser().await;
    browser.open(&server.url).await;
    browser.wait_for_text("[data-product-id=p-001] h3", "<img src=x onerror").await;
    browser.click("[data-product-id=p-001] [data-testid=product-link]").await;
    browser.wait_for_text("#about", "<script>").await;
    let title = browser.script("return document.title").await;
    assert!(title.as_str().unwrap().starts_with("<img"), "{title}");
    browser.quit().await;
}
