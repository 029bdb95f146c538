//! What a member's node knows of its server's hubs: the manifest, how far it has come with each of them, and what no hub is
//! known to have yet.

use std::collections::BTreeMap;

use conclave_core::codec::{self, Limits};
use conclave_core::envelope::Topic;
use conclave_core::id::{BlobHash, EnvelopeId, Millis, NodeId, ServerId, TopicTag};
use conclave_core::policy::{Durability, HostingManifest, receipts_needed};
use conclave_core::signed::Verified;
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};
use minicbor::{Decode, Encode};

use crate::txn::Txn;
use crate::wire::{HubWhy, Position};

/// Envelopes that are remembered as not known to be on a hub. Beyond it a comparison with the hub finds what it lacks.
const WAITING_MAX: usize = 100_000;

/// Islands that are kept of one log; more are forgotten and fetched again.
const ISLANDS_MAX: usize = 16;

/// Everything about the hubs of one server.
#[derive(Debug, Default)]
pub struct Hosting {
    /// The manifest in force; none: the server has no hubs.
    pub manifest: Option<Verified<HostingManifest>>,
    /// How far this node has come in each log of each hub.
    pub seen: BTreeMap<(NodeId, TopicTag), Seen>,
    /// Stored here and not known to be on any hub, since when.
    pub waiting: BTreeMap<Position, Millis>,
    /// What hubs refused for good, of this device's own.
    pub refused: BTreeMap<EnvelopeId, HubWhy>,
    /// Files to be brought to a hub once their message is there.
    pub blobs: BTreeMap<BlobHash, Position>,
    /// Envelopes that are still to be fetched from a hub.
    pub left: u64,
    /// Connections have not been told the manifest yet.
    pub tell: bool,
    /// This device has just written a manifest: the hubs it names are to be given all that is here.
    pub fill: bool,
}

/// Positions of one log that need not be fetched any more.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
#[cbor(map)]
pub struct Seen {
    /// Which life of the hub's log they belong to.
    #[n(0)]
    pub incarnation: u64,
    /// Everything up to here.
    #[n(1)]
    pub upto: u64,
    /// And these runs beyond, ascending, with gaps between: first and last.
    #[n(2)]
    pub islands: Vec<(u64, u64)>,
}

impl Seen {
    /// Takes in positions `first` to `last`.
    pub fn add(&mut self, first: u64, last: u64) {
        if last < first {
            return;
        }
        self.islands.push((first.max(1), last));
        self.islands.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::with_capacity(self.islands.len());
        for (first, last) in core::mem::take(&mut self.islands) {
            if first <= self.upto.saturating_add(1) {
                self.upto = self.upto.max(last);
                continue;
            }
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last)
                }
                _ => merged.push((first, last)),
            }
        }
        // An earlier run may have reached one that was put aside.
        merged.retain(|(_, last)| *last > self.upto);
        let over = merged.len().saturating_sub(ISLANDS_MAX);
        self.islands = merged.split_off(over);
    }

    /// The lowest gap up to `last`: exclusive bounds.
    #[must_use]
    pub fn gap(&self, last: u64) -> Option<(u64, u64)> {
        if self.upto >= last {
            return None;
        }
        let before = self
            .islands
            .first()
            .map_or(last.saturating_add(1), |island| island.0);
        Some((self.upto, before.min(last.saturating_add(1))))
    }

    /// Whether a position need not be fetched.
    #[must_use]
    pub fn has(&self, position: u64) -> bool {
        position <= self.upto
            || self
                .islands
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&position))
    }
}

impl Hosting {
    /// Loads what is stored of a server's hubs.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read or is damaged.
    pub fn load(view: &dyn View, server: ServerId) -> Result<Self, ViewError> {
        let damaged = |what: &str| ViewError(format!("a stored {what} is damaged"));
        let mut hosting = Self::default();
        if let Some(bytes) = view.get(Table::Manifest, server.as_bytes())? {
            let manifest = Verified::from_store(&bytes).map_err(|_| damaged("manifest"))?;
            hosting.manifest = Some(manifest);
        }
        let all = KeyRange::prefix(server.as_bytes());
        for (key, value) in view.range(Table::HubSeen, &all, Direction::Forward, usize::MAX)? {
            let rest = key.get(ServerId::LEN..).unwrap_or_default();
            let place = rest.split_at_checked(NodeId::LEN).and_then(|(hub, topic)| {
                Some((NodeId::from_slice(hub)?, TopicTag::from_slice(topic)?))
            });
            let seen = codec::decode(&value, Limits::bytes(4_096)).ok();
            let (place, seen) = place.zip(seen).ok_or_else(|| damaged("cursor of a hub"))?;
            hosting.seen.insert(place, seen);
        }
        for (key, _) in view.range(Table::HubWaiting, &all, Direction::Forward, WAITING_MAX)? {
            let position = key.get(ServerId::LEN..).and_then(Position::from_key);
            let position = position.ok_or_else(|| damaged("position"))?;
            hosting.waiting.insert(position, Millis(0));
        }
        for (key, value) in view.range(Table::HubBlobDue, &all, Direction::Forward, WAITING_MAX)? {
            let hash = key.get(ServerId::LEN..).and_then(BlobHash::from_slice);
            if let (Some(hash), Some(position)) = (hash, Position::from_key(&value)) {
                hosting.blobs.insert(hash, position);
            }
        }
        Ok(hosting)
    }

