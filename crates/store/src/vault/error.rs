//! Why a vault was not opened or written.

use std::io;

use super::Protection;
use super::sealed::{self, SECRETS_BYTES_MAX, SealedError};

/// Why a vault was not opened or written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no vault in the directory.
    #[error("there is no vault")]
    Missing,
    /// There is one already; it is never overwritten.
    #[error("there is a vault already")]
    Exists,
    /// It opens with a passphrase, and none was given.
    #[error("the vault needs a passphrase")]
    PassphraseNeeded,
    /// The passphrase is not its passphrase.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// A passphrase without characters protects nothing.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The key file is absent.
    #[error("the key file of the vault is missing")]
    KeyFileMissing,
    /// The key file is not that of this vault, or not a key file.
    #[error("the key file does not belong to the vault")]
    WrongKeyFile,
    /// Its bytes are not those that were written.
    #[error("the vault is damaged: {0}")]
    Damaged(&'static str),
    /// It was written by a newer version of the program.
    #[error(
        "the vault has version {found}, this program reads up to {supported}; use a newer program"
    )]
    Newer {
        /// Version of the file.
        found: u16,
        /// Newest version that this program knows.
        supported: u16,
    },
    /// More secrets than a vault holds.
    #[error("{found} bytes of secrets do not fit; a vault holds {SECRETS_BYTES_MAX}")]
    TooLarge {
        /// Bytes given.
        found: usize,
    },
    /// The machine has too little memory to derive the key.
    #[error("too little memory to derive the key of the vault")]
    Memory,
    /// The disk is full; the vault is as it was.
    #[error("the disk is full: the vault was not written")]
    Full,
    /// The system refused to read or write.
    #[error("the vault could not be read or written: {0}")]
    Io(String),
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn io_error(error: io::Error) -> VaultError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => VaultError::Full,
        _ => VaultError::Io(error.to_string()),
    }
}

impl From<SealedError> for VaultError {
    fn from(error: SealedError) -> Self {
        match error {
            SealedError::Damaged(what) => Self::Damaged(what),
            SealedError::Newer(found) => Self::Newer {
                found,
                supported: sealed::VERSION,
            },
            SealedError::Refused(Protection::KeyFile) => Self::WrongKeyFile,
            SealedError::Refused(Protection::Passphrase) => Self::WrongPassphrase,
            SealedError::EmptyPassphrase => Self::EmptyPassphrase,
            SealedError::Memory => Self::Memory,
            SealedError::TooLarge(found) => Self::TooLarge { found },
        }
    }
}
