//! The authority log of one server: the event DAG, in memory, with the states that it resolves to.
//!
//! [`Log::insert`] checks an event's structure and judges it in the state of its past; [`Log::resolve`] gives the state at any
//! heads. Verdicts and states are functions of sets of events: order, duplication and batching of arrival do not matter
//! (chapter `authority`).

mod causality;
mod checkpoints;
mod forward;
mod insert;
mod limits;
mod newcomers;
mod origin;
mod outcome;
mod page;
mod resolve;
mod snapshots;
mod structure;

use std::collections::{BTreeMap, BTreeSet};

pub use causality::Causality;
use checkpoints::Checkpoints;
pub use checkpoints::{CheckpointFault, CheckpointFork, Frozen};
pub use insert::PROTOCOL_VERSION;
pub use limits::{
    COUNCIL_MAX, DELAY_DAYS_MAX, DROPPED_LEAVES_MAX, EVENTS_PER_DEVICE_MAX, Malformed,
    NAME_BYTES_MAX, RECOVERY_KEYS_MAX, SUCCESSORS_MAX, TEXT_BYTES_MAX,
};
pub use outcome::{AuthorProof, HaltReason, InsertError, Inserted};
pub use resolve::ResolveError;

use crate::event::Event;
use crate::id::{DeviceId, EventId, ServerId};
use crate::permissions::Denied;
use crate::signed::Verified;
use crate::state::{Act, Community, Lost, Rule};
use snapshots::Snapshots;

/// Whether an event stands, once and for all: a function of the event and its past.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Authorised where it stands. Something concurrent may still overrule it ([`Log::effective`]).
    Accepted,
    /// Not authorised; never cited.
    Rejected(Denied),
}

/// What an event comes to at the current heads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// It counts.
    Effective,
    /// A concurrent act of greater weight took it away.
    Overruled {
        /// The act.
        by: EventId,
        /// By which rule.
        rule: Rule,
    },
    /// A checkpoint froze a past without it, and it did not survive that.
    Lost(Lost),
    /// It was never authorised.
    Rejected(Denied),
    /// A kind of a newer protocol: this program cannot tell.
    Unknown,
}

/// Two events of one device with one sequence: proof that the device forked its chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fork {
    /// The device.
    pub device: DeviceId,
    /// The sequence that it used twice.
    pub seq: u64,
    /// One event; the lower id.
    pub first: EventId,
    /// The other.
    pub second: EventId,
}

/// The event DAG of one server, with bounded snapshots of the states that it resolves to.
#[derive(Clone, Debug)]
pub struct Log {
    server: ServerId,
    nodes: BTreeMap<EventId, Node>,
    rejected: BTreeMap<EventId, Verdict>,
    /// Accepted events by depth, then id: a causal order that every node shares.
    order: BTreeSet<(u64, EventId)>,
    heads: Vec<EventId>,
    causality: Causality,
    chains: BTreeMap<DeviceId, Chain>,
    snapshots: Snapshots,
    /// Accepted events that were found in a quarrel with a concurrent one; no more than there are events. Of every state that
    /// is kept all such events are here ([`newcomers`]).
    quarrels: BTreeSet<EventId>,
    current: Option<Community>,
    halts: BTreeMap<EventId, HaltReason>,
    checkpoints: Checkpoints,
}

/// One device's accepted events.
#[derive(Clone, Default, Debug)]
struct Chain {
    by_seq: BTreeMap<u64, BTreeSet<EventId>>,
    /// Sequences that were used more than once.
    forks: BTreeSet<u64>,
}

impl Chain {
    fn at(&self, seq: u64) -> impl Iterator<Item = &EventId> {
        self.by_seq.get(&seq).into_iter().flatten()
    }
}

/// An accepted event.
#[derive(Clone, Debug)]
struct Node {
    event: Verified<Event>,
    /// What the register that it cites proves.
    proof: AuthorProof,
    /// Absent for a kind that this program does not know.
    act: Option<Act>,
    /// Length of the longest path from genesis.
    depth: u64,
}

