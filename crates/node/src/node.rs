//! Starting and stopping a node.

use std::sync::Arc;

use conclave_net::Network;
use conclave_store::profile::ProfileError;
use conclave_store::vault::Protection;
use thiserror::Error;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::api::{self, App, FileBook, Hosts, Sessions, Tickets, TokenBook};
use crate::bridge::{self, Connections, Dialer, Outlet};
use crate::clock;
use crate::config::NodeConfig;
use crate::engine::{self, Account, ActorParts, EngineHandle};
use crate::opening::{bind_network, listen, open_profile, port_of};
use crate::secrets::SecretsError;
use crate::session_file::{SessionFile, SessionInfo};

/// Wishes for connections that wait for the dialer.
const DIALS_MAX: usize = 256;

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

        let ports = (port, files_port);
        let app = Arc::new(share(
            &config,
            engine.clone(),
            network.clone(),
            files,
            ports,
            has_passphrase,
        ));
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

/// Puts together what the handlers share.
fn share(
    config: &NodeConfig,
    engine: EngineHandle,
    network: Network,
    files: Arc<FileBook>,
    (port, files_port): (u16, u16),
    has_passphrase: bool,
) -> App {
    App {
        engine,
        network,
        sessions: Sessions::default(),
        tokens: TokenBook::default(),
        files,
        tickets: Tickets::default(),
        hosts: Hosts::loopback(port),
        file_hosts: Hosts::loopback(files_port),
        files_port,
        page_policy: api::page_policy(port, files_port),
        requests: Arc::new(Semaphore::new(api::REQUESTS_MAX)),
        profile_name: config.profile_name.clone(),
        profile_dir: config.profile_dir.clone(),
        has_passphrase,
    }
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
