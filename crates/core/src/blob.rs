//! Encrypted, content-addressed blobs: attachments, avatars, icons (chapter `blob`).
//!
//! Layout of a ciphertext: version (1 byte, 1) ‖ nonce prefix (19) ‖ key commitment (32) ‖ chunks. The plaintext is padded with
//! zeros to a Padmé size of at least 256 bytes and cut into chunks of [`CHUNK_LEN`]; each is sealed with XChaCha20-Poly1305 in
//! the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015: prefix ‖ 32-bit big-endian counter ‖ last flag), with the
//! header as associated data. The address is the BLAKE3 hash of the whole ciphertext, so that carriers can check it.

use core::ops::Range;

use aead_stream::{NewStream, StreamBE32, StreamPrimitive};
use chacha20poly1305::XChaCha20Poly1305;
use minicbor::bytes::ByteVec;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::derive::derive;
use crate::event::BlobRef;
use crate::hash::{Label, hash};
use crate::id::BlobHash;
use crate::padding::{PADDED_MIN, padme};

/// Version of the blob format.
pub const BLOB_VERSION: u8 = 1;

/// Plaintext bytes of a chunk.
pub const CHUNK_LEN: usize = 256 * 1024;

/// Bytes that sealing adds to a chunk.
pub const CHUNK_OVERHEAD: usize = 16;

/// Bytes before the first chunk.
pub const HEADER_LEN: usize = 1 + PREFIX_LEN + 32;

/// Longest plaintext in bytes: 1 GiB; attachments are held to less by their own limits.
pub const BLOB_SIZE_MAX: u64 = 1 << 30;

/// Longest media type in bytes.
pub const MIME_BYTES_MAX: usize = 127;

const PREFIX_LEN: usize = 19;

/// Why a blob cannot be made or opened.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BlobError {
    #[error("a blob of {size} bytes is longer than {BLOB_SIZE_MAX}")]
    TooLong { size: u64 },
    #[error("a media type of {len} bytes is longer than {MIME_BYTES_MAX}")]
    Mime { len: usize },
    #[error("{len} bytes where {expected} belong")]
    Length { len: u64, expected: u64 },
    #[error("blob version {0} is newer than this program: update it")]
    Version(u8),
    #[error("the blob is not sealed under the key of its reference")]
    Key,
    #[error("chunk {index} does not authenticate")]
    Chunk { index: u32 },
    #[error("there is no chunk {index}")]
    NoChunk { index: u32 },
    #[error("the padding is not zero")]
    Padding,
    #[error("the bytes are those of blob {0}, not of the one asked for")]
    Hash(BlobHash),
}

/// Where the chunks of a blob lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chunks {
    size: u64,
    padded: u64,
}

impl Chunks {
    /// The chunks of a plaintext of `size` bytes.
    ///
    /// # Errors
    /// [`BlobError::TooLong`].
    pub fn of(size: u64) -> Result<Self, BlobError> {
        if size > BLOB_SIZE_MAX {
            return Err(BlobError::TooLong { size });
        }
        let padded = padme(size).max(PADDED_MIN as u64);
        Ok(Self { size, padded })
    }

    /// How many there are; at least one.
    #[must_use]
    pub fn count(&self) -> u32 {
        // BLOB_SIZE_MAX bounds the quotient to 4,608.
        u32::try_from(self.padded.div_ceil(CHUNK_LEN as u64)).unwrap_or(u32::MAX)
    }

    /// Bytes of the whole ciphertext.
    #[must_use]
    pub fn ciphertext_len(&self) -> u64 {
        HEADER_LEN as u64 + self.padded + u64::from(self.count()) * CHUNK_OVERHEAD as u64
    }

    /// The bytes of the ciphertext that a chunk takes.
    #[must_use]
    pub fn range(&self, index: u32) -> Option<Range<u64>> {
        let last = index.checked_add(1)? == self.count();
        if index >= self.count() {
            return None;
        }
        let sealed = (CHUNK_LEN + CHUNK_OVERHEAD) as u64;
        let start = HEADER_LEN as u64 + u64::from(index) * sealed;
        let end = if last {
            self.ciphertext_len()
        } else {
            start + sealed
        };
        Some(start..end)
    }

    fn is_last(&self, index: u32) -> bool {
        index + 1 == self.count()
    }
}

/// Encrypts a blob under a fresh key of its own.
///
/// # Errors
/// [`BlobError::TooLong`] and [`BlobError::Mime`].
pub fn encrypt(
    plaintext: &[u8],
    mime: &str,
    rng: &mut dyn CryptoRng,
) -> Result<(Vec<u8>, BlobRef), BlobError> {
    let size = plaintext.len() as u64;
    let chunks = Chunks::of(size)?;
    if mime.len() > MIME_BYTES_MAX {
        return Err(BlobError::Mime { len: mime.len() });
    }
    let mut key = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *key);
    let mut prefix = [0; PREFIX_LEN];
    rng.fill_bytes(&mut prefix);
    let header = header(&key, &prefix);
    let stream = stream(&key, &prefix);
    let mut out = Vec::with_capacity(usize::try_from(chunks.ciphertext_len()).unwrap_or(0));
    out.extend_from_slice(&header);
    let mut parts = plaintext.chunks(CHUNK_LEN);
    for index in 0..chunks.count() {
        let start = u64::from(index) * CHUNK_LEN as u64;
        let len =
            usize::try_from((chunks.padded - start).min(CHUNK_LEN as u64)).unwrap_or(CHUNK_LEN);
        let mut chunk = Vec::with_capacity(len + CHUNK_OVERHEAD);
        chunk.extend_from_slice(parts.next().unwrap_or(&[]));
        chunk.resize(len, 0);
        stream
            .encrypt_in_place(index, chunks.is_last(index), &header, &mut chunk)
            .map_err(|_| BlobError::TooLong { size })?;
        out.append(&mut chunk);
    }
    let blob = BlobRef {
        hash: address(&out),
        key: ByteVec::from(key.to_vec()),
        size,
        mime: mime.to_owned(),
    };
    Ok((out, blob))
}

