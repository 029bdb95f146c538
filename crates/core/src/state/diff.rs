//! What changed between two states: for notices, and for whoever must seal a new epoch.

use std::collections::BTreeSet;

use imbl::OrdMap;
use imbl::ordmap::DiffItem;

use super::Community;
use crate::id::{ChannelId, DeviceId, EventId, IdentityId, InviteId, RoleId};

/// One difference. Ids are of what changed; what it is now, the later state tells.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum StateChange {
    /// Name, description, icon, pause of joins or default durability.
    Server,
    /// A role came.
    RoleCreated(RoleId),
    /// A role's look or place changed, not its permissions.
    RoleChanged(RoleId),
    /// A role's permissions changed: audiences may, too.
    RolePermissions(RoleId),
    /// A role went.
    RoleDeleted(RoleId),
    /// A member was given a role.
    RoleGranted(IdentityId, RoleId),
    /// A member lost a role.
    RoleRevoked(IdentityId, RoleId),
    /// A channel came.
    ChannelCreated(ChannelId),
    /// A channel's look, place or policy changed, not who may do what in it.
    ChannelChanged(ChannelId),
    /// The overwrites in force in a channel changed.
    ChannelOverwrites(ChannelId),
    /// A channel went.
    ChannelDeleted(ChannelId),
    /// Somebody was banned.
    Banned(IdentityId),
    /// A ban was lifted.
    Unbanned(IdentityId),
    /// Somebody was kicked or banned: registers that do not cite it no longer count.
    Removed(IdentityId),
    /// Somebody's timeout began, changed or was lifted.
    Timeout(IdentityId),
    /// A moderator set somebody's nickname.
    Nickname(IdentityId),
    /// An invite opened.
    InviteCreated(InviteId),
    /// An invite was revoked, or its creation no longer counts.
    InviteRevoked(InviteId),
    /// A device was cut off.
    DeviceCut(DeviceId),
    /// Leaves of invites were dropped by a ban.
    LeavesDropped,
    /// The allowed version of the protocol changed.
    MinVersion,
    /// The server passed to somebody: the owner before, who is one no longer.
    Owner(IdentityId),
    /// The succession policy changed.
    Succession,
    /// A claim was made or confirmed, or is no longer open.
    Claim(EventId),
}

impl StateChange {
    /// Whether somebody may read less than before, so that the next epoch has to leave them out.
    #[must_use]
    pub fn may_remove_readers(&self) -> bool {
        matches!(
            self,
            Self::RolePermissions(_)
                | Self::RoleDeleted(_)
                | Self::RoleRevoked(..)
                | Self::ChannelOverwrites(_)
                | Self::Banned(_)
                | Self::Removed(_)
                | Self::InviteRevoked(_)
                | Self::DeviceCut(_)
                | Self::LeavesDropped
                | Self::Owner(_)
        )
    }
}

/// Lists what changed from one state to another, each change once, in a fixed order.
#[must_use]
pub fn diff(before: &Community, after: &Community) -> Vec<StateChange> {
    let mut changes = BTreeSet::new();
    of_server(before, after, &mut changes);
    of_roles(before, after, &mut changes);
    of_channels(before, after, &mut changes);
    of_members(before, after, &mut changes);
    if before.owner() != after.owner() {
        changes.insert(StateChange::Owner(before.owner()));
    }
    if before.reign.policy != after.reign.policy {
        changes.insert(StateChange::Succession);
    }
    keys(&before.reign.claims, &after.reign.claims, |claim| {
        changes.insert(StateChange::Claim(*claim));
    });
    keys(&before.cuts, &after.cuts, |device| {
        changes.insert(StateChange::DeviceCut(*device));
    });
    changes.into_iter().collect()
}

fn of_server(before: &Community, after: &Community, changes: &mut BTreeSet<StateChange>) {
    let look = |c: &Community| {
        (
            c.name.clone(),
            c.description.clone(),
            c.icon.clone(),
            c.joins_paused,
            c.durability,
        )
    };
    if look(before) != look(after) {
        changes.insert(StateChange::Server);
    }
    if before.min_version != after.min_version {
        changes.insert(StateChange::MinVersion);
    }
    if before.dropped_leaves != after.dropped_leaves {
        changes.insert(StateChange::LeavesDropped);
    }
    for item in before.invites.diff(&after.invites) {
        changes.insert(match item {
            DiffItem::Add(id, _) => StateChange::InviteCreated(*id),
            DiffItem::Remove(id, _) => StateChange::InviteRevoked(*id),
            DiffItem::Update { new: (id, _), .. } => StateChange::InviteRevoked(*id),
        });
    }
}

