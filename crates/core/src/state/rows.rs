//! The state as rows of bytes: what a commitment is made of, and what a light client puts a state together from.
//!
//! Every part of a [`Community`] that later events or readers look at is a row of one [`Section`], under a 32-byte key. What
//! only the audit log needs (which events were overruled) is no row. Whoever adds a field to `Community` adds it here.

mod convert;
mod form;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use convert::*;
use form::*;
use minicbor::{Decode, Encode};

use super::{BanEntry, Community, Cut, Grant, Nickname, Notaries, TimeoutEntry};
use crate::codec::{self, CodecError, Limits};
use crate::id::{ChannelId, DeviceId, EventId, IdentityId, InviteId, LeafId, RoleId};

/// Longest row in bytes: an invite whose revocation honours as many joins as one event can list, or a channel with all its
/// overwrites.
pub const ROW_BYTES_MAX: usize = 128 * 1024;

/// A part of the state. The number stands in the commitment and is never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum Section {
    /// The server itself, under the key of zeros.
    #[n(0)]
    Server,
    /// Roles, by id.
    #[n(1)]
    Roles,
    /// Channels and categories, by id.
    #[n(2)]
    Channels,
    /// What roles a member was given or lost, by identity.
    #[n(3)]
    Grants,
    /// Bans, by identity.
    #[n(4)]
    Bans,
    /// The latest removals, by identity.
    #[n(5)]
    Removals,
    /// Timeouts, by identity.
    #[n(6)]
    Timeouts,
    /// Set nicknames, by identity.
    #[n(7)]
    Nicknames,
    /// Invites, by id.
    #[n(8)]
    Invites,
    /// Device cuts, by device.
    #[n(9)]
    Cuts,
    /// Leaves of invites that bans have dropped.
    #[n(10)]
    DroppedLeaves,
}

impl Section {
    /// All sections, by number.
    pub const ALL: [Self; 11] = [
        Self::Server,
        Self::Roles,
        Self::Channels,
        Self::Grants,
        Self::Bans,
        Self::Removals,
        Self::Timeouts,
        Self::Nicknames,
        Self::Invites,
        Self::Cuts,
        Self::DroppedLeaves,
    ];

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// A row's key: an id, or zeros.
pub type RowKey = [u8; 32];

impl Community {
    /// One row of the state; nothing if there is none under this key.
    #[must_use]
    pub fn row(&self, section: Section, key: &RowKey) -> Option<Vec<u8>> {
        let key = *key;
        Some(match section {
            Section::Server if key == [0; 32] => codec::encode(&self.server_row()),
            Section::Server => return None,
            Section::Roles => codec::encode(&role_row(self.roles.get(&RoleId(key))?)),
            Section::Channels => codec::encode(&channel_row(self.channels.get(&ChannelId(key))?)),
            Section::Grants => codec::encode(&self.grants_row(IdentityId(key))?),
            Section::Bans => codec::encode(&ban_row(self.bans.get(&IdentityId(key))?)),
            Section::Removals => {
                let removals = self.removals.get(&IdentityId(key))?;
                codec::encode(&removals.iter().copied().collect::<Vec<EventId>>())
            }
            Section::Timeouts => {
                let timeout = self.timeouts.get(&IdentityId(key))?;
                codec::encode(&TimeoutRow {
                    event: timeout.event,
                    by: timeout.by,
                    until: timeout.until,
                })
            }
            Section::Nicknames => {
                let nickname = self.nicknames.get(&IdentityId(key))?;
                codec::encode(&NicknameRow {
                    event: nickname.event,
                    commitment: nickname.commitment,
                    seen: nickname.seen.to_vec(),
                })
            }
            Section::Invites => codec::encode(&invite_row(self.invites.get(&InviteId(key))?)),
            Section::Cuts => {
                let cut = self.cuts.get(&DeviceId(key))?;
                codec::encode(&CutRow {
                    identity: cut.identity,
                    event_seq: cut.event_seq,
                    register_seq: cut.register_seq,
                })
            }
            Section::DroppedLeaves if self.dropped_leaves.contains(&LeafId(key)) => {
                codec::encode(&true)
            }
            Section::DroppedLeaves => return None,
        })
    }

