//! Lambda: functions and their resource policies.

pub mod function;
pub mod permission;
