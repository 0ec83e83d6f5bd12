//! shopstack as a library: the module map, lowest layer first.

// Lints that clippy.toml cannot allow in unit tests alone.
#![cfg_attr(test, allow(clippy::string_slice, clippy::too_many_lines, clippy::unreachable))]

/// The nouns every layer shares: addresses, specs, plans, events, errors. Pure.
pub mod model;

/// Clients, identity, ownership index, error mapping, retry classes, rate budgets.
pub mod aws;
/// The Lambdas, from crate to checked, reproducible zip.
pub mod build;
/// The local twin: start, health, stop.
pub mod local;
/// desired x live -> Plan: diff, drift, graph, order. Pure.
pub mod plan;
/// IAM documents: build, normalise, compare, judge. Pure.
pub mod policy;
/// stack.yaml to `Stack`, with errors that point at line and column. Pure but for reading the file.
pub mod stack;

/// Reads live state, runs a plan along its graph, emits events; never prints.
pub mod engine;
/// The auditors' report: every policy wanted and live, statement by statement, with what is too
/// wide. Pure.
pub mod report;
/// A folder per AWS service with its resource types; `resources::TYPES` is the list.
pub mod resources;
/// Checks against a deployed shop, over plain HTTP and a small backend; knows no SDK.
pub mod smoke;

/// The one way to a plan: stack and AWS to steps, protection beside it.
pub mod planning;

/// Values and events turned into text, JSON, Markdown and pictures; the only place with colour and
/// width.
pub mod render;

/// A file per command; the only place where resources meet the engine.
pub mod cli;
