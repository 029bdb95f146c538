//! Starting and stopping a node.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use conclave_core::view::{Change, Table, View};
use conclave_net::{Events, NetConfig, Network};
use conclave_store::profile::{Profile, ProfileError};
use conclave_store::vault::{Protection, Unlock};
use conclave_store::{SqliteStore, Store};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::api::{self, App, FileBook, Hosts, Sessions, Tickets, TokenBook};
use crate::bridge::{self, Connections, Dialer, Outlet};
use crate::clock;
use crate::config::{DEFAULT_PORT, NodeConfig};
use crate::engine::{self, Account, ActorParts, EngineHandle};
use crate::secrets::{Secrets, SecretsError};
use crate::session_file::{SessionFile, SessionInfo};

/// Wishes for connections that wait for the dialer.
const DIALS_MAX: usize = 256;

/// Row of the UDP port that the transport had last.
const UDP_PORT: &[u8] = b"udp-port";

/// Why a node did not start. The profile's files are as they were.
#[derive(Debug, Error)]
pub enum StartError {
    /// The profile cannot be opened.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// What the vault holds cannot be read.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The system has no randomness.
    #[error("the system has no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The transport cannot start.
    #[error("the network cannot start: {0}")]
    Network(#[from] conclave_net::BindError),
    /// The port of the API is taken.
    #[error("port {port} on this machine cannot be used: {source}")]
    Port {
        /// The port asked for.
        port: u16,
        /// The system's words.
        source: std::io::Error,
    },
    /// The session file cannot be written.
    #[error("the profile's session file cannot be written: {0}")]
    SessionFile(std::io::Error),
    /// The account cannot be opened from the store.
    #[error("the account cannot be opened: {0}")]
    Engine(String),
    /// A task of the node ended early.
    #[error("the node was interrupted while it started")]
    Interrupted,
}

/// A running node. Stop it with [`NodeHandle::stop`].
pub struct NodeHandle {
    app: Arc<App>,
    port: u16,
    session_token: Zeroizing<String>,
    session_file: Option<SessionFile>,
    failure: watch::Receiver<Option<String>>,
    stopping: CancellationToken,
    carry: JoinHandle<()>,
    tasks: Vec<JoinHandle<()>>,
    engine_end: tokio::sync::oneshot::Receiver<()>,
}

/// Starts nodes.
pub struct Node;

impl Node {
    /// Opens profile and network and begins to serve the local API.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: NodeConfig) -> Result<NodeHandle, StartError> {
        let (mut profile, secrets, config) = open_profile(config).await?;
        let has_passphrase = profile.vault().protection() == Protection::Passphrase;
        let (network, events) = bind_network(&config, &secrets, profile.store_mut()).await?;

        let listener = listen(config.port).await?;
        let files_listener = listen(Some(0)).await?;
        let (port, files_port) = (port_of(&listener)?, port_of(&files_listener)?);

        let (engine, inboxes) = EngineHandle::new();
        let connections = Arc::new(Connections::default());
        let (dials, wishes) = mpsc::channel(DIALS_MAX);
        let announce = Arc::new(Notify::new());
        let files = Arc::new(FileBook::default());
        let (failed, failure) = watch::channel(None);
        let (store, vault, lock) = profile.into_parts();
        let parts = ActorParts {
            account: Account::new(vault, secrets, network.node_id()),
            store,
            lock,
            outlet: Outlet::new(
                network.clone(),
                Arc::clone(&connections),
                dials,
                Arc::clone(&announce),
            ),
            profile_name: config.profile_name.clone(),
            files: Arc::clone(&files),
            on_failure: Box::new(move |reason| drop(failed.send(Some(reason)))),
        };
        let spawned = tokio::task::spawn_blocking(move || engine::spawn(parts, inboxes)).await;
        let (token_rows, engine_end) = spawned
            .map_err(|_| StartError::Interrupted)?
            .map_err(StartError::Engine)?;

        let app = Arc::new(App {
            engine: engine.clone(),
            network: network.clone(),
            sessions: Sessions::default(),
            tokens: TokenBook::default(),
            files,
            tickets: Tickets::default(),
            hosts: Hosts::loopback(port),
            file_hosts: Hosts::loopback(files_port),
            files_port,
            page_policy: api::page_policy(port, files_port),
            requests: Arc::new(Semaphore::new(api::REQUESTS_MAX)),
            profile_name: config.profile_name,
            profile_dir: config.profile_dir.clone(),
            has_passphrase,
        });
        app.tokens.load(token_rows.iter().map(Vec::as_slice));
        let session_token = app.sessions.new_session()?;
        let info = SessionInfo {
            url: url(port),
            token: session_token.to_string(),
            pid: std::process::id(),
        };
        let session_file =
            SessionFile::write(&config.profile_dir, &info).map_err(StartError::SessionFile)?;

