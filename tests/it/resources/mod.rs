//! One file per resource type, named as its source file: the whole life of a resource on MiniStack.

mod function;
mod log_group;
mod waf_association;
mod waf_logging;
mod waf_replayed;
mod web_acl;
mod permission;
mod role;
mod rest_api;
mod bucket;
mod bucket_policy;
mod distribution;
mod oac;
mod objects;
mod response_headers;
