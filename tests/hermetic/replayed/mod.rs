//! What real AWS does and no emulator plays: reads that lie, a slow world, stale tokens; one file
//! per service.

mod api;
mod attached;
mod authorizer;
mod bucket;
mod bucket_policy;
mod cloudfront;
mod copies;
mod discovery;
mod distribution;
mod domain;
mod event_source;
mod events;
mod function;
mod lock;
mod oac;
mod objects;
mod orders;
mod role;
mod simulation;
mod table;
mod tags;
mod vanished;
mod waf;
mod waf_logging;
