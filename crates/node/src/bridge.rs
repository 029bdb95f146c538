//! Between the engine and the network: numbers of connections, frames, dials. Knows nothing of what frames mean.

mod dialer;
mod outlet;

use std::sync::Arc;
use std::time::Duration;

use conclave_core::id::NodeId;
use conclave_core::member::Reach;
use conclave_engine::effect::Input;
use conclave_net::{Events, NetEvent, Network, PeerAddr};
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::engine::EngineHandle;

pub use self::dialer::Dialer;
pub use self::outlet::{Connections, Outlet};

/// How often this node's own addresses are compared with what the engine was told.
const REACH_INTERVAL: Duration = Duration::from_secs(10);

/// Carries events of the network to the engine, until either ends.
pub async fn carry(mut events: Events, engine: EngineHandle, connections: Arc<Connections>) {
    while let Some(event) = events.recv().await {
        let input = match event {
            NetEvent::Connected {
                conn,
                node_id,
                incoming,
                ..
            } => {
                let conn = connections.add(conn, node_id);
                Some(Input::Connected {
                    conn,
                    node: NodeId(node_id),
                    incoming,
                })
            }
            // After a reset the engine does not know connections that were open then; they are being closed.
            NetEvent::Received { conn, payload, .. } => connections
                .number(conn)
                .map(|conn| Input::Frame(conn, payload)),
            NetEvent::Disconnected { conn, .. } => {
                connections.remove(conn).map(Input::Disconnected)
            }
            NetEvent::PathChanged { .. } => None,
        };
        if let Some(input) = input
            && !engine.input(input).await
        {
            return;
        }
    }
}

/// Tells the engine how this node can be reached, at first and whenever that changes or is asked for.
pub async fn report_reach(
    network: Network,
    engine: EngineHandle,
    asked: Arc<tokio::sync::Notify>,
    stop: CancellationToken,
) {
    let mut told: Option<PeerAddr> = None;
    loop {
        let addr = tokio::select! {
            addr = network.addr() => addr,
            () = stop.cancelled() => return,
        };
        if told.as_ref() != Some(&addr) {
            if !engine.input(Input::OwnReach(reach_of(&addr))).await {
                return;
            }
            told = Some(addr);
        }
        tokio::select! {
            () = tokio::time::sleep(REACH_INTERVAL) => {}
            () = asked.notified() => told = None,
            () = stop.cancelled() => return,
        }
    }
}

/// What the engine is to know of an address.
pub fn reach_of(addr: &PeerAddr) -> Reach {
    Reach {
        node: NodeId(addr.node_id),
        relays: addr.relays.iter().map(ToString::to_string).collect(),
        addresses: addr.direct.iter().map(ToString::to_string).collect(),
        time: clock::now(),
    }
}
