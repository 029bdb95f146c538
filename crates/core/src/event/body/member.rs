//! Bodies about members and their devices.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::id::{Commitment, DeviceId, IdentityId, LeafId, Millis, Pseudonym};

/// How much of one device a restriction has seen and honours. What does not cite the restriction counts only within it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Seen {
    /// The device.
    #[n(0)]
    pub device: DeviceId,
    /// The device's last authority event that is honoured; absent: none.
    #[n(1)]
    pub event_seq: Option<u64>,
    /// The device's last register that is honoured; absent: none.
    #[n(2)]
    pub register_seq: Option<u64>,
    /// The device's pseudonym in this server, so that carriers of either plane can apply the rule.
    #[n(3)]
    pub pseudonym: Option<Pseudonym>,
}

/// Removes a member, who may come back through an invite with a later register.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Kick {
    /// The member.
    #[n(0)]
    pub member: IdentityId,
    /// What of the member's devices is honoured.
    #[n(1)]
    pub seen: Vec<Seen>,
}

/// Removes a member and keeps them out.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Ban {
    /// The member.
    #[n(0)]
    pub member: IdentityId,
    /// What of the member's devices is honoured.
    #[n(1)]
    pub seen: Vec<Seen>,
    /// Asks clients to hide the member's messages of the last so many milliseconds.
    #[n(2)]
    pub delete_ms: Option<u64>,
    /// Invites whose leaf the banned member could hold: they still admit, but their keys no longer open epochs.
    #[n(3)]
    pub dropped_leaves: Vec<LeafId>,
}

/// Lifts a ban. Roles do not come back.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Unban {
    /// The member.
    #[n(0)]
    pub member: IdentityId,
}

/// Leaves a member only viewing and history until a moment, at most 28 days on.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Timeout {
    /// The member.
    #[n(0)]
    pub member: IdentityId,
    /// The end; messages from it on count again.
    #[n(1)]
    pub until: Millis,
    /// What of the member's devices is honoured.
    #[n(2)]
    pub seen: Vec<Seen>,
}

/// Lifts a timeout.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct TimeoutLift {
    /// The member.
    #[n(0)]
    pub member: IdentityId,
}

/// Sets somebody's nickname; the text travels beside it and can be dropped.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct NicknameSet {
    /// The member.
    #[n(0)]
    pub member: IdentityId,
    /// Absent: no nickname.
    #[n(1)]
    pub nickname: Option<Commitment>,
    /// Registers of the member up to these sequences are overruled; a later nickname of their own counts again.
    #[n(2)]
    pub seen: Vec<Seen>,
}

/// Posts an identity log's revocation of a device; self-proving, idempotent, open to any member.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct DeviceCut {
    /// Whose device.
    #[n(0)]
    pub identity: IdentityId,
    /// The device.
    #[n(1)]
    pub device: DeviceId,
    /// The signed identity entry that revokes the device.
    #[n(2)]
    pub certificate: ByteVec,
    /// The last good sequence here, if the revocation names one.
    #[n(3)]
    pub seen: Option<Seen>,
}
