//! A hub as a process: one thread owns machine and store; inputs are taken in groups, so that one sync of the disk serves all
//! that came meanwhile.
//!
//! Everything lies in one directory: `hub.key` (its two keys), `port`, `format`, `store/`, and while it runs `admin.sock`, by
//! which `conclave hub status`, `backup`, `drop` and `allow` talk to it.

mod actor;
mod address;
mod admin;
mod backup;
mod files;
mod metrics;
mod outlet;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use conclave_core::id::{Digest, NodeId};
use conclave_core::signed::SigningKey;
use conclave_engine::hub::{Hub, HubConfig, HubInput};
use conclave_net::{Events, Limits, NetConfig, NetEvent, Network};
use conclave_store::FjallStore;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use address::{HubAddr, HubAddrError};
pub use admin::{AdminError, ask};
pub use backup::{BackupError, restore};
pub use conclave_engine::hub::HubLimits;

use crate::RelayEntry;
use crate::bridge::Connections;
use actor::{Actor, Job};
use outlet::HubOutlet;

/// Inputs that wait for the thread. Beyond it, connections are no longer read.
const INPUTS_MAX: usize = 4_096;

/// Requests of the operator that wait for the thread.
const JOBS_MAX: usize = 16;

/// Bytes that may wait for one client: a hub has many, and whoever does not read comes again and fetches.
const OUTGOING_BYTES_MAX: usize = 2 << 20;

/// Connections that have not said HELLO: a hub that restarts meets all of its clients at once.
const HANDSHAKES_MAX: usize = 512;

/// What a hub is started with.
#[derive(Clone, Debug)]
pub struct HubNodeConfig {
    /// Its directory; made if it is missing.
    pub data_dir: PathBuf,
    /// UDP address; the port of the last time on all interfaces if absent.
    pub bind: Option<SocketAddr>,
    /// Addresses at which it is reached, if it cannot see them itself.
    pub public: Vec<SocketAddr>,
    /// Relays to listen at.
    pub relays: Vec<RelayEntry>,
    /// Bounds.
    pub limits: HubLimits,
    /// Hosting ids that it serves; absent: every server that names it.
    pub only: Option<Vec<[u8; 32]>>,
    /// How long inputs are gathered before they are taken together.
    pub gather: Duration,
}

impl HubNodeConfig {
    /// A hub with everything at its default.
    #[must_use]
    pub fn new(data_dir: PathBuf) -> Self {
        Self {
            data_dir,
            bind: None,
            public: Vec::new(),
            relays: Vec::new(),
            limits: HubLimits::default(),
            only: None,
            gather: Duration::from_millis(2),
        }
    }
}

