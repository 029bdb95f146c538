//! Builders, scenarios and the seeded simulator: many peers, real cryptography, one thread, one seed.
//!
//! A [`Sim`](sim::Sim) runs [`Peer`](conclave_engine::peer::Peer)s over in-memory stores and a network of its own making, which
//! delays, loses, doubles and reorders frames, cuts links and nodes off, crashes nodes at any step and gives them wrong
//! clocks. The same seed gives the same run, byte for byte; a failure prints its seed.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a broken scenario has nothing better to do than to stop with a message"
)]

pub mod attacker;
pub mod check;
pub mod faults;
pub mod rough;
pub mod scenario;
pub mod sim;
