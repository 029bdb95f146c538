//! What a node keeps on its disk: ordered maps of bytes with full-text search, the vault, the profile around them.
//!
//! The pure rooms see a [`View`](conclave_core::view::View) and return [`Change`](conclave_core::view::Change)s; a [`Store`]
//! commits them. [`SqliteStore`] is a person's (SQLCipher), [`FjallStore`] a hub's, [`MemoryStore`] the simulator's;
//! [`conformance`] holds every one to the same behaviour. [`profile::Profile`] puts the database, the [`vault`] that holds its key, the lock and the
//! format version into one directory. Formats: protocol chapter `storage`.
//!
//! ```
//! use conclave_core::view::{Change, Table, View};
//! use conclave_store::{MemoryStore, Store};
//!
//! let mut store = MemoryStore::new();
//! store.commit(&[Change::Put { table: Table::Meta, key: b"name".to_vec(), value: b"Ada".to_vec() }])?;
//! assert_eq!(store.get(Table::Meta, b"name")?, Some(b"Ada".to_vec()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod conformance;
mod files;
mod fjall_store;
mod memory;
pub mod profile;
mod query;
mod sqlite;
mod store;
pub mod vault;
mod words;

pub use fjall_store::{DISK_RESERVE_BYTES, Dump, FjallStore};
pub use memory::MemoryStore;
pub use sqlite::{OpenError, SqliteStore};
pub use store::{CommitError, Stats, Store};
