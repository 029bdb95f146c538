//! Which way the packets of a connection take.

use iroh::{TransportAddr, endpoint::PathList};

use crate::addr::{NodeId, RelayUrl};

/// The kind of way that a connection uses at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathKind {
    /// Straight between the two nodes.
    Direct,
    /// Through a relay, which sees ciphertext and the two node ids.
    Relayed {
        /// The relay.
        url: RelayUrl,
    },
}

/// The way that a connection uses at the moment, as shown to a person ("direct 12 ms", "via relay").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathInfo {
    /// The peer.
    pub node_id: NodeId,
    /// The kind of way.
    pub kind: PathKind,
    /// Estimated time of a round trip in milliseconds, rounded up.
    pub rtt_ms: u32,
}

impl PathInfo {
    /// Describes the selected path; before the first selection, the best open one.
    pub(crate) fn of(node_id: NodeId, paths: &PathList<'_>) -> Option<Self> {
        let path = paths
            .iter()
            .max_by_key(|path| (path.is_selected(), path.is_ip()))?;
        let kind = match path.remote_addr() {
            TransportAddr::Ip(_) => PathKind::Direct,
            TransportAddr::Relay(url) => PathKind::Relayed {
                url: RelayUrl::from_iroh(url)?,
            },
            _ => return None,
        };
        let rtt_ms = path.rtt().as_micros().div_ceil(1000);
        Some(Self {
            node_id,
            kind,
            rtt_ms: u32::try_from(rtt_ms).unwrap_or(u32::MAX),
        })
    }
}
