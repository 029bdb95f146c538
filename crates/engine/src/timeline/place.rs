//! The order on screen: causal first, then the claimed time as far as it is believed, then the id.
//!
//! A message's *effective time* is the later of its claimed time (at most [`super::AHEAD_MS_MAX`] after its arrival) and one
//! millisecond after the latest effective time among its parents that are here. It is a function of the messages that are
//! here, not of the order in which they came: when a parent arrives, moves or goes, whatever it lifts follows.

use std::collections::BTreeSet;

use conclave_core::id::{ChannelId, EnvelopeId, Millis};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use super::read::Counts;
use super::row::{self, Entry, MessageRow, timeline_key};
use super::{act, post};
use crate::effect::Notice;
use crate::txn::Txn;

/// Most entries that one call looks at or moves. Only contradicting clocks move entries at all; the limit keeps one hostile
/// message from costing more than some milliseconds, at the price that others of its kind may stand out of causal order.
const MOVES_MAX: usize = 2048;

/// How many of the newest messages [`newest`] looks at.
const NEWEST_WINDOW: usize = 64;

/// The newest messages of a channel that none of its messages cites, newest first: what a new message cites.
///
/// Whoever cites stands after what it cites, so that the newest entries alone tell.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn newest(
    view: &dyn View,
    channel: ChannelId,
    max: usize,
) -> Result<Vec<EnvelopeId>, ViewError> {
    let range = KeyRange::prefix(channel.as_bytes());
    let rows = view.range(Table::Timeline, &range, Direction::Backward, NEWEST_WINDOW)?;
    let mut cited = BTreeSet::new();
    let mut heads = Vec::new();
    for (key, value) in rows {
        let entry = Entry::read(&key, &value)?;
        if heads.len() < max && !cited.contains(&entry.id) {
            heads.push(entry.id);
        }
        cited.extend(entry.parents);
    }
    Ok(heads)
}

/// Most messages of one channel that are looked through for who spoke: a busy month of Discord's busiest servers.
const SPOKE_MAX: usize = 200_000;

/// The beginnings of the identities of all who spoke in a channel since a moment, deleted messages included.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn authors_since(
    view: &dyn View,
    channel: ChannelId,
    since: Millis,
) -> Result<BTreeSet<[u8; 8]>, ViewError> {
    let range = KeyRange {
        from: timeline_key(&channel, since, &EnvelopeId([0; 32])),
        to: KeyRange::prefix(channel.as_bytes()).to,
    };
    let rows = view.range(Table::Timeline, &range, Direction::Backward, SPOKE_MAX)?;
    rows.iter()
        .map(|(key, value)| Ok(Entry::read(key, value)?.author))
        .collect()
}

/// The earliest place after a parent.
pub(super) fn after(parent: Millis) -> Millis {
    Millis(parent.0.saturating_add(1))
}

/// The effective time that parents give.
fn effective(
    view: &dyn View,
    channel: &ChannelId,
    base: Millis,
    parents: &[EnvelopeId],
) -> Result<Millis, ViewError> {
    let mut time = base;
    for parent in parents {
        if let Some(row) = row::load_in(view, channel, parent)? {
            time = time.max(after(row.effective));
        }
    }
    Ok(time)
}

/// Moves messages to where their parents put them now, and whatever that lifts or lowers in turn.
pub(super) struct Mover<'t, 'v> {
    txn: &'t mut Txn<'v>,
    channel: ChannelId,
    queue: BTreeSet<EnvelopeId>,
    left: usize,
    notices: Vec<Notice>,
}

impl<'t, 'v> Mover<'t, 'v> {
    pub fn new(txn: &'t mut Txn<'v>, channel: ChannelId) -> Self {
        Self {
            txn,
            channel,
            queue: BTreeSet::new(),
            left: MOVES_MAX,
            notices: Vec::new(),
        }
    }

    /// Looks at the messages that came before one of their parents.
    pub fn waiting(&mut self, parent: &EnvelopeId) -> Result<(), ViewError> {
        let range = KeyRange::prefix(&act::waiting_prefix(parent, &self.channel));
        let rows = self
            .txn
            .range(Table::MessageAct, &range, Direction::Forward, self.left)?;
        for (key, _) in rows {
            self.txn.delete(Table::MessageAct, key.clone());
            self.left = self.left.saturating_sub(1);
            if let Some(child) = key.last_chunk::<32>() {
                self.queue.insert(EnvelopeId(*child));
            }
        }
        Ok(())
    }

    /// Looks at those whom a parent lifts that now stands at `to`: they stand at `from` or after it, and not after `to`.
    pub fn lifted(
        &mut self,
        parent: &EnvelopeId,
        from: Millis,
        to: Millis,
    ) -> Result<(), ViewError> {
        self.citing(parent, from, after(to))
    }

    /// Looks at those whom a parent lifted that stood at `at`: they stand one after it.
    pub fn lowered(&mut self, parent: &EnvelopeId, at: Millis) -> Result<(), ViewError> {
        self.citing(parent, after(at), after(after(at)))
    }

    /// Queues entries in `from..to` that cite `parent`; if there are too many, the latest, which are the likelier ones.
    fn citing(&mut self, parent: &EnvelopeId, from: Millis, to: Millis) -> Result<(), ViewError> {
        let none = EnvelopeId([0; 32]);
        let range = KeyRange {
            from: timeline_key(&self.channel, from, &none),
            to: Some(timeline_key(&self.channel, to, &none)),
        };
        let rows = self
            .txn
            .range(Table::Timeline, &range, Direction::Backward, self.left)?;
        self.left = self.left.saturating_sub(rows.len());
        for (key, value) in rows {
            let entry = Entry::read(&key, &value)?;
            if entry.parents.contains(parent) {
                self.queue.insert(entry.id);
            }
        }
        Ok(())
    }

    /// Moves until everything stands.
    pub fn run(mut self) -> Result<Vec<Notice>, ViewError> {
        while let Some(id) = self.queue.pop_first() {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            if let Some(row) = row::load_in(self.txn, &self.channel, &id)? {
                self.settle(id, row)?;
            }
        }
        Ok(self.notices)
    }

    fn settle(&mut self, id: EnvelopeId, mut row: MessageRow) -> Result<(), ViewError> {
        let Some(entry) = row::load_entry(self.txn, &id, &row)? else {
            return Ok(());
        };
        let to = effective(self.txn, &self.channel, row.base, &entry.parents)?;
        let from = row.effective;
        if to == from {
            return Ok(());
        }
        let mut counts = Counts::load(self.txn, self.channel)?;
        let behind = counts.remove(&entry);
        self.txn.delete(Table::Timeline, entry.key(&self.channel));
        row.effective = to;
        let entry = Entry {
            effective: to,
            ..entry
        };
        row::save_entry(self.txn, &self.channel, &entry);
        row::save(self.txn, &id, &row);
        counts.add(&entry, behind);
        counts.save(self.txn);
        post::index(self.txn, &id, &row);
        self.notices.push(Notice::MessageUpdated {
            channel: self.channel,
            message: id,
        });
        if to > from {
            self.lifted(&id, from, to)
        } else {
            self.lowered(&id, from)
        }
    }
}
