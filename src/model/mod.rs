//! Types that every layer shares: addresses, desired and live resources, plans, events, errors.
//! Pure.

pub mod address;
pub mod call;
pub mod character;
pub mod cloud_error;
pub mod decimal;
pub mod digest;
pub mod duration;
pub mod event;
pub mod live;
pub mod plan;
pub mod price;
pub mod provider;
pub mod scope;
pub mod secrecy;
pub mod spec;
pub mod template;
pub mod terraform;
pub mod text;
pub mod type_info;

pub use address::Address;
pub use cloud_error::{CloudError, ErrorKind};
pub use event::{Event, SmokeStatus, Status};
pub use live::{Desired, Live, Query, SharedPiece};
pub use plan::{Cause, FieldChange, Op, Plan, Step, Summary};
pub use price::{Floor, Money, Part};
pub use scope::{GLOBAL_REGION, Outputs, Owner, Scope};
pub use type_info::{After, TypeInfo};

/// The tag keys that mark a resource as this tool's; see the contract's section on names.
pub mod tag {
    pub const STACK: &str = "shopstack:stack";
    pub const ENV: &str = "shopstack:env";
    pub const ID: &str = "shopstack:id";
    /// The stack's region: names of global resources do not tell apart two regions of one
    /// environment.
    pub const REGION: &str = "shopstack:region";
    pub const EXPIRES_AT: &str = "shopstack:expires-at";
    /// `true` on buckets that `up` may not delete, because AWS has no deletion protection for them.
    pub const PROTECT: &str = "shopstack:protect";
    /// Unique ID (`AROA...`) of the role that a function was created with: a recreated role is a
    /// different one, although its name and ARN are the same.
    pub const ROLE_ID: &str = "shopstack:role-id";
    /// Names of a function's variables that stack.yaml marks as secrets, separated by colons,
    /// without their values.
    pub const SECRETS: &str = "shopstack:secrets";
    /// SHA-256 of the seed file that was last written to the table.
    pub const SEED: &str = "shopstack:seed";

    /// Tags from a listing, without AWS's own (`aws:cloudformation:...` and the like), which
    /// callers can neither set nor remove, so that they are never drift.
    pub fn without_aws_tags<K: Into<String>, V: Into<String>>(
        listed: impl IntoIterator<Item = (K, V)>,
    ) -> super::spec::Tags {
        let listed = listed.into_iter().map(|(key, value)| (key.into(), value.into()));
        listed.filter(|(key, _)| !key.starts_with("aws:")).collect()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn awss_own_tags_are_nobodys_to_compare() {
        let listed = [("aws:cloudformation:stack-name", "x"), ("team", "shop"), ("awsome", "y")];
        assert_eq!(
            super::tag::without_aws_tags(listed).into_keys().collect::<Vec<_>>(),
            ["awsome", "team"]
        );
    }
}
