//! Bodies about channels and their overwrites.

use minicbor::{Decode, Encode};

use crate::id::{ChannelId, IdentityId, RoleId};
use crate::permissions::Bits;

/// Creates a channel or category; its id is the event's.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct ChannelCreate {
    /// Name.
    #[n(0)]
    pub name: String,
    /// 0 text, 4 category, 5 announcement (Discord's numbers).
    #[n(1)]
    pub kind: u8,
    /// Topic, shown beside the name.
    #[n(2)]
    pub topic: Option<String>,
    /// The category that it stands in.
    #[n(3)]
    pub parent: Option<ChannelId>,
    /// Fractional index: siblings sort by it bytewise, then by id.
    #[n(4)]
    pub position: String,
    /// Its overwrites, at most one a subject.
    #[n(5)]
    pub overwrites: Vec<Overwrite>,
    /// Overwrites follow the parent's.
    #[n(6)]
    pub synced: bool,
    /// 1 strict, 2 encrypted replication, 3 guaranteed, 4 ephemeral.
    #[n(7)]
    pub durability: u8,
    /// Messages are dropped after so many milliseconds; absent: never.
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
    /// The channel.
    #[n(0)]
    pub channel: ChannelId,
    /// New name.
    #[n(1)]
    pub name: Option<String>,
    /// New topic; empty: none.
    #[n(2)]
    pub topic: Option<String>,
    /// New parent; see `parent_clear` to take it out of its category.
    #[n(3)]
    pub parent: Option<ChannelId>,
    /// True: takes it out of its category.
    #[n(4)]
    pub parent_clear: Option<bool>,
    /// New position among its siblings.
    #[n(5)]
    pub position: Option<String>,
    /// New durability, by number.
    #[n(6)]
    pub durability: Option<u8>,
    /// 0 removes the limit.
    #[n(7)]
    pub ttl_ms: Option<u64>,
    /// New slow mode in seconds; 0 is off.
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
    /// The channel.
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
    /// Whose permissions it changes.
    #[n(0)]
    pub subject: Subject,
    /// Bits that it grants.
    #[n(1)]
    pub allow: Bits,
    /// Bits that it takes; disjoint from `allow`.
    #[n(2)]
    pub deny: Bits,
}

/// Sets one overwrite; it un-syncs the channel, and on a category it reaches the synced children.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct OverwriteSet {
    /// The channel.
    #[n(0)]
    pub channel: ChannelId,
    /// In place of an older overwrite of the same subject.
    #[n(1)]
    pub overwrite: Overwrite,
}

/// Removes one overwrite.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct OverwriteClear {
    /// The channel.
    #[n(0)]
    pub channel: ChannelId,
    /// Whose overwrite goes.
    #[n(1)]
    pub subject: Subject,
}
