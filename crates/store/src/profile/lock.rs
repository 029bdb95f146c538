//! One profile, one process.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::Path;

use super::error::ProfileError;
use crate::files;

/// Name of the lock file. It stays when the profile is closed; what counts is the lock on it, which ends with the process.
pub(super) const FILE: &str = "lock";

/// The right to open a profile, held until it is dropped.
#[derive(Debug)]
pub struct ProfileLock {
    _file: File,
}

impl ProfileLock {
    /// Takes the advisory lock of the operating system and notes the process in the file.
    pub(super) fn take(directory: &Path) -> Result<Self, ProfileError> {
        let path = directory.join(FILE);
        let mut file = files::open_private(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ProfileError::InUse { pid: holder(&path) });
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // Only a hint for people; a full disk is no reason not to open.
        let _ = file
            .set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

fn holder(path: &Path) -> Option<u32> {
    let bytes = files::read_limited(path, 32).ok()?;
    std::str::from_utf8(&bytes).ok()?.trim().parse().ok()
}
