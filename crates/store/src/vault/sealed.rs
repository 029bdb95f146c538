//! The bytes of a vault (protocol chapter `storage`, "Vault").
//!
//! ```text
//!   0   8  magic "CNCLAVLT"
//!   8   2  version, 1
//!  10   1  protection: 0 key file, 1 passphrase
//!  11   1  zero
//!  12   4  Argon2id memory in KiB   (zero for a key file)
//!  16   4  Argon2id passes          (zero for a key file)
//!  20   4  Argon2id lanes           (zero for a key file)
//!  24  16  Argon2id salt            (zero for a key file)
//!  40  24  nonce
//!  64   n  XChaCha20-Poly1305 of database key (32) ‖ secrets, with bytes 0..64 as associated data; tag at the end
//!  64+n 32 BLAKE3 of all before
//! ```
//! Numbers are big-endian. The checksum tells damage from a wrong key; what keeps forgers out is the tag.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::Protection;

/// Newest version of the format.
pub(super) const VERSION: u16 = 1;

/// Most bytes of secrets: an account has a few hundred.
pub const SECRETS_BYTES_MAX: usize = 1 << 20;

/// Most bytes of a vault.
pub(super) const FILE_BYTES_MAX: u64 =
    (HEADER_BYTES + KEY_BYTES + SECRETS_BYTES_MAX + TAG_BYTES + CHECKSUM_BYTES) as u64;

const MAGIC: &[u8; 8] = b"CNCLAVLT";
const HEADER_BYTES: usize = 64;
const NONCE_AT: usize = 40;
const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const CHECKSUM_BYTES: usize = 32;

/// What deriving a key from a passphrase costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Argon2Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes, run one after the other.
    pub lanes: u32,
}

impl Argon2Cost {
    /// 64 MiB, three passes: about 150 ms. RFC 9106's second choice with one lane.
    pub const STANDARD: Self = Self {
        memory_kib: 64 * 1024,
        passes: 3,
        lanes: 1,
    };

    /// Most that a file may ask for: it is not trusted with all memory of the machine, or with minutes of its time.
    const MAX: Self = Self {
        memory_kib: 1024 * 1024,
        passes: 16,
        lanes: 16,
    };

    fn is_allowed(self) -> bool {
        self.memory_kib <= Self::MAX.memory_kib
            && (1..=Self::MAX.passes).contains(&self.passes)
            && (1..=Self::MAX.lanes).contains(&self.lanes)
            && self.memory_kib >= 8 * self.lanes
    }
}

/// Why bytes are not an open vault.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum SealedError {
    Damaged(&'static str),
    Newer(u16),
    Refused(Protection),
    EmptyPassphrase,
    Memory,
    TooLarge(usize),
}

/// What a vault says about how it opens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Header {
    stretching: Option<(Argon2Cost, [u8; 16])>,
}

/// A header together with the key that it leads to.
pub(super) struct Lock {
    header: Header,
    key: Zeroizing<[u8; 32]>,
}

/// What a vault holds.
pub(super) struct Contents {
    pub(super) database_key: Zeroizing<[u8; 32]>,
    pub(super) secrets: Zeroizing<Vec<u8>>,
}

impl Contents {
    pub(super) fn new(
        database_key: Zeroizing<[u8; 32]>,
        secrets: &[u8],
    ) -> Result<Self, SealedError> {
        if secrets.len() > SECRETS_BYTES_MAX {
            return Err(SealedError::TooLarge(secrets.len()));
        }
        Ok(Self {
            database_key,
            secrets: Zeroizing::new(secrets.to_vec()),
        })
    }
}

impl Header {
    pub(super) fn key_file() -> Self {
        Self { stretching: None }
    }

    pub(super) fn passphrase(cost: Argon2Cost, salt: [u8; 16]) -> Self {
        Self {
            stretching: Some((cost, salt)),
        }
    }

    /// Reads the head of a whole file, after its checksum.
    pub(super) fn parse(file: &[u8]) -> Result<Self, SealedError> {
        let (head, _) = file
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or(SealedError::Damaged("it is too short"))?;
        if head[..8] != MAGIC[..] {
            return Err(SealedError::Damaged("it does not begin like a vault"));
        }
        // Before the version, because a newer version may keep its checksum elsewhere.
        let version = u16::from_be_bytes([head[8], head[9]]);
        if version > VERSION {
            return Err(SealedError::Newer(version));
        }
        let (body, checksum) = file
            .split_last_chunk::<CHECKSUM_BYTES>()
            .filter(|(body, _)| body.len() >= HEADER_BYTES + KEY_BYTES + TAG_BYTES)
            .ok_or(SealedError::Damaged("it is too short"))?;
        if blake3::hash(body) != blake3::Hash::from_bytes(*checksum) {
            return Err(SealedError::Damaged("its checksum is wrong"));
        }
        let header = Self {
            stretching: match head[10] {
                0 => None,
                _ => Some((
                    Argon2Cost {
                        memory_kib: word(head, 12),
                        passes: word(head, 16),
                        lanes: word(head, 20),
                    },
                    salt(head),
                )),
            },
        };
        if header
            .stretching
            .is_some_and(|(cost, _)| !cost.is_allowed())
        {
            return Err(SealedError::Damaged(
                "it asks for more memory or time than allowed",
            ));
        }
        // One form only: whatever else differs in the head was not written by this version.
        if header.bytes(nonce(head)) != *head {
            return Err(SealedError::Damaged("its head holds unknown values"));
        }
        Ok(header)
    }

