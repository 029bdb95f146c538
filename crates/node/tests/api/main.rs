//! The local API under attack and in use: one node in this process, raw HTTP from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod events;
mod files;
mod guard;
mod limits;
mod openapi;
mod scope;
mod session;
