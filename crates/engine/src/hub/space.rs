//! One server on a hub: its manifest, its logs, its closings, who listens.

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::codec;
use conclave_core::id::{Digest, Millis, NodeId, Pseudonym, ServerTag, TopicTag};
use conclave_core::policy::{Durability, HostingManifest, hosting_id};
use conclave_core::signed::Verified;
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use super::Hub;
use super::HubCtx;
use super::conn::Seat;
use super::ledger::News;
use super::rows::{self, ClosingRow, SpaceRow, TopicRow};
use crate::effect::ConnId;
use crate::txn::Txn;

/// One server.
pub(super) struct Space {
    /// What is stored of it.
    pub row: SpaceRow,
    /// The manifest in force.
    pub manifest: Verified<HostingManifest>,
    /// How often the hub was restored from a backup.
    pub restores: u64,
    /// Its logs.
    pub topics: BTreeMap<TopicTag, TopicRow>,
    /// Closings, of the manifest and of moderators: who is in here is out.
    pub closings: BTreeMap<(Pseudonym, TopicTag), u64>,
    /// Who listens.
    pub subscribers: BTreeSet<ConnId>,
    /// What was appended in this call.
    pub news: Vec<News>,
    /// Rows to be stored at the end of this call.
    pub changed: bool,
    /// Logs whose rows are to be stored at the end of this call.
    pub topics_changed: BTreeSet<TopicTag>,
}

/// How a server stands, for the operator: sizes and counts, nothing of what is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpaceStatus {
    /// The server, as carriers know it.
    pub server: ServerTag,
    /// Number of its manifest.
    pub manifest_seq: u64,
    /// Bytes kept.
    pub bytes: u64,
    /// Its logs.
    pub topics: usize,
    /// Envelopes appended in all.
    pub envelopes: u64,
    /// Connections that listen.
    pub subscribers: usize,
    /// When it came.
    pub since: Millis,
}

impl Space {
    /// A server that has just come.
    pub fn new(
        number: u32,
        manifest: Verified<HostingManifest>,
        restores: u64,
        now: Millis,
    ) -> Self {
        let row = SpaceRow {
            number,
            server: manifest.server,
            manifest: manifest.bytes().encode().into(),
            // Later than that of any life before it, also if the server was dropped and came back.
            incarnation: now.0.max(1),
            bytes: 0,
            since: now,
        };
        let mut space = Self {
            row,
            manifest,
            restores,
            topics: BTreeMap::new(),
            closings: BTreeMap::new(),
            subscribers: BTreeSet::new(),
            news: Vec::new(),
            changed: true,
            topics_changed: BTreeSet::new(),
        };
        space.take_closings();
        space
    }

    /// Which life of the logs this is.
    pub fn incarnation(&self) -> u64 {
        self.row.incarnation.saturating_add(self.restores)
    }

    /// Puts the manifest's own closings in force.
    pub fn take_closings(&mut self) {
        for closing in &self.manifest.revoked {
            let last = self
                .closings
                .entry((closing.pseudonym, closing.topic))
                .or_insert(closing.last);
            *last = closing.last.min(*last);
        }
    }

    /// Whether a pseudonym was removed.
    pub fn is_closed(&self, pseudonym: &Pseudonym) -> bool {
        let from = (*pseudonym, TopicTag([0; 16]));
        self.closings
            .range(from..)
            .next()
            .is_some_and(|((closed, _), _)| closed == pseudonym)
    }

    /// The last sequence of a pseudonym that counts in a topic: without end, unless it was removed.
    pub fn last_allowed(&self, pseudonym: &Pseudonym, topic: &TopicTag) -> u64 {
        match self.closings.get(&(*pseudonym, *topic)) {
            Some(last) => *last,
            // Who is removed is so everywhere.
            None if self.is_closed(pseudonym) => 0,
            None => u64::MAX,
        }
    }

    /// Whether this hub may store a topic, by the manifest.
    pub fn may_store(&self, node: &NodeId, topic: &TopicTag) -> bool {
        self.manifest.hub_may_store(node, topic)
    }

    /// Whether the manifest still names this hub.
    pub fn names(&self, node: &NodeId) -> bool {
        self.manifest.hubs.iter().any(|hub| hub.node == *node)
    }

    /// Whether receipts of a topic's envelopes go to everybody.
    pub fn is_guaranteed(&self, topic: &TopicTag) -> bool {
        self.manifest.topic(topic).durability == Durability::Guaranteed.number()
    }

    /// How the server stands.
    pub fn status(&self) -> SpaceStatus {
        SpaceStatus {
            server: self.row.server,
            manifest_seq: self.manifest.seq,
            bytes: self.row.bytes,
            topics: self.topics.len(),
            envelopes: self.topics.values().map(|topic| topic.last).sum(),
            subscribers: self.subscribers.len(),
            since: self.row.since,
        }
    }

