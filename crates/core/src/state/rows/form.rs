//! The rows' forms (chapter `checkpoint`, "State root").

use minicbor::{Decode, Encode};

use crate::event::{BlobRef, Seen, Subject, Succession};
use crate::id::{ChannelId, Commitment, EventId, IdentityId, Millis, Pseudonym, RoleId, VerifyKey};
use crate::member::LeafKeys;
use crate::permissions::Bits;

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct ServerRow {
    #[n(0)]
    pub owner: IdentityId,
    #[n(1)]
    pub name: String,
    #[n(2)]
    pub description: String,
    #[n(3)]
    pub icon: Option<BlobRef>,
    #[n(4)]
    pub joins_paused: bool,
    #[n(5)]
    pub durability: u8,
    #[n(6)]
    pub min_version: u16,
    #[n(7)]
    pub notaries: Vec<VerifyKey>,
    #[n(8)]
    pub notary_quorum: u16,
    #[n(9)]
    pub notary_generation: u64,
    #[n(10)]
    pub reign: ReignRow,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct ReignRow {
    #[n(0)]
    pub root: VerifyKey,
    #[n(1)]
    pub began: Option<EventId>,
    #[n(2)]
    pub tenure: Vec<EventId>,
    #[n(3)]
    pub policy: Option<(EventId, Succession)>,
    #[n(4)]
    pub claims: Vec<ClaimRow>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct ClaimRow {
    #[n(0)]
    pub id: EventId,
    #[n(1)]
    pub by: IdentityId,
    #[n(2)]
    pub heir: IdentityId,
    #[n(3)]
    pub title: (u8, u16),
    #[n(4)]
    pub confirmed: Vec<(IdentityId, EventId)>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct RoleRow {
    #[n(0)]
    pub name: String,
    #[n(1)]
    pub color: Option<u32>,
    #[n(2)]
    pub hoist: bool,
    #[n(3)]
    pub mentionable: bool,
    #[n(4)]
    pub permissions: Bits,
    #[n(5)]
    pub position: String,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct ChannelRow {
    #[n(0)]
    pub name: String,
    #[n(1)]
    pub kind: u8,
    #[n(2)]
    pub topic: String,
    #[n(3)]
    pub parent: Option<ChannelId>,
    #[n(4)]
    pub position: String,
    #[n(5)]
    pub overwrites: Vec<(Subject, Bits, Bits)>,
    #[n(6)]
    pub synced: bool,
    #[n(7)]
    pub durability: u8,
    #[n(8)]
    pub ttl_ms: Option<u64>,
    #[n(9)]
    pub slow_mode_s: u32,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct BanRow {
    #[n(0)]
    pub event: EventId,
    #[n(1)]
    pub by: IdentityId,
    #[n(2)]
    pub time: Millis,
    #[n(3)]
    pub reason: Option<String>,
    #[n(4)]
    pub delete_ms: Option<u64>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct TimeoutRow {
    #[n(0)]
    pub event: EventId,
    #[n(1)]
    pub by: IdentityId,
    #[n(2)]
    pub until: Millis,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct NicknameRow {
    #[n(0)]
    pub event: EventId,
    #[n(1)]
    pub commitment: Option<Commitment>,
    #[n(2)]
    pub seen: Vec<Seen>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct InviteRow {
    #[n(0)]
    pub creator: IdentityId,
    #[n(1)]
    pub kind: u8,
    #[n(2)]
    pub verify_key: VerifyKey,
    #[n(3)]
    pub leaf: LeafKeys,
    #[n(4)]
    pub role: Option<RoleId>,
    #[n(5)]
    pub channel: Option<ChannelId>,
    #[n(6)]
    pub max_uses: Option<u32>,
    #[n(7)]
    pub expires: Option<Millis>,
    #[n(8)]
    pub revoked: Option<Vec<Pseudonym>>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct CutRow {
    #[n(0)]
    pub identity: IdentityId,
    #[n(1)]
    pub event_seq: Option<u64>,
    #[n(2)]
    pub register_seq: Option<u64>,
}
