//! The version of a profile and the way up from older ones.

use std::io;
use std::path::Path;

use super::Profile;
use super::error::{Part, ProfileError};
use crate::files;

/// Name of the file.
pub(super) const FILE: &str = "format";

/// Version that this program writes.
#[expect(clippy::cast_possible_truncation, reason = "a handful of migrations")]
pub const FORMAT: u32 = MIGRATIONS.len() as u32 + 1;

/// Brings an open profile from one version to the next. It may run twice, if a crash came between it and its version.
pub(super) type Migration = fn(&mut Profile) -> Result<(), ProfileError>;

/// The migrations in order: the first leads from version 1 to 2.
pub(super) const MIGRATIONS: &[Migration] = &[];

const PREFIX: &str = "conclave profile ";

/// Reads the version; nothing if there is no such file.
pub(super) fn read(directory: &Path) -> Result<Option<u32>, ProfileError> {
    let bytes = match files::read_limited(&directory.join(FILE), 64) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let version = std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| text.strip_prefix(PREFIX)?.strip_suffix('\n')?.parse().ok())
        .filter(|version| *version > 0);
    match version {
        Some(version) => Ok(Some(version)),
        None => Err(ProfileError::damaged(Part::Format, "it names no version")),
    }
}

/// Writes the version.
pub(super) fn write(directory: &Path, version: u32) -> Result<(), ProfileError> {
    let text = format!("{PREFIX}{version}\n");
    Ok(files::replace(&directory.join(FILE), text.as_bytes())?)
}
