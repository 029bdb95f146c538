//! Bounded parking: envelopes that wait for something to arrive.
//!
//! What is *stored* and waits has a row in [`Table::Parked`] and survives a restart; what may not be stored yet is *held* in
//! memory within [`HELD_BYTES_MAX`] and comes again with the next reconciliation if it was dropped.

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::id::{
    EnvelopeId, EpochId, EventId, IdentityId, Pseudonym, RegisterId, ServerId, TopicTag,
};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use crate::effect::ConnId;
use crate::txn::Txn;
use crate::wire::Position;

/// Bytes held per server for what may not be stored yet; a whole batch and more fits.
pub const HELD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Stored envelopes of one server that may wait, those of channels that this account cannot read included (some 100 bytes of
/// memory each); beyond it they are refused and come again later.
pub const PARKED_MAX: usize = 200_000;

/// What an envelope waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Wait {
    /// The keys of an epoch.
    Epoch(EpochId),
    /// An authority event.
    Event(EventId),
    /// An identity log, or more of it.
    Identity(IdentityId),
    /// A register of this pseudonym.
    Pseudonym(Pseudonym),
    /// One register.
    Register(RegisterId),
    /// The channel of a topic.
    Topic(TopicTag),
    /// Receipts of enough hubs for an envelope of a guaranteed channel.
    Receipts(EnvelopeId),
    /// Genesis: nothing can be judged before it.
    Genesis,
    /// A newer program: looked at again at every start.
    Update,
    /// The first call after a start: why it waited is looked up again.
    Restart,
}

/// An envelope in memory, with where it came from.
pub type Held = (Option<ConnId>, Vec<u8>);

/// Everything of one server that waits.
#[derive(Debug, Default)]
pub struct Waiting {
    parked: BTreeMap<Wait, BTreeSet<Position>>,
    reasons: BTreeMap<Position, Wait>,
    held: BTreeMap<Wait, Vec<Held>>,
    held_bytes: usize,
}

impl Waiting {
    /// Loads what was parked; all of it is looked at again at the first call.
    ///
    /// # Errors
    /// [`ViewError`].
    pub fn load(view: &dyn View, server: ServerId) -> Result<Self, ViewError> {
        let rows = view.range(
            Table::Parked,
            &KeyRange::prefix(server.as_bytes()),
            Direction::Forward,
            PARKED_MAX,
        )?;
        let mut waiting = Self::default();
        for (key, _) in rows {
            if let Some(position) = Position::from_key(&key[ServerId::LEN..]) {
                waiting.remember(Wait::Restart, position);
            }
        }
        Ok(waiting)
    }

    /// Parks a stored envelope; false if the lot is full.
    #[must_use]
    pub fn park(
        &mut self,
        txn: &mut Txn<'_>,
        server: ServerId,
        wait: Wait,
        position: Position,
    ) -> bool {
        if !self.reasons.contains_key(&position) {
            if self.reasons.len() >= PARKED_MAX {
                return false;
            }
            txn.put(Table::Parked, parked_key(server, &position), Vec::new());
        }
        self.remember(wait, position);
        true
    }

    /// Takes a stored envelope out: it is done or refused.
    pub fn unpark(&mut self, txn: &mut Txn<'_>, server: ServerId, position: &Position) {
        if let Some(wait) = self.reasons.remove(position) {
            if let Some(set) = self.parked.get_mut(&wait) {
                set.remove(position);
            }
            txn.delete(Table::Parked, parked_key(server, position));
        }
    }

    /// Holds an envelope in memory; drops it if there is no room.
    pub fn hold(&mut self, wait: Wait, from: Option<ConnId>, bytes: Vec<u8>) {
        if self.held_bytes + bytes.len() > HELD_BYTES_MAX {
            return;
        }
        self.held_bytes += bytes.len();
        self.held.entry(wait).or_default().push((from, bytes));
    }

    /// Takes all stored envelopes that waited for this; they stay parked until [`Waiting::unpark`].
    pub fn wake(&mut self, wait: &Wait) -> Vec<Position> {
        self.parked
            .remove(wait)
            .unwrap_or_default()
            .into_iter()
            .collect()
    }

    /// Takes all held envelopes that waited for this.
    pub fn release(&mut self, wait: &Wait) -> Vec<Held> {
        let released = self.held.remove(wait).unwrap_or_default();
        self.held_bytes -= released.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        released
    }

    /// Epochs that somebody waits for.
    pub fn epochs(&self) -> impl Iterator<Item = EpochId> + use<'_> {
        self.parked.iter().filter_map(|(wait, set)| match wait {
            Wait::Epoch(epoch) if !set.is_empty() => Some(*epoch),
            _ => None,
        })
    }

    /// What is waited for, and by how many stored envelopes.
    pub fn reasons(&self) -> impl Iterator<Item = (&Wait, usize)> {
        let parked = self.parked.iter().filter(|(_, set)| !set.is_empty());
        parked.map(|(wait, set)| (wait, set.len()))
    }

    /// How many envelopes wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.reasons.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reasons.is_empty() && self.held.is_empty()
    }

    fn remember(&mut self, wait: Wait, position: Position) {
        if let Some(before) = self.reasons.insert(position, wait)
            && let Some(set) = self.parked.get_mut(&before)
        {
            set.remove(&position);
        }
        self.parked.entry(wait).or_default().insert(position);
    }
}

fn parked_key(server: ServerId, position: &Position) -> Vec<u8> {
    [server.as_bytes().as_slice(), &position.key()].concat()
}
