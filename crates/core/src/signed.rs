//! Signed content: [`Unverified`] → [`Verified`], the only way to the content of anything signed.
//!
//! Wire form: a CBOR array of two byte strings, the payload as its author encoded it and the 64-byte Ed25519 signature over
//! `context ‖ 0x00 ‖ payload` (chapter `encoding`, "Signed content"). Ids hash the payload, not the signature.

use core::fmt;
use core::ops::Deref;

use ed25519_dalek::{Signature, Signer, VerifyingKey};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::codec::{self, CodecError, Limits};
use crate::hash::{Label, hash};
use crate::id::{Digest, VerifyKey};

/// Length of an Ed25519 signature in bytes (RFC 8032).
pub const SIGNATURE_LEN: usize = 64;

/// Bytes that the wire form adds to a payload, at most.
pub const SIGNED_OVERHEAD_MAX: usize = 80;

/// Content of a type that is signed: how it is bounded, labelled and hashed.
pub trait Signable: Encode<()> + for<'b> Decode<'b, ()> {
    /// Label of the signature.
    const SIGN: Label;
    /// Label of the id.
    const ID: Label;
    /// Longest payload in bytes.
    const BYTES_MAX: usize;
    /// What may be known of the content before its signature is checked: just enough to find the key that checks it.
    type Hint;

    /// Gives the hint.
    fn hint(&self) -> Self::Hint;
}

/// Why signed bytes were refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignedError {
    /// The bytes are not canonical, or not of this type.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The signature has a wrong length.
    #[error("a signature of {0} bytes, not 64")]
    SignatureLength(usize),
    /// The public key is not a point, or is of small order.
    #[error("the signing key {0:?} is no valid Ed25519 public key")]
    Key(VerifyKey),
    /// The signature does not verify strictly.
    #[error("the signature does not verify")]
    Signature,
}

/// The wire form of signed content: undecoded, unchecked, ready to be stored and carried as it came.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(array)]
pub struct SignedBytes {
    #[n(0)]
    payload: ByteVec,
    #[n(1)]
    signature: ByteVec,
}

impl SignedBytes {
    /// Reads the wire form; `payload_max` bounds the payload.
    ///
    /// # Errors
    /// [`SignedError::Codec`] and [`SignedError::SignatureLength`].
    pub fn decode(bytes: &[u8], payload_max: usize) -> Result<Self, SignedError> {
        let signed: Self = codec::decode(bytes, Limits::bytes(payload_max + SIGNED_OVERHEAD_MAX))?;
        if signed.signature.len() != SIGNATURE_LEN {
            return Err(SignedError::SignatureLength(signed.signature.len()));
        }
        Ok(signed)
    }

    /// Gives the wire form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

/// Signed content whose signature nobody has checked yet. Its content is out of reach save for the [`Signable::Hint`].
#[derive(Clone)]
pub struct Unverified<T> {
    bytes: SignedBytes,
    value: T,
}

impl<T: Signable> Unverified<T> {
    /// Reads the wire form and decodes the payload.
    ///
    /// # Errors
    /// [`SignedError`], never [`SignedError::Signature`].
    pub fn decode(bytes: &[u8]) -> Result<Self, SignedError> {
        Self::from_bytes(SignedBytes::decode(bytes, T::BYTES_MAX)?)
    }

    /// Decodes the payload of a wire form.
    ///
    /// # Errors
    /// [`SignedError`], never [`SignedError::Signature`].
    pub fn from_bytes(bytes: SignedBytes) -> Result<Self, SignedError> {
        if bytes.signature.len() != SIGNATURE_LEN {
            return Err(SignedError::SignatureLength(bytes.signature.len()));
        }
        let value = codec::decode(&bytes.payload, Limits::bytes(T::BYTES_MAX))?;
        Ok(Self { bytes, value })
    }

    /// Says which key the content claims, and whatever else finding that key takes.
    #[must_use]
    pub fn hint(&self) -> T::Hint {
        self.value.hint()
    }

    /// The id that the content has if its signature verifies.
    #[must_use]
    pub fn id(&self) -> Digest {
        hash(T::ID, &[&self.bytes.payload])
    }

