//! Drift, field by field: whatever a stranger changes is named, what the author changes is told
//! apart from it, and `up` puts it right; nothing that reads can write; and a stack changed into
//! another is that other one.

mod binary;
mod coverage;
pub mod fields;
mod page;
mod pairs;
mod reading;
