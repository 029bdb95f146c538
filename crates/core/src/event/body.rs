//! Bodies of authority events, one struct a kind.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::{BODY_LIMITS, Kind};
use crate::codec::{self, CodecError};
use crate::id::{
    BlobHash, ChannelId, Commitment, DeviceId, EventId, IdentityId, InviteId, LeafId, Millis,
    Pseudonym, RoleId, VerifyKey,
};
use crate::member::LeafKeys;
use crate::permissions::Bits;

/// A decoded body.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each is documented at its struct")]
pub enum Body {
    Genesis(Genesis),
    ServerUpdate(ServerUpdate),
    ChannelCreate(ChannelCreate),
    ChannelUpdate(ChannelUpdate),
    ChannelDelete(ChannelDelete),
    OverwriteSet(OverwriteSet),
    OverwriteClear(OverwriteClear),
    RoleCreate(RoleCreate),
    RoleUpdate(RoleUpdate),
    RoleDelete(RoleDelete),
    RoleGrant(RoleGrant),
    RoleRevoke(RoleRevoke),
    Kick(Kick),
    Ban(Ban),
    Unban(Unban),
    Timeout(Timeout),
    TimeoutLift(TimeoutLift),
    NicknameSet(NicknameSet),
    InviteCreate(InviteCreate),
    InviteRevoke(InviteRevoke),
    DeviceCut(DeviceCut),
    Merge(Merge),
    MinVersion(MinVersion),
}

/// Maps kinds to bodies, both ways.
macro_rules! bodies {
    ($($name:ident),+ $(,)?) => {
        impl Body {
            /// The body's kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$name(_) => Kind::$name,)+ }
            }

            /// Encodes the body alone.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                match self { $(Self::$name(body) => codec::encode(body),)+ }
            }

            /// Decodes the body of an active kind.
            ///
            /// # Errors
            /// [`CodecError`]; for a reserved kind [`CodecError::Shape`].
            pub(super) fn decode(kind: Kind, bytes: &[u8]) -> Result<Self, CodecError> {
                match kind {
                    $(Kind::$name => codec::decode(bytes, BODY_LIMITS).map(Self::$name),)+
                    reserved => Err(CodecError::Shape {
                        offset: 0,
                        reason: format!("{reserved:?} is reserved"),
                    }),
                }
            }
        }

        $(impl From<$name> for Body {
            fn from(body: $name) -> Self {
                Self::$name(body)
            }
        })+
    };
}

bodies!(
    Genesis,
    ServerUpdate,
    ChannelCreate,
    ChannelUpdate,
    ChannelDelete,
    OverwriteSet,
    OverwriteClear,
    RoleCreate,
    RoleUpdate,
    RoleDelete,
    RoleGrant,
    RoleRevoke,
    Kick,
    Ban,
    Unban,
    Timeout,
    TimeoutLift,
    NicknameSet,
    InviteCreate,
    InviteRevoke,
    DeviceCut,
    Merge,
    MinVersion,
);

/// Founds a server. Its author is the owner.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Genesis {
    /// Name of the server.
    #[n(0)]
    pub name: String,
    /// 1 community, 2 chat among equals.
    #[n(1)]
    pub template: u8,
    /// Makes the id unique: 32 random bytes.
    #[n(2)]
    pub nonce: ByteVec,
    /// What `@everyone` may do.
    #[n(3)]
    pub everyone: Bits,
    /// Key suite of the server's epochs ([`crate::keys`]): 1 X25519, 2 X-Wing.
    #[n(4)]
    pub suite: u8,
    /// The owner's identity root key, whose signature later asks for transfer of ownership and change of notaries.
    #[n(5)]
    pub owner_root: VerifyKey,
    /// Public half of the hosting root key; its hash is the hosting id.
    #[n(6)]
    pub hosting_root: VerifyKey,
    /// Notary keys, and how many of them sign a checkpoint; for a small server the owner's root alone.
    #[n(7)]
    pub notaries: Vec<VerifyKey>,
    /// k of the notaries, more than half.
    #[n(8)]
    pub notary_quorum: u16,
    /// History policy: 1 newcomers read all, 2 from joining on.
    #[n(9)]
    pub history: u8,
    /// For a chat: those who are equals of the founder from the start.
    #[n(10)]
    pub peers: Vec<IdentityId>,
}

