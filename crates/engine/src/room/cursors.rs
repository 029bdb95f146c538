//! How far this node has come in every topic, by author: which envelopes it has, lacks, or need not have.

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::id::{Pseudonym, ServerId, TopicTag};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use crate::txn::Txn;
use crate::wire::Position;

/// Most envelopes of one author and topic that are kept beyond a gap: more can wait with whoever sent them.
pub const AHEAD_MAX: usize = 4096;

/// Sequences of one author in one topic.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Span {
    /// Everything up to here is settled: stored, or refused for good.
    settled: u64,
    /// Settled beyond a gap.
    ahead: BTreeSet<u64>,
}

/// All cursors of one server.
#[derive(Debug, Default)]
pub struct Cursors {
    topics: BTreeMap<TopicTag, BTreeMap<Pseudonym, Span>>,
}

impl Cursors {
    /// Loads the cursors of a server.
    ///
    /// # Errors
    /// [`ViewError`].
    pub fn load(view: &dyn View, server: ServerId) -> Result<Self, ViewError> {
        let mut cursors = Self::default();
        let rows = view.range(
            Table::Cursor,
            &KeyRange::prefix(server.as_bytes()),
            Direction::Forward,
            usize::MAX,
        )?;
        for (key, value) in rows {
            let place = Position::from_key(&[&key[ServerId::LEN..], &[0; 8]].concat());
            let span = Span::decode(&value);
            if let (Some(place), Some(span)) = (place, span) {
                cursors
                    .topics
                    .entry(place.topic)
                    .or_default()
                    .insert(place.pseudonym, span);
            }
        }
        Ok(cursors)
    }

    /// Whether a position is settled.
    #[must_use]
    pub fn has(&self, position: &Position) -> bool {
        self.span(position)
            .is_some_and(|span| position.seq <= span.settled || span.ahead.contains(&position.seq))
    }

    /// Whether there is room for a position beyond the gap before it.
    #[must_use]
    pub fn has_room(&self, position: &Position) -> bool {
        self.span(position)
            .is_none_or(|span| position.seq == span.settled + 1 || span.ahead.len() < AHEAD_MAX)
    }

    /// Settles a position: its envelope is stored in the same transaction, or is refused for good.
    pub fn settle(&mut self, txn: &mut Txn<'_>, server: ServerId, position: &Position) {
        let span = self
            .topics
            .entry(position.topic)
            .or_default()
            .entry(position.pseudonym)
            .or_default();
        span.ahead.insert(position.seq);
        while span.ahead.remove(&(span.settled + 1)) {
            span.settled += 1;
        }
        let key = [
            server.as_bytes().as_slice(),
            position.topic.as_bytes(),
            position.pseudonym.as_bytes(),
        ]
        .concat();
        txn.put(Table::Cursor, key, span.encode());
    }

    /// The sequence up to which nothing of an author is lacking.
    #[must_use]
    pub fn settled(&self, topic: &TopicTag, pseudonym: &Pseudonym) -> u64 {
        self.topics
            .get(topic)
            .and_then(|authors| authors.get(pseudonym))
            .map_or(0, |span| span.settled)
    }

    /// The highest sequence that is known of an author.
    #[must_use]
    pub fn last(&self, topic: &TopicTag, pseudonym: &Pseudonym) -> u64 {
        self.topics
            .get(topic)
            .and_then(|authors| authors.get(pseudonym))
            .map_or(0, |span| span.ahead.last().copied().unwrap_or(span.settled))
    }

    /// All topics with their authors and how far each is settled.
    pub fn authors(
        &self,
        topic: &TopicTag,
    ) -> impl Iterator<Item = (Pseudonym, u64, u64)> + use<'_> {
        self.topics.get(topic).into_iter().flat_map(|authors| {
            authors.iter().map(|(pseudonym, span)| {
                let last = span.ahead.last().copied().unwrap_or(span.settled);
                (*pseudonym, span.settled, last)
            })
        })
    }

    /// Topics that hold anything.
    pub fn topics(&self) -> impl Iterator<Item = TopicTag> + use<'_> {
        self.topics.keys().copied()
    }

    /// Forgets a topic.
    pub fn forget(&mut self, txn: &mut Txn<'_>, server: ServerId, topic: &TopicTag) {
        for pseudonym in self.topics.remove(topic).unwrap_or_default().into_keys() {
            let key = [
                server.as_bytes().as_slice(),
                topic.as_bytes(),
                pseudonym.as_bytes(),
            ]
            .concat();
            txn.delete(Table::Cursor, key);
        }
    }

    fn span(&self, position: &Position) -> Option<&Span> {
        self.topics.get(&position.topic)?.get(&position.pseudonym)
    }
}

impl Span {
    /// Settled (8, big-endian), then each sequence beyond the gap (8 each).
    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.settled.to_be_bytes().to_vec();
        for seq in &self.ahead {
            bytes.extend_from_slice(&seq.to_be_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut words = bytes
            .chunks_exact(8)
            .filter_map(|word| word.try_into().ok().map(u64::from_be_bytes));
        Some(Self {
            settled: words.next()?,
            ahead: words.collect(),
        })
    }
}
