//! The protocol's test vectors: each is rebuilt from fixed seeds and compared with its file in `docs/protocol/vectors`.
//!
//! With `CONCLAVE_WRITE_VECTORS=1` in the environment the files are written instead (`cargo xtask vectors`). A changed file
//! is a changed protocol: it comes with a new version in the chapter that describes it. One module a chapter; add yours here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod authority;
mod blob;
mod checkpoint;
mod content;
mod encoding;
mod envelope;
mod event;
mod identity;
mod invite;
mod keys;
mod member;
mod message;
mod policy;
mod support;
