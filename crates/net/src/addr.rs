//! Where a node can be reached, as values and as text.

use std::{collections::BTreeSet, fmt, net::SocketAddr, str::FromStr};

use iroh::{EndpointAddr, EndpointId, TransportAddr};
use thiserror::Error;

/// Relays that one address may name. A node listens at one or two.
pub const PEER_RELAYS_MAX: usize = 4;

/// Socket addresses that one address may name. Each costs its reader a few packets to somebody else's choice of host.
pub const PEER_DIRECT_MAX: usize = 16;

/// Longest relay URL in bytes, so that an invite with several still fits a QR code.
pub const RELAY_URL_LEN_MAX: usize = 256;

/// Longest text of a [`PeerAddr`] in bytes: 64 digits, then relays and socket addresses with two or three bytes each
/// to separate them.
pub const PEER_ADDR_TEXT_LEN_MAX: usize =
    64 + PEER_RELAYS_MAX * (3 + RELAY_URL_LEN_MAX) + PEER_DIRECT_MAX * (3 + 58);

/// A node's public key (Ed25519, 32 bytes). Connections prove it.
pub type NodeId = [u8; 32];

/// Why text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddrError {
    /// The bytes are no Ed25519 public key.
    #[error("not a node id")]
    NodeId,
    /// Not an `http` or `https` URL of a host, or not in its normal form.
    #[error("not the URL of a relay: {url:?}")]
    RelayUrl {
        /// The text found.
        url: String,
    },
    /// Not `ip:port` in its shortest form.
    #[error("not a socket address: {text:?}")]
    Direct {
        /// The text found.
        text: String,
    },
    /// A part has no known prefix, stands out of order, or twice.
    #[error("misplaced part {index} of a peer address")]
    Part {
        /// Position, the node id being 0.
        index: usize,
    },
    /// More relays, socket addresses or bytes than an address may have.
    #[error("peer address has too many {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
    },
}

/// The URL of a relay, in normal form: `http` or `https`, a host, no credentials, no comma, at most
/// [`RELAY_URL_LEN_MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayUrl(iroh::RelayUrl);

impl RelayUrl {
    pub(crate) fn to_iroh(&self) -> iroh::RelayUrl {
        self.0.clone()
    }

    pub(crate) fn from_iroh(url: &iroh::RelayUrl) -> Option<Self> {
        url.to_string().parse().ok()
    }

    /// Returns the host as it is named in a certificate: without port, and without the brackets of IPv6.
    pub fn host(&self) -> &str {
        self.0
            .host_str()
            .unwrap_or_default()
            .trim_start_matches('[')
            .trim_end_matches(']')
    }
}

impl fmt::Display for RelayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RelayUrl {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<Self, AddrError> {
        let refuse = || AddrError::RelayUrl {
            url: text.chars().take(RELAY_URL_LEN_MAX).collect(),
        };
        if text.len() > RELAY_URL_LEN_MAX || text.contains(',') {
            return Err(refuse());
        }
        let url: iroh::RelayUrl = text.parse().map_err(|_| refuse())?;
        let plain =
            url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && plain
            && url.to_string().len() <= RELAY_URL_LEN_MAX
        {
            Ok(Self(url))
        } else {
            Err(refuse())
        }
    }
}

/// A node and the ways to it. Knowing the node id alone is not enough to connect.
///
/// Its text is canonical, so that equal addresses are equal text: 64 lower-case hexadecimal digits, then every relay as
/// `,r=<url>`, then every socket address as `,d=<ip:port>`, each group in ascending order.
///
/// ```
/// # use conclave_net::PeerAddr;
/// let text = format!("{},r=https://relay.example/,d=192.0.2.7:4433", "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29");
/// let addr: PeerAddr = text.parse()?;
/// assert_eq!(addr.to_string(), text);
/// # Ok::<(), conclave_net::AddrError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerAddr {
    /// Whose address it is.
    pub node_id: NodeId,
    /// Relays that the node listens at.
    pub relays: BTreeSet<RelayUrl>,
    /// Addresses at which the node may be reached directly.
    pub direct: BTreeSet<SocketAddr>,
}