    /// Keys of all rows of a section, ascending.
    #[must_use]
    pub fn row_keys(&self, section: Section) -> Vec<RowKey> {
        match section {
            Section::Server => vec![[0; 32]],
            Section::Roles => self.roles.keys().map(|id| id.0).collect(),
            Section::Channels => self.channels.keys().map(|id| id.0).collect(),
            Section::Grants => {
                let mut members: Vec<RowKey> = self.grants.keys().map(|(id, _)| id.0).collect();
                members.dedup();
                members
            }
            Section::Bans => self.bans.keys().map(|id| id.0).collect(),
            Section::Removals => self.removals.keys().map(|id| id.0).collect(),
            Section::Timeouts => self.timeouts.keys().map(|id| id.0).collect(),
            Section::Nicknames => self.nicknames.keys().map(|id| id.0).collect(),
            Section::Invites => self.invites.keys().map(|id| id.0).collect(),
            Section::Cuts => self.cuts.keys().map(|id| id.0).collect(),
            Section::DroppedLeaves => self.dropped_leaves.iter().map(|id| id.0).collect(),
        }
    }

    /// Keys of the rows of a section that another state has, lacks or has otherwise. Takes time linear in the difference.
    #[must_use]
    pub fn rows_changed(&self, new: &Self, section: Section) -> Vec<RowKey> {
        macro_rules! changed {
            ($map:ident) => {
                self.$map
                    .diff(&new.$map)
                    .map(|item| match item {
                        imbl::ordmap::DiffItem::Add(key, _)
                        | imbl::ordmap::DiffItem::Remove(key, _)
                        | imbl::ordmap::DiffItem::Update { old: (key, _), .. } => key.0,
                    })
                    .collect()
            };
        }
        match section {
            Section::Server => vec![[0; 32]],
            Section::Roles => changed!(roles),
            Section::Channels => changed!(channels),
            Section::Grants => self.grants_changed(new),
            Section::Bans => changed!(bans),
            Section::Removals => changed!(removals),
            Section::Timeouts => changed!(timeouts),
            Section::Nicknames => changed!(nicknames),
            Section::Invites => changed!(invites),
            Section::Cuts => changed!(cuts),
            Section::DroppedLeaves => {
                self.dropped_leaves
                    .diff(&new.dropped_leaves)
                    .map(|item| match item {
                        imbl::ordset::DiffItem::Add(leaf)
                        | imbl::ordset::DiffItem::Remove(leaf) => leaf.0,
                    })
                    .collect()
            }
        }
    }

