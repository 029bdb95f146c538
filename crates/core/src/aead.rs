//! XChaCha20-Poly1305 with hedged nonces, for everything that is sealed under a key both sides have.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::derive::derive;
use crate::hash::Label;

/// Bytes of a nonce.
pub(crate) const NONCE_LEN: usize = 24;

/// Draws a nonce: 24 bytes of a hash of 32 random bytes, the key and the plaintext. As random as the generator while that
/// works; and should a restored machine repeat its randomness, two different plaintexts still get different nonces
/// (the idea of RFC 8937).
pub(crate) fn nonce(key: &[u8; 32], plaintext: &[u8], rng: &mut dyn CryptoRng) -> [u8; NONCE_LEN] {
    let mut random = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *random);
    let hedged = derive(Label::MessageNonce, &[&*random, key, plaintext]);
    let mut out = [0; NONCE_LEN];
    out.copy_from_slice(&hedged[..NONCE_LEN]);
    out
}

/// Encrypts under a nonce that the caller drew with [`nonce`]; the ciphertext is 16 bytes longer than the plaintext.
/// Nothing comes back only for plaintexts beyond 256 GiB.
pub(crate) fn encrypt(
    key: &[u8; 32],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    msg: &[u8],
) -> Option<Vec<u8>> {
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher
        .encrypt(&XNonce::from(*nonce), Payload { msg, aad })
        .ok()
}

/// Decrypts; nothing unless key, nonce, associated data and ciphertext belong together.
pub(crate) fn decrypt(
    key: &[u8; 32],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    msg: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher
        .decrypt(&XNonce::from(*nonce), Payload { msg, aad })
        .ok()
        .map(Zeroizing::new)
}

/// Encrypts to `nonce ‖ ciphertext`.
pub(crate) fn seal(
    key: &[u8; 32],
    aad: &[u8],
    plaintext: &[u8],
    rng: &mut dyn CryptoRng,
) -> Option<Vec<u8>> {
    let nonce = nonce(key, plaintext, rng);
    let ciphertext = encrypt(key, &nonce, aad, plaintext)?;
    Some([&nonce[..], &ciphertext].concat())
}

/// Decrypts `nonce ‖ ciphertext`.
pub(crate) fn open(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>()?;
    decrypt(key, nonce, aad, ciphertext)
}
