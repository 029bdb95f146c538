//! Audiences: one for each distinct rule of who may view, not one for each channel or role.
//!
//! Deny overwrites do not compose from keys of roles, so that the rule itself is what has keys. Channels whose rules agree share
//! an audience; every channel that all members may view shares the everyone-audience, whose state key also opens the authority
//! and member planes.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::{Decode, Encode};

use super::Leaf;
use crate::codec;
use crate::event::{Overwrite, Subject};
use crate::hash::{Label, hash};
use crate::id::{AudienceId, ChannelId, IdentityId, LeafId, Millis, ServerId};
use crate::permissions::{self, Actor, Bits};
use crate::state::{Channel, ChannelKind, Community, Invite, InviteKind, Overwrites, Roster};

/// Who may view.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Rule {
    /// All members.
    #[n(0)]
    Everyone,
    /// Those whom roles and overwrites let view.
    #[n(1)]
    View(#[n(0)] ViewRule),
}

/// The part of a channel's permissions that decides who views it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct ViewRule {
    /// Whether `@everyone` has VIEW_CHANNEL in the server.
    #[n(0)]
    pub base: bool,
    /// The overwrites that bear on VIEW_CHANNEL, with no other bit: roles before members, each in ascending order of ids.
    #[n(1)]
    pub overwrites: Vec<Overwrite>,
}

impl Rule {
    /// The audience of the rule in a server: the hash of the server's id and the encoded rule.
    #[must_use]
    pub fn audience(&self, server: ServerId) -> AudienceId {
        AudienceId(hash(Label::AudienceId, &[&server.0, &codec::encode(self)]).0)
    }

    fn overwrites(&self) -> Overwrites {
        match self {
            Self::Everyone => Overwrites::new(),
            Self::View(rule) => {
                let entry = |o: &Overwrite| (o.subject, (o.allow, o.deny));
                rule.overwrites.iter().map(entry).collect()
            }
        }
    }
}

/// The everyone-audience of a server.
#[must_use]
pub fn everyone(server: ServerId) -> AudienceId {
    Rule::Everyone.audience(server)
}

/// The audience of a channel, and its rule; nothing if there is no such channel.
#[must_use]
pub fn of_channel(community: &Community, channel: &ChannelId) -> Option<(AudienceId, Rule)> {
    let rule = rule_of(community, community.channel(channel)?);
    Some((rule.audience(community.server()), rule))
}

/// The everyone-audience and those of all channels, categories aside.
#[must_use]
pub fn all(community: &Community) -> BTreeMap<AudienceId, Rule> {
    let channels = community
        .channels()
        .filter(|channel| channel.kind != ChannelKind::Category);
    channels
        .map(|channel| rule_of(community, channel))
        .chain([Rule::Everyone])
        .map(|rule| (rule.audience(community.server()), rule))
        .collect()
}

fn rule_of(community: &Community, channel: &Channel) -> Rule {
    let everyone = Subject::Role(community.server().everyone());
    let granted = community
        .everyone()
        .map_or(Bits::NONE, |role| role.permissions);
    let base = granted.contains(Bits::VIEW_CHANNEL);
    let overwrites: Vec<Overwrite> = community
        .overwrites(channel)
        .iter()
        .filter_map(|(subject, (allow, deny))| view_part(*subject, *allow, *deny))
        .collect();
    let own = overwrites
        .iter()
        .find(|overwrite| overwrite.subject == everyone);
    let opened = own.map_or(base, |overwrite| !overwrite.allow.is_empty());
    let denied = overwrites
        .iter()
        .any(|o| o.subject != everyone && !o.deny.is_empty());
    // What lets everybody in and keeps nobody out is one rule, however it is written.
    if granted.contains(Bits::ADMINISTRATOR) || (opened && !denied) {
        Rule::Everyone
    } else {
        Rule::View(ViewRule { base, overwrites })
    }
}

/// What of an overwrite bears on viewing. Of one that allows and denies, the allow counts (chapter `permissions`).
fn view_part(subject: Subject, allow: Bits, deny: Bits) -> Option<Overwrite> {
    let allow = allow & Bits::VIEW_CHANNEL;
    let deny = (deny & Bits::VIEW_CHANNEL).without(allow);
    (!allow.is_empty() || !deny.is_empty()).then_some(Overwrite {
        subject,
        allow,
        deny,
    })
}

/// Whether somebody who is a member, or would be, may view under the rule.
#[must_use]
pub fn may_read(community: &Community, actor: impl Into<Actor>, rule: &Rule) -> bool {
    match rule {
        Rule::Everyone => true,
        Rule::View(_) => permissions::under_overwrites(community, actor, &rule.overwrites())
            .contains(Bits::VIEW_CHANNEL),
    }
}

/// The members who may view under a rule.
#[must_use]
pub fn readers(community: &Community, roster: &Roster, rule: &Rule) -> BTreeSet<IdentityId> {
    roster
        .members(community)
        .filter(|member| may_read(community, member, rule))
        .map(|member| member.identity())
        .collect()
}

/// The leaves that an epoch of the rule's audience is sealed to, in ascending order of ids: the devices of its readers, and
/// invites that have neither expired nor been revoked nor dropped.
///
/// An open invite's leaf gets the epochs that somebody who joined through it just now could read; a closed invite's leaf gets
/// the state key of the everyone-audience, and nothing else. Should an invite bear the keys of a device, the device counts: an
/// invite can take nothing from a member.
#[must_use]
pub fn leaves(community: &Community, roster: &Roster, rule: &Rule, now: Millis) -> Vec<Leaf> {
    let mut leaves: BTreeMap<LeafId, Leaf> = BTreeMap::new();
    let mut add = |leaf: Leaf| {
        leaves
            .entry(leaf.id)
            .and_modify(|before| before.state_only &= leaf.state_only)
            .or_insert(leaf);
    };
    let readers = roster
        .members(community)
        .filter(|member| may_read(community, member, rule));
    for member in readers {
        for device in member.devices {
            add(Leaf::full(device.leaf.clone()));
        }
    }
    let live = |invite: &&Invite| {
        // While joins are paused no link opens anything, so that whoever holds one does not read on.
        !community.joins_paused()
            && invite.is_open()
            && invite.expires.is_none_or(|expires| now < expires)
            && !community.leaf_dropped(&invite.leaf_id())
    };
    for invite in community.invites().filter(live) {
        match invite.kind {
            InviteKind::Open if may_read(community, joiner(invite), rule) => {
                add(Leaf::full(invite.leaf.clone()));
            }
            InviteKind::Closed if *rule == Rule::Everyone => {
                add(Leaf::state_only(invite.leaf.clone()));
            }
            InviteKind::Open | InviteKind::Closed => {}
        }
    }
    leaves.into_values().collect()
}

/// Somebody whom nobody knows yet, as they stand after joining through an invite. No identity hashes to zeros.
fn joiner(invite: &Invite) -> Actor {
    Actor {
        identity: IdentityId([0; 32]),
        invites: vec![invite.id],
    }
}

#[cfg(test)]
mod tests;