    fn load(view: &dyn View, row: SpaceRow, restores: u64) -> Result<Self, ViewError> {
        let manifest = Verified::<HostingManifest>::from_store(&row.manifest)
            .map_err(|error| ViewError(format!("a stored manifest is damaged: {error}")))?;
        let prefix = KeyRange::prefix(&row.number.to_be_bytes());
        let mut space = Self::new(row.number, manifest, restores, row.since);
        space.row = row;
        space.changed = false;
        for (key, value) in view.range(Table::HubTopic, &prefix, Direction::Forward, usize::MAX)? {
            if let Some(topic) = key.get(4..).and_then(TopicTag::from_slice) {
                space.topics.insert(topic, rows::decode(&value)?);
            }
        }
        for (key, value) in
            view.range(Table::HubClosing, &prefix, Direction::Forward, usize::MAX)?
        {
            let pseudonym = key.get(4..36).and_then(Pseudonym::from_slice);
            let topic = key.get(36..).and_then(TopicTag::from_slice);
            let closing: ClosingRow = rows::decode(&value)?;
            if let (Some(pseudonym), Some(topic)) = (pseudonym, topic) {
                let last = space
                    .closings
                    .entry((pseudonym, topic))
                    .or_insert(closing.last);
                *last = closing.last.min(*last);
            }
        }
        Ok(space)
    }
}

/// All servers by hosting id, and the hosting ids that the operator refuses.
pub(super) type Loaded = (BTreeMap<Digest, Space>, BTreeSet<Digest>);

/// Loads every server, and what the operator refuses.
pub(super) fn load(view: &dyn View, restores: u64) -> Result<Loaded, ViewError> {
    let all = KeyRange::prefix(&[]);
    let mut spaces = BTreeMap::new();
    for (key, value) in view.range(Table::HubSpace, &all, Direction::Forward, usize::MAX)? {
        let row: SpaceRow = rows::decode(&value)?;
        if let Some(hosting) = Digest::from_slice(&key) {
            spaces.insert(hosting, Space::load(view, row, restores)?);
        }
    }
    let refused = view.range(Table::HubRefused, &all, Direction::Forward, usize::MAX)?;
    let refused = refused
        .iter()
        .filter_map(|(key, _)| Digest::from_slice(key))
        .collect();
    Ok((spaces, refused))
}

/// Stores what changed of the servers themselves and of their logs' heads: once a call, however much was appended.
pub(super) fn save_changed(spaces: &mut BTreeMap<Digest, Space>, txn: &mut Txn<'_>) {
    for space in spaces.values_mut() {
        for topic in core::mem::take(&mut space.topics_changed) {
            if let Some(row) = space.topics.get(&topic) {
                let key = rows::topic_key(space.row.number, &topic);
                txn.put(Table::HubTopic, key, codec::encode(row));
            }
        }
        if core::mem::take(&mut space.changed) {
            let hosting = hosting_id(&space.manifest.root);
            txn.put(Table::HubSpace, hosting.0, codec::encode(&space.row));
        }
    }
}

impl Hub {
    /// Drops a server with all that it stored, for the operator.
    pub(super) fn drop_server(
        &mut self,
        hosting: Digest,
        refuse: bool,
        ctx: &mut HubCtx<'_>,
    ) -> Result<(), ViewError> {
        if refuse {
            self.refused.insert(hosting);
            ctx.txn.put(Table::HubRefused, hosting.0, Vec::new());
        } else {
            self.refused.remove(&hosting);
            ctx.txn.delete(Table::HubRefused, hosting.0);
            return Ok(());
        }
        let Some(space) = self.spaces.remove(&hosting) else {
            return Ok(());
        };
        for conn in &space.subscribers {
            ctx.hangups.push((*conn, "the server was dropped"));
        }
        for conn in self.conns.values_mut() {
            conn.seats.retain(|_, (of, _)| *of != hosting);
        }
        let prefix = KeyRange::prefix(&space.row.number.to_be_bytes());
        for table in [
            Table::HubTopic,
            Table::HubLog,
            Table::HubPlace,
            Table::HubMember,
            Table::HubClosing,
            Table::HubBlob,
            Table::HubBlobChunk,
        ] {
            // Keys alone are wanted, page by page, so that memory stays small.
            let mut range = prefix.clone();
            loop {
                let rows = ctx.txn.range(table, &range, Direction::Forward, 64)?;
                let Some((last, _)) = rows.last() else { break };
                range.from = [last.as_slice(), &[0]].concat();
                for (key, _) in rows {
                    ctx.txn.delete(table, key);
                }
            }
        }
        ctx.txn.delete(Table::HubSpace, hosting.0);
        Ok(())
    }

    /// Ends the subscriptions of those who were removed.
    pub(super) fn turn_out(&mut self, hosting: &Digest, ctx: &mut HubCtx<'_>) {
        let Some(space) = self.spaces.get_mut(hosting) else {
            return;
        };
        let tag = space.row.server;
        for (id, conn) in &mut self.conns {
            let Some((_, Seat::Member(pseudonym))) = conn.seats.get(&tag) else {
                continue;
            };
            if space.subscribers.contains(id) && space.is_closed(pseudonym) {
                conn.seats.remove(&tag);
                space.subscribers.remove(id);
                let why = super::admit::NOT_A_MEMBER;
                ctx.send(*id, &crate::wire::Frame::Refused { server: tag, why });
            }
        }
    }
}