        let stopping = CancellationToken::new();
        let carry = tokio::spawn(bridge::carry(events, engine.clone(), connections));
        let tasks = vec![
            tokio::spawn(bridge::report_reach(
                network.clone(),
                engine,
                announce,
                stopping.clone(),
            )),
            tokio::spawn(Dialer::new(network).run(wishes)),
            tokio::spawn(api::serve(
                listener,
                api::router(&app, config.web),
                stopping.clone(),
            )),
            tokio::spawn(api::serve(
                files_listener,
                api::files_router(&app),
                stopping.clone(),
            )),
        ];
        Ok(NodeHandle {
            app,
            port,
            session_token,
            session_file: Some(session_file),
            failure,
            stopping,
            carry,
            tasks,
            engine_end,
        })
    }
}

impl NodeHandle {
    /// Address of the API and the app, without a path.
    pub fn url(&self) -> String {
        url(self.port)
    }

    /// Address that opens the app with a one-time code. The code stands in the fragment, which no browser sends anywhere.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn open_url(&self) -> Result<Zeroizing<String>, getrandom::Error> {
        let code = self.app.sessions.new_code(clock::now())?;
        Ok(Zeroizing::new(format!(
            "{}/#code={}",
            self.url(),
            code.as_str()
        )))
    }

    /// A session token of the person.
    pub fn session_token(&self) -> &str {
        &self.session_token
    }

    /// Waits until the node can no longer keep its promises, and says why. It must be stopped then.
    pub async fn failed(&self) -> String {
        let mut failure = self.failure.clone();
        let reason = failure
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|reason| reason.clone());
        match reason {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }

    /// Answers open requests, delivers what is queued, closes the store.
    pub async fn stop(mut self) {
        self.session_file.take();
        self.stopping.cancel();
        self.app.engine.stop().await;
        let _ = (&mut self.engine_end).await;
        tracing::debug!("the engine has stopped");
        self.app.network.close().await;
        tracing::debug!("the network is closed");
        // Nobody takes events any more.
        self.carry.abort();
        for task in self.tasks.drain(..) {
            let _ = task.await;
        }
    }
}

/// Opens the transport at the port of the last time, so that members find this node again where they remember it.
async fn bind_network(
    config: &NodeConfig,
    secrets: &Secrets,
    store: &mut SqliteStore,
) -> Result<(Network, Events), StartError> {
    let remembered = store
        .get(Table::Node, UDP_PORT)
        .ok()
        .flatten()
        .and_then(|row| Some(u16::from_be_bytes(row.try_into().ok()?)));
    let mut net_config = NetConfig::new(*secrets.node_key);
    net_config.relays.clone_from(&config.relays);
    net_config.bind = config.bind;
    let is_free = config.bind.is_none_or(|bind| bind.port() == 0);
    let bound = match remembered.filter(|_| is_free) {
        Some(port) => {
            let mut again = net_config.clone();
            again.port = port;
            again.bind.iter_mut().for_each(|bind| bind.set_port(port));
            Network::bind(again).await.ok()
        }
        None => None,
    };
    let (network, events) = match bound {
        Some(bound) => bound,
        None => Network::bind(net_config).await?,
    };
    let addrs = network.local_addrs();
    let port = addrs
        .iter()
        .find(|addr| addr.is_ipv4())
        .or(addrs.first())
        .map(SocketAddr::port);
    if let Some(port) = port.filter(|port| is_free && remembered != Some(*port)) {
        let row = Change::Put {
            table: Table::Node,
            key: UDP_PORT.to_vec(),
            value: port.to_be_bytes().to_vec(),
        };
        if let Err(error) = store.commit(&[row]) {
            tracing::warn!(%error, "the port of the transport is not remembered");
        }
    }
    Ok((network, events))
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Opens or creates the profile away from the async threads: deriving a key takes time.
async fn open_profile(config: NodeConfig) -> Result<(Profile, Secrets, NodeConfig), StartError> {
    let open = move || {
        let unlock = match &config.passphrase {
            Some(passphrase) => Unlock::Passphrase(passphrase),
            None => Unlock::KeyFile,
        };
        let (profile, secrets) = if Profile::exists(&config.profile_dir)? {
            let profile = Profile::open(&config.profile_dir, unlock)?;
            let secrets = Secrets::from_bytes(profile.vault().secrets())?;
            (profile, secrets)
        } else {
            let secrets = Secrets::fresh()?;
            let mut seed = Zeroizing::new([0; 32]);
            getrandom::fill(&mut *seed)?;
            let mut rng = ChaCha20Rng::from_seed(*seed);
            (
                Profile::create(&config.profile_dir, unlock, &secrets.to_bytes(), &mut rng)?,
                secrets,
            )
        };
        Ok((profile, secrets, config))
    };
    tokio::task::spawn_blocking(open)
        .await
        .map_err(|_| StartError::Interrupted)?
}

async fn listen(port: Option<u16>) -> Result<TcpListener, StartError> {
    let bind = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    match port {
        Some(port) => bind(port)
            .await
            .map_err(|source| StartError::Port { port, source }),
        None => match bind(DEFAULT_PORT).await {
            Ok(listener) => Ok(listener),
            // Another profile has it.
            Err(_) => bind(0)
                .await
                .map_err(|source| StartError::Port { port: 0, source }),
        },
    }
}

fn port_of(listener: &TcpListener) -> Result<u16, StartError> {
    let addr = listener
        .local_addr()
        .map_err(|source| StartError::Port { port: 0, source })?;
    Ok(addr.port())
}