    /// Puts a manifest in force.
    pub fn adopt(
        &mut self,
        txn: &mut Txn<'_>,
        server: ServerId,
        manifest: Verified<HostingManifest>,
    ) {
        txn.put(
            Table::Manifest,
            *server.as_bytes(),
            manifest.bytes().encode(),
        );
        self.manifest = Some(manifest);
    }

    /// Number of the manifest in force; 0: none.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.manifest.as_ref().map_or(0, |manifest| manifest.seq)
    }

    /// Whether a node is one of the server's hubs.
    #[must_use]
    pub fn is_hub(&self, node: &NodeId) -> bool {
        let manifest = self.manifest.as_ref();
        manifest.is_some_and(|manifest| manifest.hubs.iter().any(|hub| hub.node == *node))
    }

    /// Whether a hub may have a topic's envelopes: both the channel's own mode and the manifest must allow it, since either may
    /// be older than the other.
    #[must_use]
    pub fn hub_may_have(&self, node: &NodeId, topic: TopicTag, mode: Option<Durability>) -> bool {
        let Some(manifest) = &self.manifest else {
            return false;
        };
        let allowed = match mode {
            // A strict topic only where the manifest names the hub for it.
            Some(Durability::Strict) => manifest.names_for(node, &topic),
            Some(Durability::Ephemeral) => false,
            Some(Durability::Replicated | Durability::Guaranteed) | None => true,
        };
        allowed && manifest.hub_may_store(node, &topic)
    }

    /// How many receipts a guaranteed message needs in a topic.
    #[must_use]
    pub fn quorum(&self, topic: &TopicTag) -> usize {
        let quorum = self
            .manifest
            .as_ref()
            .map_or(1, |manifest| manifest.topic(topic).quorum);
        usize::from(receipts_needed(Durability::Guaranteed, quorum))
    }

    /// Remembers that an envelope is here and, as far as is known, on no hub.
    pub fn wait(&mut self, txn: &mut Txn<'_>, server: ServerId, position: Position, now: Millis) {
        if self.manifest.is_none() || self.waiting.len() >= WAITING_MAX {
            return;
        }
        self.waiting.insert(position, now);
        txn.put(
            Table::HubWaiting,
            waiting_key(server, &position),
            Vec::new(),
        );
    }

    /// Learns that a hub has an envelope, or never will.
    pub fn settle(&mut self, txn: &mut Txn<'_>, server: ServerId, position: &Position) {
        if self.waiting.remove(position).is_some() {
            txn.delete(Table::HubWaiting, waiting_key(server, position));
        }
    }

    /// Stores how far this node has come in a log of a hub.
    pub fn save_seen(&self, txn: &mut Txn<'_>, server: ServerId, hub: NodeId, topic: TopicTag) {
        if let Some(seen) = self.seen.get(&(hub, topic)) {
            let key = [&server.0[..], &hub.0, &topic.0].concat();
            txn.put(Table::HubSeen, key, codec::encode(seen));
        }
    }

    /// Remembers that a file is to be brought to a hub, under its message.
    pub fn blob_due(
        &mut self,
        txn: &mut Txn<'_>,
        server: ServerId,
        hash: BlobHash,
        position: Position,
    ) {
        if self.manifest.is_some() {
            self.blobs.insert(hash, position);
            txn.put(Table::HubBlobDue, blob_key(server, &hash), position.key());
        }
    }

    /// A file is on a hub, or never will be.
    pub fn blob_done(&mut self, txn: &mut Txn<'_>, server: ServerId, hash: &BlobHash) {
        if self.blobs.remove(hash).is_some() {
            txn.delete(Table::HubBlobDue, blob_key(server, hash));
        }
    }
}

/// Order in which the logs of a hub are fetched: what opens and judges the rest comes first.
#[must_use]
pub const fn rank(topic: &Topic) -> u8 {
    match topic {
        Topic::Keys(_) => 0,
        Topic::Members(_) => 1,
        Topic::Authority(_) => 2,
        Topic::Channel(..) | Topic::Account(_) => 3,
    }
}

fn waiting_key(server: ServerId, position: &Position) -> Vec<u8> {
    [server.as_bytes().as_slice(), &position.key()].concat()
}

fn blob_key(server: ServerId, hash: &BlobHash) -> Vec<u8> {
    [&server.0[..], &hash.0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seen_positions_merge_and_gaps_are_found() {
        let mut seen = Seen::default();
        assert_eq!(seen.gap(10), Some((0, 11)));
        seen.add(8, 10);
        assert_eq!(seen.gap(10), Some((0, 8)));
        assert!(seen.has(9) && !seen.has(7));
        seen.add(1, 3);
        assert_eq!((seen.upto, seen.gap(10)), (3, Some((3, 8))));
        seen.add(5, 5);
        assert_eq!(seen.gap(10), Some((3, 5)));
        seen.add(4, 7);
        assert_eq!((seen.upto, seen.islands.len()), (10, 0));
        assert_eq!(seen.gap(10), None);
        seen.add(12, 11);
        assert_eq!(seen.gap(12), Some((10, 13)));
    }
}
