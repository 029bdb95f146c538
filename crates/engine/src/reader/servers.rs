//! Servers, channels, roles and members.

use conclave_core::event::Overwrite;
use conclave_core::id::{ChannelId, IdentityId, ServerId};
use conclave_core::keys::audience;
use conclave_core::permissions::{self, Bits};
use conclave_core::state::{self, Community};
use conclave_core::view::ViewError;

use super::{Reader, finality};
use crate::command::Presence;
use crate::model::{
    Channel, Connection, Member, ReadSummary, Role, ServerDetail, ServerState, ServerSummary,
};
use crate::reports;
use crate::room::{Room, Standing};
use crate::sync::Who;
use crate::timeline;

impl Reader<'_> {
    /// All servers that this account takes part in, is joining, or was removed from.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn servers(&self) -> Result<Vec<ServerSummary>, ViewError> {
        let rooms = self.state.rooms.values();
        rooms
            .filter(|room| room.local.standing != Standing::Left)
            .map(|room| self.summary(room))
            .collect()
    }

    /// One server.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn server(&self, server: ServerId) -> Result<Option<ServerDetail>, ViewError> {
        let Some(room) = self.room(&server) else {
            return Ok(None);
        };
        let summary = self.summary(room)?;
        let Some(community) = &room.community else {
            return Ok(Some(ServerDetail {
                summary,
                description: String::new(),
                channels: Vec::new(),
                roles: Vec::new(),
                my_roles: Vec::new(),
                my_permissions: Bits::NONE,
                default_durability: 2,
                joins_paused: false,
                lost_unseen: 0,
                reports_open: 0,
                checkpoint: None,
                checkpoint_fork: false,
            }));
        };
        let me = self.account.id();
        let actor = room.actor(community, &me);
        let member = room.roster.member(community, &me);
        let mut channels = Vec::new();
        for channel in community.channels() {
            if room.can_view(&me, channel.id) || self.shows_category(room, community, &channel.id) {
                channels.push(self.channel_of(room, community, channel)?);
            }
        }
        Ok(Some(ServerDetail {
            summary,
            description: community.description().to_owned(),
            channels,
            roles: roles(community),
            my_roles: member
                .map(|member| member.roles(community))
                .unwrap_or_default(),
            my_permissions: permissions::base(community, &actor),
            default_durability: community.durability(),
            joins_paused: community.joins_paused(),
            lost_unseen: self.lost_unseen(server)?,
            reports_open: reports::count(self.view, server)?,
            checkpoint: finality::last(room),
            checkpoint_fork: finality::is_forked(room),
        }))
    }

    /// A category is shown where anything in it is.
    fn shows_category(&self, room: &Room, community: &Community, category: &ChannelId) -> bool {
        let me = self.account.id();
        let children = community.children(Some(category));
        children.iter().any(|child| room.can_view(&me, child.id))
    }

    /// One channel, if this account may see it.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn channel(&self, channel: ChannelId) -> Result<Option<Channel>, ViewError> {
        let Some(room) = self.room_of(&channel) else {
            return Ok(None);
        };
        let Some(community) = &room.community else {
            return Ok(None);
        };
        let Some(channel) = community.channel(&channel) else {
            return Ok(None);
        };
        self.channel_of(room, community, channel).map(Some)
    }

    /// Members by name, `total` of them; `after` continues a list.
    ///
    /// # Errors
    /// [`ViewError`], never today.
    pub fn members(
        &self,
        server: ServerId,
        query: &str,
        after: Option<IdentityId>,
        limit: usize,
    ) -> Result<Option<(Vec<Member>, usize)>, ViewError> {
        let Some(room) = self.room(&server) else {
            return Ok(None);
        };
        let Some(community) = &room.community else {
            return Ok(Some((Vec::new(), 0)));
        };
        let query = query.trim().to_lowercase();
        let mut members: Vec<Member> = room
            .roster
            .members(community)
            .map(|member| self.member_of(room, community, &member))
            .filter(|member| query.is_empty() || member.name().to_lowercase().contains(&query))
            .collect();
        members.sort_by_cached_key(|member| (member.name().to_lowercase(), member.id));
        let total = members.len();
        let start = match after {
            Some(after) => members
                .iter()
                .position(|member| member.id == after)
                .map_or(0, |at| at + 1),
            None => 0,
        };
        Ok(Some((
            members.into_iter().skip(start).take(limit).collect(),
            total,
        )))
    }

    /// One member.
    ///
    /// # Errors
    /// [`ViewError`], never today.
    pub fn member(
        &self,
        server: ServerId,
        member: IdentityId,
    ) -> Result<Option<Member>, ViewError> {
        let Some(room) = self.room(&server) else {
            return Ok(None);
        };
        let Some(community) = &room.community else {
            return Ok(None);
        };
        let member = room.roster.member(community, &member);
        Ok(member.map(|member| self.member_of(room, community, &member)))
    }

    fn summary(&self, room: &Room) -> Result<ServerSummary, ViewError> {
        let community = room.community.as_ref();
        let (mut unread, mut mentions) = (false, 0);
        for channel in community.into_iter().flat_map(Community::channels) {
            if room.can_view(&self.account.id(), channel.id) {
                let read = self.read_summary(channel.id)?;
                unread |= read.unread;
                mentions += read.mentions;
            }
        }
        Ok(ServerSummary {
            id: room.id,
            name: community.map_or_else(
                || room.local.name_hint.clone(),
                |community| self.shown_name(room, community),
            ),
            icon: community.and_then(|community| community.icon().cloned()),
            chat: community.is_some_and(|community| community.template() == 2),
            owner: community.map_or(IdentityId([0; 32]), Community::owner),
            unread,
            mentions,
            member_count: community.map_or(0, |community| room.roster.members(community).count()),
            state: self.state_of(room),
        })
    }

    /// What a server is called here. A chat that nobody has given a name bears those of the others, and who founded it wrote
    /// them down as they see them: everybody else sees it by the others' own names.
    fn shown_name(&self, room: &Room, community: &Community) -> String {
        let me = self.account.id();
        let unnamed = community.template() == 2 && community.name() == community.genesis().name;
        if !unnamed || community.owner() == me {
            return community.name().to_owned();
        }
        let others = community.founders().filter(|other| *other != me);
        let names: Vec<String> = others
            .filter(|other| !room.profile_of(other).display_name.is_empty())
            .map(|other| room.name_of(&other))
            .collect();
        if names.is_empty() {
            return community.name().to_owned();
        }
        names.join(", ")
    }

    /// How a server is doing.
    #[must_use]
    pub fn state_of(&self, room: &Room) -> ServerState {
        let subs = self
            .state
            .links
            .values()
            .filter_map(|link| link.subs.get(&room.id));
        let (mut peers, mut left) = (0, 0);
        for sub in subs {
            peers += usize::from(matches!(sub.who, Who::Member { .. }));
            left += sub.incoming_left;
        }
        let connection = match room.local.standing {
            Standing::Removed | Standing::Left => Connection::Removed,
            Standing::Joining => Connection::Connecting,
            Standing::Active if room.log.halted().is_some() => Connection::Halted,
            Standing::Active if peers > 0 => Connection::Online,
            Standing::Active => Connection::Paused,
        };
        ServerState {
            connection,
            peers,
            catching_up: (left > 0).then(|| {
                (
                    room.catch_up_total.saturating_sub(left),
                    room.catch_up_total,
                )
            }),
            reason: room.local.reason.clone(),
        }
    }

    /// The state of a server by id.
    #[must_use]
    pub fn server_state(&self, server: ServerId) -> Option<ServerState> {
        self.room(&server).map(|room| self.state_of(room))
    }

    /// Unread state of a channel.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn read_summary(&self, channel: ChannelId) -> Result<ReadSummary, ViewError> {
        timeline::read_summary(self.view, channel)
    }

    fn channel_of(
        &self,
        room: &Room,
        community: &Community,
        channel: &state::Channel,
    ) -> Result<Channel, ViewError> {
        let actor = room.actor(community, &self.account.id());
        let overwrites = community.overwrites(channel);
        let rule = audience::of_channel(community, &channel.id);
        let readers = rule.as_ref().map_or(0, |(_, rule)| {
            audience::readers(community, &room.roster, rule).len()
        });
        let epoch = rule
            .and_then(|(audience, _)| room.newest_epoch(audience))
            .map(|(epoch, _)| epoch);
        let everyone_sees = community
            .everyone()
            .is_some_and(|role| role.permissions.contains(Bits::VIEW_CHANNEL));
        let denied = overwrites
            .get(&conclave_core::event::Subject::Role(room.id.everyone()))
            .is_some_and(|(allow, deny)| deny.without(*allow).contains(Bits::VIEW_CHANNEL));
        Ok(Channel {
            id: channel.id,
            server: room.id,
            kind: channel.kind.number(),
            name: channel.name.to_string(),
            topic: channel.topic.to_string(),
            parent: channel.parent,
            position: channel.position.to_string(),
            private: denied || !everyone_sees,
            synced: channel.follows(),
            durability: channel.durability,
            ttl_ms: channel.ttl_ms,
            slow_mode_s: channel.slow_mode_s,
            overwrites: overwrites
                .iter()
                .map(|(subject, (allow, deny))| Overwrite {
                    subject: *subject,
                    allow: *allow,
                    deny: *deny,
                })
                .collect(),
            my_permissions: permissions::in_channel(community, &actor, &channel.id, Some(self.now)),
            read: self.read_summary(channel.id)?,
            last_message: timeline::newest(self.view, channel.id, 1)?.first().copied(),
            readers,
            epoch,
        })
    }

    fn member_of(&self, room: &Room, community: &Community, member: &state::Member<'_>) -> Member {
        let id = member.identity();
        let roles = member.roles(community);
        let color = roles.iter().find_map(|role| community.role(role)?.color);
        let joined = member
            .devices
            .iter()
            .map(|register| register.time)
            .min()
            .unwrap_or_default();
        let links = self
            .state
            .links
            .values()
            .filter_map(|link| link.subs.get(&room.id));
        let online_devices = links
            .filter(|sub| matches!(sub.who, Who::Member { identity, .. } if identity == id))
            .count();
        let own = id == self.account.id();
        let said = room
            .presence
            .get(&id)
            .filter(|(_, until)| *until >= self.now);
        let presence = match said {
            _ if own => self.state.presence,
            Some((presence, _)) => *presence,
            None if online_devices > 0 => Presence::Online,
            None => Presence::Offline,
        };
        Member {
            id,
            profile: if own {
                self.account.profile.clone()
            } else {
                room.profile_of(&id)
            },
            nickname: room.nickname_of(&id),
            roles,
            color,
            joined,
            timeout_until: community
                .timeout(&id)
                .map(|timeout| timeout.until)
                .filter(|until| *until > self.now),
            owner: community.owner() == id,
            bot: member.is_bot(),
            presence,
            online_devices: online_devices + usize::from(own),
            pseudonym: member
                .devices
                .first()
                .map_or(conclave_core::id::Pseudonym([0; 32]), |register| {
                    register.pseudonym
                }),
        }
    }
}

/// All roles, highest first.
fn roles(community: &Community) -> Vec<Role> {
    let sorted = community.roles_sorted();
    let top = sorted.len().saturating_sub(1);
    sorted
        .into_iter()
        .enumerate()
        .map(|(index, role)| Role {
            id: role.id,
            name: role.name.to_string(),
            color: role.color,
            hoist: role.hoist,
            mentionable: role.mentionable,
            permissions: role.permissions,
            position: role.position.to_string(),
            rank: top - index,
        })
        .collect()
}
