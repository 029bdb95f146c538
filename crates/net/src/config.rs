//! What a [`Network`](crate::Network) is started with.

use std::{fmt, net::SocketAddr};

use iroh_relay::{RelayConfig, RelayQuicConfig};
use zeroize::Zeroizing;

use crate::{addr::RelayUrl, hello::VersionRange, limits::Limits, secret::Secret};

/// A relay that this node listens at.
#[derive(Debug, Clone)]
pub struct RelayEntry {
    /// Where it is.
    pub url: RelayUrl,
    /// What it asks for, if anything.
    pub token: Option<Secret>,
    /// The one certificate (DER) that it may show; without it, one of a public authority.
    pub pinned_cert_der: Option<Vec<u8>>,
    /// UDP port of its address discovery. Without any, peers behind a NAT stay relayed.
    pub quic_port: Option<u16>,
}

impl RelayEntry {
    /// A relay without token, pin or address discovery.
    pub fn new(url: RelayUrl) -> Self {
        Self {
            url,
            token: None,
            pinned_cert_der: None,
            quic_port: None,
        }
    }

    /// Hands the token to iroh, which keeps a copy that is not wiped.
    pub(crate) fn to_iroh(&self) -> RelayConfig {
        let config = RelayConfig::new(self.url.to_iroh(), self.quic_port.map(RelayQuicConfig::new));
        match &self.token {
            Some(token) => config.with_auth_token(token.reveal()),
            None => config,
        }
    }
}

/// What a [`Network`](crate::Network) is started with.
#[derive(Clone)]
pub struct NetConfig {
    /// Seed of the Ed25519 key whose public part is the node id. Never printed, wiped when dropped.
    pub secret_key: Zeroizing<[u8; 32]>,
    /// Local UDP address; `None` for all interfaces.
    pub bind: Option<SocketAddr>,
    /// UDP port on all interfaces, where `bind` is `None`; 0 for any. A node that keeps its port is found again by peers
    /// that remember it.
    pub port: u16,
    /// Whether peers may be reached directly. Without it everything goes through relays, and peers learn no address
    /// of this node.
    pub direct: bool,
    /// Relays to listen at; two or more survive the loss of one. More can be added later.
    pub relays: Vec<RelayEntry>,
    /// Protocol versions to offer.
    pub versions: VersionRange,
    /// Feature bits to announce.
    pub features: u64,
    /// Software and version to announce: printable ASCII, at most [`BUILD_LEN_MAX`](crate::BUILD_LEN_MAX) bytes.
    pub build: String,
    /// Bounds.
    pub limits: Limits,
}

impl NetConfig {
    /// Any address, direct paths, no relays, the current version and the default limits.
    pub fn new(secret_key: [u8; 32]) -> Self {
        Self {
            secret_key: Zeroizing::new(secret_key),
            bind: None,
            port: 0,
            direct: true,
            relays: Vec::new(),
            versions: VersionRange::CURRENT,
            features: 0,
            build: concat!("conclave/", env!("CARGO_PKG_VERSION")).to_owned(),
            limits: Limits::default(),
        }
    }
}

impl fmt::Debug for NetConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetConfig")
            .field("bind", &self.bind)
            .field("port", &self.port)
            .field("direct", &self.direct)
            .field("relays", &self.relays)
            .field("versions", &self.versions)
            .field("features", &self.features)
            .field("build", &self.build)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn printing_a_configuration_shows_no_secret() {
        let mut config = NetConfig::new([0xab; 32]);
        let mut relay = RelayEntry::new("https://relay.example/".parse().unwrap());
        relay.token = Some(Secret::new("opensesame"));
        config.relays.push(relay);
        let printed = format!("{config:?}");
        assert!(printed.contains("relay.example"));
        assert!(
            !printed.contains("opensesame")
                && !printed.contains("171")
                && !printed.contains("abab")
        );
    }
}
