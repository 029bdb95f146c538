//! Hubs of a server, as a person sees them.

use conclave_core::id::ServerId;

use super::Reader;
use crate::model::{Hosting, HubInfo};
use crate::sync::Who;

impl Reader<'_> {
    /// The hubs of a server and how this device stands with each.
    #[must_use]
    pub fn hosting(&self, server: ServerId) -> Option<Hosting> {
        let room = self.room(&server)?;
        let community = room.community.as_ref();
        let manifest = room.hosting.manifest.as_ref();
        let hubs = manifest.iter().flat_map(|manifest| &manifest.hubs);
        let hubs = hubs.map(|hub| {
            let session = self.state.links.values().find_map(|link| {
                let sub = link.subs.get(&server)?;
                matches!(sub.who, Who::Hub { node } if node == hub.node)
                    .then(|| link.hubs.get(&server))
            });
            HubInfo {
                node: hub.node,
                addresses: hub.addresses.clone(),
                relays: hub.relays.clone(),
                connected: session.is_some(),
                may_write: session.flatten().is_some_and(|session| session.may_write),
            }
        });
        Some(Hosting {
            hubs: hubs.collect(),
            manifest_seq: room.hosting.seq(),
            hosting_id: room.hosting_id(),
            waiting: room.hosting.waiting.len(),
            mine: community.is_some_and(|community| community.owner() == self.account.id()),
        })
    }
}
