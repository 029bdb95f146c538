//! The vault: one sealed file with the database key and the account's secrets.
//!
//! It opens with a key file beside it (the default: it guards against a lost backup of the vault alone, not against who reads
//! the whole directory) or with a passphrase. The account's secrets are bytes that the caller lays out. Format: protocol
//! chapter `storage`, "Vault".

mod sealed;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::files;
pub use sealed::{Argon2Cost, SECRETS_BYTES_MAX};
use sealed::{Contents, Header, Lock, SealedError};

/// Name of the vault in its directory.
const VAULT_FILE: &str = "vault";

/// Name of the key file in its directory.
const KEY_FILE: &str = "vault.key";

/// Bytes of a key file.
const KEY_FILE_BYTES: u64 = 32;

/// What opens a vault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protection {
    /// A random key in a file beside it, readable by its owner only.
    KeyFile,
    /// A passphrase, through Argon2id.
    Passphrase,
}

/// What is given to open or to protect a vault.
#[derive(Clone, Copy)]
pub enum Unlock<'a> {
    /// The key file beside the vault.
    KeyFile,
    /// A passphrase. Its Unicode form does not matter (NFKC).
    Passphrase(&'a str),
}

/// Names the kind only.
impl fmt::Debug for Unlock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeyFile => "KeyFile",
            Self::Passphrase(_) => "Passphrase(..)",
        })
    }
}

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

/// An open vault.
pub struct Vault {
    directory: PathBuf,
    lock: Lock,
    contents: Contents,
}

/// Names the protection only.
impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("protection", &self.protection())
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Creates a vault in a directory, with a new random database key.
    ///
    /// # Errors
    /// [`VaultError::Exists`] if there is one, [`VaultError::TooLarge`], [`VaultError::EmptyPassphrase`],
    /// [`VaultError::Memory`], or a refusal of the disk.
    pub fn create(
        directory: &Path,
        unlock: Unlock<'_>,
        secrets: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, VaultError> {
        if Self::exists(directory)? {
            return Err(VaultError::Exists);
        }
        let mut database_key = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *database_key);
        let vault = Self {
            directory: directory.to_owned(),
            lock: new_lock(directory, unlock, rng)?,
            contents: Contents::new(database_key, secrets)?,
        };
        vault.write(rng)?;
        Ok(vault)
    }

    /// Opens the vault of a directory. A passphrase that is given for a vault with a key file is not looked at.
    ///
    /// # Errors
    /// [`VaultError`]; a wrong passphrase and a damaged file are told apart by a checksum over the file.
    pub fn open(directory: &Path, unlock: Unlock<'_>) -> Result<Self, VaultError> {
        let bytes = read(directory)?;
        let header = Header::parse(&bytes)?;
        let lock = match (header.protection(), unlock) {
            (Protection::KeyFile, _) => header.lock_with_key(read_key_file(directory)?),
            (Protection::Passphrase, Unlock::Passphrase(phrase)) => {
                header.lock_with_passphrase(phrase)?
            }
            (Protection::Passphrase, Unlock::KeyFile) => return Err(VaultError::PassphraseNeeded),
        };
        Ok(Self {
            directory: directory.to_owned(),
            contents: sealed::open(&bytes, &lock)?,
            lock,
        })
    }

    /// Tells whether a directory has a vault.
    ///
    /// # Errors
    /// [`VaultError::Io`] if the system does not say.
    pub fn exists(directory: &Path) -> Result<bool, VaultError> {
        directory.join(VAULT_FILE).try_exists().map_err(io_error)
    }

    /// Tells what opens the vault of a directory, without opening it.
    ///
    /// # Errors
    /// [`VaultError`] if there is none, or it is damaged or newer.
    pub fn protection_of(directory: &Path) -> Result<Protection, VaultError> {
        Ok(Header::parse(&read(directory)?)?.protection())
    }

    /// What opens this vault.
    #[must_use]
    pub fn protection(&self) -> Protection {
        self.lock.protection()
    }

    /// The raw key of the database.
    #[must_use]
    pub fn database_key(&self) -> &[u8; 32] {
        &self.contents.database_key
    }

    /// The account's secrets, as they were given.
    #[must_use]
    pub fn secrets(&self) -> &[u8] {
        &self.contents.secrets
    }

    /// Replaces the account's secrets, on disk first.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`] or a refusal of the disk; then the old secrets stand, here and on disk.
    pub fn replace_secrets(
        &mut self,
        secrets: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<(), VaultError> {
        let database_key = self.contents.database_key.clone();
        let old = std::mem::replace(&mut self.contents, Contents::new(database_key, secrets)?);
        self.write(rng).inspect_err(|_| self.contents = old)
    }

    /// Protects the vault anew: another passphrase, a passphrase instead of the key file, or the other way round. The
    /// database key stays, so whoever opened an old copy of the vault can still read this database.
    ///
    /// # Errors
    /// [`VaultError::EmptyPassphrase`], [`VaultError::Memory`] or a refusal of the disk; then the old protection stands.
    pub fn protect(
        &mut self,
        unlock: Unlock<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), VaultError> {
        let same_key_file =
            matches!(unlock, Unlock::KeyFile) && self.protection() == Protection::KeyFile;
        if same_key_file {
            // A vault and its key file cannot be replaced in one step; the key that is there is as good as a new one.
            return Ok(());
        }
        let lock = new_lock(&self.directory, unlock, rng)?;
        let old = std::mem::replace(&mut self.lock, lock);
        self.write(rng).inspect_err(|_| self.lock = old)?;
        if self.protection() == Protection::Passphrase {
            files::remove(&self.directory.join(KEY_FILE)).map_err(io_error)?;
        }
        Ok(())
    }

    fn write(&self, rng: &mut dyn CryptoRng) -> Result<(), VaultError> {
        let mut nonce = [0; 24];
        rng.fill_bytes(&mut nonce);
        let bytes = sealed::seal(&self.contents, &self.lock, nonce)?;
        files::replace(&self.directory.join(VAULT_FILE), &bytes).map_err(io_error)
    }
}

