//! The nouns every layer shares: addresses, desired and live resources, plans, events, errors. Pure.

pub mod address;
pub mod cloud_error;
pub mod definition;
pub mod event;
pub mod floor;
pub mod plan;
pub mod resource;
pub mod spec;
pub mod template;

pub use address::Address;
pub use cloud_error::{CloudError, ErrorKind};
pub use definition::definition;
pub use event::{Event, SmokeStatus, Status};
pub use floor::{Floor, Money, Part};
pub use plan::{Cause, FieldChange, Op, Plan, Step, Summary};
pub use resource::{After, Desired, GLOBAL_REGION, Live, Outputs, Owner, Query, Scope, TypeInfo};

/// The tag keys that mark a resource as this tool's; see the contract's section on names.
pub mod tag {
    pub const STACK: &str = "shopstack:stack";
    pub const ENV: &str = "shopstack:env";
    pub const ID: &str = "shopstack:id";
    /// The stack's region: names of global resources do not tell two regions of one environment apart.
    pub const REGION: &str = "shopstack:region";
    pub const EXPIRES_AT: &str = "shopstack:expires-at";
    /// `true` on what `up` may not delete and AWS has no protection of its own for: buckets.
    pub const PROTECT: &str = "shopstack:protect";
    /// SHA-256 of the seed file whose items were put into the table last.
    pub const SEED: &str = "shopstack:seed";
}