    /// Checks the signature strictly (cofactorless, no small-order keys: `verify_strict` of ed25519-dalek).
    ///
    /// # Errors
    /// [`SignedError::Key`] or [`SignedError::Signature`].
    pub fn verify(self, key: &VerifyKey) -> Result<Verified<T>, SignedError> {
        verify_bytes(T::SIGN, key, &self.bytes.payload, &self.bytes.signature)?;
        Ok(Verified {
            id: self.id(),
            bytes: self.bytes,
            value: self.value,
        })
    }
}

impl<T: Signable> fmt::Debug for Unverified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unverified({:?})", self.id())
    }
}

/// Signed content whose signature was checked, with the bytes as they came.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified<T> {
    id: Digest,
    bytes: SignedBytes,
    value: T,
}

impl<T: Signable> Verified<T> {
    /// Signs fresh content.
    #[must_use]
    pub fn sign(value: T, key: &SigningKey) -> Self {
        let payload = codec::encode(&value);
        let signature = key.sign(T::SIGN, &payload);
        Self {
            id: hash(T::ID, &[&payload]),
            bytes: SignedBytes {
                payload: payload.into(),
                signature: signature.to_vec().into(),
            },
            value,
        }
    }

    /// Reads content that this node verified before it stored it. Never for bytes from anywhere but the own store, whose
    /// pages are authenticated.
    ///
    /// # Errors
    /// [`SignedError`] if the stored bytes are damaged.
    pub fn from_store(bytes: &[u8]) -> Result<Self, SignedError> {
        let unverified = Unverified::<T>::decode(bytes)?;
        Ok(Self {
            id: unverified.id(),
            bytes: unverified.bytes,
            value: unverified.value,
        })
    }

    /// The hash of the payload under [`Signable::ID`].
    #[must_use]
    pub fn id(&self) -> Digest {
        self.id
    }

    /// The payload as it was signed.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.bytes.payload
    }

    /// The wire form, as it came.
    #[must_use]
    pub fn bytes(&self) -> &SignedBytes {
        &self.bytes
    }

    /// The lowest critical key of the payload that this build does not know: whoever finds one must not act on the content,
    /// and asks for an update.
    #[must_use]
    pub fn critical_key(&self) -> Option<u64> {
        codec::critical_keys(&self.bytes.payload).first().copied()
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Verified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified({:?}, {:?})", self.id, self.value)
    }
}

/// An Ed25519 signing key; zeroised on drop, never printed.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Makes the key of a 32-byte seed (RFC 8032).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Makes a fresh key.
    #[must_use]
    pub fn generate(rng: &mut dyn rand_core::CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self::from_seed(&seed)
    }

    /// The seed, for the vault.
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> VerifyKey {
        VerifyKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `context ‖ 0x00 ‖ payload`.
    #[must_use]
    pub fn sign(&self, label: Label, payload: &[u8]) -> [u8; SIGNATURE_LEN] {
        self.0.sign(&signing_input(label, payload)).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.public())
    }
}

/// Checks a bare signature strictly, for proofs that are not a [`Signable`] of their own.
///
/// # Errors
/// [`SignedError::Key`], [`SignedError::SignatureLength`] or [`SignedError::Signature`].
pub fn verify_bytes(
    label: Label,
    key: &VerifyKey,
    payload: &[u8],
    signature: &[u8],
) -> Result<(), SignedError> {
    let length = SignedError::SignatureLength(signature.len());
    let signature = Signature::from_slice(signature).map_err(|_| length)?;
    let parsed = VerifyingKey::from_bytes(&key.0).map_err(|_| SignedError::Key(*key))?;
    if parsed.is_weak() {
        return Err(SignedError::Key(*key));
    }
    parsed
        .verify_strict(&signing_input(label, payload), &signature)
        .map_err(|_| SignedError::Signature)
}

fn signing_input(label: Label, payload: &[u8]) -> Vec<u8> {
    let context = label.context().as_bytes();
    let mut input = Vec::with_capacity(context.len() + 1 + payload.len());
    input.extend_from_slice(context);
    input.push(0);
    input.extend_from_slice(payload);
    input
}

#[cfg(test)]
mod tests;
