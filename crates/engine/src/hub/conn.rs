//! One connection, as a hub sees it.

use std::collections::BTreeMap;

use conclave_core::id::{Digest, NodeId, Pseudonym, ServerTag};
use rand_core::CryptoRng;

use crate::wire::NONCE_LEN;

/// Servers that one connection may take part in.
pub(super) const SEATS_MAX: usize = 1_024;

/// State of one connection.
pub(super) struct Conn {
    /// The other side.
    pub node: NodeId,
    /// What our greeting said; the other side signs it.
    pub our_nonce: [u8; NONCE_LEN],
    /// Where it takes part: space and seat, by server.
    pub seats: BTreeMap<ServerTag, (Digest, Seat)>,
    /// Frames sent against a throttle.
    pub strikes: u32,
    /// What it has asked since the last tick of what costs the hub much: proofs, manifests, lists of authors.
    pub costly: u32,
}

/// As what a connection takes part in a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seat {
    /// Reads and writes.
    Member(Pseudonym),
    /// Holds a link: reads, to join.
    Reader,
}

impl Conn {
    /// A connection that has just come up.
    pub fn greet(node: NodeId, rng: &mut dyn CryptoRng) -> Self {
        let mut our_nonce = [0; NONCE_LEN];
        rng.fill_bytes(&mut our_nonce);
        Self {
            node,
            our_nonce,
            seats: BTreeMap::new(),
            strikes: 0,
            costly: 0,
        }
    }
}
