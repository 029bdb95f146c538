//! The folded state, as plain values.

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::event::{BlobRef, Seen, Subject};
use conclave_core::id::*;
use conclave_core::permissions::Bits;

use crate::overrule::Rule;
use crate::reign::Reign;

/// What the accepted events of a past fold to. Times, ids and numbers are as the events wrote them.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are the chapter's")]
pub struct State {
    pub server: ServerId,
    pub founder: IdentityId,
    pub owner: IdentityId,
    pub reign: Reign,
    pub name: String,
    /// Empty: none.
    pub description: String,
    pub icon: Option<BlobRef>,
    pub joins_paused: bool,
    pub durability: u8,
    pub minimum_version: u16,
    pub roles: BTreeMap<RoleId, Role>,
    pub channels: BTreeMap<ChannelId, Channel>,
    /// (member, role): whether held, and the event that says so.
    pub held: BTreeMap<(IdentityId, RoleId), (bool, EventId)>,
    pub bans: BTreeMap<IdentityId, Ban>,
    /// The latest kicks and bans, ascending.
    pub removals: BTreeMap<IdentityId, Vec<EventId>>,
    /// Event, author, until.
    pub timeouts: BTreeMap<IdentityId, (EventId, IdentityId, Millis)>,
    pub nicknames: BTreeMap<IdentityId, (EventId, Option<Commitment>, Vec<Seen>)>,
    pub invites: BTreeMap<InviteId, Invite>,
    /// Identity, last good event, last good register.
    pub cuts: BTreeMap<DeviceId, (IdentityId, Option<u64>, Option<u64>)>,
    pub dropped_leaves: BTreeSet<LeafId>,
    /// What is overruled, by which event and by which rule.
    pub overruled: BTreeMap<EventId, (EventId, Rule)>,
    pub peers: Vec<IdentityId>,
    pub template: u8,
    pub suite: u8,
    pub history: u8,
    /// Genesis' owner root and hosting root.
    pub owner_root: VerifyKey,
    pub hosting_root: VerifyKey,
    /// What gave a role a bit that it has; no part of the digest, like the next two.
    pub gave: BTreeMap<(RoleId, Bits), EventId>,
    /// What placed a role.
    pub placed: BTreeMap<RoleId, EventId>,
    /// What wrote an overwrite.
    pub wrote: BTreeMap<(ChannelId, Subject), EventId>,
}

/// A role, `@everyone` included.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are the chapter's")]
pub struct Role {
    pub name: String,
    pub colour: Option<u32>,
    pub hoist: bool,
    pub mentionable: bool,
    pub permissions: Bits,
    pub position: String,
}

/// A channel or category.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are the chapter's")]
pub struct Channel {
    pub name: String,
    pub kind: u8,
    /// Empty: none.
    pub topic: String,
    pub parent: Option<ChannelId>,
    pub position: String,
    /// Also without a parent, if it lost that while it was synced.
    pub synced: bool,
    /// Its own; none while it is synced and has a parent.
    pub overwrites: Overwrites,
    pub durability: u8,
    pub ttl_ms: Option<u64>,
    pub slow_mode_s: u32,
}

/// Allowed and denied bits by subject.
pub type Overwrites = BTreeMap<Subject, (Bits, Bits)>;

/// Kind number of a category.
pub const CATEGORY: u8 = 4;

/// A ban in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ban {
    pub event: EventId,
    pub author: IdentityId,
    pub time: Millis,
    pub reason: Option<String>,
    pub delete_ms: Option<u64>,
}

/// An invite, open or revoked.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are the chapter's")]
pub struct Invite {
    pub creator: IdentityId,
    pub kind: u8,
    pub verify_key: VerifyKey,
    pub leaf: LeafId,
    pub role: Option<RoleId>,
    pub channel: Option<ChannelId>,
    pub max_uses: Option<u32>,
    pub expires: Option<Millis>,
    /// Present if it is revoked: the joins that stay.
    pub honoured: Option<BTreeSet<Pseudonym>>,
}

impl State {
    /// The overwrites that hold in a channel: its category's while it is synced.
    #[must_use]
    pub fn in_force(&self, channel: &ChannelId) -> Overwrites {
        let Some(channel) = self.channels.get(channel) else {
            return Overwrites::new();
        };
        let parent = channel.parent.filter(|_| channel.synced);
        let category = parent.and_then(|parent| self.channels.get(&parent));
        category.unwrap_or(channel).overwrites.clone()
    }

    /// Whose overwrites are in force in a channel: its own id or its category's.
    #[must_use]
    pub fn place(&self, id: &ChannelId) -> ChannelId {
        let channel = self.channels.get(id).filter(|channel| channel.synced);
        channel.and_then(|channel| channel.parent).unwrap_or(*id)
    }

    /// Whether a channel is a category that exists.
    #[must_use]
    pub fn is_category(&self, channel: &ChannelId) -> bool {
        self.channels
            .get(channel)
            .is_some_and(|channel| channel.kind == CATEGORY)
    }

    /// The role that all have.
    #[must_use]
    pub fn everyone(&self) -> RoleId {
        self.server.everyone()
    }
}
