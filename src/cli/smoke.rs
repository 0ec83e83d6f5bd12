//! `smoke`: end-to-end test of what is deployed. Filled once the checks land.
