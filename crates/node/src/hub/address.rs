//! How a hub is named to an owner: where its node is, and the key of its receipts.

use std::fmt;
use std::str::FromStr;

use conclave_core::id::{NodeId, VerifyKey};
use conclave_core::policy::Hub;
use conclave_net::{AddrError, PeerAddr};
use thiserror::Error;

/// What stands between the peer address and the receipt key.
const KEY_MARK: &str = ",k=";

/// A hub's address: a peer address (chapter `transport`), then `,k=` and 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HubAddr {
    /// Where it is.
    pub peer: PeerAddr,
    /// The key that signs its receipts.
    pub receipt_key: [u8; 32],
}

/// Why a text is no hub's address.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum HubAddrError {
    /// The receipt key is missing or no key.
    #[error(
        "not a hub's address: it ends with \",k=\" and 64 hexadecimal digits, as \"conclave hub\" prints it"
    )]
    Key,
    /// The rest is no peer address.
    #[error("not a hub's address: {0}")]
    Peer(#[from] AddrError),
}

impl From<HubAddr> for Hub {
    fn from(addr: HubAddr) -> Self {
        Self {
            node: NodeId(addr.peer.node_id),
            receipt_key: VerifyKey(addr.receipt_key),
            relays: addr.peer.relays.iter().map(ToString::to_string).collect(),
            addresses: addr.peer.direct.iter().map(ToString::to_string).collect(),
        }
    }
}

impl fmt::Display for HubAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{KEY_MARK}{}",
            self.peer,
            hex::encode(self.receipt_key)
        )
    }
}

impl FromStr for HubAddr {
    type Err = HubAddrError;

    fn from_str(text: &str) -> Result<Self, HubAddrError> {
        let (peer, key) = text.trim().rsplit_once(KEY_MARK).ok_or(HubAddrError::Key)?;
        let key = VerifyKey::from_hex(key).ok_or(HubAddrError::Key)?;
        Ok(Self {
            peer: peer.parse()?,
            receipt_key: key.0,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_address_reads_as_it_is_written_and_nothing_else_does() {
        let node = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29";
        let text = format!("{node},d=192.0.2.7:4433,k={}", "ab".repeat(32));
        let addr: HubAddr = text.parse().unwrap();
        assert_eq!(addr.to_string(), text);
        assert_eq!(addr.receipt_key, [0xab; 32]);
        for bad in [
            node.to_owned(),
            format!("{node},k=ab"),
            format!("x,k={}", "ab".repeat(32)),
        ] {
            assert!(bad.parse::<HubAddr>().is_err(), "{bad}");
        }
    }
}
