//! The stories with real processes: every person is a `conclave` of their own, on loopback, driven over its local API.
//!
//! The simulator tells the same stories at the speed of its clock; these show that sockets, disks and processes keep them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod api;
mod bot;
mod commands;
mod community;
mod crashes;
mod demo;
mod friends;
mod harness;
mod ownership;
mod private;
mod refusals;
mod relayed;
mod secrets;
mod successors;
mod thief;
