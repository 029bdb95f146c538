//! The sealed envelope: all that leaves a member's device, and all that a carrier sees.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::hash::{Label, hash, tag};
use crate::id::{
    ChannelId, Digest, EnvelopeId, EpochId, IdentityId, Pseudonym, ServerId, ServerTag, TopicTag,
};
use crate::signed::{Signable, Verified};

/// Version of the envelope format that this build writes.
pub const ENVELOPE_VERSION: u16 = 1;

/// Longest envelope payload in bytes: the largest event and the slots of an epoch for a few hundred leaves fit; more slots go
/// into blobs.
pub const ENVELOPE_BYTES_MAX: usize = 768 * 1024;

/// Bytes of the sealed part before the ciphertext: 24 of nonce and 32 of key commitment.
pub const SEALED_PREFIX_LEN: usize = 24 + 32;

/// One sealed envelope, signed once, outside, by the sender's pseudonym key.
///
/// Layout: CBOR map, keys as numbered; at most [`ENVELOPE_BYTES_MAX`] bytes. All fields but `sealed` are associated data of
/// the ciphertext.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Envelope {
    /// Format version, [`ENVELOPE_VERSION`].
    #[n(0)]
    pub version: u16,
    /// The server, or the account, as carriers know it.
    #[n(1)]
    pub server: ServerTag,
    /// The topic, as carriers know it.
    #[n(2)]
    pub topic: TopicTag,
    /// The epoch whose keys seal the content; 32 zero bytes for key records, which bring their own seals.
    #[n(3)]
    pub epoch: EpochId,
    /// Who sends, and the key that verifies the signature.
    #[n(4)]
    pub pseudonym: Pseudonym,
    /// Position among the sender's envelopes of this topic, from 1; ephemeral ones count their own milliseconds.
    #[n(5)]
    pub seq: u64,
    /// What a carrier must know of the envelope's use.
    #[n(6)]
    pub form: Form,
    /// Hash of the secret that lets blind storers drop the envelope.
    #[n(7)]
    pub delete_hash: Digest,
    /// For [`Form::Tombstone`]: what to drop.
    #[n(8)]
    pub drop: Option<Drop>,
    /// Nonce, key commitment and ciphertext; for [`Form::Keys`] the encoded [`crate::keys`] record.
    #[n(9)]
    pub sealed: ByteVec,
}

/// What a carrier must know of an envelope's use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum Form {
    /// Sealed under an epoch and stored.
    #[n(0)]
    Sealed,
    /// A key record.
    #[n(1)]
    Keys,
    /// Sealed, and it also reveals a delete secret.
    #[n(2)]
    Tombstone,
    /// Sealed and never stored: typing, presence.
    #[n(3)]
    Ephemeral,
}

/// Proves to a blind storer that an envelope may be dropped.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Drop {
    /// The envelope to drop: the same sender's, in the same topic.
    #[n(0)]
    pub target: EnvelopeId,
    /// Its sequence.
    #[n(2)]
    pub seq: u64,
    /// 32 bytes whose hash the target carries.
    #[n(1)]
    pub secret: ByteVec,
}

/// Length of a delete secret in bytes.
pub const DELETE_SECRET_LEN: usize = 32;

/// Why an envelope is refused, though its signature verifies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Of a format that this build does not know.
    #[error("an envelope of version {0}")]
    Version(u16),
    /// A sequence of 0.
    #[error("an envelope without a sequence")]
    Sequence,
    /// Something to drop anywhere but in a tombstone, or nothing in one, or a secret of a wrong length.
    #[error("what an envelope of form {0:?} drops cannot be right")]
    Drop(Form),
    /// A key record that names an epoch.
    #[error("a key record under an epoch")]
    Epoch,
}

impl Envelope {
    /// Checks what every carrier can check: version, sequence, and that the form and the other fields agree.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn check(&self) -> Result<(), EnvelopeError> {
        if self.version != ENVELOPE_VERSION {
            return Err(EnvelopeError::Version(self.version));
        }
        if self.seq == 0 {
            return Err(EnvelopeError::Sequence);
        }
        let drops = match &self.drop {
            Some(drop) => self.form == Form::Tombstone && drop.secret.len() == DELETE_SECRET_LEN,
            None => self.form != Form::Tombstone,
        };
        if !drops {
            return Err(EnvelopeError::Drop(self.form));
        }
        if self.form == Form::Keys && self.epoch.0 != [0; 32] {
            return Err(EnvelopeError::Epoch);
        }
        Ok(())
    }
}

/// Hashes a delete secret.
#[must_use]
pub fn delete_hash(secret: &[u8]) -> Digest {
    hash(Label::DeleteSecret, &[secret])
}

impl Signable for Envelope {
    const SIGN: Label = Label::EnvelopeSign;
    const ID: Label = Label::EnvelopeId;
    const BYTES_MAX: usize = ENVELOPE_BYTES_MAX;
    type Hint = EnvelopeHint;

    fn hint(&self) -> EnvelopeHint {
        EnvelopeHint {
            server: self.server,
            topic: self.topic,
            pseudonym: self.pseudonym,
            seq: self.seq,
            form: self.form,
        }
    }
}

/// What routing an envelope takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the fields of `Envelope`")]
pub struct EnvelopeHint {
    pub server: ServerTag,
    pub topic: TopicTag,
    pub pseudonym: Pseudonym,
    pub seq: u64,
    pub form: Form,
}

impl Verified<Envelope> {
    /// The envelope's id.
    #[must_use]
    pub fn envelope_id(&self) -> EnvelopeId {
        EnvelopeId(self.id().0)
    }
}

/// A stream of envelopes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Topic {
    /// Authority events.
    Authority(ServerId),
    /// Registers, personal text, reach records.
    Members(ServerId),
    /// Key records.
    Keys(ServerId),
    /// Messages of a channel.
    Channel(ServerId, ChannelId),
    /// An account's own topic.
    Account(IdentityId),
    /// Slots of epochs that are too many to travel in the record; dropped once they are superseded.
    Slots(ServerId),
}

impl Topic {
    /// What carriers know the topic by: 16 bytes of the hash of a kind byte and the ids.
    #[must_use]
    pub fn tag(&self) -> TopicTag {
        let (kind, id, channel): (u8, &[u8; 32], &[u8]) = match self {
            Self::Authority(server) => (0, &server.0, &[]),
            Self::Members(server) => (1, &server.0, &[]),
            Self::Keys(server) => (2, &server.0, &[]),
            Self::Channel(server, channel) => (3, &server.0, &channel.0),
            Self::Account(identity) => (4, &identity.0, &[]),
            Self::Slots(server) => (5, &server.0, &[]),
        };
        TopicTag(tag(Label::TopicTag, &[&[kind], id, channel]))
    }
}

/// What carriers know a server by.
#[must_use]
pub fn server_tag(server: ServerId) -> ServerTag {
    ServerTag(tag(Label::ServerTag, &[&server.0]))
}

/// What carriers know an account by.
#[must_use]
pub fn account_tag(identity: IdentityId) -> ServerTag {
    ServerTag(tag(Label::ServerTag, &[b"account", &identity.0]))
}

#[cfg(test)]
mod tests;
