//! What a watcher reads: from state and store to the values of [`crate::model`].

mod admin;
mod audit;
mod finality;
mod messages;
mod ownership;
mod reports;
mod servers;
mod why;

pub use audit::AuditQuery;
pub use why::WhyQuery;

use conclave_core::id::{ChannelId, IdentityId, Millis, ServerId};
use conclave_core::view::{View, ViewError};

use crate::account::Account;
use crate::blobs;
use crate::chats;
use crate::model::{ChatRequest, Me, PeerInfo};
use crate::peer::State;
use crate::room::Room;
use crate::sync::Who;

/// Reads for watchers; every answer holds for the moment of asking.
pub struct Reader<'a> {
    account: &'a Account,
    state: &'a State,
    view: &'a dyn View,
    now: Millis,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        account: &'a Account,
        state: &'a State,
        view: &'a dyn View,
        now: Millis,
    ) -> Self {
        Self {
            account,
            state,
            view,
            now,
        }
    }

    /// The account.
    ///
    /// # Errors
    /// [`ViewError`], never today.
    pub fn me(&self) -> Result<Me, ViewError> {
        Ok(Me {
            identity: self.account.id(),
            device: self.account.device(),
            profile: self.account.profile.clone(),
            presence: self.state.presence,
            settings_json: self.account.settings_json.clone(),
        })
    }

    /// Chats that others ask for.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn chat_requests(&self) -> Result<Vec<ChatRequest>, ViewError> {
        let requests = chats::requests(self.view)?;
        let named = requests.into_iter().map(|(server, request)| ChatRequest {
            server,
            from: request.from,
            from_name: self.state.rooms.get(&request.via).map_or_else(
                || request.from.to_string()[..8].to_owned(),
                |room| room.name_of(&request.from),
            ),
            via: request.via,
        });
        Ok(named.collect())
    }

    /// Connected nodes.
    ///
    /// # Errors
    /// [`ViewError`], never today.
    pub fn peers(&self) -> Result<Vec<PeerInfo>, ViewError> {
        let links = self.state.links.values();
        Ok(links
            .map(|link| {
                let mut members: Vec<IdentityId> = link
                    .subs
                    .values()
                    .filter_map(|sub| match sub.who {
                        Who::Member { identity, .. } => Some(identity),
                        _ => None,
                    })
                    .collect();
                members.sort();
                members.dedup();
                PeerInfo {
                    node: link.node,
                    members,
                    servers: link.subs.keys().copied().collect(),
                }
            })
            .collect())
    }

    /// A file that is here, opened.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn blob(
        &self,
        reference: &conclave_core::event::BlobRef,
    ) -> Result<Option<Vec<u8>>, ViewError> {
        Ok(blobs::read(self.view, reference)?.map(|bytes| bytes.to_vec()))
    }

    fn room(&self, server: &ServerId) -> Option<&'a Room> {
        self.state.rooms.get(server)
    }

    fn room_of(&self, channel: &ChannelId) -> Option<&'a Room> {
        let room = self.room(&self.state.server_of(channel)?)?;
        room.can_view(&self.account.id(), *channel).then_some(room)
    }
}
