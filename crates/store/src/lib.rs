//! One store trait, its conformance suite, and its back ends.
