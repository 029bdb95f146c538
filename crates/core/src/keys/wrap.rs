//! HPKE of small secrets, in either suite.

use core::convert::Infallible;

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem, X25519HkdfSha256, XWing};
use hpke::{Deserializable, OpModeR, OpModeS, Serializable};
use rand_core::{CryptoRng, TryCryptoRng, TryRng};
use zeroize::Zeroizing;

use super::{LeafSecret, Suite};
use crate::derive::fill;
use crate::hash::Label;
use crate::member::LeafKeys;

/// Bytes of encapsulation randomness that the hungriest suite takes (X-Wing: 32 for ML-KEM, 32 for X25519).
const RANDOMNESS_LEN: usize = 64;

/// A sealed secret: the encapsulated key and the ciphertext.
pub(super) struct Wrapped {
    pub(super) encapsulated: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
}

/// The receiver's public key is missing for the suite, malformed, or of small order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct UnusableKey;

/// Seals `plaintext` to a leaf. Base mode, empty associated data; `info` binds the place.
pub(super) fn seal(
    suite: Suite,
    keys: &LeafKeys,
    info: &[u8],
    plaintext: &[u8],
    mut randomness: Randomness,
) -> Result<Wrapped, UnusableKey> {
    match suite {
        Suite::X25519 => {
            seal_with::<X25519HkdfSha256>(&keys.x25519, info, plaintext, &mut randomness)
        }
        Suite::XWing => {
            let key = keys.xwing.as_ref().ok_or(UnusableKey)?;
            seal_with::<XWing>(key, info, plaintext, &mut randomness)
        }
    }
}

fn seal_with<K: Kem>(
    key: &[u8],
    info: &[u8],
    plaintext: &[u8],
    randomness: &mut Randomness,
) -> Result<Wrapped, UnusableKey> {
    let key = K::PublicKey::from_bytes(key).map_err(|_| UnusableKey)?;
    // The crate refuses an all-zero Diffie-Hellman result, so a low-order key ends here.
    let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<
        ChaCha20Poly1305,
        HkdfSha256,
        K,
    >(&OpModeS::Base, &key, info, plaintext, &[], randomness)
    .map_err(|_| UnusableKey)?;
    Ok(Wrapped {
        encapsulated: encapsulated.to_bytes().to_vec(),
        ciphertext,
    })
}

/// Opens what [`seal`] made; nothing unless leaf, place and bytes belong together.
pub(super) fn open(
    suite: Suite,
    secret: &LeafSecret,
    info: &[u8],
    encapsulated: &[u8],
    ciphertext: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    match suite {
        Suite::X25519 => {
            open_with::<X25519HkdfSha256>(&secret.x25519, info, encapsulated, ciphertext)
        }
        Suite::XWing => open_with::<XWing>(&secret.xwing, info, encapsulated, ciphertext),
    }
}

fn open_with<K: Kem>(
    secret: &K::PrivateKey,
    info: &[u8],
    encapsulated: &[u8],
    ciphertext: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let encapsulated = K::EncappedKey::from_bytes(encapsulated).ok()?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, K>(
        &OpModeR::Base,
        secret,
        &encapsulated,
        info,
        ciphertext,
        &[],
    )
    .ok()
    .map(Zeroizing::new)
}

/// The randomness of one encapsulation, derived from the secret that it seals and the slot's place: whoever holds the secret
/// can make the same slot again, which is the evidence in a dispute.
pub(super) struct Randomness {
    bytes: Zeroizing<[u8; RANDOMNESS_LEN]>,
    used: usize,
}

impl Randomness {
    /// Derives 64 bytes from `secret ‖ suite ‖ tag` (BLAKE3 derive-key, extended output).
    pub(super) fn derive(label: Label, secret: &[u8; 32], suite: Suite, tag: &[u8; 16]) -> Self {
        let mut bytes = Zeroizing::new([0; RANDOMNESS_LEN]);
        fill(label, &[secret, &[suite.number()], tag], &mut *bytes);
        Self { bytes, used: 0 }
    }

    /// Takes 64 bytes of the node's own randomness, for what nobody needs to make again.
    pub(super) fn fresh(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; RANDOMNESS_LEN]);
        rng.fill_bytes(&mut *bytes);
        Self { bytes, used: 0 }
    }

    #[cfg(test)]
    pub(super) fn fixed(bytes: &[u8]) -> Self {
        let mut out = Self {
            bytes: Zeroizing::new([0; RANDOMNESS_LEN]),
            used: 0,
        };
        out.bytes[..bytes.len()].copy_from_slice(bytes);
        out
    }
}

impl TryRng for Randomness {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    #[expect(
        clippy::panic,
        reason = "repeating randomness would give keys away; both suites take at most 64 bytes"
    )]
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        let Some(bytes) = self.bytes.get(self.used..self.used + out.len()) else {
            panic!("an encapsulation took more than {RANDOMNESS_LEN} random bytes");
        };
        out.copy_from_slice(bytes);
        self.used += out.len();
        Ok(())
    }
}

impl TryCryptoRng for Randomness {}

#[cfg(test)]
mod tests;
