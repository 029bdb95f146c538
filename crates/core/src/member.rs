//! The member plane: one signed register per device, and the personal text that it commits to.

mod note;
mod record;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
pub use note::{Note, Quote, REPORT_QUOTE_BYTES_MAX, REPORT_REASON_BYTES_MAX, Report};
pub use record::{
    BIO_BYTES_MAX, DISPLAY_NAME_CHARS_MAX, Direct, MEMBER_RECORD_BYTES_MAX, MemberRecord,
    NICKNAME_CHARS_MAX, Personal, PersonalText, Profile, REACH_PLACES_MAX, Reach, RecordError,
    SALT_LEN, STATUS_BYTES_MAX, Successor,
};

use crate::hash::{Label, hash};
use crate::id::{
    Commitment, DeviceId, EventId, IdentityEntryId, IdentityId, InviteId, LeafId, Millis,
    Pseudonym, RegisterId, ServerId, TopicTag,
};
use crate::signed::{SIGNATURE_LEN, Signable, Verified};

/// Version of the register format that this build writes.
pub const REGISTER_VERSION: u16 = 1;

/// Longest register payload in bytes; an X-Wing key alone takes 1,216.
pub const REGISTER_BYTES_MAX: usize = 8 * 1024;

/// The state of one device in one server. The highest sequence wins; equal sequences with different bytes: the lower id.
///
/// Signed by the device's signing key; the envelope around it is signed by `pseudonym`, which shows possession of both.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Register {
    /// Format version, [`REGISTER_VERSION`].
    #[n(0)]
    pub version: u16,
    /// The server.
    #[n(1)]
    pub server: ServerId,
    /// Whose device.
    #[n(2)]
    pub identity: IdentityId,
    /// The device, whose signing key signs.
    #[n(3)]
    pub device: DeviceId,
    /// Under which key the device is known here; never changes.
    #[n(4)]
    pub pseudonym: Pseudonym,
    /// From 0, raised by one with each register.
    #[n(5)]
    pub seq: u64,
    /// Whether it takes part.
    #[n(6)]
    pub status: Status,
    /// The identity log as of this register.
    #[n(7)]
    pub identity_head: IdentityEntryId,
    /// Authority heads that the author saw, ascending.
    #[n(8)]
    pub heads: Vec<EventId>,
    /// Why it may be here.
    #[n(9)]
    pub proof: JoinProof,
    /// The public keys of its leaf, to which epochs are sealed.
    #[n(10)]
    pub leaf: LeafKeys,
    /// Commitment to the nickname that the member chose here.
    #[n(11)]
    pub nickname: Option<Commitment>,
    /// Commitment to the profile shown here.
    #[n(12)]
    pub profile: Option<Commitment>,
    /// When, as the author's clock claims. Advisory.
    #[n(13)]
    pub time: Millis,
    /// An automated member.
    #[n(14)]
    pub bot: Option<bool>,
}

/// Whether the device takes part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum Status {
    /// A member.
    #[n(1)]
    Present,
    /// Left by itself.
    #[n(2)]
    Left,
}

/// Why a device may be here.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum JoinProof {
    /// The identity is the server's owner, or one of the peers that genesis names.
    #[n(0)]
    Founder,
    /// An invite's key signed [`invite_proof_payload`] under [`Label::InviteProof`].
    #[n(1)]
    Invite {
        /// The invite.
        #[n(0)]
        invite: InviteId,
        /// 64 bytes.
        #[n(1)]
        signature: ByteVec,
    },
    /// Another device of the same identity is a member: its register.
    #[n(2)]
    Sibling(#[n(0)] RegisterId),
}

/// What an invite's key signs to admit a device: server, identity, device and pseudonym, 128 bytes.
#[must_use]
pub fn invite_proof_payload(
    server: ServerId,
    identity: IdentityId,
    device: DeviceId,
    pseudonym: Pseudonym,
) -> Vec<u8> {
    [server.0, identity.0, device.0, pseudonym.0].concat()
}

/// Public keys of one leaf of a key tree: one per suite.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct LeafKeys {
    /// X25519, 32 bytes.
    #[n(0)]
    pub x25519: ByteVec,
    /// X-Wing, 1,216 bytes; absent where a server uses the light suite.
    #[n(1)]
    pub xwing: Option<ByteVec>,
}

impl LeafKeys {
    /// The leaf's id: the hash of its encoded keys.
    #[must_use]
    pub fn id(&self) -> LeafId {
        LeafId(hash(Label::LeafId, &[&crate::codec::encode(self)]).0)
    }
}

impl Signable for Register {
    const SIGN: Label = Label::RegisterSign;
    const ID: Label = Label::RegisterId;
    const BYTES_MAX: usize = REGISTER_BYTES_MAX;
    type Hint = RegisterHint;

    fn hint(&self) -> RegisterHint {
        RegisterHint {
            server: self.server,
            identity: self.identity,
            device: self.device,
            identity_head: self.identity_head,
            pseudonym: self.pseudonym,
        }
    }
}

/// What finding a register's key takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the fields of `Register`")]
pub struct RegisterHint {
    pub server: ServerId,
    pub identity: IdentityId,
    pub device: DeviceId,
    pub identity_head: IdentityEntryId,
    pub pseudonym: Pseudonym,
}

impl Verified<Register> {
    /// The register's id.
    #[must_use]
    pub fn register_id(&self) -> RegisterId {
        RegisterId(self.id().0)
    }
}

/// The last message of one device in one topic that a removal honours (rule R4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Closing {
    /// The device's pseudonym.
    #[n(0)]
    pub pseudonym: Pseudonym,
    /// The topic.
    #[n(1)]
    pub topic: TopicTag,
    /// 0: none.
    #[n(2)]
    pub last: u64,
}

/// Length of an invite's signature.
pub const INVITE_SIGNATURE_LEN: usize = SIGNATURE_LEN;
