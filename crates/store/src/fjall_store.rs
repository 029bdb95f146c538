//! The store of a hub: a log-structured engine, which writes a fraction of what a B-tree does under random keys.
//!
//! One commit is one batch in the engine's journal, synced before it returns; whoever has many small things to keep puts
//! them into one commit. Contents are not encrypted here: what a hub keeps is ciphertext already. Blocks and journal carry
//! checksums, so a flipped bit is an error and never other data.

mod documents;
mod dump;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use conclave_core::view::{Change, Direction, KeyRange, Row, Table, TextQuery, View, ViewError};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};

use crate::files;
use crate::store::{CommitError, Stats, Store};
use crate::{OpenError, query};
pub use dump::Dump;

/// Room that must be left on the disk after a commit: the engine needs it to move and merge what it was given, and a journal
/// that meets the end of the disk stops the store for good.
pub const DISK_RESERVE_BYTES: u64 = 64 << 20;

/// Blocks kept in memory for reading.
const CACHE_BYTES: u64 = 64 << 20;

/// Journal kept on the disk before tables are written out.
const JOURNAL_BYTES_MAX: u64 = 256 << 20;

/// Threads that write out and merge tables; the hub's own work has the other core.
const WORKERS: usize = 1;

/// Before every key, because the engine takes no empty ones.
const KEY_PREFIX: u8 = 0;

/// A store in one directory.
pub struct FjallStore {
    database: Database,
    path: PathBuf,
    /// One per table that was ever written; the others cost nothing.
    keyspaces: Mutex<BTreeMap<Name, Keyspace>>,
    reserve_bytes: u64,
    stopped: bool,
    commits: u64,
}

/// What the engine calls a map.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Name {
    Table(Table),
    /// Key of a document → order, words and labels.
    Document,
    /// Order ‖ key of a document → nothing.
    Order,
}

/// What a commit does to one key, as of its last change.
type Writes = BTreeMap<(Name, Vec<u8>), Option<Vec<u8>>>;

