//! What the live tests share. The part that the hermetic ones use as well is `tests/support/`.

pub mod inventory;
mod inventory_edge;
pub mod leftovers;
pub mod proxied;
pub mod proxy;
// The hermetic tests use the rest of it.
#[allow(dead_code)]
#[path = "../../support/mod.rs"]
mod shared;

pub use shared::{endpoint, env, generated, random_stack, rows, rows_down, run, shop, step};
