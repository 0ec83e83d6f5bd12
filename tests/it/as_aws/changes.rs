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
    // MiniStack runs no preflight template: the smoke test after this needs a single origin.
    ("routes.main", |s| s.edit("[site, \"https://shop.example\"]", "[site]")),
    // Taken out again: routes, functions and tables with all that belongs to them.
    ("routes.main", |s| s.edit("    GET /orders/{id}: listProducts\n", "")),
    ("table.Orders", |s| s.edit("    indexes:\n      byUser: { key: userId }\n", "")),
    ("web_acl.cdn", |s| s.cut("waf:", "logs:")),
];

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
