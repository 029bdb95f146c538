//! The endpoint of a node: dials, accepts, and keeps the connections.

use std::{net::SocketAddr, sync::Arc};

use iroh::{Endpoint, Watcher, endpoint::Connection};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    addr::{NodeId, PeerAddr, RelayUrl},
    close::{CloseCode, DisconnectReason, shorten},
    config::{NetConfig, RelayEntry},
    connection::{ConnectionId, Link},
    endpoint,
    error::{BindError, ConnectError, SendError},
    events::{EventSink, Events, NetEvent},
    handshake::{ALPN, Agreed, shake_hands},
    hello::Hello,
    homes::{self, Homes, RelayStatus},
    limits::Limits,
    outbox::{Outbox, Payload},
    path::PathInfo,
    table::{Admission, Entry, Origin, Table},
};

/// A node's endpoint. Cloning gives another handle to the same one.
///
/// Must be ended by [`close`](Self::close); dropping the last handle cannot tell the peers.
#[derive(Clone)]
pub struct Network(Arc<Shared>);

struct Shared {
    endpoint: Endpoint,
    hello: Hello,
    limits: Limits,
    homes: Homes,
    has_direct: bool,
    table: Table,
    sink: EventSink,
    incoming_slots: Arc<Semaphore>,
    outgoing_slots: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    closing: CancellationToken,
    tasks: TaskTracker,
}

impl Network {
    /// Opens the sockets and begins to accept connections.
    ///
    /// # Errors
    /// See [`BindError`].
    pub async fn bind(config: NetConfig) -> Result<(Self, Events), BindError> {
        if !config.direct && config.relays.is_empty() {
            return Err(BindError::NoTransport);
        }
        let mut instance = [0; 8];
        getrandom::fill(&mut instance).map_err(|error| BindError::Randomness(error.to_string()))?;
        let hello = Hello::new(config.versions, config.features, instance, &config.build)?;
        let homes = Homes::new(&config.relays);
        let endpoint = endpoint::open(&config, &homes).await?;
        let limits = config.limits;
        let closing = CancellationToken::new();
        let (sink, events) = EventSink::new(limits.events_max, closing.clone());
        // Both connections of a mutual dial are made within the time of one dial and one handshake.
        let table = Table::new(*endpoint.id().as_bytes(), limits.handshake_timeout * 2);
        let shared = Arc::new(Shared {
            endpoint,
            hello,
            homes,
            has_direct: config.direct,
            table,
            sink,
            incoming_slots: Arc::new(Semaphore::new(limits.connections_incoming_max)),
            outgoing_slots: Arc::new(Semaphore::new(limits.connections_outgoing_max)),
            handshakes: Arc::new(Semaphore::new(limits.handshakes_max)),
            limits,
            closing,
            tasks: TaskTracker::new(),
        });
        shared.tasks.spawn(Arc::clone(&shared).accept_all());
        shared.tasks.spawn(Arc::clone(&shared).keep_a_relay());
        Ok((Self(shared), events))
    }

    /// Returns this node's public key.
    pub fn node_id(&self) -> NodeId {
        *self.0.endpoint.id().as_bytes()
    }

