//! Sealing and opening envelopes (chapter `message`).
//!
//! XChaCha20-Poly1305 under a key that derives from the state or channel key and the message's own nonce, with a commitment to
//! that key, over padded content; all outer fields are associated data. The envelope is signed once, outside, by the sender's
//! pseudonym key.

use minicbor::Encode;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::codec;
use crate::derive::derive;
use crate::envelope::{
    Drop, ENVELOPE_BYTES_MAX, ENVELOPE_VERSION, Envelope, Form, SEALED_PREFIX_LEN,
};
use crate::hash::{Label, hash};
use crate::id::{Digest, EpochId, Pseudonym, ServerTag, TopicTag};
use crate::keys::KeyRecord;
use crate::signed::{SigningKey, Verified};
use crate::{aead, padding};

/// Longest content of an envelope in bytes: the padding and the outer fields fit beside it.
pub const CONTENT_BYTES_MAX: usize = 640 * 1024;

/// The outer fields that the sender chooses; version and pseudonym follow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OuterFields {
    /// What carriers know the server by.
    pub server: ServerTag,
    /// What carriers know the topic by.
    pub topic: TopicTag,
    /// The epoch whose keys seal the content; [`seal_record`] sets zeros.
    pub epoch: EpochId,
    /// Position among the sender's envelopes of this topic.
    pub seq: u64,
    /// Use; [`seal_record`] sets [`Form::Keys`].
    pub form: Form,
    /// [`crate::envelope::delete_hash`] of the secret that lets blind storers drop the envelope.
    pub delete_hash: Digest,
    /// For tombstones: what to drop.
    pub drop: Option<Drop>,
}

/// Why content cannot be sealed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SealError {
    /// Too long.
    #[error("{len} bytes do not fit an envelope, which takes {max}")]
    TooLong {
        /// Bytes of the content.
        len: usize,
        /// What fits.
        max: usize,
    },
}

/// Why an envelope does not open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenError {
    /// Too short to be sealed content.
    #[error("{0} bytes are no sealed content")]
    Short(usize),
    /// Sealed under another key, or its outer fields were changed.
    #[error("the envelope is not sealed under this key")]
    Key,
    /// The commitment fits and the ciphertext does not: the sender made it so.
    #[error("the ciphertext does not authenticate")]
    Ciphertext,
    /// The padding is not the one that the format asks for.
    #[error("the padding is not canonical")]
    Padding,
    /// A key record is not sealed as a whole.
    #[error("key records bring their own seals")]
    KeyRecord,
}

/// The outer fields as associated data: the canonical map of all but `sealed`.
#[derive(Encode)]
#[cbor(map)]
struct Outer<'a> {
    #[n(0)]
    version: u16,
    #[n(1)]
    server: &'a ServerTag,
    #[n(2)]
    topic: &'a TopicTag,
    #[n(3)]
    epoch: &'a EpochId,
    #[n(4)]
    pseudonym: &'a Pseudonym,
    #[n(5)]
    seq: u64,
    #[n(6)]
    form: Form,
    #[n(7)]
    delete_hash: &'a Digest,
    #[n(8)]
    drop: Option<&'a Drop>,
}

fn outer_bytes(envelope: &Envelope) -> Vec<u8> {
    codec::encode(&Outer {
        version: envelope.version,
        server: &envelope.server,
        topic: &envelope.topic,
        epoch: &envelope.epoch,
        pseudonym: &envelope.pseudonym,
        seq: envelope.seq,
        form: envelope.form,
        delete_hash: &envelope.delete_hash,
        drop: envelope.drop.as_ref(),
    })
}

/// What one message is sealed with.
struct MessageKeys {
    cipher: Zeroizing<[u8; 32]>,
    /// Commits to the key and to every outer field.
    commitment: Digest,
}

impl MessageKeys {
    fn new(key: &[u8; 32], nonce: &[u8; aead::NONCE_LEN], aad: &[u8]) -> Self {
        Self {
            cipher: derive(Label::MessageKey, &[key, nonce]),
            commitment: hash(Label::MessageCommitment, &[key, nonce, aad]),
        }
    }
}

