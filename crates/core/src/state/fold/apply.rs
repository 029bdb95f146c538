//! Writes single registers: who wins, and what that sets.

use std::sync::Arc;

use super::keys::{Key, restrictiveness};
use super::members::Wipes;
use super::{Region, Standing, strongest};
use crate::event::{Body, ChannelUpdate, RoleUpdate, ServerUpdate};
use crate::id::RoleId;
use crate::permissions::Bits;
use crate::state::{Act, Channel, ChannelKind, Community, Invite, Origin, Role};

/// A colour above this removes the colour.
const COLOR_MAX: u32 = 0xFF_FFFF;

impl Community {
    /// Adds what an event creates, with its first values.
    pub(super) fn create(&mut self, act: &Act) {
        match &act.body {
            Body::RoleCreate(body) => {
                let role = Role {
                    id: act.id.into(),
                    name: body.name.as_str().into(),
                    color: body.color.filter(|color| *color <= COLOR_MAX),
                    hoist: body.hoist,
                    mentionable: body.mentionable,
                    permissions: body.permissions,
                    position: body.position.as_str().into(),
                };
                self.roles.insert(role.id, role);
            }
            Body::ChannelCreate(body) => {
                let overwrites = body
                    .overwrites
                    .iter()
                    .filter(|o| !(o.allow | o.deny).is_empty());
                let channel = Channel {
                    id: act.id.into(),
                    name: body.name.as_str().into(),
                    kind: ChannelKind::from_number(body.kind).unwrap_or(ChannelKind::Text),
                    topic: body.topic.as_deref().unwrap_or_default().into(),
                    parent: body.parent,
                    position: body.position.as_str().into(),
                    own_overwrites: match &act.copy {
                        Some(copy) => copy.clone(),
                        None => overwrites.map(|o| (o.subject, (o.allow, o.deny))).collect(),
                    },
                    synced: body.synced,
                    durability: body.durability,
                    ttl_ms: body.ttl_ms.filter(|ttl| *ttl > 0),
                    slow_mode_s: body.slow_mode_s,
                };
                self.channels.insert(channel.id, channel);
            }
            Body::InviteCreate(body) => {
                let invite = Invite::created(act.id, act.author, body);
                self.invites.insert(invite.id, invite);
                self.open_invites += 1;
            }
            Body::MinVersion(body) => self.min_version = self.min_version.max(body.version),
            _ => {}
        }
    }

    /// Settles one register among its writers, who stand in causal order.
    pub(super) fn write<'a>(
        &mut self,
        region: &Region<'a>,
        wipes: &Wipes<'a>,
        key: Key,
        writers: &[Standing<'a>],
    ) {
        if let Key::Grant(member, role) = key {
            return self.write_grant(region, wipes, member, role, writers);
        }
        if let Key::RoleBits(role) = key {
            return self.write_bits(region, role, writers);
        }
        let Some(winner) = winner(region, key, writers) else {
            return;
        };
        match (key, &winner.body) {
            (_, Body::ServerUpdate(body)) => self.set_server(key, body),
            (_, Body::RoleUpdate(body)) => {
                if let Some(role) = self.roles.get_mut(&body.role) {
                    set_role(role, key, body);
                }
                if matches!(key, Key::RolePosition(_)) {
                    self.set_origin(Origin::Place(body.role), winner.id);
                }
            }
            (Key::ChannelSynced(id), _) => {
                if let Some(channel) = self.channels.get_mut(&id) {
                    channel.synced = winner.syncs() == Some(true);
                }
            }
            (_, Body::ChannelUpdate(body)) => {
                if let Some(channel) = self.channels.get_mut(&body.channel) {
                    set_channel(channel, key, body);
                }
            }
            _ => self.set_member(&winner),
        }
    }

    fn set_server(&mut self, key: Key, body: &ServerUpdate) {
        match key {
            Key::Name => self.name = text(&body.name),
            Key::Description => self.description = text(&body.description),
            Key::Icon => {
                let kept = body.icon.clone().filter(|_| body.icon_clear != Some(true));
                self.icon = kept.map(Arc::new);
            }
            Key::JoinsPaused => self.joins_paused = body.joins_paused == Some(true),
            Key::Durability => self.durability = body.durability.unwrap_or(self.durability),
            _ => {}
        }
    }