    /// Returns the local UDP addresses of the endpoint's sockets.
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.0.endpoint.bound_sockets()
    }

    /// Returns where this node can be reached. Waits up to [`Limits::addr_timeout`] for at least one local address and,
    /// if relays are configured, for a relay that answers; what is missing by then is left out.
    pub async fn addr(&self) -> PeerAddr {
        let has_relays = !self.0.homes.is_empty();
        let complete = |addr: &PeerAddr| {
            (!self.0.has_direct || !addr.direct.is_empty())
                && (!has_relays || !addr.relays.is_empty())
        };
        let mut watcher = self.0.endpoint.watch_addr();
        let mut addr = PeerAddr::from_iroh(&watcher.get());
        let _ = timeout(self.0.limits.addr_timeout, async {
            while !complete(&addr) {
                match watcher.updated().await {
                    Ok(updated) => addr = PeerAddr::from_iroh(&updated),
                    Err(_) => break,
                }
            }
        })
        .await;
        addr
    }

    /// Returns the connection to a peer, dialling it if there is none. Safe to drop while it waits.
    ///
    /// When both sides dial each other at the same time, the connection of the lower node id is kept on both sides. The
    /// other one then ends as [`Replaced`](DisconnectReason::Replaced), even if its id was already returned here.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(&self, peer: &PeerAddr) -> Result<ConnectionId, ConnectError> {
        let shared = &self.0;
        if shared.closing.is_cancelled() {
            return Err(ConnectError::Closed);
        }
        if peer.node_id == self.node_id() {
            return Err(ConnectError::SelfConnect);
        }
        let addr = peer.to_iroh()?;
        if let Some(existing) = shared.table.of_node(&peer.node_id) {
            return Ok(existing);
        }
        let _dialing = shared
            .table
            .start_dialing(peer.node_id)
            .ok_or(ConnectError::AlreadyDialing)?;
        let slot = Arc::clone(&shared.outgoing_slots)
            .try_acquire_owned()
            .map_err(|_| ConnectError::TooManyConnections {
                max: shared.limits.connections_outgoing_max,
            })?;
        let conn = match timeout(
            shared.limits.handshake_timeout,
            shared.endpoint.connect(addr, ALPN),
        )
        .await
        {
            Ok(Ok(conn)) => conn,
            Ok(Err(error)) => {
                return Err(ConnectError::Unreachable {
                    detail: shorten(&format!("{error:#}")),
                });
            }
            Err(_) => {
                return Err(ConnectError::Unreachable {
                    detail: "no answer in time".to_owned(),
                });
            }
        };
        let agreed =
            shake_hands(&conn, &shared.hello, true, shared.limits.handshake_timeout).await?;
        Ok(shared.establish(conn, agreed, slot, true))
    }

    /// Queues payloads for a peer, all or none, without waiting.
    ///
    /// A peer for which more than [`Limits::outgoing_bytes_max`] would wait does not read, and is disconnected as
    /// [`SlowPeer`](DisconnectReason::SlowPeer); nobody else notices. Whoever sends much at once waits for
    /// [`room`](Self::room) first.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send(&self, conn: ConnectionId, payloads: Vec<Payload>) -> Result<(), SendError> {
        let entry = self
            .0
            .table
            .get(conn)
            .ok_or(SendError::NotConnected(conn))?;
        match entry.outbox.push(payloads) {
            Ok(true) => Ok(()),
            Ok(false) => Err(SendError::NotConnected(conn)),
            Err(error) => {
                if matches!(error, SendError::SlowPeer { .. }) {
                    entry.stop.request(DisconnectReason::SlowPeer);
                }
                Err(error)
            }
        }
    }

    /// Waits until one payload of `bytes` would fit into the queue of a peer.
    ///
    /// # Errors
    /// [`SendError::NotConnected`], also when the connection ends meanwhile.
    pub async fn room(&self, conn: ConnectionId, bytes: usize) -> Result<(), SendError> {
        let entry = self
            .0
            .table
            .get(conn)
            .ok_or(SendError::NotConnected(conn))?;
        if entry.outbox.room(bytes).await {
            Ok(())
        } else {
            Err(SendError::NotConnected(conn))
        }
    }

    /// Ends a connection after what is queued was delivered, or after [`Limits::flush_timeout`].
    pub fn disconnect(&self, conn: ConnectionId) {
        if let Some(entry) = self.0.table.get(conn) {
            entry.outbox.finish();
        }
    }

    /// Returns the way that each connection takes now.
    pub fn paths(&self) -> Vec<(ConnectionId, PathInfo)> {
        let entries = self.0.table.all().into_iter();
        entries
            .filter_map(|(id, entry)| Some((id, PathInfo::of(entry.node_id, &entry.conn.paths())?)))
            .collect()
    }

    /// Listens at one more relay, or at a known one with other settings. A pin stays in force until the network closes.
    pub async fn add_relay(&self, relay: &RelayEntry) {
        self.0.homes.add(&self.0.endpoint, relay).await;
    }

    /// No longer listens at a relay.
    pub async fn remove_relay(&self, url: &RelayUrl) {
        self.0.homes.remove(&self.0.endpoint, url).await;
    }

    /// Returns how this node stands with the relays that it has chosen among the configured ones.
    pub fn relay_status(&self) -> Vec<RelayStatus> {
        homes::status(&self.0.endpoint)
    }

    /// Waits until the state of the relays satisfies `condition`, and returns it; for ever once the network is closed.
    pub async fn relay_status_when(
        &self,
        condition: impl Fn(&[RelayStatus]) -> bool,
    ) -> Vec<RelayStatus> {
        homes::status_when(&self.0.endpoint, condition).await
    }

    /// Ends every connection and closes the sockets. Queued payloads have [`Limits::flush_timeout`] to leave.
    pub async fn close(&self) {
        let shared = &self.0;
        shared.closing.cancel();
        let entries = shared.table.all();
        entries.iter().for_each(|(_, entry)| entry.outbox.finish());
        let _ = timeout(shared.limits.flush_timeout, async {
            for (_, entry) in &entries {
                entry.done.cancelled().await;
            }
        })
        .await;
        shared
            .table
            .all()
            .iter()
            .for_each(|(_, entry)| entry.stop.request(DisconnectReason::Shutdown));
        shared.endpoint.close().await;
        shared.tasks.close();
        shared.tasks.wait().await;
    }
}

