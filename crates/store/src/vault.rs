//! The vault: one sealed file with the database key and the account's secrets.
//!
//! It opens with a key file beside it (the default: it guards against a lost backup of the vault alone, not against who reads
//! the whole directory) or with a passphrase. The account's secrets are bytes that the caller lays out. Format: protocol
//! chapter `storage`, "Vault".

mod error;
mod sealed;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::files;
pub use error::VaultError;
use error::io_error;
pub use sealed::{Argon2Cost, SECRETS_BYTES_MAX};
use sealed::{Contents, Header, Lock};

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

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