/// Why a hub did not start.
#[derive(Debug, Error)]
pub enum HubError {
    /// Its directory cannot be read or written, or is of a newer version.
    #[error("{0}")]
    Files(String),
    /// Its store cannot be opened.
    #[error(transparent)]
    Store(#[from] conclave_store::OpenError),
    /// What the store holds cannot be read.
    #[error("the hub's store is damaged: {0}")]
    Damaged(String),
    /// The transport cannot start.
    #[error("the network cannot start: {0}")]
    Network(#[from] conclave_net::BindError),
    /// The system refused a thread or a socket.
    #[error("{0}")]
    System(String),
}

/// Reads a hosting id: 64 hexadecimal digits.
#[must_use]
pub fn hosting_id_of(text: &str) -> Option<[u8; 32]> {
    Digest::from_hex(text).map(|id| id.0)
}

/// A running hub. Stop it with [`HubHandle::stop`].
pub struct HubHandle {
    network: Network,
    receipt_key: [u8; 32],
    public: Vec<SocketAddr>,
    jobs: mpsc::Sender<Job>,
    failure: watch::Receiver<Option<String>>,
    stopping: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    ended: oneshot::Receiver<()>,
}

/// Starts hubs.
pub struct HubNode;

impl HubNode {
    /// Opens directory, store and network, and begins to serve.
    ///
    /// # Errors
    /// [`HubError`].
    pub async fn start(config: HubNodeConfig) -> Result<HubHandle, HubError> {
        let dir = config.data_dir.clone();
        let opened = tokio::task::spawn_blocking(move || open(&dir)).await;
        let (keys, store) = opened.map_err(|error| HubError::System(error.to_string()))??;
        let (network, events) = bind(&config, &keys).await?;
        let receipt_key = SigningKey::from_seed(&keys.receipt);
        let public_key = receipt_key.public().0;
        let machine = HubConfig {
            node: NodeId(network.node_id()),
            receipt_key,
            limits: config.limits,
            only: config
                .only
                .as_ref()
                .map(|only| only.iter().copied().map(Digest).collect()),
        };
        let hub = Hub::open(machine.clone(), &store)
            .map_err(|error| HubError::Damaged(error.to_string()))?;

        let connections = Arc::new(Connections::default());
        let (inputs, inbox) = mpsc::channel(INPUTS_MAX);
        let (jobs, requests) = mpsc::channel(JOBS_MAX);
        let (failed, failure) = watch::channel(None);
        let outlet = HubOutlet::new(network.clone(), Arc::clone(&connections));
        let actor = Actor::new(hub, machine, store, keys, outlet, config.gather, failed);
        let ended = actor
            .spawn(inbox, requests)
            .map_err(|error| HubError::System(error.to_string()))?;
        let stopping = CancellationToken::new();
        let admin = admin::listen(&config.data_dir, jobs.clone(), stopping.clone())
            .map_err(|error| HubError::System(format!("admin.sock: {error}")))?;
        let tasks = vec![tokio::spawn(carry(events, inputs, connections)), admin];
        Ok(HubHandle {
            network,
            receipt_key: public_key,
            public: config.public,
            jobs,
            failure,
            stopping,
            tasks,
            ended,
        })
    }
}

impl HubHandle {
    /// What an owner gives to `conclave hub add`.
    pub async fn address(&self) -> HubAddr {
        let mut peer = self.network.addr().await;
        peer.direct.extend(self.public.iter().copied());
        HubAddr {
            peer,
            receipt_key: self.receipt_key,
        }
    }

    /// Waits until the hub can no longer keep its promises, and says why. It must be stopped then.
    pub async fn failed(&self) -> String {
        let mut failure = self.failure.clone();
        let reason = failure.wait_for(Option::is_some).await;
        match reason.ok().and_then(|reason| reason.clone()) {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }

    /// Counters and sizes in the text format of Prometheus; none names a member.
    pub async fn metrics(&self) -> String {
        let (answer, text) = oneshot::channel();
        if self.jobs.send(Job::Metrics(answer)).await.is_err() {
            return String::new();
        }
        text.await.unwrap_or_default()
    }

    /// Takes what has arrived, answers it, and closes the store.
    pub async fn stop(mut self) {
        let (done, stopped) = oneshot::channel();
        if self.jobs.send(Job::Stop(done)).await.is_ok() {
            let _ = stopped.await;
        }
        let _ = (&mut self.ended).await;
        self.network.close().await;
        self.stopping.cancel();
        for task in self.tasks.drain(..) {
            task.abort();
            let _ = task.await;
        }
    }
}

fn open(dir: &std::path::Path) -> Result<(files::Keys, FjallStore), HubError> {
    files::prepare(dir)?;
    let keys = files::keys(dir)?;
    let store = FjallStore::open(&dir.join("store"))?;
    Ok((keys, store))
}

/// Opens the transport, at the port of the last time where none is asked for.
async fn bind(config: &HubNodeConfig, keys: &files::Keys) -> Result<(Network, Events), HubError> {
    let mut net = NetConfig::new(*keys.node);
    net.relays.clone_from(&config.relays);
    net.bind = config.bind;
    net.limits = Limits {
        connections_incoming_max: config.limits.connections_max,
        handshakes_max: HANDSHAKES_MAX,
        outgoing_bytes_max: OUTGOING_BYTES_MAX,
        ..Limits::default()
    };
    let is_free = config.bind.is_none_or(|bind| bind.port() == 0);
    let remembered = files::port(&config.data_dir).filter(|_| is_free);
    let bound = match remembered {
        Some(port) => {
            let mut again = net.clone();
            again.port = port;
            again.bind.iter_mut().for_each(|bind| bind.set_port(port));
            Network::bind(again).await.ok()
        }
        None => None,
    };
    let (network, events) = match bound {
        Some(bound) => bound,
        None => Network::bind(net).await?,
    };
    let addrs = network.local_addrs();
    let port = addrs.iter().find(|addr| addr.is_ipv4()).or(addrs.first());
    if let Some(port) = port.map(SocketAddr::port).filter(|_| is_free) {
        files::remember_port(&config.data_dir, port)?;
    }
    Ok((network, events))
}

/// Carries events of the network to the thread, until either ends.
async fn carry(mut events: Events, inputs: mpsc::Sender<HubInput>, connections: Arc<Connections>) {
    while let Some(event) = events.recv().await {
        let input = match event {
            NetEvent::Connected { conn, node_id, .. } => {
                let conn = connections.add(conn, node_id);
                let node = NodeId(node_id);
                Some(HubInput::Connected { conn, node })
            }
            NetEvent::Received { conn, payload, .. } => connections
                .number(conn)
                .map(|conn| HubInput::Frame(conn, payload)),
            NetEvent::Disconnected { conn, .. } => {
                connections.remove(conn).map(HubInput::Disconnected)
            }
            NetEvent::PathChanged { .. } => None,
        };
        if let Some(input) = input
            && inputs.send(input).await.is_err()
        {
            return;
        }
    }
}
