//! What the binary does with its surroundings, without an endpoint: environment, profiles, proxies,
//! certificates, streams and signals; and that each remedy fits its cause.

mod desk;
mod fake;
mod network;
mod signin;
mod streams;
mod table;
mod variables;
