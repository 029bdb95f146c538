//! What the hub's thread hands to the network after a commit. Nothing here waits.

use std::sync::Arc;

use conclave_engine::effect::ConnId;
use conclave_engine::hub::HubSend;
use conclave_net::{Network, Payload};

use crate::bridge::Connections;

/// The hub's way out.
pub(super) struct HubOutlet {
    network: Network,
    connections: Arc<Connections>,
}

impl HubOutlet {
    pub(super) fn new(network: Network, connections: Arc<Connections>) -> Self {
        Self {
            network,
            connections,
        }
    }

    /// Queues each frame for all of its connections, which share its bytes; then ends connections. Whoever does not read is
    /// disconnected by the network and fetches what it missed when it is back.
    pub(super) fn send(&self, sends: Vec<HubSend>, hangups: Vec<(ConnId, &'static str)>) {
        for HubSend { to, frame } in sends {
            let payload = Payload::message(frame);
            for number in to {
                let Some(conn) = self.connections.conn(number) else {
                    continue;
                };
                if let Err(error) = self.network.send(conn, vec![payload.clone()]) {
                    tracing::debug!(%conn, %error, "a frame was not sent");
                }
            }
        }
        for (number, reason) in hangups {
            if let Some(conn) = self.connections.conn(number) {
                tracing::info!(%conn, reason, "hanging up");
                self.network.disconnect(conn);
            }
        }
    }

    /// Ends every connection: the hub was opened anew and knows none of them.
    pub(super) fn reset(&self) {
        for conn in self.connections.take_all() {
            self.network.disconnect(conn);
        }
    }
}
