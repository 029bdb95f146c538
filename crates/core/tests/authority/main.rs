//! The authority plane: its laws over random histories, and each of its rules by name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod laws;
mod lost;
mod members;
mod overruling;
mod refusals;
mod roster;
mod structure;
mod values;
mod world;
