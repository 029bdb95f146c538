//! Hubs of a server.

use conclave_core::id::{Digest, NodeId};
use conclave_engine::model;
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::id::Id;

/// The hubs of a server.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Hosting {
    pub hubs: Vec<Hub>,
    /// Number of the manifest in force; 0 where there are no hubs.
    pub manifest: u64,
    /// By what hubs know the server.
    pub hosting_id: Option<String>,
    /// Envelopes on this device that no hub is known to have.
    pub waiting: usize,
    /// Whether the caller may change the hubs.
    pub may_change: bool,
}

/// One hub.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Hub {
    pub node_id: Id<NodeId>,
    pub addresses: Vec<String>,
    pub relays: Vec<String>,
    /// Connected now.
    pub connected: bool,
    /// It takes what this device says.
    pub accepts: bool,
}

impl From<model::Hosting> for Hosting {
    fn from(hosting: model::Hosting) -> Self {
        let hubs = hosting.hubs.into_iter().map(|hub| Hub {
            node_id: Id(hub.node),
            addresses: hub.addresses,
            relays: hub.relays,
            connected: hub.connected,
            accepts: hub.may_write,
        });
        Self {
            hubs: hubs.collect(),
            manifest: hosting.manifest_seq,
            hosting_id: hosting.hosting_id.as_ref().map(Digest::to_string),
            waiting: hosting.waiting,
            may_change: hosting.mine,
        }
    }
}