/// Changes what the server is called and how it looks; absent fields stay.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
#[cbor(map)]
pub struct ServerUpdate {
    #[n(0)]
    pub name: Option<String>,
    #[n(1)]
    pub description: Option<String>,
    /// Encrypted icon; an empty byte string removes it.
    #[n(2)]
    pub icon: Option<BlobRef>,
    /// 1 removes the icon.
    #[n(3)]
    pub icon_clear: Option<bool>,
    /// Lockdown: joins through invites are refused while true.
    #[n(4)]
    pub joins_paused: Option<bool>,
    /// Default durability of new channels.
    #[n(5)]
    pub durability: Option<u8>,
}

/// Where an encrypted blob is and how it opens.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct BlobRef {
    /// Hash of the ciphertext.
    #[n(0)]
    pub hash: BlobHash,
    /// 32-byte key of this blob alone.
    #[n(1)]
    pub key: ByteVec,
    /// Length of the plaintext in bytes.
    #[n(2)]
    pub size: u64,
    /// Media type.
    #[n(3)]
    pub mime: String,
}

/// Creates a channel or category; its id is the event's.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct ChannelCreate {
    #[n(0)]
    pub name: String,
    /// 0 text, 4 category, 5 announcement (Discord's numbers).
    #[n(1)]
    pub kind: u8,
    #[n(2)]
    pub topic: Option<String>,
    #[n(3)]
    pub parent: Option<ChannelId>,
    /// Fractional index: siblings sort by it bytewise, then by id.
    #[n(4)]
    pub position: String,
    #[n(5)]
    pub overwrites: Vec<Overwrite>,
    /// Overwrites follow the parent's.
    #[n(6)]
    pub synced: bool,
    /// 1 strict, 2 encrypted replication, 3 guaranteed, 4 ephemeral.
    #[n(7)]
    pub durability: u8,
    #[n(8)]
    pub ttl_ms: Option<u64>,
    /// Seconds between two messages of one member; 0 is off.
    #[n(9)]
    pub slow_mode_s: u32,
}

/// Changes a channel; absent fields stay.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct ChannelUpdate {
    #[n(0)]
    pub channel: ChannelId,
    #[n(1)]
    pub name: Option<String>,
    #[n(2)]
    pub topic: Option<String>,
    /// New parent; see `parent_clear` to take it out of its category.
    #[n(3)]
    pub parent: Option<ChannelId>,
    #[n(4)]
    pub parent_clear: Option<bool>,
    #[n(5)]
    pub position: Option<String>,
    #[n(6)]
    pub durability: Option<u8>,
    /// 0 removes the limit.
    #[n(7)]
    pub ttl_ms: Option<u64>,
    #[n(8)]
    pub slow_mode_s: Option<u32>,
    /// True: take over the parent's overwrites and follow them.
    #[n(9)]
    pub synced: Option<bool>,
}

/// Deletes a channel or category. Children of a category lose their parent.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct ChannelDelete {
    #[n(0)]
    pub channel: ChannelId,
}

/// Whose permissions an overwrite changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
pub enum Subject {
    /// A role; `@everyone` is the role that bears the server's id.
    #[n(0)]
    Role(#[n(0)] RoleId),
    /// One member.
    #[n(1)]
    Member(#[n(0)] IdentityId),
}

/// One overwrite of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Overwrite {
    #[n(0)]
    pub subject: Subject,
    #[n(1)]
    pub allow: Bits,
    #[n(2)]
    pub deny: Bits,
}

/// Sets one overwrite; it un-syncs the channel, and on a category it reaches the synced children.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct OverwriteSet {
    #[n(0)]
    pub channel: ChannelId,
    #[n(1)]
    pub overwrite: Overwrite,
}

/// Removes one overwrite.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct OverwriteClear {
    #[n(0)]
    pub channel: ChannelId,
    #[n(1)]
    pub subject: Subject,
}

/// Creates a role; its id is the event's.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct RoleCreate {
    #[n(0)]
    pub name: String,
    /// 0xRRGGBB.
    #[n(1)]
    pub color: Option<u32>,
    #[n(2)]
    pub hoist: bool,
    #[n(3)]
    pub mentionable: bool,
    #[n(4)]
    pub permissions: Bits,
    /// Fractional index; greater is higher; equal ones order by id.
    #[n(5)]
    pub position: String,
}