/// Makes the lock of a new protection. A new key file is on disk before the vault that needs it.
fn new_lock(
    directory: &Path,
    unlock: Unlock<'_>,
    rng: &mut dyn CryptoRng,
) -> Result<Lock, VaultError> {
    match unlock {
        Unlock::KeyFile => {
            let mut key = Zeroizing::new([0; 32]);
            rng.fill_bytes(&mut *key);
            files::replace(&directory.join(KEY_FILE), &*key).map_err(io_error)?;
            Ok(Header::key_file().lock_with_key(key))
        }
        Unlock::Passphrase(phrase) => {
            let mut salt = [0; 16];
            rng.fill_bytes(&mut salt);
            Ok(Header::passphrase(Argon2Cost::STANDARD, salt).lock_with_passphrase(phrase)?)
        }
    }
}

fn read(directory: &Path) -> Result<Vec<u8>, VaultError> {
    match files::read_limited(&directory.join(VAULT_FILE), sealed::FILE_BYTES_MAX) {
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::NotFound => VaultError::Missing,
            io::ErrorKind::FileTooLarge => VaultError::Damaged("it is too long"),
            _ => io_error(error),
        }),
    }
}

fn read_key_file(directory: &Path) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    let read = files::read_limited(&directory.join(KEY_FILE), KEY_FILE_BYTES).map(Zeroizing::new);
    match read {
        Ok(bytes) => match <[u8; 32]>::try_from(bytes.as_slice()) {
            Ok(key) => Ok(Zeroizing::new(key)),
            Err(_) => Err(VaultError::WrongKeyFile),
        },
        Err(error) => Err(match error.kind() {
            io::ErrorKind::NotFound => VaultError::KeyFileMissing,
            io::ErrorKind::FileTooLarge => VaultError::WrongKeyFile,
            _ => io_error(error),
        }),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn io_error(error: io::Error) -> VaultError {
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

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
