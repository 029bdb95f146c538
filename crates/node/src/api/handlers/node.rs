//! The state of the network and of this node.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use conclave_core::id::NodeId;
use conclave_net::PathKind;

use super::Answer;
use crate::api::app::App;
use crate::api::dto::network::{Diagnosis, NetworkState, Peer, RelayState};
use crate::api::id::Id;
use crate::api::openapi;
use crate::doctor;
use crate::engine::EngineError;

pub async fn network(State(app): State<Arc<App>>) -> Answer<NetworkState> {
    Ok(Json(network_state(&app).await?))
}

/// Reads how this node stands with the network.
pub async fn network_state(app: &App) -> Result<NetworkState, EngineError> {
    let known = match app.engine.read(|reader| reader.peers()).await {
        Ok(peers) => peers,
        Err(EngineError::NoAccount) => Vec::new(),
        Err(error) => return Err(error),
    };
    let addr = app.network.addr().await;
    let peers = app.network.paths().into_iter().map(|(_, path)| {
        let node = NodeId(path.node_id);
        let info = known.iter().find(|peer| peer.node == node);
        let via = match &path.kind {
            PathKind::Direct => None,
            PathKind::Relayed { url } => Some(url.to_string()),
        };
        Peer {
            node_id: Id(node),
            member_ids: info
                .map(|info| info.members.iter().copied().map(Id).collect())
                .unwrap_or_default(),
            servers: info
                .map(|info| info.servers.iter().copied().map(Id).collect())
                .unwrap_or_default(),
            path: if via.is_some() { "relayed" } else { "direct" },
            via,
            rtt_ms: Some(path.rtt_ms),
        }
    });
    let relays = app
        .network
        .relay_status()
        .into_iter()
        .map(|relay| RelayState {
            url: relay.url.to_string(),
            state: match (relay.connected, &relay.denied) {
                (true, _) => "connected",
                (false, Some(_)) => "denied",
                (false, None) => "connecting",
            },
            latency_ms: None,
        });
    Ok(NetworkState {
        node_id: Id(NodeId(addr.node_id)),
        listening: !addr.direct.is_empty() || !addr.relays.is_empty(),
        addresses: addr.direct.iter().map(ToString::to_string).collect(),
        relays: relays.collect(),
        peers: peers.collect(),
    })
}

pub async fn doctor(State(app): State<Arc<App>>) -> Answer<Diagnosis> {
    Ok(Json(Diagnosis {
        checks: doctor::examine(&app).await,
    }))
}

pub async fn openapi() -> Json<serde_json::Value> {
    Json(openapi::document())
}
