//! `session.json` in the profile: how programs of the same user find the running node. Readable by its owner only, removed
//! when the node stops.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// Name of the file in the profile's directory.
pub const SESSION_FILE: &str = "session.json";

/// Longest file that is read.
const BYTES_MAX: u64 = 4096;

/// What the file holds. The token is the person's own: never print it.
#[derive(Serialize, Deserialize)]
pub struct SessionInfo {
    /// Address of the API, without a path.
    pub url: String,
    /// A session token.
    pub token: String,
    /// The node's process.
    pub pid: u32,
}

impl Drop for SessionInfo {
    fn drop(&mut self) {
        self.token.zeroize();
    }
}

impl SessionInfo {
    /// Reads the file of a profile; `None` if no node has written one.
    ///
    /// # Errors
    /// The file cannot be read or is not what a node writes.
    pub fn read(profile_dir: &Path) -> io::Result<Option<Self>> {
        let path = profile_dir.join(SESSION_FILE);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
            Ok(meta) if meta.len() > BYTES_MAX => return Err(io::ErrorKind::InvalidData.into()),
            Ok(_) => {}
        }
        let text = Zeroizing::new(fs::read(&path)?);
        // The parser's own words could quote the token.
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not a session file"))
    }
}

/// The file, as long as the node runs.
pub struct SessionFile(PathBuf);

impl SessionFile {
    /// Writes the file.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(profile_dir: &Path, info: &SessionInfo) -> io::Result<Self> {
        let path = profile_dir.join(SESSION_FILE);
        let text = Zeroizing::new(serde_json::to_vec(info).map_err(io::Error::other)?);
        write_private(&path, &text)?;
        Ok(Self(path))
    }
}

impl Drop for SessionFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Writes a file that only its owner can read, in one step: nobody sees it half written or with other rights.
///
/// # Errors
/// The disk refuses.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let _ = fs::remove_file(&new);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}
