//! Frames between two nodes: what one `Envelopes`, `Have`, ... looks like on the wire (chapter `sync`).
//!
//! A frame is one canonical CBOR array `[kind, fields]`. Frames are authenticated by the connection alone; everything that
//! must outlive it is inside signed envelopes.

use conclave_core::codec::{self, CodecError, Limits};
use conclave_core::hash::Label;
use conclave_core::id::{BlobHash, EpochId, NodeId, Pseudonym, ServerTag, TopicTag, VerifyKey};
use conclave_core::signed::{SIGNATURE_LEN, SignedError, SigningKey, verify_bytes};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// Longest frame in bytes: the transport's own limit; one envelope of the largest size and its neighbours fit.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of envelopes after which a batch is closed: small enough that a slow link acknowledges often.
pub const BATCH_BYTES: usize = 256 * 1024;

/// Most positions in one `Have`; a longer list is split.
pub const HAVE_POSITIONS_MAX: usize = 12_000;

/// Bytes of a blob in one frame.
pub const BLOB_PART_BYTES: usize = 256 * 1024;

/// One frame.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Frame {
    /// First on every connection, both ways.
    #[n(0)]
    Greet {
        /// Fresh on every connection, signed by the other side in `Subscribe`.
        #[n(0)]
        nonce: ByteVec,
    },
    /// Shows that the sender takes part in a server, and asks for its envelopes.
    #[n(1)]
    Subscribe(#[n(0)] Subscribe),
    /// What the sender has; the answer is what it lacks.
    #[n(2)]
    Have(#[n(0)] Have),
    /// Envelopes in wire form; processed in one transaction.
    #[n(3)]
    Envelopes {
        /// The server.
        #[n(0)]
        server: ServerTag,
        /// Wire forms, in order.
        #[n(1)]
        envelopes: Vec<ByteVec>,
        /// Envelopes of the backlog that follow after this batch.
        #[n(2)]
        remaining: u64,
    },
    /// The sender has durably stored these, or need not.
    #[n(4)]
    Stored {
        /// The server.
        #[n(0)]
        server: ServerTag,
        /// Where they stand.
        #[n(1)]
        positions: Vec<Position>,
    },
    /// A typing or presence envelope.
    #[n(5)]
    Ephemeral {
        /// The server.
        #[n(0)]
        server: ServerTag,
        /// Wire form.
        #[n(1)]
        envelope: ByteVec,
    },
    /// Asks for a direct slot: the sender may read this epoch and has no key of it.
    #[n(6)]
    KeyWant {
        /// The server.
        #[n(0)]
        server: ServerTag,
        /// The epoch.
        #[n(1)]
        epoch: EpochId,
    },
    /// Asks for a part of a blob.
    #[n(7)]
    BlobWant {
        /// The server.
        #[n(0)]
        server: ServerTag,
        /// The blob.
        #[n(1)]
        hash: BlobHash,
        /// Where the part begins, a multiple of [`BLOB_PART_BYTES`].
        #[n(2)]
        offset: u64,
    },
    /// A part of a blob; no bytes: not here.
    #[n(8)]
    BlobPart {
        /// The server.
        #[n(0)]
        server: ServerTag,
        /// The blob.
        #[n(1)]
        hash: BlobHash,
        /// Where the part begins, a multiple of [`BLOB_PART_BYTES`].
        #[n(2)]
        offset: u64,
        /// Length of the whole ciphertext.
        #[n(3)]
        total: u64,
        /// At most [`BLOB_PART_BYTES`].
        #[n(4)]
        bytes: ByteVec,
    },
    /// The sender will not serve this server to the receiver.
    #[n(9)]
    Refused {
        /// The server.
        #[n(0)]
        server: ServerTag,
        /// 1 not known here, 2 not a member, 3 bad proof, 4 not yet known as a member: send what shows it.
        #[n(1)]
        why: u8,
    },
    /// A checkpoint that notaries are signing.
    #[n(24)]
    Cosign {
        /// The server.
        #[n(0)]
        server: ServerTag,
        /// [`conclave_core::policy::Cosigned`] in wire form.
        #[n(1)]
        cosigned: ByteVec,
    },
}

/// Proof of taking part in a server.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Subscribe {
    /// The server.
    #[n(0)]
    pub server: ServerTag,
    /// A member's pseudonym, or an invite's key.
    #[n(1)]
    pub key: VerifyKey,
    /// True: `key` is an invite's.
    #[n(2)]
    pub invite: bool,
    /// Over [`subscribe_payload`] under [`Label::SubscribeProof`]; 64 bytes.
    #[n(3)]
    pub signature: ByteVec,
}