impl Log {
    /// Gives the empty log of a server.
    #[must_use]
    pub fn new(server: ServerId) -> Self {
        Self {
            server,
            nodes: BTreeMap::new(),
            rejected: BTreeMap::new(),
            order: BTreeSet::new(),
            heads: Vec::new(),
            causality: Causality::default(),
            chains: BTreeMap::new(),
            snapshots: Snapshots::default(),
            quarrels: BTreeSet::new(),
            current: None,
            halts: BTreeMap::new(),
            checkpoints: Checkpoints::default(),
        }
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> ServerId {
        self.server
    }

    /// The accepted events that no accepted event cites, ascending; empty before genesis.
    #[must_use]
    pub fn heads(&self) -> &[EventId] {
        &self.heads
    }

    /// Whether an event is known, accepted or rejected.
    #[must_use]
    pub fn contains(&self, id: &EventId) -> bool {
        self.nodes.contains_key(id) || self.rejected.contains_key(id)
    }

    /// An accepted event.
    #[must_use]
    pub fn get(&self, id: &EventId) -> Option<&Verified<Event>> {
        self.nodes.get(id).map(|node| &node.event)
    }

    /// What was decided about an event, if it is known.
    #[must_use]
    pub fn verdict(&self, id: &EventId) -> Option<&Verdict> {
        let accepted = || self.nodes.contains_key(id).then_some(&Verdict::Accepted);
        self.rejected.get(id).or_else(accepted)
    }

    /// How many events are accepted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether not even genesis is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Accepted events, each after all that it cites; the order depends on the set alone.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Verified<Event>> {
        let nodes = self.order.iter().filter_map(|(_, id)| self.nodes.get(id));
        nodes.map(|node| &node.event)
    }

    /// Whether `a` is one of `of` or in the past of one.
    #[must_use]
    pub fn is_ancestor(&self, a: &EventId, of: &[EventId]) -> bool {
        self.causality.is_ancestor(a, of)
    }

    /// Whether the past of `newer` holds all of `older`: whoever knows `newer` knows `older`.
    #[must_use]
    pub fn covers(&self, newer: &[EventId], older: &[EventId]) -> bool {
        older.iter().all(|event| self.is_ancestor(event, newer))
    }

    /// The place of a device's next event: sequence and the event before it. After a fork, that of the highest sequence, of
    /// two the lower id; such a device is frozen anyway.
    #[must_use]
    pub fn next_position(&self, device: &DeviceId) -> (u64, Option<EventId>) {
        let last = self
            .chains
            .get(device)
            .and_then(|chain| chain.by_seq.last_key_value());
        match last {
            Some((seq, events)) => (seq + 1, events.first().copied()),
            None => (0, None),
        }
    }

    /// What an event comes to at the current heads, for the audit log; nothing if it is not known.
    pub fn effective(&mut self, id: &EventId) -> Option<Effect> {
        match self.current().cloned() {
            Some(state) => self.effect_in(&state, id),
            None => None,
        }
    }

    /// Proof that a device has forked its chain: its lowest doubled sequence, the two lowest ids.
    #[must_use]
    pub fn fork(&self, device: &DeviceId) -> Option<Fork> {
        let chain = self.chains.get(device)?;
        let seq = chain.forks.first()?;
        let mut events = chain.at(*seq);
        Some(Fork {
            device: *device,
            seq: *seq,
            first: *events.next()?,
            second: *events.next()?,
        })
    }

    /// All devices that have forked, with the proof.
    pub fn forks(&self) -> impl Iterator<Item = Fork> + '_ {
        self.chains.keys().filter_map(|device| self.fork(device))
    }

    /// Why this program must not compose for the server, if it must not: it needs an update. It still reads.
    #[must_use]
    pub fn halted(&self) -> Option<&HaltReason> {
        self.halts.values().next()
    }

    /// Every event that this program cannot follow, by id, and why.
    pub fn halts(&self) -> impl Iterator<Item = (&EventId, &HaltReason)> {
        self.halts.iter()
    }
}
