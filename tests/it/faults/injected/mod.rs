//! microburst between shopstack and the endpoint: every error that the catalogue names, in AWS's
//! own wire format.

mod burst;
mod lost;
mod recovers;
mod stops;
mod storm;
use crate::support::inventory::Inventory;
use crate::support::proxied::{DOWN, ProxiedShop, UP};
use burst::Burst;
use tokio::sync::OnceCell;

/// What an undisturbed `up` leaves; it also makes what all stacks of the account share.
async fn reference() -> &'static Inventory {
    static REFERENCE: OnceCell<Inventory> = OnceCell::const_new();
    let make = || async {
        let shop = ProxiedShop::new("burstref").await;
        let up = shop.run(&UP).await;
        assert_eq!(up.code, 0, "{up:#?}");
        let inventory = shop.inventory().await;
        gone(&shop).await;
        inventory
    };
    REFERENCE.get_or_init(make).await
}

/// Nothing is left to do: a second `up` writes nothing, and `diff` is clean.
async fn quiet(burst: &Burst, shop: &ProxiedShop) {
    burst.rules(&[]).await;
    let again = shop.run(&UP).await;
    assert_eq!(again.code, 0, "{again:#?}");
    let summary = again.last();
    assert_eq!(
        (summary["changed"].as_u64(), summary["calls"]["write"].as_u64()),
        (Some(0), Some(0)),
        "{again:#?}"
    );
    let diff = shop.run(&["diff"]).await;
    assert_eq!(diff.code, 0, "{diff:#?}");
}

/// Takes the stack away: nothing of it remains.
async fn gone(shop: &ProxiedShop) {
    let down = shop.run(&DOWN).await;
    assert_eq!(down.code, 0, "{down:#?}");
    assert_eq!(down.last()["remaining"], serde_json::json!([]), "{down:#?}");
    assert_eq!(shop.inventory().await.differences(&Inventory::default()), Vec::<String>::new());
}
