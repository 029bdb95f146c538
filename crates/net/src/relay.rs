//! A relay: carries encrypted packets between nodes that cannot reach each other, over HTTP(S) and WebSocket.
//!
//! A relay stores nothing and knows nothing of servers and messages. It sees which node ids exchange how many bytes.
//! The forwarding is `iroh-relay`'s; this module adds the caps that it lacks, access tokens and counters.

mod counters;
mod door;
mod gate;
mod tls;

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc, time::Duration};

use iroh_relay::{
    KeyCache,
    server::{ClientRateLimit, Metrics, QuicConfig, RelayService, Server, ServerConfig},
};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{addr::RelayUrl, secret::Secret};

pub use self::tls::{CertificateError, RelayCertificate};
use self::{door::Door, gate::Gate};

/// Bounds of one relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayLimits {
    /// Clients at the same time.
    pub connections_max: usize,
    /// Connections of one node id at the same time: one, and a few that are about to be noticed as dead.
    pub connections_per_node_max: usize,
    /// Connections that have not proven a node id yet, over TCP. Beyond it, new ones are dropped at once.
    pub pending_max: usize,
    /// Time for TLS, the HTTP request and the proof of the node id together.
    pub pending_timeout: Duration,
    /// Bytes a second that one connection may send.
    pub bytes_per_second: NonZeroU32,
    /// Bytes that one connection may send at once after a pause.
    pub burst_bytes: NonZeroU32,
}

impl Default for RelayLimits {
    fn default() -> Self {
        const MIB: NonZeroU32 = NonZeroU32::MIN.saturating_add((1 << 20) - 1);
        Self {
            connections_max: 10_000,
            connections_per_node_max: 4,
            pending_max: 256,
            pending_timeout: Duration::from_secs(10),
            bytes_per_second: MIB.saturating_mul(NonZeroU32::MIN.saturating_add(3)),
            burst_bytes: MIB.saturating_mul(NonZeroU32::MIN.saturating_add(7)),
        }
    }
}

/// What a relay is started with.
#[derive(Debug, Clone)]
pub struct RelayServerConfig {
    /// TCP address to listen at: port 443 where UDP is blocked, any other elsewhere.
    pub bind: SocketAddr,
    /// Certificate for HTTPS; without it plain HTTP, for development and behind a proxy that adds TLS.
    pub certificate: Option<RelayCertificate>,
    /// UDP address for address discovery, without which nodes behind NAT do not find direct paths. Needs a certificate.
    pub quic_bind: Option<SocketAddr>,
    /// Host that clients know the relay by; `None` for the IP address of `bind`.
    pub public_host: Option<String>,
    /// Tokens that grant access; empty for an open relay.
    pub tokens: Vec<Secret>,
    /// Bounds.
    pub limits: RelayLimits,
}

impl RelayServerConfig {
    /// An open relay over plain HTTP with the default limits.
    pub fn new(bind: SocketAddr) -> Self {
        Self {
            bind,
            certificate: None,
            quic_bind: None,
            public_host: None,
            tokens: Vec::new(),
            limits: RelayLimits::default(),
        }
    }
}

/// Why a relay could not start.
#[derive(Debug, Error)]
pub enum RelayError {
    /// The certificate or its key is not usable.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Address discovery was asked for without a certificate.
    #[error("address discovery needs a certificate")]
    QuicWithoutCertificate,
    /// The host does not make a URL.
    #[error("not a host name: {host:?}")]
    Host {
        /// The text found.
        host: String,
    },
    /// The TCP socket could not be opened.
    #[error("cannot listen at {addr}: {source}")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// The system's words.
        source: std::io::Error,
    },
    /// The UDP socket could not be opened.
    #[error("cannot start address discovery at {addr}: {detail}")]
    Quic {
        /// The address asked for.
        addr: SocketAddr,
        /// The transport's words.
        detail: String,
    },
}

/// A running relay. Stops when [`shutdown`](Self::shutdown); dropping it stops it without waiting.
pub struct RelayServer {
    addr: SocketAddr,
    url: RelayUrl,
    cert_der: Option<Vec<u8>>,
    gate: Arc<Gate>,
    metrics: Arc<Metrics>,
    discovery: Option<Server>,
    closing: CancellationToken,
    tasks: TaskTracker,
}

