//! The signed record by which a node is found.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::hash::Label;
use crate::id::{Digest, Millis, NodeId, VerifyKey};
use crate::signed::{Signable, Verified};

/// Version of the record format that this build writes.
pub const DISCOVERY_VERSION: u16 = 1;

/// Longest record payload in bytes: storers hold many, so they are small.
pub const DISCOVERY_BYTES_MAX: usize = 2 * 1024;

/// Longest life of a record: two hours, after which an address is likely to be stale.
pub const DISCOVERY_LIFETIME_MS_MAX: u64 = 2 * 60 * 60 * 1000;

/// Most addresses of a record.
pub const DISCOVERY_ADDRESSES_MAX: usize = 8;

/// Most relays of a record.
pub const DISCOVERY_RELAYS_MAX: usize = 4;

/// Most protocols of a record.
pub const DISCOVERY_PROTOCOLS_MAX: usize = 8;

/// Longest certificate in bytes: a short chain down to the publisher.
pub const CERTIFICATE_BYTES_MAX: usize = 768;

/// Longest relay URL, address or protocol name, in bytes.
const PLACE_BYTES_MAX: usize = 128;

/// Says where a node is, under one rendezvous key. One slot a publisher; the highest sequence wins.
///
/// Signed by the publisher. Layout: CBOR map, keys 0–13; at most [`DISCOVERY_BYTES_MAX`] bytes.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct DiscoveryRecord {
    /// Format version, [`DISCOVERY_VERSION`].
    #[n(0)]
    pub version: u16,
    /// The rendezvous key: a hash, whose preimage the certificate chains to.
    #[n(1)]
    pub key: Digest,
    /// Who publishes; certified for `key` one by one.
    #[n(2)]
    pub publisher: VerifyKey,
    /// Shows that whoever governs `key` certified the publisher; at most [`CERTIFICATE_BYTES_MAX`] bytes.
    #[n(3)]
    pub certificate: ByteVec,
    /// Raised with each record; never reused.
    #[n(4)]
    pub seq: u64,
    /// When, by the publisher's clock.
    #[n(5)]
    pub time: Millis,
    /// At most [`DISCOVERY_LIFETIME_MS_MAX`] after `time`.
    #[n(6)]
    pub expires: Millis,
    /// The node's transport key.
    #[n(7)]
    pub node: NodeId,
    /// URLs of relays, the home relay first.
    #[n(8)]
    pub relays: Vec<String>,
    /// Socket addresses as text.
    #[n(9)]
    pub addresses: Vec<String>,
    /// Names of protocols that the node speaks.
    #[n(10)]
    pub protocols: Vec<String>,
    /// What the node does.
    #[n(11)]
    pub capabilities: Capabilities,
    /// Lower comes first.
    #[n(12)]
    pub priority: u8,
    /// What a transfer costs the node, in its own eyes: 0 free, 255 only in need.
    #[n(13)]
    pub cost: u8,
}

/// What a node does for others; unknown bits are ignored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Capabilities(#[n(0)] pub u32);

impl Capabilities {
    /// Takes part as somebody's client.
    pub const CLIENT: Self = Self(1);
    /// Relays packets.
    pub const RELAY: Self = Self(1 << 1);
    /// Stores envelopes.
    pub const STORAGE: Self = Self(1 << 2);
    /// Is a hub.
    pub const HUB: Self = Self(1 << 3);

    /// Whether all of `other` are in the set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Why a record does not count, though its signature verifies.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// It claims too long a life, or one that ends before it begins.
    #[error("a record from {time:?} to {expires:?}")]
    Lifetime {
        /// When it begins.
        time: Millis,
        /// When it ends.
        expires: Millis,
    },
    /// It has expired, or is dated further ahead than clocks may differ.
    #[error("a record from {time:?} to {expires:?} at {now:?}")]
    NotNow {
        /// When it begins.
        time: Millis,
        /// When it ends.
        expires: Millis,
        /// The reader's clock.
        now: Millis,
    },
    /// A list or one of its texts is too long.
    #[error("the record's {0} are too many or too long")]
    List(&'static str),
}

impl Signable for DiscoveryRecord {
    const SIGN: Label = Label::DiscoverySign;
    const ID: Label = Label::DiscoveryId;
    const BYTES_MAX: usize = DISCOVERY_BYTES_MAX;
    /// The publisher, whom the certificate must then justify.
    type Hint = VerifyKey;

    fn hint(&self) -> VerifyKey {
        self.publisher
    }
}

impl Verified<DiscoveryRecord> {
    /// Checks what the signature does not: lifetime and limits. `skew_ms` is by how much clocks may differ.
    ///
    /// # Errors
    /// [`DiscoveryError`].
    pub fn check(&self, now: Millis, skew_ms: u64) -> Result<(), DiscoveryError> {
        let (time, expires) = (self.time, self.expires);
        let life = expires.0.checked_sub(time.0);
        if life.is_none_or(|life| life == 0 || life > DISCOVERY_LIFETIME_MS_MAX) {
            return Err(DiscoveryError::Lifetime { time, expires });
        }
        if now.0 >= expires.0.saturating_add(skew_ms) || time.0 > now.0.saturating_add(skew_ms) {
            return Err(DiscoveryError::NotNow { time, expires, now });
        }
        let fits = |list: &[String], max| {
            list.len() <= max && list.iter().all(|place| place.len() <= PLACE_BYTES_MAX)
        };
        let lists = [
            ("relays", fits(&self.relays, DISCOVERY_RELAYS_MAX)),
            ("addresses", fits(&self.addresses, DISCOVERY_ADDRESSES_MAX)),
            ("protocols", fits(&self.protocols, DISCOVERY_PROTOCOLS_MAX)),
            (
                "certificates",
                self.certificate.len() <= CERTIFICATE_BYTES_MAX,
            ),
        ];
        match lists.into_iter().find(|(_, good)| !good) {
            Some((name, _)) => Err(DiscoveryError::List(name)),
            None => Ok(()),
        }
    }
}
