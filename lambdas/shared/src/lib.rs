//! What both Lambdas share.
