//! The store on disk: one SQLCipher file.
//!
//! Every page is encrypted and authenticated, so a flipped bit is an error where the page is read and never other data. The
//! write-ahead log is synced at every commit. Nobody else may open the file meanwhile (`locking_mode = EXCLUSIVE`), which
//! also spares the shared-memory file beside it.

mod error;
mod index;
mod schema;
mod wal;

use std::path::Path;

use conclave_core::view::{Change, Direction, KeyRange, Row, Table, TextQuery, View, ViewError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use zeroize::Zeroizing;

pub use error::OpenError;

use crate::files;
use crate::store::{CommitError, Stats, Store};
use schema::TableSql;

/// A store in one encrypted file.
pub struct SqliteStore {
    connection: Connection,
    sql: Box<[TableSql]>,
    stopped: bool,
    commits: u64,
    /// Commits since the log was last moved into the main file.
    commits_in_log: u64,
}

impl SqliteStore {
    /// Opens the database at `path` under a raw 32-byte key, or creates it if there is none (mode `0600`).
    ///
    /// A file that is refused is left as it was. Only the first page and the log are checked here; every other page is
    /// authenticated when it is read ([`SqliteStore::verify`] reads them all).
    ///
    /// # Errors
    /// [`OpenError`]: in use, of a newer version, damaged or under another key, no room, or not readable.
    pub fn open(path: &Path, key: &[u8; 32]) -> Result<Self, OpenError> {
        files::create_private_if_missing(path).map_err(OpenError::io)?;
        Self::connect(path, key, true)
    }

    /// Opens a database that was created before: a missing or empty file is damage, not a fresh start.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_existing(path: &Path, key: &[u8; 32]) -> Result<Self, OpenError> {
        Self::connect(path, key, false)
    }

    fn connect(path: &Path, key: &[u8; 32], may_create: bool) -> Result<Self, OpenError> {
        wal::check(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let sqlite = |error: rusqlite::Error| OpenError::from_sqlite(&error);
        let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
        set_key(&connection, key)?;
        schema::prepare(&connection, may_create)?;
        // Up to here closing leaves the log alone, so that a refused file stays as it is.
        checkpoint_on_close(&connection, true).map_err(sqlite)?;
        connection.set_prepared_statement_cache_capacity(schema::STATEMENTS_MAX);
        Ok(Self {
            connection,
            sql: schema::table_sql(),
            stopped: false,
            commits: 0,
            commits_in_log: 0,
        })
    }

    /// Limits the file to so many bytes (rounded down to pages of 4,096); `None` lifts the limit. A commit that needs more is
    /// [`CommitError::Full`].
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn set_bytes_max(&mut self, bytes_max: Option<u64>) -> Result<(), ViewError> {
        let pages = bytes_max.map_or(schema::PAGES_MAX, |bytes| bytes / schema::PAGE_BYTES);
        let pages = pages.clamp(1, schema::PAGES_MAX);
        // The pragma answers with the limit that now holds.
        self.connection
            .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
            .map_err(|e| error::view(&e))
    }

    /// Whether the log is long enough for [`SqliteStore::rest`].
    #[must_use]
    pub const fn wants_rest(&self) -> bool {
        self.commits_in_log >= schema::LOG_COMMITS && !self.stopped
    }

    /// Moves the log into the main file. Takes the time of some commits, hence for moments when nobody waits; without any, a
    /// commit does it when the log has 4,096 pages.
    ///
    /// # Errors
    /// As [`Store::commit`]; a full disk is none, since the log keeps what it has.
    pub fn rest(&mut self) -> Result<(), CommitError> {
        if self.stopped {
            return Err(CommitError::Stopped);
        }
        self.commits_in_log = 0;
        let moved = self
            .connection
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        match moved {
            Err(fault) if !error::is_full(&fault) => Err(self.stop(error::describe(&fault))),
            _ => Ok(()),
        }
    }

    /// Reads and authenticates every page and checks the structure. Takes time in proportion to the file.
    ///
    /// # Errors
    /// [`ViewError`] with the first fault.
    pub fn verify(&self) -> Result<(), ViewError> {
        for pragma in ["PRAGMA cipher_integrity_check", "PRAGMA quick_check"] {
            let fault: Option<String> = self
                .connection
                .query_row(pragma, [], |row| row.get(0))
                .optional()
                .map_err(|e| error::view(&e))?;
            match fault {
                Some(fault) if fault != "ok" => return Err(ViewError(fault)),
                _ => {}
            }
        }
        Ok(())
    }

    fn transact(&self, changes: &[Change]) -> rusqlite::Result<()> {
        let connection = &self.connection;
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for change in changes {
            match change {
                Change::Put { table, key, value } => connection
                    .prepare_cached(&self.table(*table).put)?
                    .execute((key, value))
                    .map(drop)?,
                Change::Delete { table, key } => connection
                    .prepare_cached(&self.table(*table).delete)?
                    .execute((key,))
                    .map(drop)?,
                Change::Index {
                    key,
                    text,
                    labels,
                    order,
                } => index::put(connection, key, text, labels, *order)?,
                Change::Unindex { key } => index::delete(connection, key)?,
            }
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    /// Takes back what a failed transaction left open. SQLite may have done so itself.
    fn rollback(&self) -> rusqlite::Result<()> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.connection
            .prepare_cached("ROLLBACK")?
            .execute([])
            .map(drop)
    }

    fn stop(&mut self, reason: String) -> CommitError {
        self.stopped = true;
        // The log is what the next opening learns the truth from; closing must not write it into the main file.
        match checkpoint_on_close(&self.connection, false) {
            Ok(()) => CommitError::Failed(reason),
            Err(also) => CommitError::Failed(format!("{reason}; then {}", error::describe(&also))),
        }
    }

    fn table(&self, table: Table) -> &TableSql {
        // One entry for every value of a byte.
        &self.sql[usize::from(table as u8)]
    }
}

impl View for SqliteStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ViewError> {
        self.connection
            .prepare_cached(&self.table(table).get)
            .and_then(|mut statement| {
                statement
                    .query_row((key,), |row| Ok(row.get_ref(0)?.as_blob()?.to_vec()))
                    .optional()
            })
            .map_err(|e| error::view(&e))
    }

    fn range(
        &self,
        table: Table,
        range: &KeyRange,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Row>, ViewError> {
        let sql = self.table(table).range(range.to.is_some(), direction);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let read = || -> rusqlite::Result<Vec<Row>> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = match &range.to {
                Some(to) => statement.query((&range.from, limit, to))?,
                None => statement.query((&range.from, limit))?,
            };
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let key = row.get_ref(0)?.as_blob()?.to_vec();
                found.push((key, row.get_ref(1)?.as_blob()?.to_vec()));
            }
            Ok(found)
        };
        read().map_err(|e| error::view(&e))
    }

    fn search(&self, query: &TextQuery) -> Result<Vec<Vec<u8>>, ViewError> {
        crate::query::check(query)?;
        index::search(&self.connection, query).map_err(|e| error::view(&e))
    }
}

