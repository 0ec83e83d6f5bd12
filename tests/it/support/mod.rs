//! What the live tests share. The part that the hermetic ones use as well is `tests/support/`.

pub mod budgets;
pub mod deployed;
pub mod drift;
pub mod inventory;
pub mod own_twin;
pub mod proxied;
pub mod proxy;
// The hermetic tests use the rest of it.
#[allow(dead_code)]
#[path = "../../support/mod.rs"]
mod shared;
pub mod suite;

pub use shared::{
    clients, endpoint, env, generated, random_stack, rows, rows_down, run, shop, step,
};
