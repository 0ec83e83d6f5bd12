//! One file per resource type, named as its source file: the whole life of a resource on MiniStack.

mod account;
mod api;
mod association;
mod bucket;
mod bucket_policy;
mod distribution;
mod function;
mod headers;
mod log_group;
mod oac;
mod objects;
mod permission;
mod role;
mod routes;
mod stage;
mod table;
mod waf_logging;
pub mod web_acl;
