//! Sans-I/O machines: `handle(input, now, rng, &dyn View) -> Effects`.

pub mod account;
pub mod audit;
pub mod blobs;
pub mod chats;
pub mod command;
pub mod compose;
pub mod ctx;
pub mod effect;
pub mod inactive;
pub mod inbox;
pub mod lost;
pub mod markdown;
pub mod model;
pub mod notes;
pub mod outbox;
pub mod peer;
pub mod reader;
pub mod reports;
pub mod room;
pub mod rotation;
pub mod search;
pub mod successors;
pub mod sync;
pub mod timeline;
pub mod txn;
pub mod wire;
