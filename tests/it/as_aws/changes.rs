//! Each kind of change that an author can make, one after another: planned, made, judged, and
//! nothing left to do.

use super::judge::Judge;
use crate::support::run::{changes, done_addresses};
use crate::support::shop::Shop;

/// What is done to the shop, and an address that must change.
type Edit = (&'static str, fn(&Shop));

const EDITS: &[Edit] = &[
    ("table.Orders", |s| {
        s.edit("    key: orderId\n", "    key: orderId\n    point_in_time_recovery: false\n")
    }),
    ("table.Products", |s| {
        s.edit(
            "    key: productId\n",
            "    key: productId\n    billing: { provisioned: { read: 5, write: 5 } }\n",
        )
    }),
    ("table.Orders", |s| {
        s.edit(
            "    key: orderId\n",
            "    key: orderId\n    indexes:\n      byUser: { key: userId }\n",
        );
    }),
    ("table.Products", |s| {
        let seed = s.read("seed/products.json");
        s.write("seed/products.json", &seed.replacen("\"stock\": ", "\"stock\": 1", 1));
    }),
    ("function.listProducts", |s| s.edit("memory: 256", "memory: 320")),
    ("function.createOrder", |s| {
        s.edit(
            "      CURRENCY: USD\n      SMOKE",
            "      CURRENCY: USD\n      MORE: x\n      SMOKE",
        )
    }),
    ("role.listProducts", |s| {
        s.edit("actions: [dynamodb:Scan]", "actions: [dynamodb:Scan, dynamodb:GetItem]")
    }),
    ("log_group.listProducts", |s| s.edit("retention_days: 365", "retention_days: 400")),
    ("routes.main", |s| {
        s.edit(
            "    POST /orders: createOrder\n",
            "    POST /orders: createOrder\n    GET /orders/{id}: listProducts\n",
        )
    }),
    ("stage.main", |s| s.edit("rate: 50, burst: 100", "rate: 40, burst: 80")),
    ("routes.main", |s| s.edit("origins: [site]", "origins: [site, \"https://shop.example\"]")),
    ("objects.site", |s| s.write("site/robots.txt", "User-agent: *\n")),
    ("distribution.site", |s| s.edit("PriceClass_100", "PriceClass_200")),
    ("distribution.site", |s| {
        s.edit(
            "    404: { page: /404.html, status: 404 }",
            "    404: { page: /404.html, status: 404 }\n    405: { page: /404.html, status: 404 }",
        )
    }),
    ("web_acl.api", |s| s.edit("rate_limit: 2000", "rate_limit: 1000")),
    ("web_acl.cdn", |s| s.edit("    - { group: bots, scope: site }", "    #")),
    ("bucket.site", |s| {
        s.edit("tags: { project: shop }", "tags: { project: shop, team: \"a/b\" }")
    }),
    ("table.Products", |s| {
        s.edit(
            "billing: { provisioned: { read: 5, write: 5 } }",
            "billing: { on_demand: { max_read: 100, max_write: 50 } }",
        )
    }),
    ("table.Orders", |s| s.edit("    key: orderId\n", "    key: orderId\n    protect: false\n")),
    ("alarm.createOrder-errors", |s| s.edit("# alarms: {}", "alarms: {}")),
    ("function.listProducts", |s| list_products(s, "    tracing: true\n")),
    ("function.listProducts", |s| {
        s.edit("    tracing: true\n", "    reserved_concurrency: 5\n    log_level: info\n")
    }),
    ("rule.listProducts", |s| list_products(s, "    schedule: rate(1 day)\n")),
    ("event_source.listProducts", |s| list_products(s, "    on: { table: Orders }\n")),
    ("event_source.listProducts", |s| {
        s.edit("{ table: Orders }\n", "{ table: Orders, batch: 7 }\n")
    }),
    ("headers.site", |s| {
        s.edit("  folder: site\n", "  folder: site\n  headers: { frame_options: SAMEORIGIN }\n")
    }),
    ("bucket.site", |s| s.edit("  folder: site\n", "  folder: site\n  protect: false\n")),
    ("routes.main", |s| {
        s.edit("cors: { origins: [site", "cors: { headers: [X-Request-Id], origins: [site")
    }),
    ("web_acl.api", |s| s.edit("count: [SizeRestrictions_BODY]", "count: [NoUserAgent_HEADER]")),
    // MiniStack runs no preflight template: the smoke test after this needs a single origin.
    ("routes.main", |s| s.edit("[site, \"https://shop.example\"]", "[site]")),
    // Taken out again: what calls a function, routes, files, indexes, alarms, the firewall.
    ("event_source.listProducts", |s| s.edit("    on: { table: Orders, batch: 7 }\n", "")),
    ("rule.listProducts", |s| s.edit("    schedule: rate(1 day)\n", "")),
    ("headers.site", |s| s.edit("  headers: { frame_options: SAMEORIGIN }\n", "")),
    ("objects.site", |s| std::fs::remove_file(s.path("site/robots.txt")).unwrap()),
    ("alarm.createOrder-errors", |s| s.edit("\nalarms: {}", "\n# alarms: {}")),
    ("routes.main", |s| s.edit("    GET /orders/{id}: listProducts\n", "")),
    ("table.Orders", |s| s.edit("    indexes:\n      byUser: { key: userId }\n", "")),
    ("web_acl.cdn", |s| s.cut("waf:", "logs:")),
];

/// Gives a function of the shop one more line.
fn list_products(shop: &Shop, line: &str) {
    let first = "    crate: lambdas/list-products\n";
    shop.edit(first, &format!("{first}{line}"));
}

pub async fn each_kind(shop: &Shop, judge: &Judge) {
    for (address, edit) in EDITS {
        edit(shop);
        let (code, plan) = shop.diff();
        let planned = changes(&plan);
        assert_eq!(code, 2, "{address}: {planned:?}");
        assert!(planned.iter().any(|c| c.starts_with(address)), "{address} is not in {planned:?}");
        let lines = shop.events(&["up", "--yes", "--no-smoke"]);
        assert!(
            done_addresses(&lines).contains(address),
            "{address}: {:?}",
            done_addresses(&lines)
        );
        let (code, plan) = shop.diff();
        assert_eq!(code, 0, "after {address}: {:?}", changes(&plan));
        judge.acquits().await;
    }
}