/// Changes a role; absent fields stay. Each permission bit is a register of its own: concurrent changes of different bits
/// both hold, and clear beats set.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct RoleUpdate {
    #[n(0)]
    pub role: RoleId,
    #[n(1)]
    pub name: Option<String>,
    /// 0xRRGGBB; a value above 0xFFFFFF removes the colour.
    #[n(2)]
    pub color: Option<u32>,
    #[n(3)]
    pub hoist: Option<bool>,
    #[n(4)]
    pub mentionable: Option<bool>,
    /// Bits to set.
    #[n(5)]
    pub set: Option<Bits>,
    /// Bits to clear.
    #[n(6)]
    pub clear: Option<Bits>,
    #[n(7)]
    pub position: Option<String>,
}

/// Deletes a role.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct RoleDelete {
    #[n(0)]
    pub role: RoleId,
}

/// Gives a member a role.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct RoleGrant {
    #[n(0)]
    pub role: RoleId,
    #[n(1)]
    pub member: IdentityId,
}

/// Takes a role from a member.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct RoleRevoke {
    #[n(0)]
    pub role: RoleId,
    #[n(1)]
    pub member: IdentityId,
    #[n(2)]
    pub seen: Vec<Seen>,
}

/// How much of one device a restriction has seen and honours. What does not cite the restriction counts only within it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Seen {
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
    #[n(0)]
    pub member: IdentityId,
    #[n(1)]
    pub seen: Vec<Seen>,
}

/// Removes a member and keeps them out.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Ban {
    #[n(0)]
    pub member: IdentityId,
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
    #[n(0)]
    pub member: IdentityId,
}

/// Leaves a member only viewing and history until a moment, at most 28 days on.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Timeout {
    #[n(0)]
    pub member: IdentityId,
    #[n(1)]
    pub until: Millis,
    #[n(2)]
    pub seen: Vec<Seen>,
}

/// Lifts a timeout.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct TimeoutLift {
    #[n(0)]
    pub member: IdentityId,
}

/// Sets somebody's nickname; the text travels beside it and can be dropped.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct NicknameSet {
    #[n(0)]
    pub member: IdentityId,
    /// Absent: no nickname.
    #[n(1)]
    pub nickname: Option<Commitment>,
    /// Registers of the member up to these sequences are overruled; a later nickname of their own counts again.
    #[n(2)]
    pub seen: Vec<Seen>,
}

/// Opens a way in; the invite's id is the event's.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct InviteCreate {
    /// 1 open (its leaf reads content), 2 closed (its leaf reads state only).
    #[n(0)]
    pub kind: u8,
    /// Key whose signature admits a joiner; its seed derives from the link's secret.
    #[n(1)]
    pub verify_key: VerifyKey,
    /// Keys of the invite's leaf, derived from the link's secret.
    #[n(2)]
    pub leaf: LeafKeys,
    /// Role that joiners get, which the creator must be able to grant.
    #[n(3)]
    pub role: Option<RoleId>,
    /// Channel to show first.
    #[n(4)]
    pub channel: Option<ChannelId>,
    /// Advisory while members race, exact through closed links.
    #[n(5)]
    pub max_uses: Option<u32>,
    /// After this moment no epoch is sealed to the leaf and no join is admitted.
    #[n(6)]
    pub expires: Option<Millis>,
}

/// Closes a way in; joins among `honoured` stay.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct InviteRevoke {
    #[n(0)]
    pub invite: InviteId,
    /// Pseudonyms whose joins through the invite are honoured, ascending.
    #[n(1)]
    pub honoured: Vec<Pseudonym>,
}

/// Posts an identity log's revocation of a device; self-proving, idempotent, open to any member.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct DeviceCut {
    #[n(0)]
    pub identity: IdentityId,
    #[n(1)]
    pub device: DeviceId,
    /// The signed identity entry that revokes the device.
    #[n(2)]
    pub certificate: ByteVec,
    /// The last good sequence here, if the revocation names one.
    #[n(3)]
    pub seen: Option<Seen>,
}

/// Joins heads and does nothing else.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
#[cbor(map)]
pub struct Merge {
    /// Heads beyond the parents limit wait for further merges; this is always empty in version 1.
    #[n(0)]
    pub more: Vec<EventId>,
}

/// Allows kinds of a later version of the protocol; the owner's alone.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct MinVersion {
    #[n(0)]
    pub version: u16,
}
