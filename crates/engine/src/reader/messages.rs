//! Messages, pages, search and copies.

use conclave_core::id::{
    BlobHash, ChannelId, EnvelopeId, IdentityId, Millis, Pseudonym, RoleId, ServerId,
};
use conclave_core::view::ViewError;

use super::Reader;
use crate::blobs;
use crate::model::{BlobState, Copies, Message, Page, PageAt};
use crate::room::Room;
use crate::search::{self, Scope};
use crate::timeline::{self, AuthorView, Context};

impl Context for Reader<'_> {
    fn me(&self) -> IdentityId {
        self.account.id()
    }

    fn now(&self) -> Millis {
        self.now
    }

    fn device(&self, server: ServerId) -> Option<Pseudonym> {
        self.room(&server)?;
        Some(Pseudonym(self.account.pseudonym(server).public().0))
    }

    fn author(&self, server: ServerId, identity: IdentityId) -> AuthorView {
        let Some(room) = self.room(&server) else {
            return AuthorView::default();
        };
        AuthorView {
            name: room.name_of(&identity),
            color: color_of(room, &identity),
            avatar: room.profile_of(&identity).avatar,
        }
    }

    fn member_name(&self, server: ServerId, identity: IdentityId) -> Option<String> {
        let room = self.room(&server)?;
        room.roster
            .of(&identity)
            .next()
            .map(|_| room.name_of(&identity))
    }

    fn role_name(&self, server: ServerId, role: RoleId) -> Option<String> {
        let community = self.room(&server)?.community.as_ref()?;
        community.role(&role).map(|role| role.name.to_string())
    }

    fn channel_name(&self, server: ServerId, channel: ChannelId) -> Option<String> {
        let room = self
            .room(&server)
            .filter(|room| room.can_view(&self.account.id(), channel))?;
        room.community
            .as_ref()?
            .channel(&channel)
            .map(|channel| channel.name.to_string())
    }

    fn blob(&self, hash: &BlobHash) -> Result<BlobState, ViewError> {
        blobs::state(self.view, hash)
    }

    fn members_named(&self, server: Option<ServerId>, name: &str) -> Vec<IdentityId> {
        let mut found: Vec<IdentityId> = Vec::new();
        for room in self.rooms_in(server) {
            let members = room
                .community
                .iter()
                .flat_map(|community| room.roster.members(community));
            let named = members
                .map(|member| member.identity())
                .filter(|member| room.name_of(member).eq_ignore_ascii_case(name));
            found.extend(named);
        }
        found.sort();
        found.dedup();
        found
    }

    fn channels_named(&self, server: Option<ServerId>, name: &str) -> Vec<ChannelId> {
        let name = name.trim_start_matches('#');
        self.rooms_in(server)
            .flat_map(|room| {
                room.community
                    .iter()
                    .flat_map(|community| community.channels())
            })
            .filter(|channel| channel.name.eq_ignore_ascii_case(name))
            .map(|channel| channel.id)
            .collect()
    }
}

/// The colour of the highest role of a member that has one.
fn color_of(room: &Room, member: &IdentityId) -> Option<u32> {
    let community = room.community.as_ref()?;
    let roles = room.roster.member(community, member)?.roles(community);
    roles.iter().find_map(|role| community.role(role)?.color)
}

impl Reader<'_> {
    /// A page of a channel.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn messages(
        &self,
        channel: ChannelId,
        at: PageAt,
        limit: usize,
    ) -> Result<Option<Page>, ViewError> {
        match self.room_of(&channel) {
            Some(_) => timeline::page(self.view, channel, at, limit, self).map(Some),
            None => Ok(None),
        }
    }

    /// One message, if this account may see its channel.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn message(&self, message: EnvelopeId) -> Result<Option<Message>, ViewError> {
        let Some(place) = timeline::locate(self.view, &message)? else {
            return Ok(None);
        };
        match self.room_of(&place.channel) {
            Some(_) => timeline::message(self.view, message, self),
            None => Ok(None),
        }
    }

    /// Where a message is known to be stored.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn copies(&self, message: EnvelopeId) -> Result<Copies, ViewError> {
        let place = timeline::locate(self.view, &message)?;
        let room = place.and_then(|place| self.room_of(&place.channel));
        let whose = |pseudonym: &Pseudonym| room.and_then(|room| room.identity_of(pseudonym));
        let copies = timeline::copies(self.view, message)?;
        Ok(Copies {
            devices: copies
                .into_iter()
                .map(|(by, time)| (by, whose(&by), time))
                .collect(),
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
        let me = self.account.id();
        let visible = |channel: ChannelId| {
            self.rooms_in(server)
                .any(|room| room.can_view(&me, channel))
        };
        let scope = Scope {
            server,
            channel,
            visible: &visible,
        };
        search::search(self.view, query, scope, before, limit, self)
    }

    /// One server's room, or all of them.
    fn rooms_in(&self, server: Option<ServerId>) -> impl Iterator<Item = &Room> + use<'_> {
        self.state
            .rooms
            .values()
            .filter(move |room| server.is_none_or(|server| server == room.id))
    }
}
