//! Pure values and rules of Conclave: no I/O, no async, no clock, no randomness of its own.

pub mod codec;
pub mod content;
pub mod envelope;
pub mod event;
pub mod hash;
pub mod id;
pub mod identity;
pub mod member;
pub mod permissions;
pub mod signed;
pub mod view;
