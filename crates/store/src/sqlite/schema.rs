//! Tables, statements and settings of the database (protocol chapter `storage`).

use conclave_core::view::{Direction, Table};
use rusqlite::Connection;

use super::error::{OpenError, is_full};

/// Version of the tables, kept as `user_version`.
const VERSION: u32 = 1;

/// Marks the file as ours (`application_id`): "Cncl".
const APPLICATION_ID: i32 = 0x436e_636c;

/// Bytes of a page, SQLCipher's default.
pub(super) const PAGE_BYTES: u64 = 4_096;

/// Most pages of a file, SQLite's own limit.
pub(super) const PAGES_MAX: u64 = 4_294_967_294;

/// Commits after which moving the log is worth its two syncs.
pub(super) const LOG_COMMITS: u64 = 64;

/// Statements kept prepared: all of them.
pub(super) const STATEMENTS_MAX: usize = 256;

/// Settings of a connection. Nothing is written before the version has been read.
const BEFORE: &str = "
    PRAGMA busy_timeout = 0;
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;";
/// `wal_autocheckpoint`: a commit moves the log itself when that has 16 MiB, which an opening after a crash reads in some
/// hundredths of a second; most of the time [`super::SqliteStore::rest`] does it before. `journal_size_limit`: the log shrinks to 16 MiB after a large transaction. `cache_size`: 8 MiB.
const AFTER: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 4096;
    PRAGMA journal_size_limit = 16777216;
    PRAGMA cache_size = -8192;";

/// The full-text index. Words come folded by `words.rs`, hence the tokenizer that only splits at spaces. A document's row
/// number is its order value plus `shift`, which is above zero only where several documents share an order value. `pgsz`: a
/// block of the index fits a page beside SQLCipher's 80 bytes; FTS5's own default spills into a second one.
const INDEX: &str = "
    CREATE TABLE document(
        id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, shift INTEGER NOT NULL) STRICT;
    CREATE INDEX document_shift ON document(shift) WHERE shift > 0;
    CREATE VIRTUAL TABLE text USING fts5(
        word, label, content = '', contentless_delete = 1, tokenize = 'ascii');
    INSERT INTO text(text, rank) VALUES('pgsz', 3900);";

/// The statements of one table.
#[derive(Default)]
pub(super) struct TableSql {
    pub(super) get: String,
    pub(super) put: String,
    pub(super) delete: String,
    forward: String,
    forward_to: String,
    backward: String,
    backward_to: String,
}

impl TableSql {
    fn new(table: Table) -> Self {
        let name = table_name(table);
        let range = |to: &str, order: &str| {
            format!("SELECT k, v FROM {name} WHERE k >= ?1{to} ORDER BY k {order} LIMIT ?2")
        };
        Self {
            get: format!("SELECT v FROM {name} WHERE k = ?1"),
            put: format!("INSERT OR REPLACE INTO {name}(k, v) VALUES(?1, ?2)"),
            delete: format!("DELETE FROM {name} WHERE k = ?1"),
            forward: range("", "ASC"),
            forward_to: range(" AND k < ?3", "ASC"),
            backward: range("", "DESC"),
            backward_to: range(" AND k < ?3", "DESC"),
        }
    }

    pub(super) fn range(&self, bounded: bool, direction: Direction) -> &str {
        match (direction, bounded) {
            (Direction::Forward, false) => &self.forward,
            (Direction::Forward, true) => &self.forward_to,
            (Direction::Backward, false) => &self.backward,
            (Direction::Backward, true) => &self.backward_to,
        }
    }
}

/// Statements by table number, one entry for every byte so that no number is out of bounds.
pub(super) fn table_sql() -> Box<[TableSql]> {
    let mut sql: Vec<TableSql> = (0..=u8::MAX).map(|_| TableSql::default()).collect();
    for table in Table::ALL {
        sql[usize::from(table as u8)] = TableSql::new(table);
    }
    sql.into_boxed_slice()
}

/// Reads the version, refuses what it cannot read, and makes the tables that are missing.
pub(super) fn prepare(connection: &Connection, may_create: bool) -> Result<(), OpenError> {
    let sqlite = |e: rusqlite::Error| OpenError::from_sqlite(&e);
    connection.execute_batch(BEFORE).map_err(sqlite)?;
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    // The first statement that reads the file: a wrong key or a damaged first page ends here.
    let objects = number("SELECT count(*) FROM sqlite_schema").map_err(sqlite)?;
    let found = number("PRAGMA user_version").map_err(sqlite)?;
    if objects == 0 && !may_create {
        return Err(OpenError::Damaged("it is empty".to_owned()));
    }
    let application = number("PRAGMA application_id").map_err(sqlite)?;
    if objects > 0 && application != i64::from(APPLICATION_ID) {
        return Err(OpenError::Damaged(format!("application id {application}")));
    }
    if found > i64::from(VERSION) {
        return Err(OpenError::Newer {
            found: u32::try_from(found).unwrap_or(u32::MAX),
            supported: VERSION,
        });
    }
    connection.execute_batch(AFTER).map_err(sqlite)?;
    match empty_log(connection) {
        // A profile on a full disk opens all the same: reading needs no room.
        Err(error) if !is_full(&error) => return Err(sqlite(error)),
        _ => {}
    }
    create(connection, objects == 0).map_err(sqlite)
}

/// Moves the log into the main file and cuts it to nothing. After a crash or a full disk this takes away frames that never
/// became commits, which [`super::wal`] could otherwise mistake for lost ones at the next crash.
pub(super) fn empty_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Makes the tables: all of them in a new file, and in an older one those that were added since.
fn create(connection: &Connection, new: bool) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    for table in Table::ALL {
        let name = table_name(table);
        if new || !transaction.table_exists(None, name.as_str())? {
            transaction.execute_batch(&format!(
                "CREATE TABLE {name}(k BLOB NOT NULL PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID, STRICT"
            ))?;
        }
    }
    if new {
        transaction.execute_batch(INDEX)?;
        transaction.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
        ))?;
    }
    transaction.commit()
}

fn table_name(table: Table) -> String {
    format!("t{:02}", table as u8)
}
