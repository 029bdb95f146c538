//! The epochs of one server, as far as this node knows them and may open them.

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::codec::{self, Limits};
use conclave_core::id::{AudienceId, EpochId, Millis, Pseudonym, ServerId, TopicTag};
use conclave_core::keys::rules::{EpochFacts, EpochGraph};
use conclave_core::keys::{EpochHeader, EpochKeys, EpochRecord, KeyRecord, Share};
use conclave_core::signed::Verified;
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::txn::Txn;
use crate::wire::Position;

/// How far this node has come with an epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum Stage {
    /// No key of it is here.
    #[n(0)]
    Sealed,
    /// Open, but its author is not verified yet: good for reading what is signed inside, not for sending.
    #[n(1)]
    Opened,
    /// Verified: it may be used.
    #[n(2)]
    Adopted,
    /// Breaks a rule: never used, though what was sealed under it still opens.
    #[n(3)]
    Void,
}

/// One epoch.
pub struct Entry {
    /// The record, without its slots once it is open.
    pub record: EpochRecord,
    /// Its envelope.
    pub position: Position,
    /// How far this node has come.
    pub stage: Stage,
    /// What opens content.
    pub keys: Option<EpochKeys>,
    /// What can be passed on; only through a slot, never through a link.
    pub share: Option<Share>,
    /// Who made it and why, once verified.
    pub header: Option<Verified<EpochHeader>>,
    /// When it reached this node.
    pub since: Millis,
    /// A complaint about one of its slots is proven: it still opens what it sealed, and is not sealed under.
    pub bad_slot: bool,
}

/// All epochs of one server.
#[derive(Default)]
pub struct KeyBook {
    epochs: BTreeMap<EpochId, Entry>,
    /// Epochs whose links open the key's.
    children: BTreeMap<EpochId, BTreeSet<EpochId>>,
    /// Adopted epochs of all audiences, as the rules see them.
    graph: EpochGraph,
}

/// The stored form of an [`Entry`]; the record stands in its envelope.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Row {
    #[n(0)]
    position: Position,
    #[n(1)]
    stage: Stage,
    #[n(2)]
    keys: Option<ByteVec>,
    #[n(3)]
    share: Option<ByteVec>,
    #[n(4)]
    header: Option<ByteVec>,
    #[n(5)]
    since: Millis,
    #[n(6)]
    bad_slot: Option<bool>,
}

impl KeyBook {
    /// Loads the epochs of a server.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read or holds a damaged row.
    pub fn load(view: &dyn View, server: ServerId) -> Result<Self, ViewError> {
        let range = KeyRange::prefix(server.as_bytes());
        let mut book = Self::default();
        for (key, value) in view.range(Table::Epoch, &range, Direction::Forward, usize::MAX)? {
            let damaged = || ViewError("a stored epoch is damaged".to_owned());
            let row: Row = codec::decode(&value, Limits::bytes(1 << 20)).map_err(|_| damaged())?;
            let id = EpochId::from_slice(&key[ServerId::LEN..]).ok_or_else(damaged)?;
            let bytes = view
                .get(Table::Envelope, &row.position.key())?
                .ok_or_else(damaged)?;
            let record = super::stored_envelope(&bytes)
                .ok()
                .and_then(|envelope| KeyRecord::decode(&envelope.sealed).ok());
            let Some(KeyRecord::Epoch(record)) = record else {
                return Err(damaged());
            };
            let entry = Entry {
                record: if row.keys.is_some() {
                    record.without_slots()
                } else {
                    record
                },
                position: row.position,
                stage: row.stage,
                keys: row.keys.and_then(|bytes| EpochKeys::from_bytes(&bytes)),
                share: row.share.and_then(|bytes| Share::from_bytes(&bytes)),
                header: row
                    .header
                    .and_then(|bytes| Verified::<EpochHeader>::from_store(&bytes).ok()),
                since: row.since,
                bad_slot: row.bad_slot == Some(true),
            };
            book.index(id, &entry);
            book.epochs.insert(id, entry);
        }
        Ok(book)
    }