impl PeerAddr {
    /// Makes an address without any way to the node yet.
    pub fn new(node_id: NodeId) -> Self {
        Self {
            node_id,
            relays: BTreeSet::new(),
            direct: BTreeSet::new(),
        }
    }

    /// Adds a relay that the node listens at.
    #[must_use]
    pub fn with_relay(mut self, relay: RelayUrl) -> Self {
        self.relays.insert(relay);
        self
    }

    /// Adds an address at which the node may be reached directly.
    #[must_use]
    pub fn with_direct(mut self, direct: SocketAddr) -> Self {
        self.direct.insert(direct);
        self
    }

    /// Checks the counts that the fields allow to exceed.
    ///
    /// # Errors
    /// [`AddrError::TooMany`].
    pub fn check(&self) -> Result<(), AddrError> {
        if self.relays.len() > PEER_RELAYS_MAX {
            return Err(AddrError::TooMany { what: "relays" });
        }
        if self.direct.len() > PEER_DIRECT_MAX {
            return Err(AddrError::TooMany {
                what: "socket addresses",
            });
        }
        Ok(())
    }

    pub(crate) fn to_iroh(&self) -> Result<EndpointAddr, AddrError> {
        self.check()?;
        let id = EndpointId::from_bytes(&self.node_id).map_err(|_| AddrError::NodeId)?;
        let relays = self
            .relays
            .iter()
            .map(|relay| TransportAddr::Relay(relay.to_iroh()));
        let direct = self.direct.iter().map(|addr| TransportAddr::Ip(*addr));
        Ok(EndpointAddr::from_parts(id, relays.chain(direct)))
    }

    /// Takes over what fits; the rest is dropped, as a node may have any number of network interfaces.
    pub(crate) fn from_iroh(addr: &EndpointAddr) -> Self {
        Self {
            node_id: *addr.id.as_bytes(),
            relays: addr
                .relay_urls()
                .filter_map(RelayUrl::from_iroh)
                .take(PEER_RELAYS_MAX)
                .collect(),
            direct: addr.ip_addrs().copied().take(PEER_DIRECT_MAX).collect(),
        }
    }
}

impl fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.node_id))?;
        self.relays
            .iter()
            .try_for_each(|relay| write!(f, ",r={relay}"))?;
        self.direct
            .iter()
            .try_for_each(|addr| write!(f, ",d={addr}"))
    }
}

impl FromStr for PeerAddr {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<Self, AddrError> {
        if text.len() > PEER_ADDR_TEXT_LEN_MAX {
            return Err(AddrError::TooMany { what: "bytes" });
        }
        let mut parts = text.split(',');
        let digits = parts.next().unwrap_or_default();
        let mut addr = Self::new([0; 32]);
        hex::decode_to_slice(digits, &mut addr.node_id).map_err(|_| AddrError::NodeId)?;
        if digits.bytes().any(|digit| digit.is_ascii_uppercase())
            || EndpointId::from_bytes(&addr.node_id).is_err()
        {
            return Err(AddrError::NodeId);
        }
        for (index, part) in (1..).zip(parts) {
            let in_order = if let Some(url) = part.strip_prefix("r=") {
                let relay: RelayUrl = url.parse()?;
                if relay.to_string() != url {
                    return Err(AddrError::RelayUrl {
                        url: url.to_owned(),
                    });
                }
                let ascending = addr.relays.last().is_none_or(|last| *last < relay);
                ascending && addr.direct.is_empty() && addr.relays.insert(relay)
            } else if let Some(text) = part.strip_prefix("d=") {
                let direct = parse_direct(text)?;
                addr.direct.last().is_none_or(|last| *last < direct) && addr.direct.insert(direct)
            } else {
                false
            };
            if !in_order {
                return Err(AddrError::Part { index });
            }
            addr.check()?;
        }
        Ok(addr)
    }
}

fn parse_direct(text: &str) -> Result<SocketAddr, AddrError> {
    let addr = text
        .parse()
        .ok()
        .filter(|addr: &SocketAddr| addr.to_string() == text);
    addr.ok_or_else(|| AddrError::Direct {
        text: text.to_owned(),
    })
}

#[cfg(test)]
#[path = "addr/tests.rs"]
mod tests;