/// How far the sender has come, by topic and author.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Have {
    /// The server.
    #[n(0)]
    pub server: ServerTag,
    /// By topic.
    #[n(1)]
    pub topics: Vec<HaveTopic>,
    /// More frames of the same list follow; the answer waits for the last.
    #[n(2)]
    pub more: bool,
}

/// One topic of a [`Have`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct HaveTopic {
    /// The topic.
    #[n(0)]
    pub topic: TopicTag,
    /// Per author the sequence up to which the sender lacks nothing.
    #[n(1)]
    pub authors: Vec<(Pseudonym, u64)>,
}

/// One envelope's place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
#[cbor(array)]
pub struct Position {
    /// The topic.
    #[n(0)]
    pub topic: TopicTag,
    /// The author.
    #[n(1)]
    pub pseudonym: Pseudonym,
    /// The author's sequence in the topic, from 1.
    #[n(2)]
    pub seq: u64,
}

impl Position {
    /// Key in [`conclave_core::view::Table::Envelope`]: topic (16) ‖ pseudonym (32) ‖ sequence (8, big-endian).
    #[must_use]
    pub fn key(&self) -> Vec<u8> {
        [
            self.topic.as_bytes().as_slice(),
            self.pseudonym.as_bytes(),
            &self.seq.to_be_bytes(),
        ]
        .concat()
    }

    /// Reads a key of [`conclave_core::view::Table::Envelope`].
    #[must_use]
    pub fn from_key(key: &[u8]) -> Option<Self> {
        let (topic, rest) = key.split_at_checked(TopicTag::LEN)?;
        let (pseudonym, seq) = rest.split_at_checked(Pseudonym::LEN)?;
        Some(Self {
            topic: TopicTag::from_slice(topic)?,
            pseudonym: Pseudonym::from_slice(pseudonym)?,
            seq: u64::from_be_bytes(seq.try_into().ok()?),
        })
    }
}

impl Frame {
    /// Encodes the frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Decodes a frame.
    ///
    /// # Errors
    /// [`CodecError`]: the connection is not worth keeping.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(bytes, Limits::bytes(FRAME_BYTES_MAX))
    }
}

impl Subscribe {
    /// Signs a proof for one connection.
    #[must_use]
    pub fn sign(
        server: ServerTag,
        key: &SigningKey,
        invite: bool,
        from: NodeId,
        to: NodeId,
        nonce: &[u8],
    ) -> Self {
        let payload = subscribe_payload(server, from, to, nonce);
        Self {
            server,
            key: key.public(),
            invite,
            signature: key.sign(Label::SubscribeProof, &payload).to_vec().into(),
        }
    }

    /// Checks the proof.
    ///
    /// # Errors
    /// [`SignedError`].
    pub fn verify(&self, from: NodeId, to: NodeId, nonce: &[u8]) -> Result<(), SignedError> {
        let payload = subscribe_payload(self.server, from, to, nonce);
        verify_bytes(Label::SubscribeProof, &self.key, &payload, &self.signature)
    }
}

/// Server tag (16) ‖ the signer's node (32) ‖ the other node (32) ‖ the other side's nonce (32): a proof made for one
/// connection is worth nothing on another.
#[must_use]
pub fn subscribe_payload(server: ServerTag, from: NodeId, to: NodeId, nonce: &[u8]) -> Vec<u8> {
    [
        server.as_bytes().as_slice(),
        from.as_bytes(),
        to.as_bytes(),
        nonce,
    ]
    .concat()
}

/// Length of a greeting's nonce.
pub const NONCE_LEN: usize = 32;

const _: () = assert!(SIGNATURE_LEN == 64);
