//! The files beside a hub's store.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use super::HubError;
use crate::session_file::write_private;

/// Version of the directory's layout; a newer one is refused, so that rolling back is safe or says that it is not.
const FORMAT: u32 = 1;
const FORMAT_FILE: &str = "format";
const FORMAT_TEXT: &str = "conclave hub ";
const KEY_FILE: &str = "hub.key";
const PORT_FILE: &str = "port";

/// Length of the key file: two seeds.
pub(super) const KEYS_LEN: usize = 64;

/// The hub's secrets, zeroised on drop, never printed.
pub(super) struct Keys {
    /// Seed of the transport key.
    pub node: Zeroizing<[u8; 32]>,
    /// Seed of the receipt key.
    pub receipt: Zeroizing<[u8; 32]>,
}

impl Keys {
    pub(super) fn to_bytes(&self) -> Zeroizing<[u8; KEYS_LEN]> {
        let mut bytes = Zeroizing::new([0; KEYS_LEN]);
        bytes[..32].copy_from_slice(&*self.node);
        bytes[32..].copy_from_slice(&*self.receipt);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; KEYS_LEN]) -> Self {
        let half = |from: usize| {
            let mut seed = Zeroizing::new([0; 32]);
            seed.copy_from_slice(&bytes[from..from + 32]);
            seed
        };
        Self {
            node: half(0),
            receipt: half(32),
        }
    }
}

/// Makes the directory, or checks that it is one of this version.
pub(super) fn prepare(dir: &Path) -> Result<(), HubError> {
    let named = |error: io::Error| HubError::Files(format!("{}: {error}", dir.display()));
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(named)?;
    let format = dir.join(FORMAT_FILE);
    match std::fs::read_to_string(&format) {
        Ok(text) => {
            let found = text.trim().strip_prefix(FORMAT_TEXT.trim_end());
            let found: Option<u32> = found.and_then(|number| number.trim().parse().ok());
            match found {
                Some(FORMAT) => Ok(()),
                Some(newer) => Err(HubError::Files(format!(
                    "{}: the hub's data has version {newer}, this program reads version {FORMAT}: use the newer program, or a backup of before",
                    dir.display()
                ))),
                None => Err(HubError::Files(format!(
                    "{}: this is no hub's directory",
                    dir.display()
                ))),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if dir.join("vault").exists() {
                return Err(HubError::Files(format!(
                    "{}: this is a person's profile; a hub needs a directory of its own",
                    dir.display()
                )));
            }
            write_private(&format, format!("{FORMAT_TEXT}{FORMAT}\n").as_bytes()).map_err(named)
        }
        Err(error) => Err(named(error)),
    }
}

/// Reads the hub's keys, or draws them.
pub(super) fn keys(dir: &Path) -> Result<Keys, HubError> {
    let path = dir.join(KEY_FILE);
    let named =
        |error: &dyn std::fmt::Display| HubError::Files(format!("{}: {error}", path.display()));
    match std::fs::read(&path).map(Zeroizing::new) {
        Ok(bytes) => {
            let bytes: &[u8; KEYS_LEN] = bytes
                .as_slice()
                .try_into()
                .map_err(|_| named(&"not a hub's keys"))?;
            Ok(Keys::from_bytes(bytes))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut bytes = Zeroizing::new([0; KEYS_LEN]);
            getrandom::fill(&mut *bytes).map_err(|error| named(&error))?;
            write_private(&path, &*bytes).map_err(|error| named(&error))?;
            Ok(Keys::from_bytes(&bytes))
        }
        Err(error) => Err(named(&error)),
    }
}

/// Puts keys into a directory that has none.
pub(super) fn put_keys(dir: &Path, keys: &Keys) -> io::Result<()> {
    write_private(&dir.join(KEY_FILE), &*keys.to_bytes())
}

/// The port of the last time.
pub(super) fn port(dir: &Path) -> Option<u16> {
    std::fs::read_to_string(dir.join(PORT_FILE))
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Remembers the port, so that members find the hub again where they know it.
pub(super) fn remember_port(dir: &Path, port: u16) -> Result<(), HubError> {
    let path = dir.join(PORT_FILE);
    write_private(&path, format!("{port}\n").as_bytes())
        .map_err(|error| HubError::Files(format!("{}: {error}", path.display())))
}
