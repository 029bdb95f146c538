//! What a hub keeps, row by row (chapter `hub`). This is everything that is on its disk.

use conclave_core::codec::{self, Limits};
use conclave_core::id::{BlobHash, Digest, EnvelopeId, Millis, Pseudonym, ServerTag, TopicTag};
use conclave_core::view::ViewError;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// One server, at its hosting id in `HubSpace`.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub(super) struct SpaceRow {
    /// Short name in other keys; never reused.
    #[n(0)]
    pub number: u32,
    /// The server, as carriers know it.
    #[n(1)]
    pub server: ServerTag,
    /// The manifest in force, in wire form.
    #[n(2)]
    pub manifest: ByteVec,
    /// Which life of the logs this is.
    #[n(3)]
    pub incarnation: u64,
    /// Bytes kept.
    #[n(4)]
    pub bytes: u64,
    /// When the server came.
    #[n(5)]
    pub since: Millis,
}

/// One log, at `space ‖ topic` in `HubTopic`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub(super) struct TopicRow {
    /// Lowest position whose entry is still there.
    #[n(0)]
    pub first: u64,
    /// Highest position; 0: none yet.
    #[n(1)]
    pub last: u64,
    /// Head of the log at `last`.
    #[n(2)]
    pub head: Digest,
    /// Bytes kept.
    #[n(3)]
    pub bytes: u64,
}

/// One position of a log, at `space ‖ topic ‖ position` in `HubLog`.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub(super) struct EntryRow {
    /// The envelope.
    #[n(0)]
    pub envelope: EnvelopeId,
    /// Its sender.
    #[n(1)]
    pub pseudonym: Pseudonym,
    /// The sender's sequence.
    #[n(2)]
    pub seq: u64,
    /// Who brought it, if somebody else.
    #[n(3)]
    pub by: Option<Pseudonym>,
    /// Head of the log at this position.
    #[n(4)]
    pub head: Digest,
    /// When it came.
    #[n(5)]
    pub time: Millis,
    /// The manifest by which it was taken.
    #[n(6)]
    pub manifest_seq: u64,
    /// Until when it was promised to be kept.
    #[n(7)]
    pub keep_until: Option<Millis>,
    /// Wire form; empty once it was dropped.
    #[n(8)]
    pub bytes: ByteVec,
    /// Blobs kept under it.
    #[n(9)]
    pub blobs: Vec<BlobHash>,
}

/// One admitted pseudonym, at `space ‖ pseudonym` in `HubMember`.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub(super) struct MemberRow {
    /// When it was admitted.
    #[n(0)]
    pub since: Millis,
    /// Bytes that it brought and that are kept.
    #[n(1)]
    pub bytes: u64,
}

/// One closing that a moderator added, at `space ‖ pseudonym ‖ topic` in `HubClosing`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub(super) struct ClosingRow {
    /// Last sequence that counts.
    #[n(0)]
    pub last: u64,
    /// The manifest to which it was added.
    #[n(1)]
    pub manifest_seq: u64,
}

/// One blob, at `space ‖ hash` in `HubBlob`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub(super) struct BlobRow {
    /// The log of the envelope under which it is kept.
    #[n(0)]
    pub topic: TopicTag,
    /// Its position there.
    #[n(1)]
    pub position: u64,
    /// Who brought it.
    #[n(2)]
    pub by: Pseudonym,
    /// Length of the whole ciphertext.
    #[n(3)]
    pub total: u64,
    /// Bytes from the start that are there.
    #[n(4)]
    pub have: u64,
    /// The hash was checked.
    #[n(5)]
    pub whole: bool,
}

/// Longest row in bytes: an entry with its envelope, or a space with its manifest.
const ROW_BYTES_MAX: usize = 1 << 20;

/// Decodes a row.
pub(super) fn decode<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<T, ViewError> {
    codec::decode(bytes, Limits::bytes(ROW_BYTES_MAX))
        .map_err(|error| ViewError(format!("a row of the hub is damaged: {error}")))
}

/// `space ‖ topic`.
pub(super) fn topic_key(space: u32, topic: &TopicTag) -> Vec<u8> {
    [&space.to_be_bytes()[..], &topic.0].concat()
}

/// `space ‖ topic ‖ position`.
pub(super) fn entry_key(space: u32, topic: &TopicTag, position: u64) -> Vec<u8> {
    [&space.to_be_bytes()[..], &topic.0, &position.to_be_bytes()].concat()
}

/// `space ‖ topic ‖ pseudonym ‖ sequence`.
pub(super) fn place_key(space: u32, topic: &TopicTag, pseudonym: &Pseudonym, seq: u64) -> Vec<u8> {
    let space = space.to_be_bytes();
    [&space[..], &topic.0, &pseudonym.0, &seq.to_be_bytes()].concat()
}

/// `space ‖ pseudonym`.
pub(super) fn member_key(space: u32, pseudonym: &Pseudonym) -> Vec<u8> {
    [&space.to_be_bytes()[..], &pseudonym.0].concat()
}

/// `space ‖ pseudonym ‖ topic`.
pub(super) fn closing_key(space: u32, pseudonym: &Pseudonym, topic: &TopicTag) -> Vec<u8> {
    [&space.to_be_bytes()[..], &pseudonym.0, &topic.0].concat()
}

/// `space ‖ hash`.
pub(super) fn blob_key(space: u32, hash: &BlobHash) -> Vec<u8> {
    [&space.to_be_bytes()[..], &hash.0].concat()
}

/// `space ‖ hash ‖ index of the part`.
pub(super) fn chunk_key(space: u32, hash: &BlobHash, index: u32) -> Vec<u8> {
    [&space.to_be_bytes()[..], &hash.0, &index.to_be_bytes()].concat()
}
