//! What a server is built of, whatever the ids of its parts: for copying it, and for comparing a copy.

use std::collections::BTreeMap;

use super::Community;
use crate::event::Subject;
use crate::id::{ChannelId, IdentityId, RoleId};
use crate::permissions::Bits;

/// Whose permissions an overwrite changes, without ids of the server's own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// A role, by its place from below: 0 is `@everyone`.
    Role(usize),
    /// A member.
    Member(IdentityId),
}

/// A role as it looks and what it may.
type RoleShape = (String, Option<u32>, bool, bool, Bits);

/// A channel: name, kind, topic; place of its category; synced; overwrites of its own; durability, ttl, slow mode.
type ChannelShape = (
    (String, u8, String),
    Option<usize>,
    bool,
    BTreeMap<Part, (Bits, Bits)>,
    (u8, Option<u64>, u32),
);

/// Roles and channels of a server in their order, equal for a server and an exact copy of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Structure {
    roles: Vec<RoleShape>,
    channels: Vec<ChannelShape>,
}

impl Community {
    /// The roles from below, `@everyone` first.
    #[must_use]
    pub fn roles_from_below(&self) -> Vec<RoleId> {
        let sorted = self.roles_sorted();
        sorted.into_iter().rev().map(|role| role.id).collect()
    }

    /// The channels in the order of the list: each category before its children.
    #[must_use]
    pub fn channels_in_order(&self) -> Vec<ChannelId> {
        let mut order = Vec::new();
        for channel in self.children(None) {
            order.push(channel.id);
            let children = self.children(Some(&channel.id)).into_iter();
            order.extend(children.map(|child| child.id));
        }
        order
    }

    /// What the server is built of.
    #[must_use]
    pub fn structure(&self) -> Structure {
        let roles = self.roles_from_below();
        let place = |id: &RoleId| roles.iter().position(|role| role == id);
        let order = self.channels_in_order();
        let shape = |id: &ChannelId| {
            let channel = self.channel(id)?;
            let own = channel.own_overwrites.iter();
            let own = own.filter_map(|(subject, bits)| {
                let part = match subject {
                    Subject::Role(role) => Part::Role(place(role)?),
                    Subject::Member(member) => Part::Member(*member),
                };
                Some((part, *bits))
            });
            let category = channel.parent;
            let category = category.and_then(|parent| order.iter().position(|id| *id == parent));
            Some((
                (
                    channel.name.to_string(),
                    channel.kind.number(),
                    channel.topic.to_string(),
                ),
                category,
                channel.follows(),
                own.collect(),
                (channel.durability, channel.ttl_ms, channel.slow_mode_s),
            ))
        };
        let role_shape = |id: &RoleId| {
            let role = self.role(id)?;
            let name = role.name.to_string();
            Some((
                name,
                role.color,
                role.hoist,
                role.mentionable,
                role.permissions,
            ))
        };
        Structure {
            roles: roles.iter().filter_map(role_shape).collect(),
            channels: order.iter().filter_map(shape).collect(),
        }
    }
}
