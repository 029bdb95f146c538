//! Backups: everything of a hub as of one moment in one file, written while it runs.
//!
//! Layout: `CNCLHBAK`, version (2), the two key seeds (64), then rows, each as table (1), length of the key (4), key, length of the
//! value (4), value; a table of 0 ends them; last the BLAKE3 hash (32) of all bytes before. Numbers are big-endian.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use conclave_core::view::{Change, Table, View, ViewError};
use conclave_engine::hub::RESTORES;
use conclave_store::{CommitError, Dump, FjallStore, OpenError, Store};
use thiserror::Error;
use zeroize::Zeroizing;

use super::HubError;
use super::files::{self, KEYS_LEN, Keys};

const MAGIC: &[u8; 8] = b"CNCLHBAK";
const VERSION: u16 = 1;

/// Longest key or value that is read: no row is longer.
const PART_BYTES_MAX: u32 = 2 << 20;

/// Bytes of rows in one commit while restoring.
const COMMIT_BYTES: usize = 8 << 20;

/// Why a backup was not written or not restored.
#[derive(Debug, Error)]
pub enum BackupError {
    /// A file.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The store.
    #[error("{0}")]
    View(#[from] ViewError),
    /// The store of the new hub.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// The store of the new hub.
    #[error("{0}")]
    Commit(#[from] CommitError),
    /// The directory.
    #[error("{0}")]
    Hub(#[from] HubError),
    /// Not a backup, or a damaged one.
    #[error("the file is no whole backup of a hub: {0}")]
    Damaged(&'static str),
    /// The directory holds a hub already.
    #[error("the directory holds a hub already: restore into a new one")]
    Occupied,
}

/// Writes a backup beside its final name and renames it when it is whole and synced; gives the number of rows.
pub(super) fn write(path: &Path, keys: &[u8; KEYS_LEN], dump: &Dump) -> Result<u64, BackupError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let temporary = Path::new(&name);
    let _ = std::fs::remove_file(temporary);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = Hashing {
        inner: BufWriter::new(options.open(temporary)?),
        hasher: blake3::Hasher::new(),
    };
    out.put(MAGIC)?;
    out.put(&VERSION.to_be_bytes())?;
    out.put(keys)?;
    let mut rows = 0;
    for row in dump.rows() {
        let (table, (key, value)) = row?;
        out.put(&[table as u8])?;
        for part in [&key, &value] {
            let length =
                u32::try_from(part.len()).map_err(|_| BackupError::Damaged("a row is too long"))?;
            out.put(&length.to_be_bytes())?;
            out.put(part)?;
        }
        rows += 1;
    }
    out.put(&[0])?;
    let hash = *out.hasher.finalize().as_bytes();
    out.inner.write_all(&hash)?;
    let file = out
        .inner
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    std::fs::rename(temporary, path)?;
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        File::open(parent)?.sync_all()?;
    }
    Ok(rows)
}

/// Makes a hub of a backup in a new directory. The whole file is checked before anything is written. The restored hub begins a
/// new life of its logs: positions that it gave after the backup are not repeated as if they were the same.
///
/// # Errors
/// [`BackupError`].
pub fn restore(path: &Path, dir: &Path) -> Result<u64, BackupError> {
    check(path)?;
    if dir.join("hub.key").exists() || dir.join("store").exists() {
        return Err(BackupError::Occupied);
    }
    files::prepare(dir)?;
    let mut input = BufReader::new(File::open(path)?);
    let keys = head(&mut input)?;
    let mut store = FjallStore::open(&dir.join("store"))?;
    let (mut rows, mut bytes, mut changes) = (0, 0, Vec::new());
    while let Some((table, key, value)) = row(&mut input)? {
        bytes += key.len() + value.len();
        changes.push(Change::Put { table, key, value });
        rows += 1;
        if bytes > COMMIT_BYTES {
            store.commit(&changes)?;
            changes.clear();
            bytes = 0;
        }
    }
    store.commit(&changes)?;
    let restores = store.get(Table::Meta, RESTORES)?;
    let restores = restores.and_then(|row| Some(u64::from_be_bytes(row.try_into().ok()?)));
    let next = restores.unwrap_or(0) + 1;
    store.commit(&[Change::Put {
        table: Table::Meta,
        key: RESTORES.to_vec(),
        value: next.to_be_bytes().to_vec(),
    }])?;
    // Last: a directory without keys is no hub yet.
    files::put_keys(dir, &keys)?;
    Ok(rows)
}

/// Reads the whole file once and compares its hash.
fn check(path: &Path) -> Result<(), BackupError> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let body = length
        .checked_sub(32)
        .ok_or(BackupError::Damaged("it is too short"))?;
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut (&mut file).take(body), &mut hasher)?;
    let mut hash = [0; 32];
    file.read_exact(&mut hash)?;
    if hasher.finalize() != hash {
        return Err(BackupError::Damaged("its checksum is wrong"));
    }
    Ok(())
}

fn head(input: &mut impl Read) -> Result<Keys, BackupError> {
    let mut magic = [0; 8];
    input.read_exact(&mut magic)?;
    let mut version = [0; 2];
    input.read_exact(&mut version)?;
    if magic != *MAGIC || u16::from_be_bytes(version) != VERSION {
        return Err(BackupError::Damaged("it is of another kind or version"));
    }
    let mut keys = Zeroizing::new([0; KEYS_LEN]);
    input.read_exact(&mut *keys)?;
    Ok(Keys::from_bytes(&keys))
}

type BackupRow = (Table, Vec<u8>, Vec<u8>);

fn row(input: &mut impl Read) -> Result<Option<BackupRow>, BackupError> {
    let mut number = [0];
    input.read_exact(&mut number)?;
    if number[0] == 0 {
        return Ok(None);
    }
    let table = Table::ALL
        .into_iter()
        .find(|table| *table as u8 == number[0]);
    let table = table.ok_or(BackupError::Damaged("a row of an unknown table"))?;
    let mut part = || -> Result<Vec<u8>, BackupError> {
        let mut length = [0; 4];
        input.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length > PART_BYTES_MAX {
            return Err(BackupError::Damaged("a row is too long"));
        }
        let mut bytes = vec![0; length as usize];
        input.read_exact(&mut bytes)?;
        Ok(bytes)
    };
    Ok(Some((table, part()?, part()?)))
}

struct Hashing<W> {
    inner: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Hashing<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.inner.write_all(bytes)
    }
}
