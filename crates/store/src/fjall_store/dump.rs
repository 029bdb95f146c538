//! A consistent copy of a store, row by row, made while the store goes on.

use std::collections::BTreeMap;

use conclave_core::view::{Row, Table, ViewError};
use fjall::{Keyspace, Readable, Snapshot};

use super::view_error;

/// Everything in a store as of one moment. It can be read on another thread.
pub struct Dump {
    snapshot: Snapshot,
    keyspaces: BTreeMap<Table, Keyspace>,
}

impl Dump {
    pub(super) fn new(snapshot: Snapshot, keyspaces: BTreeMap<Table, Keyspace>) -> Self {
        Self {
            snapshot,
            keyspaces,
        }
    }

    /// Every row, table by table, in order of keys.
    pub fn rows(&self) -> impl Iterator<Item = Result<(Table, Row), ViewError>> + '_ {
        self.keyspaces.iter().flat_map(|(table, keyspace)| {
            self.snapshot.iter(keyspace).map(|guard| {
                let (key, value) = guard.into_inner().map_err(view_error)?;
                Ok((*table, (key[1..].to_vec(), value.to_vec())))
            })
        })
    }
}
