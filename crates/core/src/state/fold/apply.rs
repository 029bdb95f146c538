//! Writes single registers: who wins, and what that sets.

use std::sync::Arc;

use super::Region;
use super::keys::{Key, restrictiveness};
use crate::event::{Body, ChannelUpdate, RoleUpdate, ServerUpdate};
use crate::permissions::Bits;
use crate::state::{Act, Channel, ChannelKind, Community, Invite, Role};

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
            }
            Body::MinVersion(body) => self.min_version = self.min_version.max(body.version),
            _ => {}
        }
    }

    /// Settles one register among its writers, who stand in causal order.
    pub(super) fn write(&mut self, region: &Region<'_>, key: Key, writers: &[&Act]) {
        if let Key::Grant(member, role) = key {
            return self.write_grant(region, member, role, writers);
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
            _ => self.set_member(winner),
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
    fn write_bits(&mut self, region: &Region<'_>, role: crate::id::RoleId, writers: &[&Act]) {
        let Some(role) = self.roles.get_mut(&role) else {
            return;
        };
        let bits = |act: &Act| match &act.body {
            Body::RoleUpdate(body) => (
                body.set.unwrap_or(Bits::NONE),
                body.clear.unwrap_or(Bits::NONE),
            ),
            _ => (Bits::NONE, Bits::NONE),
        };
        if let [only] = writers {
            let (set, clear) = bits(only);
            role.permissions = (role.permissions | set).without(clear);
            return;
        }
        for bit in (0..u64::BITS).map(|bit| Bits(1 << bit)) {
            let touches = |act: &&&Act| !((bits(act).0 | bits(act).1) & bit).is_empty();
            let latest = region.latest(writers.iter().filter(touches).copied());
            if latest.iter().any(|act| bits(act).1.contains(bit)) {
                role.permissions = role.permissions.without(bit);
            } else if !latest.is_empty() {
                role.permissions = role.permissions | bit;
            }
        }
    }
}

/// The event whose value a register takes: the causally latest; among concurrent ones that of the higher level, then the more
/// restrictive, then the lower id.
pub(super) fn winner<'a>(region: &Region<'_>, key: Key, writers: &[&'a Act]) -> Option<&'a Act> {
    region
        .latest(writers.iter().copied())
        .into_iter()
        .max_by(|a, b| {
            let level = a.basis.level.cmp(&b.basis.level);
            level
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