fn of_roles(before: &Community, after: &Community, changes: &mut BTreeSet<StateChange>) {
    for item in before.roles.diff(&after.roles) {
        match item {
            DiffItem::Add(id, _) => {
                changes.insert(StateChange::RoleCreated(*id));
            }
            DiffItem::Remove(id, _) => {
                changes.insert(StateChange::RoleDeleted(*id));
            }
            DiffItem::Update {
                old: (id, old),
                new: (_, new),
            } => {
                if old.permissions != new.permissions {
                    changes.insert(StateChange::RolePermissions(*id));
                }
                let look = |role: &super::Role| {
                    let mut role = role.clone();
                    role.permissions = crate::permissions::Bits::NONE;
                    role
                };
                if look(old) != look(new) {
                    changes.insert(StateChange::RoleChanged(*id));
                }
            }
        }
    }
    let mut members = BTreeSet::new();
    keys(&before.grants, &after.grants, |(member, _)| {
        members.insert(*member);
    });
    for member in &members {
        let of = |c: &Community| c.roles_of(member).into_iter().collect::<BTreeSet<_>>();
        let (old, new) = (of(before), of(after));
        changes.extend(
            new.difference(&old)
                .map(|role| StateChange::RoleGranted(*member, *role)),
        );
        changes.extend(
            old.difference(&new)
                .map(|role| StateChange::RoleRevoked(*member, *role)),
        );
    }
}

fn of_channels(before: &Community, after: &Community, changes: &mut BTreeSet<StateChange>) {
    let mut look_again = BTreeSet::new();
    for item in before.channels.diff(&after.channels) {
        match item {
            DiffItem::Add(id, _) => {
                changes.insert(StateChange::ChannelCreated(*id));
            }
            DiffItem::Remove(id, _) => {
                changes.insert(StateChange::ChannelDeleted(*id));
            }
            DiffItem::Update {
                old: (id, old),
                new: (_, new),
            } => {
                let look = |channel: &super::Channel| {
                    let mut channel = channel.clone();
                    channel.own_overwrites = super::Overwrites::new();
                    channel
                };
                if look(old) != look(new) {
                    changes.insert(StateChange::ChannelChanged(*id));
                }
                look_again.insert(*id);
                // A category's overwrites are in force in the channels that follow it.
                let followers = after
                    .channels
                    .values()
                    .filter(|c| c.synced && c.parent == Some(*id));
                look_again.extend(followers.map(|channel| channel.id));
            }
        }
    }
    for id in look_again {
        let (Some(old), Some(new)) = (before.channel(&id), after.channel(&id)) else {
            continue;
        };
        if before.overwrites(old) != after.overwrites(new) {
            changes.insert(StateChange::ChannelOverwrites(id));
        }
    }
}

fn of_members(before: &Community, after: &Community, changes: &mut BTreeSet<StateChange>) {
    for item in before.bans.diff(&after.bans) {
        changes.insert(match item {
            DiffItem::Remove(id, _) => StateChange::Unbanned(*id),
            DiffItem::Add(id, _) | DiffItem::Update { new: (id, _), .. } => {
                StateChange::Banned(*id)
            }
        });
    }
    keys(&before.removals, &after.removals, |id| {
        if after.removals.contains_key(id) {
            changes.insert(StateChange::Removed(*id));
        }
    });
    keys(&before.timeouts, &after.timeouts, |id| {
        changes.insert(StateChange::Timeout(*id));
    });
    keys(&before.nicknames, &after.nicknames, |id| {
        changes.insert(StateChange::Nickname(*id));
    });
}

/// Calls `each` with every key whose value differs.
fn keys<K: Ord + Clone, V: PartialEq + Clone>(
    before: &OrdMap<K, V>,
    after: &OrdMap<K, V>,
    mut each: impl FnMut(&K),
) {
    for item in before.diff(after) {
        match item {
            DiffItem::Add(key, _) | DiffItem::Remove(key, _) => each(key),
            DiffItem::Update { new: (key, _), .. } => each(key),
        }
    }
}
