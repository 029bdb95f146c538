//! The least that a message needs: bare signatures and seals of its sizes, and its rows in the store.

use std::path::Path;

use anyhow::{Result, anyhow, ensure};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use conclave_core::envelope::{Envelope, SEALED_PREFIX_LEN};
use conclave_core::signed::Verified;
use conclave_core::view::Change;
use conclave_store::{SqliteStore, Store};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::pair::STORE_KEY;

/// Bytes that Poly1305 adds.
const TAG_LEN: usize = 16;

/// Sizes of one envelope.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Bytes that are sealed, padding included.
    pub sealed: usize,
    /// Bytes that are signed.
    pub signed: usize,
}

impl Sizes {
    /// Takes the sizes of an envelope in wire form.
    ///
    /// # Errors
    /// If it is none.
    pub fn of(envelope: &[u8]) -> Result<Self> {
        let envelope = Verified::<Envelope>::from_store(envelope)?;
        let sealed = envelope
            .sealed
            .len()
            .checked_sub(SEALED_PREFIX_LEN + TAG_LEN);
        let sealed = sealed.ok_or_else(|| anyhow!("an envelope that is not sealed"))?;
        Ok(Self {
            sealed,
            signed: envelope.payload().len(),
        })
    }
}

/// A message of the rival: ciphertext, and a signature over bytes of the size that ours signs.
#[derive(Debug)]
pub struct Bare {
    ciphertext: Vec<u8>,
    signed: Vec<u8>,
    signature: Signature,
}

/// The rival's keys, parsed once.
pub struct Crypto {
    cipher: XChaCha20Poly1305,
    signer: SigningKey,
    verifier: VerifyingKey,
}

impl Crypto {
    /// Fixed keys: their values cost nothing.
    #[must_use]
    pub fn new() -> Self {
        let signer = SigningKey::from_bytes(&[3; 32]);
        let cipher = XChaCha20Poly1305::new(&Key::from([5; 32]));
        Self {
            cipher,
            verifier: signer.verifying_key(),
            signer,
        }
    }

    /// Seals and signs.
    ///
    /// # Errors
    /// Never for sizes of envelopes.
    pub fn write(&self, sizes: Sizes) -> Result<Bare> {
        let plaintext = vec![0; sizes.sealed];
        let sealed = self
            .cipher
            .encrypt(&XNonce::from([9; 24]), plaintext.as_slice());
        let ciphertext = sealed.map_err(|_| anyhow!("not sealed"))?;
        let mut signed = ciphertext.clone();
        signed.resize(sizes.signed, 0);
        let signature = self.signer.sign(&signed);
        Ok(Bare {
            ciphertext,
            signed,
            signature,
        })
    }

    /// Verifies strictly and opens.
    ///
    /// # Errors
    /// If it is not what [`Crypto::write`] made.
    pub fn read(&self, bare: &Bare) -> Result<Vec<u8>> {
        self.verifier.verify_strict(&bare.signed, &bare.signature)?;
        let opened = self
            .cipher
            .decrypt(&XNonce::from([9; 24]), bare.ciphertext.as_slice());
        opened.map_err(|_| anyhow!("not opened"))
    }
}

impl Default for Crypto {
    fn default() -> Self {
        Self::new()
    }
}

/// A fresh store with the same settings that holds what ours held before the messages.
///
/// # Errors
/// The store's.
pub fn store_with(path: &Path, before: &[Vec<Change>]) -> Result<SqliteStore> {
    ensure!(!path.exists(), "the rival's store is a fresh one");
    let mut store = SqliteStore::open(path, &STORE_KEY)?;
    for changes in before {
        store.commit(changes)?;
    }
    Ok(store)
}
