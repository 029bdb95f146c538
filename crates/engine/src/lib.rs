//! Sans-I/O machines: `handle(input, now, rng, &dyn View) -> Effects`.

pub mod command;
pub mod effect;
pub mod markdown;
pub mod model;
pub mod txn;