impl Store for SqliteStore {
    fn commit(&mut self, changes: &[Change]) -> Result<(), CommitError> {
        if self.stopped {
            return Err(CommitError::Stopped);
        }
        if changes.is_empty() {
            return Ok(());
        }
        let Err(fault) = self.transact(changes) else {
            self.commits += 1;
            self.commits_in_log += 1;
            return Ok(());
        };
        let reason = error::describe(&fault);
        match self.rollback() {
            Ok(()) if error::is_full(&fault) => match schema::empty_log(&self.connection) {
                Err(second) if !error::is_full(&second) => Err(self.stop(error::describe(&second))),
                _ => Err(CommitError::Full),
            },
            Ok(()) => Err(self.stop(reason)),
            Err(second) => Err(self.stop(format!("{reason}; then {}", error::describe(&second)))),
        }
    }

    fn stats(&self) -> Result<Stats, ViewError> {
        let pages = |pragma| {
            self.connection
                .query_row(pragma, [], |row| row.get::<_, i64>(0))
                .map(|pages| u64::try_from(pages).unwrap_or(0) * schema::PAGE_BYTES)
                .map_err(|e| error::view(&e))
        };
        Ok(Stats {
            bytes: pages("PRAGMA page_count")?,
            bytes_free: pages("PRAGMA freelist_count")?,
            commits: self.commits,
        })
    }
}

/// Names the path-free state only: the connection knows its key.
impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore")
            .field("stopped", &self.stopped)
            .field("commits", &self.commits)
            .finish_non_exhaustive()
    }
}

/// Gives SQLCipher the raw key: no derivation of its own. The statement is wiped, and no error repeats it.
fn set_key(connection: &Connection, key: &[u8; 32]) -> Result<(), OpenError> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut sql = Zeroizing::new(String::with_capacity(96));
    sql.push_str("PRAGMA key = \"x'");
    for byte in key {
        sql.push(char::from(DIGITS[usize::from(byte >> 4)]));
        sql.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    sql.push_str("'\"");
    checkpoint_on_close(connection, false)
        .and_then(|()| connection.execute_batch("PRAGMA cipher_log_level = NONE"))
        .map_err(|e| OpenError::from_sqlite(&e))?;
    connection
        .execute_batch(&sql)
        .map_err(|_| OpenError::Failed("the database refused its key".to_owned()))
}

fn checkpoint_on_close(connection: &Connection, enabled: bool) -> rusqlite::Result<()> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !enabled)
        .map(drop)
}

#[cfg(test)]
mod tests;
