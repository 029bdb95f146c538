//! A profile: the directory of one person on one machine, open in one process.
//!
//! It joins the lock, the format version, the vault and the database. Opening checks in that order and refuses without
//! touching anything: in use, newer, damaged are different errors. Files: protocol chapter `storage`, "Files of a profile".

mod error;
mod format;
mod lock;

use std::path::{Path, PathBuf};

use rand_core::CryptoRng;

use crate::files;
use crate::sqlite::SqliteStore;
use crate::vault::{Protection, Unlock, Vault};
pub use error::{Part, ProfileError};
pub use format::FORMAT;
use format::{MIGRATIONS, Migration};
pub use lock::ProfileLock;

const DATABASE_FILE: &str = "store.db";

/// There while a profile is being created: what stands beside it never held anything acknowledged.
const CREATING_FILE: &str = "creating";

/// Every file that makes up a profile, and thus what an unfinished creation may have left.
const PARTS: [&str; 5] = [
    "format",
    "vault",
    "vault.key",
    DATABASE_FILE,
    "store.db-wal",
];

/// An open profile. Dropping it closes the database and then lets other processes in.
#[derive(Debug)]
pub struct Profile {
    // Fields drop in this order: the database is closed before the lock is given up.
    store: SqliteStore,
    vault: Vault,
    directory: PathBuf,
    lock: ProfileLock,
}

impl Profile {
    /// Tells whether a directory holds a profile whose creation was finished.
    ///
    /// # Errors
    /// [`ProfileError::Io`] if the system does not say.
    pub fn exists(directory: &Path) -> Result<bool, ProfileError> {
        Ok(has(directory, format::FILE)? && !has(directory, CREATING_FILE)?)
    }

    /// Tells what opens the profile's vault, so that a passphrase is asked for only when it is needed.
    ///
    /// # Errors
    /// [`ProfileError`] as for [`Profile::open`]; nothing is locked or opened.
    pub fn protection(directory: &Path) -> Result<Protection, ProfileError> {
        check_format(directory)?;
        Ok(Vault::protection_of(directory)?)
    }

    /// Creates a profile in a directory that is missing or empty (mode `0700`). A creation that a crash cut short is begun
    /// anew.
    ///
    /// # Errors
    /// [`ProfileError::Exists`], [`ProfileError::NotEmpty`], [`ProfileError::InUse`], or a refusal of vault, database or disk.
    pub fn create(
        directory: &Path,
        unlock: Unlock<'_>,
        secrets: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, ProfileError> {
        refuse_foreign(directory)?;
        files::private_directory(directory)?;
        let lock = ProfileLock::take(directory)?;
        // Again, now that nobody else is creating.
        refuse_foreign(directory)?;
        files::replace(&directory.join(CREATING_FILE), b"")?;
        for part in PARTS {
            files::remove(&directory.join(part))?;
        }
        let vault = Vault::create(directory, unlock, secrets, rng)?;
        let store = SqliteStore::open(&directory.join(DATABASE_FILE), vault.database_key())?;
        format::write(directory, FORMAT)?;
        files::remove(&directory.join(CREATING_FILE))?;
        Ok(Self {
            store,
            vault,
            directory: directory.to_owned(),
            lock,
        })
    }

    /// Opens a profile. An older format is brought up to date; anything else that is refused is left as it was.
    ///
    /// # Errors
    /// [`ProfileError::Missing`], [`ProfileError::InUse`], [`ProfileError::Newer`], [`ProfileError::Damaged`],
    /// [`ProfileError::Vault`] (above all a passphrase that is needed or wrong), or a refusal of the disk.
    pub fn open(directory: &Path, unlock: Unlock<'_>) -> Result<Self, ProfileError> {
        // Before the lock: a newer program may lock in another way, and its files are not to be touched.
        check_format(directory)?;
        let lock = ProfileLock::take(directory)?;
        let found = check_format(directory)?;
        files::private_directory(directory)?;
        let vault = Vault::open(directory, unlock)?;
        if !has(directory, DATABASE_FILE)? {
            return Err(ProfileError::damaged(Part::Database, "it is missing"));
        }
        let store =
            SqliteStore::open_existing(&directory.join(DATABASE_FILE), vault.database_key())?;
        let mut profile = Self {
            store,
            vault,
            directory: directory.to_owned(),
            lock,
        };
        profile.migrate(found, MIGRATIONS)?;
        Ok(profile)
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &SqliteStore {
        &self.store
    }

    /// The database, for commits.
    pub fn store_mut(&mut self) -> &mut SqliteStore {
        &mut self.store
    }

    /// The vault.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The vault, to change its secrets or its protection.
    pub fn vault_mut(&mut self) -> &mut Vault {
        &mut self.vault
    }

    /// Takes the profile apart. Keep the lock until the database is dropped.
    #[must_use]
    pub fn into_parts(self) -> (SqliteStore, Vault, ProfileLock) {
        (self.store, self.vault, self.lock)
    }

    /// Runs the migrations that are missing. Each is followed by its version on disk; one that a crash cut short runs again.
    fn migrate(&mut self, found: u32, migrations: &[Migration]) -> Result<(), ProfileError> {
        let done = usize::try_from(found.saturating_sub(1)).unwrap_or(usize::MAX);
        for (version, migration) in (2..).zip(migrations).skip(done) {
            migration(self)?;
            format::write(&self.directory, version)?;
        }
        Ok(())
    }
}

/// Reads the format and refuses what cannot be opened, without touching anything.
fn check_format(directory: &Path) -> Result<u32, ProfileError> {
    if has(directory, CREATING_FILE)? {
        return Err(ProfileError::Missing);
    }
    let Some(found) = format::read(directory)? else {
        for part in PARTS {
            if has(directory, part)? {
                return Err(ProfileError::damaged(Part::Format, "it is missing"));
            }
        }
        return Err(ProfileError::Missing);
    };
    if found > FORMAT {
        return Err(ProfileError::Newer {
            part: Part::Format,
            found,
            supported: FORMAT,
        });
    }
    Ok(found)
}

/// Refuses to create where something is: a profile, or files that have nothing to do with one.
fn refuse_foreign(directory: &Path) -> Result<(), ProfileError> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    if has(directory, CREATING_FILE)? {
        return Ok(());
    }
    for entry in entries {
        let name = entry?.file_name();
        if PARTS.iter().any(|part| name == *part) {
            return Err(ProfileError::Exists);
        }
        if name != lock::FILE && name != "creating.new" {
            return Err(ProfileError::NotEmpty);
        }
    }
    Ok(())
}

fn has(directory: &Path, file: &str) -> Result<bool, ProfileError> {
    Ok(directory.join(file).try_exists()?)
}

#[cfg(test)]
mod tests;
