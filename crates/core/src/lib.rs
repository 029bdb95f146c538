//! Pure values and rules of Conclave: no I/O, no async, no clock, no randomness of its own.

mod aead;
pub mod blob;
pub mod codec;
pub mod commitment;
pub mod content;
mod derive;
pub mod envelope;
pub mod event;
pub mod hash;
pub mod id;
pub mod identity;
pub mod invite;
pub mod keys;
pub mod log;
pub mod member;
pub mod message;
mod padding;
pub mod permissions;
pub mod policy;
pub mod recovery;
pub mod signed;
pub mod state;
pub mod view;
