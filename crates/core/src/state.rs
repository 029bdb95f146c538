//! The folded state: what a server is, given a set of authority events.
//!
//! [`Community`] is a value: persistent maps, cheap to clone, equal on every node that holds the same events. Conflicts are
//! settled here and nowhere else: [`overrule`](self) decides which events count, [`fold`](self) what they say together.
//! [`Roster`] is the member plane beside it, whose registers commute (chapter `authority`).

mod act;
mod channel;
mod cut;
mod diff;
mod digest;
mod finality;
mod fold;
mod ground;
mod invite;
mod join;
mod lost;
mod member;
mod origin;
mod overrule;
mod overruling;
pub mod position;
mod role;
mod roster;
mod rows;
mod structure;
mod succession;
mod traces;

use std::sync::Arc;

pub(crate) use act::{Act, copy_of};
pub use channel::{Channel, ChannelKind, Overwrites};
pub use cut::{CutError, verify_cut};
pub use diff::{StateChange, diff};
pub use finality::{Lost, Notaries};
pub(crate) use fold::{append, fold};
pub(crate) use ground::ground_of;
use imbl::{OrdMap, OrdSet};
pub use invite::{Invite, InviteKind};
pub use join::{JoinError, verify_join};
pub use lost::Overrulings;
pub use member::{BanEntry, Cut, Grant, Nickname, TimeoutEntry};
pub(crate) use origin::Origin;
pub use overruling::{Overruling, Rule};
pub use role::Role;
pub use roster::{Admitted, Member, ROSTER_MAX, Roster};
pub use rows::{ROW_BYTES_MAX, RowKey, Section};
pub use structure::Structure;
pub use succession::{Claim, Policy, Reign, Title};
pub(crate) use traces::Newcomers;

use crate::event::{BlobRef, Genesis};
use crate::id::{
    ChannelId, CheckpointId, DeviceId, EventId, IdentityId, InviteId, LeafId, RoleId, ServerId,
};
use crate::log::Causality;

/// The state of one server: a pure function of the set of its accepted events up to some heads.
///
/// A field that later events or readers look at also belongs into [`Community::row`], which checkpoints commit to.
#[derive(Clone, Debug)]
pub struct Community {
    server: ServerId,
    founder: IdentityId,
    reign: Arc<Reign>,
    genesis: Arc<Genesis>,
    name: Arc<str>,
    description: Arc<str>,
    icon: Option<Arc<BlobRef>>,
    joins_paused: bool,
    durability: u8,
    min_version: u16,
    roles: OrdMap<RoleId, Role>,
    channels: OrdMap<ChannelId, Channel>,
    /// By member and role in one flat map: a map for each member would take ten times the memory.
    grants: OrdMap<(IdentityId, RoleId), Grant>,
    bans: OrdMap<IdentityId, BanEntry>,
    removals: OrdMap<IdentityId, OrdSet<EventId>>,
    timeouts: OrdMap<IdentityId, TimeoutEntry>,
    nicknames: OrdMap<IdentityId, Nickname>,
    invites: OrdMap<InviteId, Invite>,
    open_invites: usize,
    cuts: OrdMap<DeviceId, Cut>,
    dropped_leaves: OrdSet<LeafId>,
    overruled: OrdMap<EventId, Overruling>,
    origins: OrdMap<Origin, EventId>,
    notaries: Arc<Notaries>,
    checkpoint: Option<(CheckpointId, u64)>,
    lost: OrdMap<EventId, Lost>,
    causality: Causality,
}

impl Community {
    /// The server.
    #[must_use]
    pub fn server(&self) -> ServerId {
        self.server
    }

    /// The owner: the founder, or whoever the server passed to.
    #[must_use]
    pub fn owner(&self) -> IdentityId {
        self.reign.owner
    }

