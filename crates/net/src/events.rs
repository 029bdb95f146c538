//! What the network tells the layer above, in a bounded channel.

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

use crate::{
    addr::NodeId, close::DisconnectReason, connection::ConnectionId, frame::Channel, path::PathInfo,
};

/// Something that happened. For one connection the order is: `Connected`, then any of `Received` and `PathChanged`,
/// then `Disconnected`, each of the outer two exactly once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetEvent {
    /// Both sides have said HELLO and agree on a version.
    Connected {
        /// The new connection.
        conn: ConnectionId,
        /// The peer, proven by its key.
        node_id: NodeId,
        /// The agreed protocol version.
        version: u16,
        /// The peer's feature bits.
        features: u64,
        /// Whether the peer opened it.
        incoming: bool,
    },
    /// A payload arrived.
    Received {
        /// The connection that it came over.
        conn: ConnectionId,
        /// [`Channel::Messages`] or [`Channel::Bulk`].
        channel: Channel,
        /// Opaque bytes, at most [`PAYLOAD_LEN_MAX`](crate::PAYLOAD_LEN_MAX).
        payload: Vec<u8>,
    },
    /// The connection takes another way than before, or its first.
    PathChanged {
        /// The connection.
        conn: ConnectionId,
        /// The way it takes now.
        path: PathInfo,
    },
    /// The connection is over. What was sent shortly before may be lost.
    Disconnected {
        /// The connection.
        conn: ConnectionId,
        /// The peer.
        node_id: NodeId,
        /// Why.
        reason: DisconnectReason,
    },
}

struct Queued {
    event: NetEvent,
    /// Given back when the event is taken, so that the connection may be read further.
    _permit: Option<OwnedSemaphorePermit>,
}

/// The receiving end of a network's events. Dropping it ends every connection.
pub struct Events(mpsc::Receiver<Queued>);

impl Events {
    /// Waits for the next event; `None` once the network is closed and everything was taken. Cancel safe.
    pub async fn recv(&mut self) -> Option<NetEvent> {
        self.0.recv().await.map(|queued| queued.event)
    }
}

/// The sending end, shared by all connections.
#[derive(Clone)]
pub(crate) struct EventSink {
    sender: mpsc::Sender<Queued>,
    closing: CancellationToken,
}

impl EventSink {
    pub(crate) fn new(events_max: usize, closing: CancellationToken) -> (Self, Events) {
        let (sender, receiver) = mpsc::channel(events_max.max(1));
        (Self { sender, closing }, Events(receiver))
    }

    /// Waits for a free place, first come first served; `false` when nobody takes events any more. While the network
    /// closes nobody needs to, so only a free place is used.
    pub(crate) async fn send(&self, event: NetEvent, permit: Option<OwnedSemaphorePermit>) -> bool {
        let queued = Queued {
            event,
            _permit: permit,
        };
        tokio::select! {
            biased;
            place = self.sender.reserve() => match place {
                Ok(place) => { place.send(queued); true }
                Err(_) => false,
            },
            () = self.closing.cancelled() => false,
        }
    }
}
