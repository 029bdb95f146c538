//! The authority plane: its laws over random histories, and each of its rules by name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod checkpoints;
mod final_ownership;
mod last_checkpoint;
mod laws;
mod lost;
mod members;
mod overruling;
mod ownership;
mod refusals;
mod roster;
mod rows;
mod shapes;
mod structure;
mod succession;
mod succession_laws;
mod values;
mod world;
