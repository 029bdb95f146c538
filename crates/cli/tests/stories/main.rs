//! Stories told with real processes on loopback: each person is one `conclave` node on a profile of their own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bot;
mod cli;
mod commands;
mod community;
mod crash;
mod friends;
mod profiles;
mod relay;
mod secrets;
mod world;
