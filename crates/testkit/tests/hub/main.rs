//! Stories with a hub that can read nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod availability;
mod blindness;
mod limits;