fn unsealed(fields: OuterFields, signer: &SigningKey) -> Envelope {
    Envelope {
        version: ENVELOPE_VERSION,
        server: fields.server,
        topic: fields.topic,
        epoch: fields.epoch,
        pseudonym: Pseudonym(signer.public().0),
        seq: fields.seq,
        form: fields.form,
        delete_hash: fields.delete_hash,
        drop: fields.drop,
        sealed: Vec::new().into(),
    }
}

/// Seals content under a state key (authority and member planes) or a channel key, and signs the envelope with the sender's
/// pseudonym key.
///
/// `sealed` is nonce (24) ‖ commitment (32) ‖ ciphertext; the ciphertext covers length (4) ‖ content ‖ zeros, padded to a Padmé
/// size of at least 256 bytes.
///
/// # Errors
/// [`SealError::TooLong`].
pub fn seal(
    fields: OuterFields,
    content: &[u8],
    key: &[u8; 32],
    signer: &SigningKey,
    rng: &mut dyn CryptoRng,
) -> Result<Verified<Envelope>, SealError> {
    let too_long = SealError::TooLong {
        len: content.len(),
        max: CONTENT_BYTES_MAX,
    };
    if content.len() > CONTENT_BYTES_MAX {
        return Err(too_long);
    }
    let mut envelope = unsealed(fields, signer);
    let aad = outer_bytes(&envelope);
    let nonce = aead::nonce(key, content, rng);
    let keys = MessageKeys::new(key, &nonce, &aad);
    let ciphertext = padding::pad(content)
        .and_then(|padded| aead::encrypt(&keys.cipher, &nonce, &aad, &padded))
        .ok_or(too_long)?;
    envelope.sealed = [&nonce[..], &keys.commitment.0, &ciphertext]
        .concat()
        .into();
    Ok(Verified::sign(envelope, signer))
}

/// Opens an envelope whose signature was verified. The commitment is checked first, in constant time, so that a ciphertext that
/// was made to open under two keys opens under none but one.
///
/// # Errors
/// [`OpenError`].
pub fn open(
    envelope: &Verified<Envelope>,
    key: &[u8; 32],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    if envelope.form == Form::Keys {
        return Err(OpenError::KeyRecord);
    }
    let sealed: &[u8] = &envelope.sealed;
    let short = OpenError::Short(sealed.len());
    let (prefix, ciphertext) = sealed.split_at_checked(SEALED_PREFIX_LEN).ok_or(short)?;
    let (nonce, commitment) = prefix
        .split_first_chunk::<{ aead::NONCE_LEN }>()
        .ok_or(short)?;
    let aad = outer_bytes(envelope);
    let keys = MessageKeys::new(key, nonce, &aad);
    if !bool::from(keys.commitment.0.ct_eq(commitment)) {
        return Err(OpenError::Key);
    }
    let padded =
        aead::decrypt(&keys.cipher, nonce, &aad, ciphertext).ok_or(OpenError::Ciphertext)?;
    padding::unpad(&padded).ok_or(OpenError::Padding)
}

/// Puts a key record into an envelope; epoch and form are set.
///
/// # Errors
/// [`SealError::TooLong`]: an epoch whose slots do not fit travels without them ([`crate::keys::EpochRecord::without_slots`]).
pub fn seal_record(
    fields: OuterFields,
    record: &KeyRecord,
    signer: &SigningKey,
) -> Result<Verified<Envelope>, SealError> {
    let sealed = record.encode();
    // The outer fields take under 512 bytes.
    let max = ENVELOPE_BYTES_MAX - 512;
    if sealed.len() > max {
        return Err(SealError::TooLong {
            len: sealed.len(),
            max,
        });
    }
    let fields = OuterFields {
        epoch: EpochId([0; 32]),
        form: Form::Keys,
        ..fields
    };
    let mut envelope = unsealed(fields, signer);
    envelope.sealed = sealed.into();
    Ok(Verified::sign(envelope, signer))
}

#[cfg(test)]
mod tests;
