//! One file per resource type, named as its source file: the whole life of a resource on MiniStack,
//! and `SUITE`, which is what other tests need of the type.

mod account;
mod alarm;
mod api;
mod association;
mod authorizer;
mod bucket;
mod bucket_policy;
mod distribution;
mod domain;
mod event_source;
mod function;
mod headers;
mod log_group;
mod oac;
mod objects;
mod permission;
mod role;
mod routes;
mod rule;
mod stage;
mod table;
mod waf_logging;
pub mod web_acl;

use crate::support::suite::Suite;

/// All resource types; `drift`, the inventory and the search for leftovers go by this list.
pub const SUITES: &[Suite] = &[
    table::SUITE,
    log_group::SUITE,
    alarm::SUITE,
    role::SUITE,
    function::SUITE,
    permission::SUITE,
    event_source::SUITE,
    rule::SUITE,
    account::SUITE,
    api::SUITE,
    authorizer::SUITE,
    routes::SUITE,
    stage::SUITE,
    domain::SUITE,
    bucket::SUITE,
    bucket_policy::SUITE,
    objects::SUITE,
    oac::SUITE,
    headers::SUITE,
    distribution::SUITE,
    web_acl::SUITE,
    association::SUITE,
    waf_logging::SUITE,
];