impl Shared {
    async fn keep_a_relay(self: Arc<Self>) {
        tokio::select! {
            () = self.homes.move_on(&self.endpoint) => {}
            () = self.closing.cancelled() => {}
        }
    }

    async fn accept_all(self: Arc<Self>) {
        while let Some(incoming) = self.endpoint.accept().await {
            let Ok(handshake) = Arc::clone(&self.handshakes).try_acquire_owned() else {
                incoming.refuse();
                continue;
            };
            let busy = self.handshakes.available_permits() < self.limits.handshakes_max / 2;
            if busy && !incoming.remote_addr_validated() {
                let _ = incoming.retry(); // fails only for an address that is validated
                continue;
            }
            self.tasks
                .spawn(Arc::clone(&self).accept_one(incoming, handshake));
        }
    }

    async fn accept_one(
        self: Arc<Self>,
        incoming: iroh::endpoint::Incoming,
        handshake: OwnedSemaphorePermit,
    ) {
        let conn = match timeout(self.limits.handshake_timeout, incoming).await {
            Ok(Ok(conn)) => conn,
            Ok(Err(error)) => return tracing::debug!(%error, "incoming connection failed"),
            Err(_) => return tracing::debug!("incoming connection took too long"),
        };
        let agreed =
            match shake_hands(&conn, &self.hello, false, self.limits.handshake_timeout).await {
                Ok(agreed) => agreed,
                Err(error) => return tracing::debug!(%error, "incoming connection refused"),
            };
        drop(handshake);
        match Arc::clone(&self.incoming_slots).try_acquire_owned() {
            Ok(slot) => {
                self.establish(conn, agreed, slot, false);
            }
            Err(_) => conn.close(CloseCode::Busy.varint(), CloseCode::Busy.text().as_bytes()),
        }
    }

    /// Takes in a connection after its handshake; returns it, or the one to the same peer that is kept instead.
    fn establish(
        self: &Arc<Self>,
        conn: Connection,
        agreed: Agreed,
        slot: OwnedSemaphorePermit,
        dialed: bool,
    ) -> ConnectionId {
        let entry = Entry {
            node_id: *conn.remote_id().as_bytes(),
            origin: Origin {
                dialed,
                instance: agreed.theirs.instance,
                since: Instant::now(),
            },
            conn: conn.clone(),
            outbox: Arc::new(Outbox::new(self.limits.outgoing_bytes_max)),
            stop: Arc::default(),
            done: CancellationToken::new(),
        };
        let Entry {
            node_id,
            outbox,
            stop,
            done,
            ..
        } = entry.clone();
        let (id, predecessor) = match self.table.admit(entry) {
            Admission::Admitted { id, predecessor } => (id, predecessor),
            Admission::Refused { existing } => {
                conn.close(
                    CloseCode::Duplicate.varint(),
                    CloseCode::Duplicate.text().as_bytes(),
                );
                return existing;
            }
        };
        let sink = self.sink.clone();
        let link = Link {
            id,
            node_id,
            dialed,
            conn,
            agreed,
            outbox,
            stop,
            sink,
            predecessor,
            _slot: slot,
        };
        let shared = Arc::clone(self);
        self.tasks.spawn(async move {
            let reason = link.run(&shared.limits).await;
            shared.table.remove(id);
            shared
                .sink
                .send(
                    NetEvent::Disconnected {
                        conn: id,
                        node_id,
                        reason,
                    },
                    None,
                )
                .await;
            done.cancel();
        });
        id
    }
}
