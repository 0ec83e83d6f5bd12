//! What the test file of a resource type exports, so that the tests of all types need no list of
//! their own.

use super::deployed::DeployedShop;
use super::drift::DriftCases;
use super::inventory::Inventory;
use super::proxied::ProxiedShop;
use crate::support::clients::Clients;
use futures_util::future::BoxFuture;

/// Everything that `drift`, `faults` and `e2e` need of one resource type.
pub struct Suite {
    /// CloudFormation's name of the type.
    pub type_name: &'static str,
    /// Changes stack.yaml so that each field has a value to differ from.
    pub prepare: Option<fn(&ProxiedShop)>,
    /// Cases that MiniStack can show; every field of the spec needs one here or in `on_moto`.
    pub on_ministack: &'static [MakeCases],
    /// Cases for what MiniStack does not keep.
    pub on_moto: &'static [MakeCases],
    /// Takes away what the cases made for themselves.
    pub clean_up: Option<for<'a> fn(&'a DeployedShop) -> BoxFuture<'a, ()>>,
    pub inventory: Coverage,
}

/// Makes the cases of one resource of a deployed shop.
pub type MakeCases = for<'a> fn(&'a DeployedShop) -> BoxFuture<'a, DriftCases>;

/// How the inventory of a stack covers the type.
pub enum Coverage {
    Own(TypeInventory),
    /// The inventory of this type has it too, or why there is none.
    Elsewhere(#[allow(dead_code)] &'static str),
}

impl Coverage {
    pub fn inventory(&self) -> Option<&TypeInventory> {
        match self {
            Coverage::Own(inventory) => Some(inventory),
            Coverage::Elsewhere(_) => None,
        }
    }
}

/// What an account holds of one resource type, asked of AWS and not of the code under test.
pub struct TypeInventory {
    /// The word for it in messages.
    pub kind: &'static str,
    /// Adds the settings of those that belong to the stack.
    pub add: for<'a> fn(&'a mut Inventory, &'a Clients) -> BoxFuture<'a, ()>,
    /// Names of all there are.
    pub names: for<'a> fn(&'a Clients) -> BoxFuture<'a, Vec<String>>,
}