/// Decrypts a whole blob, after checking its length and address.
///
/// # Errors
/// [`BlobError`].
pub fn decrypt(blob: &BlobRef, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, BlobError> {
    let chunks = Chunks::of(blob.size)?;
    let (len, expected) = (ciphertext.len() as u64, chunks.ciphertext_len());
    let wrong_length = BlobError::Length { len, expected };
    if len != expected {
        return Err(wrong_length);
    }
    let hash = address(ciphertext);
    if hash != blob.hash {
        return Err(BlobError::Hash(hash));
    }
    let (header, body) = ciphertext
        .split_first_chunk::<HEADER_LEN>()
        .ok_or(wrong_length)?;
    let decryptor = Decryptor::new(blob, header)?;
    let mut out = Zeroizing::new(Vec::with_capacity(body.len()));
    for (index, chunk) in (0..).zip(body.chunks(CHUNK_LEN + CHUNK_OVERHEAD)) {
        out.extend_from_slice(&decryptor.chunk(index, chunk)?);
    }
    Ok(out)
}

/// Decrypts a blob chunk by chunk, in any order. A chunk that opens is what the author wrote there; whether all bytes are
/// those of the address is [`Verifier`]'s to say.
pub struct Decryptor {
    chunks: Chunks,
    header: [u8; HEADER_LEN],
    stream: StreamBE32<XChaCha20Poly1305>,
}

impl Decryptor {
    /// Takes the reference and the first [`HEADER_LEN`] bytes of the ciphertext.
    ///
    /// # Errors
    /// [`BlobError::Version`], [`BlobError::Key`], [`BlobError::TooLong`].
    pub fn new(blob: &BlobRef, header: &[u8; HEADER_LEN]) -> Result<Self, BlobError> {
        let chunks = Chunks::of(blob.size)?;
        let [version, rest @ ..] = header;
        if *version != BLOB_VERSION {
            return Err(BlobError::Version(*version));
        }
        let key = <&[u8; 32]>::try_from(blob.key.as_slice()).map_err(|_| BlobError::Key)?;
        let prefix = rest.first_chunk::<PREFIX_LEN>().ok_or(BlobError::Key)?;
        if !bool::from(self::header(key, prefix).ct_eq(header)) {
            return Err(BlobError::Key);
        }
        Ok(Self {
            chunks,
            header: *header,
            stream: stream(key, prefix),
        })
    }

    /// Where the chunks lie.
    #[must_use]
    pub fn chunks(&self) -> Chunks {
        self.chunks
    }

    /// Decrypts the chunk of a number, without the padding.
    ///
    /// # Errors
    /// [`BlobError::NoChunk`], [`BlobError::Length`], [`BlobError::Chunk`], [`BlobError::Padding`].
    pub fn chunk(&self, index: u32, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, BlobError> {
        let range = self
            .chunks
            .range(index)
            .ok_or(BlobError::NoChunk { index })?;
        let (len, expected) = (sealed.len() as u64, range.end - range.start);
        if len != expected {
            return Err(BlobError::Length { len, expected });
        }
        let mut bytes = sealed.to_vec();
        self.stream
            .decrypt_in_place(index, self.chunks.is_last(index), &self.header, &mut bytes)
            .map_err(|_| BlobError::Chunk { index })?;
        let mut bytes = Zeroizing::new(bytes);
        let start = u64::from(index) * CHUNK_LEN as u64;
        let content = usize::try_from(self.chunks.size.saturating_sub(start)).unwrap_or(usize::MAX);
        if bytes.iter().skip(content).any(|byte| *byte != 0) {
            return Err(BlobError::Padding);
        }
        bytes.truncate(content);
        Ok(bytes)
    }
}

/// Checks an address while the bytes come in, in constant memory; carriers need no key for it.
#[derive(Clone, Default)]
pub struct Verifier(blake3::Hasher);

impl Verifier {
    /// Takes the next bytes of the ciphertext.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Checks the address of all bytes so far.
    ///
    /// # Errors
    /// [`BlobError::Hash`].
    pub fn finish(&self, expected: &BlobHash) -> Result<(), BlobError> {
        let hash = BlobHash(*self.0.finalize().as_bytes());
        if hash == *expected {
            Ok(())
        } else {
            Err(BlobError::Hash(hash))
        }
    }
}

/// The address of a ciphertext: its plain BLAKE3 hash.
#[must_use]
pub fn address(ciphertext: &[u8]) -> BlobHash {
    BlobHash(*blake3::hash(ciphertext).as_bytes())
}

fn header(key: &[u8; 32], prefix: &[u8; PREFIX_LEN]) -> [u8; HEADER_LEN] {
    let commitment = hash(Label::BlobCommitment, &[key, prefix]);
    let mut out = [BLOB_VERSION; HEADER_LEN];
    out[1..=PREFIX_LEN].copy_from_slice(prefix);
    out[1 + PREFIX_LEN..].copy_from_slice(&commitment.0);
    out
}

fn stream(key: &[u8; 32], prefix: &[u8; PREFIX_LEN]) -> StreamBE32<XChaCha20Poly1305> {
    let key = derive(Label::BlobKey, &[key]);
    StreamBE32::new((&*key).into(), prefix.into())
}

#[cfg(test)]
mod tests;
