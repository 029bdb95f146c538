//! Invites, bans, and who can read what.

use conclave_core::id::{ChannelId, Digest, EventId, IdentityId, Millis, ServerId};
use conclave_core::invite::{InviteLink, LinkError, LinkKind};
use conclave_core::keys::audience;
use conclave_core::member::{JoinProof, Status};
use conclave_core::state::{ChannelKind, InviteKind};
use conclave_core::view::{Table, ViewError};

use super::Reader;
use crate::command::CommandError;
use crate::inactive;
use crate::model::{BanEntry, ChannelKeys, Invite, InviteInspection, Prune};
use crate::room::{Room, Standing};

/// Most members that a preview of a prune names.
const PRUNE_SHOWN_MAX: usize = 100;

impl Reader<'_> {
    /// Digests of both planes: equal on all nodes that hold the same events and registers.
    #[must_use]
    pub fn digests(&self, server: ServerId) -> Option<(Digest, Digest)> {
        let room = self.room(&server)?;
        Some((room.community.as_ref()?.digest(), room.roster.root()))
    }

    /// What this node waits for in a server, in words, for whoever examines it.
    #[must_use]
    pub fn waits(&self, server: ServerId) -> Vec<String> {
        let room = self.room(&server);
        let reasons = room.into_iter().flat_map(|room| room.waiting.reasons());
        reasons
            .map(|(wait, count)| format!("{count} for {wait:?}"))
            .collect()
    }

    /// Invites of a server.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn invites(&self, server: ServerId) -> Result<Vec<Invite>, ViewError> {
        let Some(room) = self.room(&server) else {
            return Ok(Vec::new());
        };
        let mut invites = Vec::new();
        for invite in room
            .community
            .iter()
            .flat_map(|community| community.invites())
        {
            let key = [server.as_bytes().as_slice(), invite.id.as_bytes()].concat();
            let link = self.view.get(Table::InviteSecret, &key)?;
            let uses = room.roster.registers().filter(|register| {
                matches!(&register.proof, JoinProof::Invite { invite: used, .. } if *used == invite.id)
            });
            let created = room
                .log
                .get(&EventId(invite.id.0))
                .map_or(Millis(0), |event| event.time);
            invites.push(Invite {
                id: invite.id,
                link: link.and_then(|link| String::from_utf8(link).ok()),
                open: invite.kind == InviteKind::Open,
                inviter: invite.creator,
                channel: invite.channel,
                role: invite.role,
                max_uses: invite.max_uses,
                uses: uses.count(),
                expires: invite.expires,
                created,
                revoked: invite.revoked.is_some(),
            });
        }
        invites.sort_by_key(|invite| core::cmp::Reverse((invite.created, invite.id)));
        Ok(invites)
    }

    /// What a link says, with no network used.
    ///
    /// # Errors
    /// [`LinkError`] if it is no link of ours.
    pub fn inspect_invite(&self, text: &str) -> Result<InviteInspection, LinkError> {
        let link = InviteLink::parse(text)?;
        let summary = link.summary(self.now);
        let standing = self.room(&summary.server).map(|room| room.local.standing);
        Ok(InviteInspection {
            server: summary.server,
            server_name: summary.server_name,
            inviter_name: summary.inviter_name,
            open: summary.kind == LinkKind::Open,
            expires: summary.expires,
            member_count: Some(summary.members),
            expired: summary.expired,
            already_member: standing == Some(Standing::Active),
        })
    }

    /// Bans in force.
    ///
    /// # Errors
    /// [`ViewError`], never today.
    pub fn bans(&self, server: ServerId) -> Result<Vec<BanEntry>, ViewError> {
        let Some(room) = self.room(&server) else {
            return Ok(Vec::new());
        };
        let bans = room.community.iter().flat_map(|community| community.bans());
        Ok(bans
            .map(|(member, ban)| BanEntry {
                member: *member,
                name: room.name_of(member),
                reason: ban.reason.as_ref().map(ToString::to_string),
                time: ban.time,
                actor: ban.by,
            })
            .collect())
    }

    /// Whom a prune would kick: members without roles of whom nothing of the last `days` days is known on this node.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] for days out of bounds; [`CommandError::NotFound`]; [`CommandError::Store`].
    pub fn prune(&self, server: ServerId, days: u32) -> Result<Prune, CommandError> {
        inactive::check_days(days)?;
        let (room, community) = self
            .folded(server)
            .ok_or(CommandError::NotFound { what: "server" })?;
        let members = inactive::members(self.view, room, community, days, self.now)?;
        let me = self.account.id();
        let unread = community.channels().filter(|channel| {
            channel.kind != ChannelKind::Category && !room.can_view(&me, channel.id)
        });
        let named = members.iter().take(PRUNE_SHOWN_MAX);
        Ok(Prune {
            count: members.len(),
            members: named.map(|id| (*id, room.name_of(id))).collect(),
            unread_channels: unread.count(),
            since: room.local.since,
        })
    }

    /// Who can read a channel, and since when its keys are in use.
    ///
    /// # Errors
    /// [`ViewError`], never today.
    pub fn channel_keys(&self, channel: ChannelId) -> Result<Option<ChannelKeys>, ViewError> {
        let Some(room) = self.room_of(&channel) else {
            return Ok(None);
        };
        let Some(community) = &room.community else {
            return Ok(None);
        };
        let Some((audience, rule)) = audience::of_channel(community, &channel) else {
            return Ok(None);
        };
        let readers = audience::readers(community, &room.roster, &rule);
        let epoch = room.newest_epoch(audience).map(|(epoch, _)| epoch);
        let leaves = audience::leaves(community, &room.roster, &rule, self.now);
        let links = community
            .invites()
            .filter(|invite| {
                leaves
                    .iter()
                    .any(|leaf| leaf.id == invite.leaf_id() && !leaf.state_only)
            })
            .map(|invite| (invite.id, invite.kind == InviteKind::Open));
        Ok(Some(ChannelKeys {
            audience,
            epoch,
            since: epoch.and_then(|epoch| Some(room.epochs.get(&epoch)?.since)),
            suite: community.suite(),
            readers: readers
                .iter()
                .map(|member| (*member, room.name_of(member)))
                .collect(),
            links: links.collect(),
            former: former(room, &readers),
        }))
    }
}

/// Those who were members and are not: they keep what they had.
fn former(
    room: &Room,
    readers: &std::collections::BTreeSet<IdentityId>,
) -> Vec<(IdentityId, String, Option<Millis>)> {
    let mut former: Vec<_> = room
        .roster
        .registers()
        .filter(|register| {
            !room.is_member(&register.identity) && !readers.contains(&register.identity)
        })
        .map(|register| {
            let removal = room.removal_of(&register.identity);
            let until = match register.status {
                Status::Left => Some(register.time),
                Status::Present => removal.and_then(|event| Some(room.log.get(&event)?.time)),
            };
            (register.identity, room.name_of(&register.identity), until)
        })
        .collect();
    former.sort();
    former.dedup_by_key(|(identity, ..)| *identity);
    former
}
