//! One file per resource type, named as its source file: the whole life of a resource on MiniStack.

mod account;
mod bucket;
mod bucket_policy;
mod distribution;
mod function;
mod log_group;
mod oac;
mod objects;
mod permission;
mod response_headers;
mod rest_api;
mod role;
mod routes;
mod stage;
mod table;
mod waf_association;
mod waf_logging;
pub mod web_acl;