    /// Puts a row into the state, as [`Community::row`] gave it. Whoever calls this has checked it against a commitment.
    ///
    /// # Errors
    /// [`CodecError`] if the bytes are no such row.
    pub fn put_row(
        &mut self,
        section: Section,
        key: &RowKey,
        bytes: &[u8],
    ) -> Result<(), CodecError> {
        let key = *key;
        match section {
            Section::Server => self.put_server(read(bytes)?)?,
            Section::Roles => {
                let role = role_of(RoleId(key), read(bytes)?);
                self.roles.insert(role.id, role);
            }
            Section::Channels => {
                let channel = channel_of(ChannelId(key), read(bytes)?)?;
                self.channels.insert(channel.id, channel);
            }
            Section::Grants => {
                let row: Vec<(RoleId, bool, EventId)> = read(bytes)?;
                for (role, held, event) in row {
                    self.grants
                        .insert((IdentityId(key), role), Grant { held, event });
                }
            }
            Section::Bans => {
                let row: BanRow = read(bytes)?;
                let ban = BanEntry {
                    event: row.event,
                    by: row.by,
                    time: row.time,
                    reason: row.reason.as_deref().map(Into::into),
                    delete_ms: row.delete_ms,
                };
                self.bans.insert(IdentityId(key), ban);
            }
            Section::Removals => {
                let row: Vec<EventId> = read(bytes)?;
                self.removals
                    .insert(IdentityId(key), row.into_iter().collect());
            }
            Section::Timeouts => {
                let row: TimeoutRow = read(bytes)?;
                let timeout = TimeoutEntry {
                    event: row.event,
                    by: row.by,
                    until: row.until,
                };
                self.timeouts.insert(IdentityId(key), timeout);
            }
            Section::Nicknames => {
                let row: NicknameRow = read(bytes)?;
                let nickname = Nickname {
                    event: row.event,
                    commitment: row.commitment,
                    seen: row.seen.into(),
                };
                self.nicknames.insert(IdentityId(key), nickname);
            }
            Section::Invites => {
                let invite = invite_of(InviteId(key), read(bytes)?)?;
                self.open_invites += usize::from(invite.is_open());
                if let Some(old) = self.invites.insert(invite.id, invite) {
                    self.open_invites -= usize::from(old.is_open());
                }
            }
            Section::Cuts => {
                let row: CutRow = read(bytes)?;
                let cut = Cut {
                    identity: row.identity,
                    event_seq: row.event_seq,
                    register_seq: row.register_seq,
                };
                self.cuts.insert(DeviceId(key), cut);
            }
            Section::DroppedLeaves => {
                read::<bool>(bytes)?;
                self.dropped_leaves.insert(LeafId(key));
            }
        }
        Ok(())
    }

    /// What roles a member was given or lost; nothing if none.
    fn grants_row(&self, member: IdentityId) -> Option<Vec<(RoleId, bool, EventId)>> {
        let (from, to) = (RoleId([0; 32]), RoleId([u8::MAX; 32]));
        let own = self.grants.range((member, from)..=(member, to));
        let row: Vec<_> = own
            .map(|((_, role), grant)| (*role, grant.held, grant.event))
            .collect();
        (!row.is_empty()).then_some(row)
    }

    /// Members whose grants differ, ascending.
    fn grants_changed(&self, new: &Self) -> Vec<RowKey> {
        let differ = self.grants.diff(&new.grants).map(|item| match item {
            imbl::ordmap::DiffItem::Add((member, _), _)
            | imbl::ordmap::DiffItem::Remove((member, _), _)
            | imbl::ordmap::DiffItem::Update {
                old: ((member, _), _),
                ..
            } => member.0,
        });
        let mut members: Vec<RowKey> = differ.collect();
        members.dedup();
        members
    }

    fn server_row(&self) -> ServerRow {
        ServerRow {
            owner: self.owner(),
            reign: reign_row(&self.reign),
            name: self.name.to_string(),
            description: self.description.to_string(),
            icon: self.icon.as_deref().cloned(),
            joins_paused: self.joins_paused,
            durability: self.durability,
            min_version: self.min_version,
            notaries: self.notaries.keys.clone(),
            notary_quorum: self.notaries.quorum,
            notary_generation: self.notaries.generation,
        }
    }

    fn put_server(&mut self, row: ServerRow) -> Result<(), CodecError> {
        self.reign = Arc::new(reign_of(row.owner, row.reign)?);
        self.name = row.name.into();
        self.description = row.description.into();
        self.icon = row.icon.map(Into::into);
        self.joins_paused = row.joins_paused;
        self.durability = row.durability;
        self.min_version = row.min_version;
        self.notaries = Arc::new(Notaries {
            generation: row.notary_generation,
            keys: row.notaries,
            quorum: row.notary_quorum,
        });
        Ok(())
    }
}

fn read<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<T, CodecError> {
    codec::decode(bytes, Limits::bytes(ROW_BYTES_MAX))
}

fn shape(reason: &str) -> CodecError {
    CodecError::Shape {
        offset: 0,
        reason: reason.to_owned(),
    }
}