    pub(super) fn protection(&self) -> Protection {
        match self.stretching {
            None => Protection::KeyFile,
            Some(_) => Protection::Passphrase,
        }
    }

    pub(super) fn lock_with_key(self, key: Zeroizing<[u8; 32]>) -> Lock {
        Lock { header: self, key }
    }

    pub(super) fn lock_with_passphrase(self, phrase: &str) -> Result<Lock, SealedError> {
        let refused = SealedError::Refused(self.protection());
        let (cost, salt) = self.stretching.ok_or(refused)?;
        let key = stretch(phrase, cost, &salt)?;
        Ok(Lock { header: self, key })
    }

    fn bytes(&self, nonce: [u8; 24]) -> [u8; HEADER_BYTES] {
        let mut head = [0; HEADER_BYTES];
        head[..8].copy_from_slice(MAGIC);
        head[8..10].copy_from_slice(&VERSION.to_be_bytes());
        if let Some((cost, salt)) = &self.stretching {
            head[10] = 1;
            head[12..16].copy_from_slice(&cost.memory_kib.to_be_bytes());
            head[16..20].copy_from_slice(&cost.passes.to_be_bytes());
            head[20..24].copy_from_slice(&cost.lanes.to_be_bytes());
            head[24..40].copy_from_slice(salt);
        }
        head[NONCE_AT..].copy_from_slice(&nonce);
        head
    }
}

impl Lock {
    pub(super) fn protection(&self) -> Protection {
        self.header.protection()
    }

    #[cfg(test)]
    pub(super) fn key(&self) -> &[u8; 32] {
        &self.key
    }
}

/// Writes a vault.
pub(super) fn seal(
    contents: &Contents,
    lock: &Lock,
    nonce: [u8; 24],
) -> Result<Vec<u8>, SealedError> {
    let head = lock.header.bytes(nonce);
    let mut plain = Zeroizing::new(Vec::with_capacity(KEY_BYTES + contents.secrets.len()));
    plain.extend_from_slice(&*contents.database_key);
    plain.extend_from_slice(&contents.secrets);
    let payload = Payload {
        msg: &plain,
        aad: &head,
    };
    let sealed = XChaCha20Poly1305::new((&*lock.key).into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| SealedError::TooLarge(contents.secrets.len()))?;
    let mut file = [&head[..], &sealed].concat();
    let checksum = blake3::hash(&file);
    file.extend_from_slice(checksum.as_bytes());
    Ok(file)
}

/// Opens a vault whose head was parsed.
pub(super) fn open(file: &[u8], lock: &Lock) -> Result<Contents, SealedError> {
    let short = SealedError::Damaged("it is too short");
    let Some((head, rest)) = file.split_first_chunk::<HEADER_BYTES>() else {
        return Err(short);
    };
    let Some((sealed, _)) = rest.split_last_chunk::<CHECKSUM_BYTES>() else {
        return Err(short);
    };
    let payload = Payload {
        msg: sealed,
        aad: head,
    };
    let plain = XChaCha20Poly1305::new((&*lock.key).into())
        .decrypt(&XNonce::from(nonce(head)), payload)
        .map(Zeroizing::new)
        .map_err(|_| SealedError::Refused(lock.protection()))?;
    let (key, secrets) = plain.split_first_chunk::<KEY_BYTES>().ok_or(short)?;
    Contents::new(Zeroizing::new(*key), secrets)
}

/// Argon2id of the passphrase's NFKC form: the same phrase typed on another system is the same phrase.
fn stretch(
    phrase: &str,
    cost: Argon2Cost,
    salt: &[u8; 16],
) -> Result<Zeroizing<[u8; 32]>, SealedError> {
    // Room for any phrase of its length, so that growing does not leave copies behind.
    let mut normal = Zeroizing::new(String::with_capacity(phrase.len() * 4 + 64));
    normal.extend(phrase.nfkc());
    if normal.is_empty() {
        return Err(SealedError::EmptyPassphrase);
    }
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(KEY_BYTES))
        .map_err(|_| SealedError::Damaged("its cost is not one of Argon2id"))?;
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(normal.as_bytes(), salt, &mut *key)
        .map_err(|_| SealedError::Memory)?;
    Ok(key)
}

fn word(head: &[u8; HEADER_BYTES], at: usize) -> u32 {
    u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]])
}

fn salt(head: &[u8; HEADER_BYTES]) -> [u8; 16] {
    let mut salt = [0; 16];
    salt.copy_from_slice(&head[24..40]);
    salt
}

fn nonce(head: &[u8; HEADER_BYTES]) -> [u8; 24] {
    let mut nonce = [0; 24];
    nonce.copy_from_slice(&head[NONCE_AT..]);
    nonce
}
