//! Messages, pages, search and copies.

use conclave_core::event::BlobRef;
use conclave_core::id::{BlobHash, ChannelId, EnvelopeId, IdentityId, Pseudonym, RoleId, ServerId};
use conclave_core::view::ViewError;

use super::Reader;
use crate::blobs;
use crate::model::{BlobState, Copies, Message, Page, PageAt};
use crate::room::Room;
use crate::timeline::{self, Context};

/// What the timeline asks about one server.
struct RoomContext<'r, 'a> {
    reader: &'r Reader<'a>,
    room: &'a Room,
}

impl Context for RoomContext<'_, '_> {
    fn me(&self) -> IdentityId {
        self.reader.account.id()
    }

    fn my_roles(&self) -> Vec<RoleId> {
        let me = self.me();
        let community = self.room.community.as_ref();
        community
            .and_then(|community| Some(self.room.roster.member(community, &me)?.roles(community)))
            .unwrap_or_default()
    }

    fn name(&self, member: &IdentityId) -> String {
        self.room.name_of(member)
    }

    fn color(&self, member: &IdentityId) -> Option<u32> {
        let community = self.room.community.as_ref()?;
        let roles = self.room.roster.member(community, member)?.roles(community);
        roles.iter().find_map(|role| community.role(role)?.color)
    }

    fn avatar(&self, member: &IdentityId) -> Option<BlobRef> {
        self.room.profile_of(member).avatar
    }

    fn role_name(&self, role: &RoleId) -> Option<String> {
        let community = self.room.community.as_ref()?;
        community.role(role).map(|role| role.name.to_string())
    }

    fn channel_name(&self, channel: &ChannelId) -> Option<String> {
        let community = self.room.community.as_ref()?;
        let visible = self.room.can_view(&self.me(), *channel);
        community.channel(channel).filter(|_| visible).map(|channel| channel.name.to_string())
    }

    fn blob_state(&self, hash: &BlobHash) -> BlobState {
        // A store that cannot be read says so at the next read that matters.
        blobs::state(self.reader.view, hash).unwrap_or(BlobState::Missing)
    }
}

impl Reader<'_> {
    /// A page of a channel.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn messages(&self, channel: ChannelId, at: PageAt, limit: usize) -> Result<Option<Page>, ViewError> {
        let Some(room) = self.room_of(&channel) else { return Ok(None) };
        let context = RoomContext { reader: self, room };
        timeline::page(self.view, channel, at, limit, &context).map(Some)
    }

    /// One message, if this account may see its channel.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn message(&self, message: EnvelopeId) -> Result<Option<Message>, ViewError> {
        let Some(place) = timeline::locate(self.view, &message)? else { return Ok(None) };
        let Some(room) = self.room_of(&place.channel) else { return Ok(None) };
        let context = RoomContext { reader: self, room };
        timeline::message(self.view, &message, &context)
    }

    /// Where a message is known to be stored.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn copies(&self, message: EnvelopeId) -> Result<Copies, ViewError> {
        let place = timeline::locate(self.view, &message)?;
        let room = place.and_then(|place| self.room_of(&place.channel));
        let whose = |pseudonym: &Pseudonym| room.and_then(|room| room.identity_of(pseudonym));
        let copies = timeline::copies(self.view, &message)?;
        Ok(Copies {
            devices: copies.into_iter().map(|(by, time)| (by, whose(&by), time)).collect(),
        })
    }

    /// Full-text search over what is decrypted here.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn search(
        &self,
        query: &str,
        server: Option<ServerId>,
        channel: Option<ChannelId>,
        before: Option<EnvelopeId>,
        limit: usize,
    ) -> Result<Vec<Message>, ViewError> {
        let rooms = self.state.rooms.values();
        let rooms: Vec<&Room> = rooms.filter(|room| server.is_none_or(|server| server == room.id)).collect();
        let mut found = Vec::new();
        for room in rooms {
            let context = RoomContext { reader: self, room };
            let visible = |candidate: ChannelId| {
                channel.is_none_or(|channel| channel == candidate)
                    && room.topics.contains_key(&room.channel_topic(candidate))
                    && room.can_view(&self.account.id(), candidate)
            };
            let members = |name: &str| self.named(room, name);
            let channels = |name: &str| self.channel_named(room, name);
            let scope = timeline::Scope {
                server: Some(room.id),
                channel,
                visible: &visible,
                member_named: &members,
                channel_named: &channels,
            };
            found.extend(timeline::search(self.view, query, &scope, before, limit, &context)?);
        }
        found.sort_by(|a, b| b.sort.cmp(&a.sort));
        found.truncate(limit);
        Ok(found)
    }

    fn named(&self, room: &Room, name: &str) -> Option<IdentityId> {
        if name.eq_ignore_ascii_case("me") {
            return Some(self.account.id());
        }
        let community = room.community.as_ref()?;
        let mut members = room.roster.members(community).map(|member| member.identity());
        members.find(|member| {
            room.name_of(member).eq_ignore_ascii_case(name) || member.to_string().starts_with(name)
        })
    }

    fn channel_named(&self, room: &Room, name: &str) -> Option<ChannelId> {
        let community = room.community.as_ref()?;
        let name = name.trim_start_matches('#');
        let found = community.channels().find(|channel| channel.name.eq_ignore_ascii_case(name));
        found.map(|channel| channel.id)
    }
}
