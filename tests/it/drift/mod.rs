//! Drift, field by field: whatever a stranger changes is named, what the author changes is told
//! apart from it, and `up` puts it right; nothing that reads can write; and a stack changed into
//! another is that other one.

mod binary;
mod case;
mod coverage;
mod deployed;
mod fields;
mod of_api;
mod of_cdn;
mod of_compute;
mod of_routes;
mod of_site;
mod of_table;
mod of_waf;
mod page;
mod pairs;
mod reading;