    /// Each bit is a register of its own, and clear beats a concurrent set.
    fn write_bits<'a>(&mut self, region: &Region<'a>, id: RoleId, writers: &[Standing<'a>]) {
        let Some(role) = self.roles.get(&id) else {
            return;
        };
        let mut permissions = role.permissions;
        for (bit, latest) in latest_of_bits(region, writers) {
            if latest.iter().any(|act| bits(act).1.contains(bit)) {
                permissions = permissions.without(bit);
            } else if let Some(giver) = strongest(latest) {
                permissions = permissions | bit;
                self.set_origin(Origin::Bit(id, bit.0.trailing_zeros()), giver.id);
            }
        }
        if let Some(role) = self.roles.get_mut(&id) {
            role.permissions = permissions;
        }
    }
}

/// What a role update sets and clears.
fn bits(act: &Act) -> (Bits, Bits) {
    match &act.body {
        Body::RoleUpdate(body) => (
            body.set.unwrap_or(Bits::NONE),
            body.clear.unwrap_or(Bits::NONE),
        ),
        _ => (Bits::NONE, Bits::NONE),
    }
}

/// For each bit that is written, the writers that no other writer of it follows. Every pair is compared once for all bits.
fn latest_of_bits<'a>(
    region: &Region<'a>,
    writers: &[Standing<'a>],
) -> Vec<(Bits, Vec<Standing<'a>>)> {
    let mut left: Vec<Bits> = Vec::with_capacity(writers.len());
    for writer in writers {
        let touched = bits(writer).0 | bits(writer).1;
        for (older, left) in writers.iter().zip(&mut left) {
            if !(*left & touched).is_empty() && region.before(older, writer) {
                *left = left.without(touched);
            }
        }
        left.push(touched);
    }
    let all = left.iter().fold(Bits::NONE, |all, bits| all | *bits);
    let of = |bit: Bits| {
        let latest = writers.iter().zip(&left);
        latest
            .filter(|(_, left)| left.contains(bit))
            .map(|(writer, _)| *writer)
            .collect()
    };
    all.each().map(|bit| (bit, of(bit))).collect()
}

/// The event whose value a register takes: the causally latest; among concurrent ones that of the greater weight, then the more
/// restrictive, then the lower id.
pub(super) fn winner<'a>(
    region: &Region<'a>,
    key: Key,
    writers: &[Standing<'a>],
) -> Option<Standing<'a>> {
    region
        .latest(writers.iter().copied())
        .into_iter()
        .max_by(|a, b| {
            let weight = a.weight.cmp(&b.weight);
            weight
                .then_with(|| restrictiveness(key, a).cmp(&restrictiveness(key, b)))
                .then_with(|| b.id.cmp(&a.id))
        })
}

fn text(value: &Option<String>) -> Arc<str> {
    value.as_deref().unwrap_or_default().into()
}

fn set_role(role: &mut Role, key: Key, body: &RoleUpdate) {
    match key {
        Key::RoleName(_) => role.name = text(&body.name),
        Key::RoleColor(_) => role.color = body.color.filter(|color| *color <= COLOR_MAX),
        Key::RoleHoist(_) => role.hoist = body.hoist == Some(true),
        Key::RoleMentionable(_) => role.mentionable = body.mentionable == Some(true),
        Key::RolePosition(_) => role.position = text(&body.position),
        _ => {}
    }
}

fn set_channel(channel: &mut Channel, key: Key, body: &ChannelUpdate) {
    match key {
        Key::ChannelName(_) => channel.name = text(&body.name),
        Key::ChannelTopic(_) => channel.topic = text(&body.topic),
        Key::ChannelParent(_) => channel.parent = body.parent,
        Key::ChannelPosition(_) => channel.position = text(&body.position),
        Key::ChannelDurability(_) => {
            channel.durability = body.durability.unwrap_or(channel.durability);
        }
        Key::ChannelTtl(_) => channel.ttl_ms = body.ttl_ms.filter(|ttl| *ttl > 0),
        Key::ChannelSlowMode(_) => channel.slow_mode_s = body.slow_mode_s.unwrap_or(0),
        _ => {}
    }
}
