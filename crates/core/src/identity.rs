//! Identities: the signed log of a person's keys, and the secrets of one device.
//!
//! An identity is the hash of its log's first [`Entry`], which commits to a root key; every key, the root too, can be
//! replaced without changing who one is. [`IdentityLog`] verifies a log and answers which device key counted at which head.
//! [`AccountKeys`] holds what one device keeps in its vault, and [`create_account`] founds an identity (chapter `identity`).

mod apply;
mod entry;
mod error;
mod keys;
mod log;
mod merge;

pub use entry::*;
pub use error::{IdentityError, Misuse};
pub use keys::{ACCOUNT_KEYS_LEN, AccountKeys, AccountKeysError, create_account};
pub use log::{DEVICES_MAX, Device, ENTRIES_MAX, IdentityLog, LOG_BYTES_MAX};
pub use merge::{Branch, Forked, MergeError, Merged, Rank};

#[cfg(test)]
mod tests;
