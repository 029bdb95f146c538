//! What the engine's thread hands to the network after a commit. Nothing here waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclave_core::member::Reach;
use conclave_engine::effect::ConnId;
use conclave_net::{ConnectionId, Network, Payload};
use tokio::sync::{Notify, mpsc};

/// Bytes handed over at once: an eighth of a connection's queue, so that one batch never exceeds it.
const BATCH_BYTES_MAX: usize = 1 << 20;

/// The engine's numbers of connections, and the transport's.
#[derive(Default)]
pub struct Connections {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    numbers: HashMap<ConnectionId, ConnId>,
    open: HashMap<ConnId, ConnectionId>,
}

impl Connections {
    /// Numbers a new connection.
    pub fn add(&self, conn: ConnectionId, node: conclave_net::NodeId) -> ConnId {
        let mut state = self.lock();
        state.last += 1;
        let number = ConnId(state.last);
        state.numbers.insert(conn, number);
        state.open.insert(number, conn);
        tracing::debug!(%conn, node = %hex::encode(&node[..4]), "connected");
        number
    }

    /// The engine's number of a connection that it knows.
    pub fn number(&self, conn: ConnectionId) -> Option<ConnId> {
        self.lock().numbers.get(&conn).copied()
    }

    /// Forgets a connection that ended.
    pub fn remove(&self, conn: ConnectionId) -> Option<ConnId> {
        let mut state = self.lock();
        let number = state.numbers.remove(&conn)?;
        state.open.remove(&number);
        Some(number)
    }

    /// The transport's number of a connection.
    pub fn conn(&self, number: ConnId) -> Option<ConnectionId> {
        self.lock().open.get(&number).copied()
    }

    /// Forgets all connections, and gives them.
    pub fn take_all(&self) -> Vec<ConnectionId> {
        let mut state = self.lock();
        state.open.clear();
        state.numbers.drain().map(|(conn, _)| conn).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The engine's way out.
pub struct Outlet {
    network: Network,
    connections: Arc<Connections>,
    dials: mpsc::Sender<Reach>,
    announce: Arc<Notify>,
}

impl Outlet {
    /// Puts it together; `announce` asks for this node's own addresses to be told to the engine again.
    pub fn new(
        network: Network,
        connections: Arc<Connections>,
        dials: mpsc::Sender<Reach>,
        announce: Arc<Notify>,
    ) -> Self {
        Self {
            network,
            connections,
            dials,
            announce,
        }
    }

    /// Queues frames in order, then ends connections. A frame for a connection that ended meanwhile is dropped: the engine
    /// hears of the end next.
    pub fn send(&self, sends: Vec<(ConnId, Vec<u8>)>, hangups: Vec<(ConnId, &'static str)>) {
        let mut batch: Vec<Payload> = Vec::new();
        let mut batch_bytes = 0;
        let mut sends = sends.into_iter().peekable();
        while let Some((to, frame)) = sends.next() {
            batch_bytes += frame.len();
            batch.push(Payload::message(frame));
            let more = sends.peek().is_some_and(|(next, frame)| {
                *next == to && batch_bytes + frame.len() <= BATCH_BYTES_MAX
            });
            if !more {
                self.hand_over(to, std::mem::take(&mut batch));
                batch_bytes = 0;
            }
        }
        for (number, reason) in hangups {
            if let Some(conn) = self.connections.conn(number) {
                tracing::info!(%conn, reason, "hanging up");
                self.network.disconnect(conn);
            }
        }
    }

    /// Asks for connections. What does not fit the queue is asked for again by the engine's next ticks.
    pub fn dial(&self, dials: Vec<Reach>) {
        for reach in dials {
            if self.dials.try_send(reach).is_err() {
                return;
            }
        }
    }

    /// Asks for this node's own addresses to be told again.
    pub fn announce(&self) {
        self.announce.notify_one();
    }

    /// Ends every connection: the engine was opened anew and knows none of them.
    pub fn reset(&self) {
        for conn in self.connections.take_all() {
            self.network.disconnect(conn);
        }
        self.announce.notify_one();
    }

    fn hand_over(&self, to: ConnId, batch: Vec<Payload>) {
        let Some(conn) = self.connections.conn(to) else {
            return;
        };
        if let Err(error) = self.network.send(conn, batch) {
            tracing::debug!(%conn, %error, "frames were not sent");
        }
    }
}