impl RelayServer {
    /// Opens the sockets and begins to serve.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn start(config: RelayServerConfig) -> Result<Self, RelayError> {
        let tls = config
            .certificate
            .as_ref()
            .map(RelayCertificate::server_config)
            .transpose()?;
        let listen = |source| RelayError::Listen {
            addr: config.bind,
            source,
        };
        let listener = TcpListener::bind(config.bind).await.map_err(listen)?;
        let addr = listener.local_addr().map_err(listen)?;
        let url = public_url(addr, tls.is_some(), config.public_host.as_deref())?;
        let discovery = match (config.quic_bind, &tls) {
            (None, _) => None,
            (Some(_), None) => return Err(RelayError::QuicWithoutCertificate),
            (Some(quic_addr), Some(tls)) => Some(start_discovery(quic_addr, tls.clone()).await?),
        };
        let metrics = Arc::new(Metrics::default());
        let gate = Arc::new(Gate::new(config.tokens, &config.limits));
        let mut rate = ClientRateLimit::new(config.limits.bytes_per_second);
        rate.max_burst_bytes = Some(config.limits.burst_bytes);
        let service = RelayService::new(
            door::handlers(),
            http::HeaderMap::new(),
            Some(rate),
            // A sender usually addresses a few others: keys are decompressed once, not per packet.
            KeyCache::new(config.limits.connections_max.saturating_mul(2)),
            Arc::<Gate>::clone(&gate),
            Arc::clone(&metrics),
        );
        let (closing, tasks) = (CancellationToken::new(), TaskTracker::new());
        let door = Door {
            service,
            tls: tls.map(|tls| TlsAcceptor::from(Arc::new(tls))),
            gate: Arc::clone(&gate),
            pending_timeout: config.limits.pending_timeout,
            closing: closing.clone(),
            tasks: tasks.clone(),
        };
        tasks.spawn(door.serve(listener));
        let cert_der = config
            .certificate
            .map(|certificate| certificate.leaf_der().to_vec());
        Ok(Self {
            addr,
            url,
            cert_der,
            gate,
            metrics,
            discovery,
            closing,
            tasks,
        })
    }

    /// Returns the TCP address that the relay listens at.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns the URL to give to nodes.
    pub fn url(&self) -> &RelayUrl {
        &self.url
    }

    /// Returns the certificate (DER) that nodes may pin.
    pub fn cert_der(&self) -> Option<&[u8]> {
        self.cert_der.as_deref()
    }

    /// Returns the UDP port of address discovery.
    pub fn quic_port(&self) -> Option<u16> {
        Some(self.discovery.as_ref()?.quic_addr()?.port())
    }

    /// Returns the counters in the Prometheus text format. They name no client.
    pub fn metrics_text(&self) -> String {
        let discoveries = self
            .discovery
            .as_ref()
            .map(|server| server.metrics().server.qad_connections.get());
        counters::text(&self.gate, &self.metrics, discoveries)
    }

    /// Disconnects all clients and waits until everything has stopped.
    pub async fn shutdown(mut self) {
        self.closing.cancel();
        self.tasks.close();
        if let Some(discovery) = self.discovery.take()
            && let Err(error) = discovery.shutdown().await
        {
            tracing::debug!(%error, "address discovery ended badly");
        }
        self.tasks.wait().await;
    }
}

impl Drop for RelayServer {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

fn public_url(addr: SocketAddr, has_tls: bool, host: Option<&str>) -> Result<RelayUrl, RelayError> {
    let scheme = if has_tls { "https" } else { "http" };
    let authority = match host {
        Some(host) => format!("{host}:{}", addr.port()),
        None => addr.to_string(),
    };
    format!("{scheme}://{authority}/")
        .parse()
        .map_err(|_| RelayError::Host { host: authority })
}

async fn start_discovery(
    addr: SocketAddr,
    tls: rustls::ServerConfig,
) -> Result<Server, RelayError> {
    let mut quic = QuicConfig::new(addr);
    quic.server_config = Some(tls);
    let mut config = ServerConfig::default();
    config.quic = Some(quic);
    Server::spawn(config)
        .await
        .map_err(|error| RelayError::Quic {
            addr,
            detail: format!("{error:#}"),
        })
}