    /// Reads an epoch.
    #[must_use]
    pub fn get(&self, id: &EpochId) -> Option<&Entry> {
        self.epochs.get(id)
    }

    /// All epochs, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&EpochId, &Entry)> {
        self.epochs.iter()
    }

    /// The keys of an epoch, if it is open.
    #[must_use]
    pub fn keys(&self, id: &EpochId) -> Option<&EpochKeys> {
        self.epochs.get(id)?.keys.as_ref()
    }

    /// Adopted epochs of an audience.
    pub fn of_audience(&self, audience: AudienceId) -> impl Iterator<Item = (&EpochId, &Entry)> {
        self.epochs.iter().filter(move |(_, entry)| {
            entry.stage == Stage::Adopted
                && entry
                    .header
                    .as_ref()
                    .is_some_and(|header| header.audience == audience)
        })
    }

    /// Open epochs that link to this one.
    #[must_use]
    pub fn children(&self, id: &EpochId) -> Vec<EpochId> {
        self.children
            .get(id)
            .into_iter()
            .flatten()
            .copied()
            .collect()
    }

    /// The adopted epochs, as the rules see them.
    #[must_use]
    pub fn graph(&self) -> &EpochGraph {
        &self.graph
    }

    /// Epochs that are open and not judged yet.
    #[must_use]
    pub fn opened(&self) -> Vec<EpochId> {
        let opened = self
            .epochs
            .iter()
            .filter(|(_, entry)| entry.stage == Stage::Opened);
        opened.map(|(id, _)| *id).collect()
    }

    /// Stored envelopes of a device in a topic beyond `last` that rule R4 refuses.
    ///
    /// # Errors
    /// [`ViewError`].
    pub fn refused_after(
        &self,
        view: &dyn View,
        pseudonym: &Pseudonym,
        topic: &TopicTag,
        last: u64,
    ) -> Result<Vec<Position>, ViewError> {
        let at = |seq| Position {
            topic: *topic,
            pseudonym: *pseudonym,
            seq,
        };
        let range = KeyRange {
            from: at(last.saturating_add(1)).key(),
            to: Some(at(u64::MAX).key()),
        };
        let mut refused = Vec::new();
        for (key, bytes) in view.range(Table::Envelope, &range, Direction::Forward, usize::MAX)? {
            let Some(position) = Position::from_key(&key) else {
                continue;
            };
            let Ok(envelope) = super::stored_envelope(&bytes) else {
                continue;
            };
            if !self
                .graph
                .accepts(pseudonym, topic, position.seq, &envelope.epoch)
            {
                refused.push(position);
            }
        }
        Ok(refused)
    }

    /// Sets an entry, in memory and in the store.
    pub fn put(&mut self, txn: &mut Txn<'_>, server: ServerId, id: EpochId, entry: Entry) {
        let row = Row {
            position: entry.position,
            stage: entry.stage,
            keys: entry
                .keys
                .as_ref()
                .map(|keys| keys.to_bytes().to_vec().into()),
            share: entry
                .share
                .as_ref()
                .map(|share| share.to_bytes().to_vec().into()),
            header: entry
                .header
                .as_ref()
                .map(|header| header.bytes().encode().into()),
            since: entry.since,
            bad_slot: entry.bad_slot.then_some(true),
        };
        let key = [server.as_bytes().as_slice(), id.as_bytes()].concat();
        txn.put(Table::Epoch, key, codec::encode(&row));
        self.index(id, &entry);
        self.epochs.insert(id, entry);
    }

    /// Takes an entry out of memory, to change it and [`KeyBook::put`] it back.
    #[must_use]
    pub fn take(&mut self, id: &EpochId) -> Option<Entry> {
        self.epochs.remove(id)
    }

    fn index(&mut self, id: EpochId, entry: &Entry) {
        for parent in &entry.record.header().parents {
            self.children.entry(*parent).or_default().insert(id);
        }
        if let Some(header) = entry
            .header
            .as_ref()
            .filter(|_| entry.stage == Stage::Adopted)
        {
            self.graph.insert(EpochFacts::new(&entry.record, header));
        }
    }
}
