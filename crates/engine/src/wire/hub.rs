//! What members and hubs tell each other beyond the frames between members (chapter `hub`).

use conclave_core::id::{Digest, ServerTag, TopicTag};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::Position;

/// Most topics in one [`HubState`]; a longer list is split.
pub const HUB_TOPICS_MAX: usize = 8_000;

/// Most envelopes in one page of a hub, whatever their size.
pub const HUB_PAGE_MAX: usize = 2_000;

/// A hub's answer to a subscription: what it goes by, and how far its logs have come.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct HubState {
    /// The server.
    #[n(0)]
    pub server: ServerTag,
    /// Which life of the hub's logs this is.
    #[n(1)]
    pub incarnation: u64,
    /// The manifest that it goes by, in wire form.
    #[n(2)]
    pub manifest: ByteVec,
    /// Whether the other side may store; else it may only read.
    #[n(3)]
    pub may_write: bool,
    /// Its logs.
    #[n(4)]
    pub topics: Vec<HubTopic>,
    /// More frames of the same list follow.
    #[n(5)]
    pub more: bool,
}

/// One log of a hub.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(array)]
pub struct HubTopic {
    /// The topic.
    #[n(0)]
    pub topic: TopicTag,
    /// The lowest position that is still kept; 1 if none was dropped.
    #[n(1)]
    pub first: u64,
    /// The highest position; 0 if there is none.
    #[n(2)]
    pub last: u64,
}

/// Asks for a page of a log: positions above `after` and below `before`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct HubWant {
    /// The server.
    #[n(0)]
    pub server: ServerTag,
    /// The topic.
    #[n(1)]
    pub topic: TopicTag,
    /// Exclusive lower bound.
    #[n(2)]
    pub after: u64,
    /// Exclusive upper bound.
    #[n(3)]
    pub before: u64,
}

/// Consecutive positions of one log.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct HubRun {
    /// The topic.
    #[n(0)]
    pub topic: TopicTag,
    /// Position of the first.
    #[n(1)]
    pub first: u64,
    /// Wire forms; empty where what stood there was dropped.
    #[n(2)]
    pub envelopes: Vec<ByteVec>,
    /// For a guaranteed topic the receipts, one for each envelope (empty where it was dropped).
    #[n(3)]
    pub receipts: Vec<ByteVec>,
}

/// Envelopes of a hub's logs.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct HubEnvelopes {
    /// The server.
    #[n(0)]
    pub server: ServerTag,
    /// Which life of the hub's logs this is.
    #[n(1)]
    pub incarnation: u64,
    /// Runs, at most one per topic.
    #[n(2)]
    pub runs: Vec<HubRun>,
    /// The bounds of the [`HubWant`] that this answers, with the lowest position not yet sent as new lower bound, or the
    /// upper bound if all was sent; absent for what has just happened.
    #[n(3)]
    pub answer: Option<HubAnswer>,
}

/// Which page an answer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(array)]
pub struct HubAnswer {
    /// The topic.
    #[n(0)]
    pub topic: TopicTag,
    /// Exclusive lower bound.
    #[n(1)]
    pub after: u64,
    /// Everything up to here was sent or is gone.
    #[n(2)]
    pub upto: u64,
}

/// One envelope that a hub does not take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(array)]
pub struct HubRefusal {
    /// Where it stands.
    #[n(0)]
    pub position: Position,
    /// Number of a [`HubWhy`].
    #[n(1)]
    pub why: u8,
}

/// Why a hub does not take something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "each has a sentence in `text`")]
#[repr(u8)]
pub enum HubWhy {
    NotAdmitted = 1,
    Closed = 2,
    NotEligible = 3,
    TopicFull = 4,
    MemberFull = 5,
    ServerFull = 6,
    TooFast = 7,
    Malformed = 8,
    Conflict = 9,
    Retired = 10,
    TooManyTopics = 11,
}

impl HubWhy {
    /// All reasons.
    pub const ALL: [Self; 11] = [
        Self::NotAdmitted,
        Self::Closed,
        Self::NotEligible,
        Self::TopicFull,
        Self::MemberFull,
        Self::ServerFull,
        Self::TooFast,
        Self::Malformed,
        Self::Conflict,
        Self::Retired,
        Self::TooManyTopics,
    ];

    /// The reason of a number; a later version's is none.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|why| *why as u8 == number)
    }

    /// Whether the same envelope may be taken later.
    #[must_use]
    pub const fn passes(self) -> bool {
        matches!(
            self,
            Self::NotAdmitted
                | Self::TopicFull
                | Self::MemberFull
                | Self::ServerFull
                | Self::TooFast
                | Self::Retired
                | Self::TooManyTopics
        )
    }

    /// A sentence for people and metrics.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotAdmitted => "the hub was not shown who lets the sender in",
            Self::Closed => "the sender was removed from the server",
            Self::NotEligible => "the channel's durability keeps it off this hub",
            Self::TopicFull => "the channel has used up its quota",
            Self::MemberFull => "the member has used up their quota",
            Self::ServerFull => "the server has used up its quota",
            Self::TooFast => "too much at once",
            Self::Malformed => "it is not a valid envelope",
            Self::Conflict => "another envelope stands at this position",
            Self::Retired => "the server does not use this hub any more",
            Self::TooManyTopics => "the server has too many channels for this hub",
        }
    }
}

/// A part of a blob for a hub to keep under an envelope.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct HubBlobPut {
    /// The server.
    #[n(0)]
    pub server: ServerTag,
    /// The envelope under which it is kept: with it the blob goes.
    #[n(1)]
    pub position: Position,
    /// Hash of the whole ciphertext.
    #[n(2)]
    pub hash: Digest,
    /// Where the part begins, a multiple of [`super::BLOB_PART_BYTES`].
    #[n(3)]
    pub offset: u64,
    /// Length of the whole ciphertext.
    #[n(4)]
    pub total: u64,
    /// At most [`super::BLOB_PART_BYTES`]; none asks how much is there.
    #[n(5)]
    pub bytes: ByteVec,
}

/// How much of a blob a hub has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct HubBlobHave {
    /// The server.
    #[n(0)]
    pub server: ServerTag,
    /// Hash of the whole ciphertext.
    #[n(1)]
    pub hash: Digest,
    /// Bytes from the start that are there.
    #[n(2)]
    pub have: u64,
    /// Its hash was checked.
    #[n(3)]
    pub whole: bool,
    /// Number of a [`HubWhy`] if it takes no more of it.
    #[n(4)]
    pub why: Option<u8>,
}
