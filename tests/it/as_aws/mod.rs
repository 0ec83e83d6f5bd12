//! The binary as it meets real AWS: real host names over TLS, buckets by virtual host, signatures
//! by region. A judge stands where AWS would, and holds every request against AWS's own models
//! (`tests/tools/judge/`); MiniStack answers behind it.

mod changes;
mod deployer;
mod judge;
mod life;
mod planted;
