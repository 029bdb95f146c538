//! The inner nodes of one server's key trees, and the secrets that open slots here.

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::codec::{self, Limits};
use conclave_core::id::{AudienceId, Digest, LeafId, ServerId};
use conclave_core::keys::{KeyRecord, LeafSecret, NodeHeader, NodeRecord, NodeSeed, Suite, Tree};
use conclave_core::signed::Verified;
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::txn::Txn;
use crate::wire::Position;

/// Most node records of one server: those of 100,000 leaves in buckets of 16 and the levels above, made anew eight times over.
/// Who cannot be reached through a node that is not kept asks a member for a slot of their own.
pub const NODES_MAX: usize = 65_536;

/// One inner node.
pub struct NodeEntry {
    /// The record.
    pub record: NodeRecord,
    /// Its envelope.
    pub position: Position,
    /// Who made it and over whom, once verified.
    pub header: Option<Verified<NodeHeader>>,
    /// Its seed, if this node stands beneath it.
    pub seed: Option<NodeSeed>,
}

/// The tree of an audience as of some version of the room, with the node records that are in it.
pub(crate) struct Grown {
    pub(crate) tree: Tree,
    inserted: BTreeSet<Digest>,
}

/// All inner nodes of one server.
#[derive(Default)]
pub struct NodeBook {
    nodes: BTreeMap<Digest, NodeEntry>,
    held: BTreeMap<LeafId, LeafSecret>,
    /// How many secrets of the device and of links are among `held`.
    own: usize,
    trees: BTreeMap<AudienceId, Grown>,
}

/// The stored form of a [`NodeEntry`]; the record stands in its envelope.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Row {
    #[n(0)]
    position: Position,
    #[n(1)]
    header: Option<ByteVec>,
    #[n(2)]
    seed: Option<ByteVec>,
}

impl NodeBook {
    /// Loads the nodes of a server.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read or holds a damaged row.
    pub fn load(view: &dyn View, server: ServerId) -> Result<Self, ViewError> {
        let range = KeyRange::prefix(server.as_bytes());
        let mut book = Self::default();
        for (key, value) in view.range(Table::KeyNode, &range, Direction::Forward, usize::MAX)? {
            let damaged = || ViewError("a stored node is damaged".to_owned());
            let row: Row = codec::decode(&value, Limits::bytes(1 << 20)).map_err(|_| damaged())?;
            let id = Digest::from_slice(&key[ServerId::LEN..]).ok_or_else(damaged)?;
            // A record that found no room to wait has a row and no envelope: it comes again.
            let Some(bytes) = view.get(Table::Envelope, &row.position.key())? else {
                continue;
            };
            let record = super::stored_envelope(&bytes)
                .ok()
                .and_then(|envelope| KeyRecord::decode(&envelope.sealed).ok());
            let Some(KeyRecord::Node(record)) = record else {
                return Err(damaged());
            };
            let seed = row.seed.and_then(|seed| {
                let seed: [u8; 32] = seed.as_slice().try_into().ok()?;
                Some(NodeSeed::from_bytes(seed))
            });
            let entry = NodeEntry {
                record,
                position: row.position,
                header: row
                    .header
                    .and_then(|bytes| Verified::<NodeHeader>::from_store(&bytes).ok()),
                seed,
            };
            book.hold_seed(&entry);
            book.nodes.insert(id, entry);
        }
        Ok(book)
    }

    /// Reads a node.
    #[must_use]
    pub fn get(&self, id: &Digest) -> Option<&NodeEntry> {
        self.nodes.get(id)
    }

    /// All nodes, by id of their record.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Digest, &NodeEntry)> {
        self.nodes.iter()
    }

    /// Sets an entry, in memory and in the store.
    pub fn put(&mut self, txn: &mut Txn<'_>, server: ServerId, id: Digest, entry: NodeEntry) {
        let row = Row {
            position: entry.position,
            header: entry
                .header
                .as_ref()
                .map(|header| header.bytes().encode().into()),
            seed: entry
                .seed
                .as_ref()
                .map(|seed| seed.as_bytes().to_vec().into()),
        };
        txn.put(Table::KeyNode, key(server, &id), codec::encode(&row));
        self.hold_seed(&entry);
        self.nodes.insert(id, entry);
    }

    /// Takes an entry out of memory, to change it and [`NodeBook::put`] it back.
    #[must_use]
    pub fn take(&mut self, id: &Digest) -> Option<NodeEntry> {
        self.nodes.remove(id)
    }

    /// Forgets a node: its record breaks a rule. A seed that came with it goes on opening what it opens.
    pub fn forget(&mut self, txn: &mut Txn<'_>, server: ServerId, id: &Digest) {
        if self.nodes.remove(id).is_some() {
            txn.delete(Table::KeyNode, key(server, id));
        }
    }

    /// The secrets that open slots here: the device's and those of links, in both suites, and those of nodes above it.
    pub fn held(&self) -> impl Iterator<Item = (&LeafId, &LeafSecret)> {
        self.held.iter()
    }

    /// One of the secrets.
    #[must_use]
    pub fn secret(&self, leaf: &LeafId) -> Option<&LeafSecret> {
        self.held.get(leaf)
    }

    /// Takes in the secrets of the device and its links, unless that has been done; the ids of those that are new.
    pub fn hold_own(
        &mut self,
        count: usize,
        secrets: impl FnOnce() -> Vec<LeafSecret>,
    ) -> Vec<LeafId> {
        if self.own == count {
            return Vec::new();
        }
        self.own = count;
        let mut new = Vec::new();
        for secret in secrets() {
            // Whoever sealed before the server's suite was raised knew the leaf by its light keys.
            for suite in [Suite::X25519, Suite::XWing] {
                let leaf = secret.public(suite).id();
                if self.held.insert(leaf, secret.clone()).is_none() {
                    new.push(leaf);
                }
            }
        }
        new
    }

    /// The node that a seed makes, as a leaf to what is above it.
    fn hold_seed(&mut self, entry: &NodeEntry) {
        if let (Some(seed), Ok(suite)) = (&entry.seed, entry.record.suite()) {
            let secret = seed.leaf_secret();
            self.held.insert(secret.public(suite).id(), secret);
        }
    }

    /// Lends the tree of an audience, with every node in it of whose author `stands` holds; `grow` makes an empty one.
    pub(crate) fn lend(
        &mut self,
        audience: AudienceId,
        suite: Suite,
        grow: impl FnOnce() -> Tree,
        stands: impl Fn(&NodeHeader) -> bool,
    ) -> Grown {
        let kept = self.trees.remove(&audience);
        let mut grown = kept
            .filter(|grown| grown.tree.suite() == suite)
            .unwrap_or_else(|| Grown {
                tree: grow(),
                inserted: BTreeSet::new(),
            });
        for (id, entry) in &self.nodes {
            let header = entry.header.as_ref();
            let header = header.filter(|header| header.audience == audience);
            if let Some(header) = header
                && !grown.inserted.contains(id)
                && stands(header)
            {
                grown.tree.insert_node(header);
                grown.inserted.insert(*id);
            }
        }
        grown
    }

    /// Takes a lent tree back.
    pub(crate) fn give_back(&mut self, audience: AudienceId, grown: Grown) {
        self.trees.insert(audience, grown);
    }
}

fn key(server: ServerId, id: &Digest) -> Vec<u8> {
    [server.as_bytes().as_slice(), id.as_bytes()].concat()
}