    /// What the server was founded with.
    #[must_use]
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Those who belong to the server from the start: genesis' author and the peers that it names.
    pub fn founders(&self) -> impl Iterator<Item = IdentityId> + '_ {
        core::iter::once(self.founder).chain(self.genesis.peers.iter().copied())
    }

    /// The server's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the server is about.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The encrypted icon.
    #[must_use]
    pub fn icon(&self) -> Option<&BlobRef> {
        self.icon.as_deref()
    }

    /// 1 community, 2 chat among equals.
    #[must_use]
    pub fn template(&self) -> u8 {
        self.genesis.template
    }

    /// Key suite: 1 X25519, 2 X-Wing.
    #[must_use]
    pub fn suite(&self) -> u8 {
        self.genesis.suite
    }

    /// History policy: 1 newcomers read all, 2 from joining on.
    #[must_use]
    pub fn history(&self) -> u8 {
        self.genesis.history
    }

    /// Whether joins through invites are refused.
    #[must_use]
    pub fn joins_paused(&self) -> bool {
        self.joins_paused
    }

    /// Durability of new channels.
    #[must_use]
    pub fn durability(&self) -> u8 {
        self.durability
    }

    /// The version of the protocol that the owner allows.
    #[must_use]
    pub fn min_version(&self) -> u16 {
        self.min_version
    }

    /// One channel or category.
    #[must_use]
    pub fn channel(&self, id: &ChannelId) -> Option<&Channel> {
        self.channels.get(id)
    }

    /// All channels and categories, by id.
    pub fn channels(&self) -> impl ExactSizeIterator<Item = &Channel> {
        self.channels.values()
    }

    /// The channels of one category, or those of none, in order of position, then id.
    #[must_use]
    pub fn children(&self, parent: Option<&ChannelId>) -> Vec<&Channel> {
        let mut children: Vec<&Channel> = self
            .channels
            .values()
            .filter(|channel| channel.parent.as_ref() == parent)
            .collect();
        children.sort_by(|a, b| (&a.position, a.id).cmp(&(&b.position, b.id)));
        children
    }

    /// The overwrites in force in a channel: its category's while it follows it, else its own.
    #[must_use]
    pub fn overwrites<'a>(&'a self, channel: &'a Channel) -> &'a Overwrites {
        match self.followed(channel) {
            Some(parent) => &parent.own_overwrites,
            None => &channel.own_overwrites,
        }
    }

    /// The channel whose own overwrites are in force in a channel.
    pub(crate) fn in_force(&self, channel: &Channel) -> ChannelId {
        self.followed(channel)
            .map_or(channel.id, |parent| parent.id)
    }

    /// The category that a channel follows, if it does.
    fn followed(&self, channel: &Channel) -> Option<&Channel> {
        let parent = channel.parent.filter(|_| channel.synced)?;
        self.channels.get(&parent)
    }

    /// Somebody's ban.
    #[must_use]
    pub fn ban(&self, identity: &IdentityId) -> Option<&BanEntry> {
        self.bans.get(identity)
    }

    /// All bans, by identity.
    pub fn bans(&self) -> impl ExactSizeIterator<Item = (&IdentityId, &BanEntry)> {
        self.bans.iter()
    }

    /// The latest kicks and bans of somebody: only registers that cite every one of them count again.
    pub fn removals(&self, identity: &IdentityId) -> impl Iterator<Item = &EventId> {
        self.removals.get(identity).into_iter().flatten()
    }

    /// Somebody's timeout, which may be over: compare its end.
    #[must_use]
    pub fn timeout(&self, identity: &IdentityId) -> Option<&TimeoutEntry> {
        self.timeouts.get(identity)
    }

    /// A nickname that a moderator set.
    #[must_use]
    pub fn nickname(&self, identity: &IdentityId) -> Option<&Nickname> {
        self.nicknames.get(identity)
    }

    /// One invite, revoked or not.
    #[must_use]
    pub fn invite(&self, id: &InviteId) -> Option<&Invite> {
        self.invites.get(id)
    }

    /// All invites, revoked ones too, by id.
    pub fn invites(&self) -> impl ExactSizeIterator<Item = &Invite> {
        self.invites.values()
    }

    /// How many invites are not revoked.
    #[must_use]
    pub fn open_invites(&self) -> usize {
        self.open_invites
    }

    /// A device's cut.
    #[must_use]
    pub fn cut(&self, device: &DeviceId) -> Option<&Cut> {
        self.cuts.get(device)
    }

    /// Whether a ban has dropped an invite's leaf: the link admits, but its keys open no later epoch.
    #[must_use]
    pub fn leaf_dropped(&self, leaf: &LeafId) -> bool {
        self.dropped_leaves.contains(leaf)
    }

    /// Which act overruled an accepted event, and by which rule, if one did.
    #[must_use]
    pub fn overruled(&self, event: &EventId) -> Option<Overruling> {
        self.overruled.get(event).copied()
    }

    /// Whether `heads` lie at or after `event`, as far as the log knows them.
    #[must_use]
    pub fn cites(&self, heads: &[EventId], event: &EventId) -> bool {
        self.causality.is_ancestor(event, heads)
    }

    /// Hands over the log's causal order, which is no part of the value.
    pub(crate) fn with_causality(mut self, causality: &Causality) -> Self {
        self.causality = causality.clone();
        self
    }
}
