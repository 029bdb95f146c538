//! The permanent part of an epoch: what everybody sees, and what only its receivers can open.

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

use super::Suite;
use crate::hash::Label;
use crate::id::{
    AudienceId, DeviceId, Digest, EpochId, EventId, IdentityEntryId, IdentityId, Pseudonym,
    ServerId,
};
use crate::member::Closing;
use crate::signed::Signable;

/// Version of the epoch format that this build writes.
pub const EPOCH_VERSION: u16 = 1;

/// Most parents of an epoch: more forks than moderators who act at once; further ones wait for the next epoch.
pub const EPOCH_PARENTS_MAX: usize = 16;

/// Deepest key tree.
pub const DEPTH_MAX: u8 = 4;

/// Most slots of a record: 100,000 leaves at depth 1 fit.
pub const SLOTS_MAX: u32 = 1 << 17;

/// Longest public header in bytes: 16 parents with both links take under 4 KiB.
pub const PUBLIC_BYTES_MAX: usize = 8 * 1024;

/// Longest signed header in bytes: a closing list of 4,000 entries, or a raid of 7,000 devices.
pub const EPOCH_HEADER_BYTES_MAX: usize = 256 * 1024;

/// What carriers see of an epoch, and what choosing a slot takes.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct PublicHeader {
    /// Format version, [`EPOCH_VERSION`].
    #[n(0)]
    pub version: u16,
    /// Number of the [`Suite`].
    #[n(1)]
    pub suite: u8,
    /// 32 random bytes: tags, commitments and slots of this record are bound to it.
    #[n(2)]
    pub nonce: ByteArray<32>,
    /// The epochs that this one follows: ascending, at most [`EPOCH_PARENTS_MAX`].
    #[n(3)]
    pub parents: Vec<EpochId>,
    /// Depth of the key tree, 1 to [`DEPTH_MAX`].
    #[n(4)]
    pub depth: u8,
    /// Children of an inner node, at most.
    #[n(5)]
    pub arity: u16,
    /// Number of slots, padded.
    #[n(6)]
    pub slot_count: u32,
    /// Root over the slots ([`super::slot_root`]).
    #[n(7)]
    pub slot_root: Digest,
    /// [`super::StateKey::commitment`].
    #[n(8)]
    pub state_commitment: Digest,
    /// [`super::ContentKey::commitment`].
    #[n(9)]
    pub content_commitment: Digest,
    /// One for each parent, in the order of `parents`.
    #[n(10)]
    pub links: Vec<Link>,
}

impl PublicHeader {
    /// The suite, if this build knows it.
    #[must_use]
    pub const fn suite(&self) -> Option<Suite> {
        Suite::from_number(self.suite)
    }
}

/// Leads from an epoch's keys to those of a parent. Publishing one cannot be undone.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Link {
    /// The parent.
    #[n(0)]
    pub parent: EpochId,
    /// The parent's state key under this epoch's: nonce ‖ ciphertext, [`LINK_LEN`] bytes.
    #[n(1)]
    pub state: ByteVec,
    /// The parent's content key under this epoch's, where the history policy lets newcomers read it.
    #[n(2)]
    pub content: Option<ByteVec>,
}

/// Bytes of one sealed key of a link: 24 of nonce, 32 of key, 16 of tag.
pub const LINK_LEN: usize = 24 + 32 + 16;

/// What an epoch's author says to its receivers, signed by the author's device, sealed under the epoch's state key.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct EpochHeader {
    /// Format version, [`EPOCH_VERSION`].
    #[n(0)]
    pub version: u16,
    /// Digest of the public header, so that the signature covers it.
    #[n(1)]
    pub public: Digest,
    /// The server.
    #[n(2)]
    pub server: ServerId,
    /// Whose keys these are.
    #[n(3)]
    pub audience: AudienceId,
    /// Authority heads that the recipients derive from, ascending.
    #[n(4)]
    pub heads: Vec<EventId>,
    /// [`super::leaf_list`] of the recipients.
    #[n(5)]
    pub leaf_list: Digest,
    /// How many recipients.
    #[n(6)]
    pub leaf_count: u32,
    /// Why the epoch was made.
    #[n(7)]
    pub reason: Reason,
    /// Devices that left or were removed since the parents, ascending by pseudonym.
    #[n(8)]
    pub removed: Vec<Removed>,
    /// What of the removed is honoured (rule R4): ascending by pseudonym, then topic.
    #[n(9)]
    pub closing: Vec<Closing>,
    /// Who made it.
    #[n(10)]
    pub author: IdentityId,
    /// With which device, whose key signs.
    #[n(11)]
    pub device: DeviceId,
    /// The author's identity log as of this epoch.
    #[n(12)]
    pub identity_head: IdentityEntryId,
}

/// A device that an epoch leaves out, and up to which of its registers: one who comes back does so with a later register,
/// and leaving a second time is another removal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Removed {
    /// The device.
    #[n(0)]
    pub pseudonym: Pseudonym,
    /// Sequence of its last register that the author knew.
    #[n(1)]
    pub seq: u64,
}

/// Why an epoch may exist (rule R3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum Reason {
    /// The audience's first; it has no parents.
    #[n(0)]
    First,
    /// Its heads or its list hold a removal that a parent lacks.
    #[n(1)]
    Removal,
    /// A parent has a slot that is proven bad.
    #[n(2)]
    BadSlot,
    /// Somebody joins who must not read what came before.
    #[n(3)]
    Cutoff,
    /// A scheduled refresh.
    #[n(4)]
    Refresh,
}

impl Signable for EpochHeader {
    const SIGN: Label = Label::EpochHeaderSign;
    const ID: Label = Label::EpochHeaderId;
    const BYTES_MAX: usize = EPOCH_HEADER_BYTES_MAX;
    type Hint = EpochHint;

    fn hint(&self) -> EpochHint {
        EpochHint {
            public: self.public,
            server: self.server,
            audience: self.audience,
            author: self.author,
            device: self.device,
            identity_head: self.identity_head,
        }
    }
}

/// What finding the key of an epoch's author takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the fields of `EpochHeader`")]
pub struct EpochHint {
    pub public: Digest,
    pub server: ServerId,
    pub audience: AudienceId,
    pub author: IdentityId,
    pub device: DeviceId,
    pub identity_head: IdentityEntryId,
}
