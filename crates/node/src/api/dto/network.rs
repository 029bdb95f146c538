//! The network and the health of this node.

use conclave_core::id::{IdentityId, NodeId, ServerId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::id::Id;

/// How this node stands with the network.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct NetworkState {
    pub node_id: Id<NodeId>,
    pub addresses: Vec<String>,
    pub relays: Vec<RelayState>,
    pub peers: Vec<Peer>,
    /// Whether others can reach this node.
    pub listening: bool,
}

/// A relay that this node listens at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct RelayState {
    pub url: String,
    /// `connected`, `connecting` or `denied`.
    pub state: &'static str,
    pub latency_ms: Option<u32>,
}

/// A connected node.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Peer {
    pub node_id: Id<NodeId>,
    pub member_ids: Vec<Id<IdentityId>>,
    pub servers: Vec<Id<ServerId>>,
    /// `direct` or `relayed`.
    pub path: &'static str,
    /// The relay, if relayed.
    pub via: Option<String>,
    pub rtt_ms: Option<u32>,
}

/// What `doctor` found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Diagnosis {
    pub checks: Vec<Check>,
}

/// One finding. It names no person, no server and no content.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Check {
    pub name: &'static str,
    pub status: CheckStatus,
    pub summary: String,
    /// What to do about it.
    pub advice: Option<String>,
}

/// How well it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum CheckStatus {
    Ok,
    Warn,
    Fail,
}
