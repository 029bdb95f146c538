//! What SQLite's result codes mean for us.

use conclave_core::view::ViewError;
use rusqlite::{Error, ErrorCode, ffi};

/// Why a database was not opened. The files are as they were.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("the database is in use by another process")]
    InUse,
    /// It was written by a newer version of the program.
    #[error(
        "the database has version {found}, this program reads up to {supported}; use a newer program"
    )]
    Newer {
        /// Version of the file.
        found: u32,
        /// Newest version that this program knows.
        supported: u32,
    },
    /// Its contents are damaged, or the key is not its key.
    #[error("the database is damaged or belongs to another key: {0}")]
    Damaged(String),
    /// There is no room to create it.
    #[error("the disk is full: the database was not created")]
    Full,
    /// The system refused.
    #[error("the database could not be opened: {0}")]
    Failed(String),
}

impl OpenError {
    pub(super) fn from_sqlite(error: &Error) -> Self {
        if is_full(error) {
            return Self::Full;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(describe(error))
            }
            _ => Self::Failed(describe(error)),
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "for map_err")]
    pub(crate) fn io(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// Tells whether the fault is a lack of room, in the file or for the index of its log.
pub(super) fn is_full(error: &Error) -> bool {
    let Some(code) = error.sqlite_error() else {
        return false;
    };
    code.code == ErrorCode::DiskFull || code.extended_code == ffi::SQLITE_IOERR_SHMSIZE
}

/// Describes a fault by its code. SQL and values stay out: an error may be shown or logged.
pub(super) fn describe(error: &Error) -> String {
    match error.sqlite_error() {
        Some(code) => format!(
            "{} ({})",
            ffi::code_to_str(code.extended_code),
            code.extended_code
        ),
        None => "unexpected contents".to_owned(),
    }
}

pub(super) fn view(error: &Error) -> ViewError {
    ViewError(describe(error))
}
