//! Invites, bans, the audit log, and who can read what.

use conclave_core::id::{ChannelId, Digest, EventId, IdentityId, Millis, ServerId};
use conclave_core::invite::{InviteLink, LinkError, LinkKind};
use conclave_core::keys::audience;
use conclave_core::log::{Effect, Log};
use conclave_core::member::{JoinProof, Status};
use conclave_core::permissions::{self, Action};
use conclave_core::state::{InviteKind, Rule};
use conclave_core::view::{Table, ViewError};

use super::Reader;
use crate::audit;
use crate::command::History;
use crate::model::{AuditEntry, BanEntry, ChannelKeys, Invite, InviteInspection};
use crate::room::{Room, Standing};
use crate::rotation;

/// Most entries of one page of the audit log.
const AUDIT_PAGE_MAX: usize = 500;

/// Which entries of the audit log.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Older than this entry.
    pub before: Option<EventId>,
    /// At most so many.
    pub limit: usize,
    /// Only this action.
    pub action: Option<String>,
    /// Only this actor's.
    pub actor: Option<IdentityId>,
}

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

    /// The audit log, newest first; nothing for those who may not read it.
    ///
    /// # Errors
    /// [`ViewError`], never today.
    pub fn audit(
        &self,
        server: ServerId,
        query: &AuditQuery,
    ) -> Result<Option<Vec<AuditEntry>>, ViewError> {
        let Some(room) = self.room(&server) else {
            return Ok(None);
        };
        let Some(community) = &room.community else {
            return Ok(Some(Vec::new()));
        };
        let actor = room.actor(community, &self.account.id());
        if permissions::allows(community, &actor, &Action::ViewAuditLog, None).is_err() {
            return Ok(None);
        }
        // Judging an event at the current heads may fold states anew, which a reader does on a copy of its own.
        let mut log = room.log.clone();
        let mut events: Vec<_> = room.log.events().collect();
        events.reverse();
        let start = match query.before {
            Some(before) => events
                .iter()
                .position(|event| event.event_id() == before)
                .map_or(0, |at| at + 1),
            None => 0,
        };
        let entries = events
            .into_iter()
            .skip(start)
            .filter(|event| query.actor.is_none_or(|actor| actor == event.author))
            .filter_map(|event| {
                let why_not = why_not(room, &mut log, &event.event_id());
                audit::entry(room, event, why_not.is_none(), why_not)
            })
            .filter(|entry| {
                query
                    .action
                    .as_deref()
                    .is_none_or(|action| action == entry.action)
            })
            .take(query.limit.min(AUDIT_PAGE_MAX));
        Ok(Some(entries.collect()))
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
            due: rotation::is_due(room, audience, &rule),
            history: History::of(community.history()),
            readers: readers
                .iter()
                .map(|member| (*member, room.name_of(member)))
                .collect(),
            links: links.collect(),
            former: former(room, &readers),
        }))
    }
}

/// Why an event does not count, in words; nothing if it does.
fn why_not(room: &Room, log: &mut Log, event: &EventId) -> Option<String> {
    match log.effective(event)? {
        Effect::Effective => None,
        Effect::Overruled { by, rule } => {
            let restriction = room.log.get(&by);
            let author =
                restriction.map_or_else(|| by.to_string(), |event| room.name_of(&event.author));
            let what = match rule {
                Rule::Removed => "its author was banned or kicked",
                Rule::TimedOut => "its author was timed out",
                Rule::DeviceCut => "its device was cut off",
                Rule::Invite => "its author's invite was closed",
                Rule::Lost => "what permitted it was taken",
                Rule::Lifted => "its target was put out of reach",
            };
            Some(format!("overruled by a concurrent act of {author}: {what}"))
        }
        Effect::Rejected(denied) => Some(denied.to_string()),
        Effect::Unknown => Some("of a newer version: update this program".to_owned()),
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
