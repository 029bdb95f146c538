//! What this node alone keeps about a server.

use conclave_core::codec::{self, CodecError, Limits};
use conclave_core::id::{EventId, Millis, ServerId};
use conclave_core::member::Reach;
use conclave_core::view::Table;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::notary::Signed;
use crate::txn::Txn;

/// This node's standing in a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum Standing {
    /// Fetching the log, to join at its end.
    #[n(1)]
    Joining,
    /// A member.
    #[n(2)]
    Active,
    /// Banned or kicked.
    #[n(3)]
    Removed,
    /// Left.
    #[n(4)]
    Left,
}

/// The local record, at `server` in [`Table::Server`].
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Local {
    /// Format version, 1.
    #[n(0)]
    pub version: u16,
    /// This node's standing.
    #[n(1)]
    pub standing: Standing,
    /// The name that the invite claimed, until the log tells.
    #[n(2)]
    pub name_hint: String,
    /// The link while joining: its text, secret and all.
    #[n(3)]
    pub link: Option<String>,
    /// When this node came to the server.
    #[n(4)]
    pub since: Millis,
    /// Nodes to try before any member's is known.
    #[n(5)]
    pub hints: Vec<Reach>,
    /// Why the standing is what it is.
    #[n(6)]
    pub reason: Option<String>,
    /// Links whose leaf this node holds besides its own: 32-byte secrets.
    #[n(7)]
    pub secrets: Vec<ByteVec>,
    /// When this node's clock first showed each open claim of ownership.
    #[n(8)]
    #[cbor(default)]
    pub claims: Vec<KnownClaim>,
    /// The last checkpoint that this device has signed here as a notary.
    #[n(9)]
    pub signed: Option<Signed>,
    /// Own events up to this sequence that a checkpoint left behind were issued anew.
    #[n(10)]
    pub reissued: Option<u64>,
}

/// Since when an open claim is known here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct KnownClaim {
    /// The claim.
    #[n(0)]
    pub claim: EventId,
    /// Since when, by this node's clock.
    #[n(1)]
    pub since: Millis,
}

impl Local {
    /// A record for a server that this node founds or joins.
    #[must_use]
    pub fn new(standing: Standing, name_hint: &str, since: Millis) -> Self {
        Self {
            version: 1,
            standing,
            name_hint: name_hint.to_owned(),
            link: None,
            since,
            hints: Vec::new(),
            reason: None,
            secrets: Vec::new(),
            claims: Vec::new(),
            signed: None,
            reissued: None,
        }
    }

    /// Since when a claim is known here.
    #[must_use]
    pub fn knows_claim_since(&self, claim: &EventId) -> Option<Millis> {
        let known = self.claims.iter().find(|known| known.claim == *claim);
        known.map(|known| known.since)
    }

    /// Stores the record.
    pub fn save(&self, txn: &mut Txn<'_>, server: ServerId) {
        txn.put(Table::Server, *server.as_bytes(), codec::encode(self));
    }

    /// Reads a stored record.
    ///
    /// # Errors
    /// [`CodecError`] if it is damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(bytes, Limits::bytes(1 << 20))
    }
}
