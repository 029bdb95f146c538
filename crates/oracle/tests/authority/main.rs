//! The log in core and the oracle, over random histories with planted shapes: the same verdicts, overruled pairs and states.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod acts;
mod compare;
mod dice;
mod laws;
mod model;
mod permutations;
mod random;
mod shapes;
mod vectors;
mod village;
