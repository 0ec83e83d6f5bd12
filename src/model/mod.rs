//! The nouns every layer shares.