impl FjallStore {
    /// Opens the store in a directory that only its owner may enter, or creates it.
    ///
    /// # Errors
    /// [`OpenError`]: in use, damaged, of a newer version, no room, or not readable.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        files::private_directory(path).map_err(OpenError::io)?;
        let database = Database::builder(path)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES_MAX)
            .worker_threads(WORKERS)
            .open()
            .map_err(open_error)?;
        Ok(Self {
            database,
            path: path.to_owned(),
            keyspaces: Mutex::default(),
            reserve_bytes: DISK_RESERVE_BYTES,
            stopped: false,
            commits: 0,
        })
    }

    /// Sets how much room a commit must leave on the disk, instead of [`DISK_RESERVE_BYTES`].
    pub fn set_reserve_bytes(&mut self, bytes: u64) {
        self.reserve_bytes = bytes;
    }

    /// Takes a consistent copy of everything, to be written elsewhere while the store goes on.
    #[must_use]
    pub fn dump(&self) -> Dump {
        let existing = Table::ALL.iter().filter_map(|table| {
            let keyspace = self.existing(Name::Table(*table)).ok().flatten()?;
            Some((*table, keyspace))
        });
        Dump::new(self.database.snapshot(), existing.collect())
    }

    /// Bytes that are free on the store's disk for this process.
    ///
    /// # Errors
    /// [`ViewError`] if the system does not say.
    pub fn disk_free(&self) -> Result<u64, ViewError> {
        let stat = rustix::fs::statvfs(&self.path).map_err(|error| ViewError(error.to_string()))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// The map of a name, if anything was ever written to it.
    fn existing(&self, name: Name) -> Result<Option<Keyspace>, fjall::Error> {
        let known = self.lock().get(&name).cloned();
        match known {
            Some(keyspace) => Ok(Some(keyspace)),
            None if self.database.keyspace_exists(&name.text()) => self.create(name).map(Some),
            None => Ok(None),
        }
    }

    /// The map of a name, made if need be.
    fn create(&self, name: Name) -> Result<Keyspace, fjall::Error> {
        let mut keyspaces = self.lock();
        if let Some(keyspace) = keyspaces.get(&name) {
            return Ok(keyspace.clone());
        }
        let keyspace = self
            .database
            .keyspace(&name.text(), KeyspaceCreateOptions::default)?;
        keyspaces.insert(name, keyspace.clone());
        Ok(keyspace)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Name, Keyspace>> {
        self.keyspaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn read(&self, name: Name, key: &[u8]) -> Result<Option<Vec<u8>>, ViewError> {
        let read = || match self.existing(name)? {
            Some(keyspace) => keyspace.get(prefixed(key)),
            None => Ok(None),
        };
        Ok(read().map_err(view_error)?.map(|value| value.to_vec()))
    }

    /// Rows of a map within bounds, in a direction, until `take` says that it has enough.
    pub(super) fn scan(
        &self,
        name: Name,
        range: &KeyRange,
        direction: Direction,
        mut take: impl FnMut(Row) -> bool,
    ) -> Result<(), ViewError> {
        let Some(keyspace) = self.existing(name).map_err(view_error)? else {
            return Ok(());
        };
        // A range whose end lies before its beginning is empty, and an error to the engine.
        if range.to.as_ref().is_some_and(|to| *to <= range.from) {
            return Ok(());
        }
        let to = match &range.to {
            Some(to) => Bound::Excluded(prefixed(to)),
            None => Bound::Unbounded,
        };
        let rows = keyspace.range((Bound::Included(prefixed(&range.from)), to));
        let mut each = |guard: fjall::Guard| -> Result<bool, ViewError> {
            let (key, value) = guard.into_inner().map_err(view_error)?;
            Ok(take((key[1..].to_vec(), value.to_vec())))
        };
        match direction {
            Direction::Forward => {
                for guard in rows {
                    if !each(guard)? {
                        break;
                    }
                }
            }
            Direction::Backward => {
                for guard in rows.rev() {
                    if !each(guard)? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// What the changes come to: for every key they touch, its last value.
    fn writes(&self, changes: &[Change]) -> Result<Writes, ViewError> {
        let mut writes = Writes::new();
        for change in changes {
            match change {
                Change::Put { table, key, value } => {
                    writes.insert((Name::Table(*table), key.clone()), Some(value.clone()));
                }
                Change::Delete { table, key } => {
                    writes.insert((Name::Table(*table), key.clone()), None);
                }
                Change::Index {
                    key,
                    text,
                    labels,
                    order,
                } => documents::index(self, &mut writes, key, text, labels, *order)?,
                Change::Unindex { key } => documents::unindex(self, &mut writes, key)?,
            }
        }
        Ok(writes)
    }

    fn write(&self, writes: Writes) -> Result<(), fjall::Error> {
        let mut batch = OwnedWriteBatch::with_capacity(self.database.clone(), writes.len())
            .durability(Some(PersistMode::SyncAll));
        for ((name, key), value) in writes {
            match value {
                Some(value) => batch.insert(&self.create(name)?, prefixed(&key), value),
                None => {
                    if let Some(keyspace) = self.existing(name)? {
                        batch.remove(&keyspace, prefixed(&key));
                    }
                }
            }
        }
        batch.commit()
    }

    fn stop(&mut self, reason: String) -> CommitError {
        self.stopped = true;
        CommitError::Failed(reason)
    }
}

impl Name {
    fn text(self) -> String {
        match self {
            Self::Table(table) => format!("t{:02}", table as u8),
            Self::Document => "document".to_owned(),
            Self::Order => "order".to_owned(),
        }
    }
}

impl View for FjallStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ViewError> {
        self.read(Name::Table(table), key)
    }

    fn range(
        &self,
        table: Table,
        range: &KeyRange,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Row>, ViewError> {
        let mut found = Vec::new();
        if limit == 0 {
            return Ok(found);
        }
        self.scan(Name::Table(table), range, direction, |row| {
            found.push(row);
            found.len() < limit
        })?;
        Ok(found)
    }

    fn search(&self, question: &TextQuery) -> Result<Vec<Vec<u8>>, ViewError> {
        query::check(question)?;
        documents::search(self, question)
    }
}

impl Store for FjallStore {
    fn commit(&mut self, changes: &[Change]) -> Result<(), CommitError> {
        if self.stopped {
            return Err(CommitError::Stopped);
        }
        if changes.is_empty() {
            return Ok(());
        }
        let writes = self
            .writes(changes)
            .map_err(|error| CommitError::Failed(error.to_string()))?;
        let bytes: u64 = writes
            .iter()
            .map(|((_, key), value)| (key.len() + value.as_ref().map_or(0, Vec::len)) as u64)
            .sum();
        let grows = writes.values().any(Option::is_some);
        let free = self.disk_free().map_err(|error| self.stop(error.0))?;
        if grows && free < self.reserve_bytes.saturating_add(bytes) {
            return Err(CommitError::Full);
        }
        self.write(writes)
            .map_err(|error| self.stop(describe(&error)))?;
        self.commits += 1;
        Ok(())
    }

    fn stats(&self) -> Result<Stats, ViewError> {
        Ok(Stats {
            bytes: self.database.disk_space().map_err(view_error)?,
            bytes_free: 0,
            commits: self.commits,
        })
    }
}

impl std::fmt::Debug for FjallStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FjallStore")
            .field("stopped", &self.stopped)
            .field("commits", &self.commits)
            .finish_non_exhaustive()
    }
}

fn prefixed(key: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(key.len() + 1);
    out.push(KEY_PREFIX);
    out.extend_from_slice(key);
    out
}

fn open_error(error: fjall::Error) -> OpenError {
    match error {
        fjall::Error::Locked => OpenError::InUse,
        fjall::Error::Io(error) => OpenError::io(error),
        fjall::Error::InvalidVersion(_)
        | fjall::Error::JournalRecovery(_)
        | fjall::Error::InvalidTrailer
        | fjall::Error::InvalidTag(_)
        | fjall::Error::Unrecoverable => OpenError::Damaged(describe(&error)),
        other => OpenError::Failed(describe(&other)),
    }
}

/// Describes a fault by its kind; keys and values stay out.
fn describe(error: &fjall::Error) -> String {
    match error {
        fjall::Error::Io(error) => error.to_string(),
        fjall::Error::Poisoned => "the storage engine stopped after a failed write".to_owned(),
        other => other.to_string(),
    }
}

fn view_error(error: fjall::Error) -> ViewError {
    ViewError(describe(&error))
}

#[cfg(test)]
mod tests;
