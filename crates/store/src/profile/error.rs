//! Why a profile was not opened or created.

use std::fmt;
use std::io;

use crate::sqlite::OpenError;
use crate::vault::VaultError;

/// A file of a profile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The format version.
    Format,
    /// The vault.
    Vault,
    /// The database.
    Database,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "format file",
            Self::Vault => "vault",
            Self::Database => "database",
        })
    }
}

/// Why a profile was not opened or created. Its files are as they were.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProfileError {
    /// There is no profile, or its creation was never finished.
    #[error("there is no profile in this directory")]
    Missing,
    /// There is one already.
    #[error("there is a profile in this directory already")]
    Exists,
    /// The directory holds files that are no profile's.
    #[error("the directory holds other files; choose an empty one")]
    NotEmpty,
    /// Another process has it open.
    #[error("the profile is in use by another process{}; close that first", pid.map(|pid| format!(" (number {pid})")).unwrap_or_default())]
    InUse {
        /// Its process number, if it could be read.
        pid: Option<u32>,
    },
    /// It was written by a newer version of the program.
    #[error(
        "the {part} of the profile has version {found}, this program reads up to {supported}; use a newer program"
    )]
    Newer {
        /// Which file.
        part: Part,
        /// Its version.
        found: u32,
        /// Newest version that this program knows.
        supported: u32,
    },
    /// A file is missing or its bytes are not those that were written.
    #[error("the {part} of the profile is damaged: {reason}")]
    Damaged {
        /// Which file.
        part: Part,
        /// What is wrong.
        reason: String,
    },
    /// The vault did not open.
    #[error(transparent)]
    Vault(VaultError),
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// The system refused.
    #[error("the profile could not be read or written: {0}")]
    Io(String),
}

impl ProfileError {
    pub(super) fn damaged(part: Part, reason: impl Into<String>) -> Self {
        Self::Damaged {
            part,
            reason: reason.into(),
        }
    }
}

impl From<VaultError> for ProfileError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Damaged(reason) => Self::damaged(Part::Vault, reason),
            VaultError::Missing => Self::damaged(Part::Vault, "it is missing"),
            VaultError::Newer { found, supported } => Self::Newer {
                part: Part::Vault,
                found: found.into(),
                supported: supported.into(),
            },
            VaultError::Full => Self::Full,
            VaultError::Io(reason) => Self::Io(reason),
            other => Self::Vault(other),
        }
    }
}

impl From<OpenError> for ProfileError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::InUse => Self::InUse { pid: None },
            OpenError::Newer { found, supported } => Self::Newer {
                part: Part::Database,
                found,
                supported,
            },
            OpenError::Damaged(reason) => Self::damaged(Part::Database, reason),
            OpenError::Full => Self::Full,
            OpenError::Failed(reason) => Self::Io(reason),
        }
    }
}

impl From<io::Error> for ProfileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io(error.to_string()),
        }
    }
}
