//! The chapters *authority*, *permissions* and *succession*, written down a second time.
//!
//! [`Oracle`] takes the same events as the log in `conclave-core` and says what each comes to and which state they fold to. It
//! shares nothing with that log but the parsed values (events, ids, bits, levels of the codec): it was written from the chapters
//! alone, in their order and words, and is slow on purpose. The past of an event is a plain set, every state is folded from
//! genesis, and nothing is remembered between two questions but what the chapter says belongs to an event (its basis, its
//! copy, and what it stands on). Tests compare the two over random histories; nothing ships it.
//!
//! ```
//! use conclave_oracle::{Oracle, Outcome};
//! # use conclave_core::{event::*, id::*, log::AuthorProof, permissions::Bits, signed::*};
//! # let key = SigningKey::from_seed(&[1; 32]);
//! # let body = Body::from(Genesis {
//! #     name: "Plaza".into(), template: 1, nonce: vec![0; 32].into(), everyone: Bits::VIEW_CHANNEL, suite: 1,
//! #     owner_root: VerifyKey([1; 32]), hosting_root: VerifyKey([2; 32]), notaries: vec![VerifyKey([1; 32])],
//! #     notary_quorum: 1, history: 1, peers: vec![], descent: None,
//! # });
//! # let genesis = Verified::sign(Event {
//! #     version: 1, server: None, author: IdentityId([3; 32]), device: DeviceId([4; 32]), seq: 0, prev_self: None,
//! #     parents: vec![], identity_head: IdentityEntryId([5; 32]), last_checkpoint: None, kind: 1,
//! #     body: body.encode().into(), time: Millis(0), register: None, reason: None,
//! # }, &key);
//! let mut oracle = Oracle::new(ServerId(genesis.event_id().0));
//! assert_eq!(oracle.insert(&genesis, AuthorProof::Founder), Outcome::Accepted);
//! assert_eq!(oracle.resolve(&oracle.heads()).unwrap().name, "Plaza");
//! ```

mod basis;
mod digest;
mod fold;
mod intake;
mod judge;
mod limits;
mod overrule;
mod power;
mod reign;
mod set;
mod state;
mod weight;

use std::collections::BTreeMap;

use conclave_core::event::{Body, Event};
use conclave_core::id::{DeviceId, EventId, ServerId};
use conclave_core::log::AuthorProof;

pub use basis::{Basis, By, Condition, Source};
pub use intake::{Outcome, Refusal, Why};
pub use overrule::{Overruled, Rule};
pub use reign::{Claim, Ground, Reign, Title};
pub use set::Set;
pub use state::{Channel, Invite, Role, State};
pub use weight::{Level, Place, Weight};

use fold::Copy;

/// An accepted event with what the chapter says belongs to it.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Its id.
    pub id: EventId,
    /// As it was signed.
    pub event: Event,
    /// What the cited register proves.
    pub proof: AuthorProof,
    /// Absent for what belongs to a newer protocol.
    pub body: Option<Body>,
    /// All that is before it.
    pub past: Set,
    /// Length of the longest path to genesis.
    pub depth: u64,
    /// What its authority rests on.
    pub basis: Basis,
    /// What else it stands on, and in whose reign.
    pub ground: Ground,
    copy: Option<Copy>,
}

/// A log that forgets nothing and remembers no result.
#[derive(Clone, Debug)]
pub struct Oracle {
    server: ServerId,
    /// The accepted events, numbered as they came.
    taken: Vec<Taken>,
    numbers: BTreeMap<EventId, usize>,
    rejected: BTreeMap<EventId, Why>,
}

impl Oracle {
    /// The empty log of a server.
    #[must_use]
    pub fn new(server: ServerId) -> Self {
        Self {
            server,
            taken: Vec::new(),
            numbers: BTreeMap::new(),
            rejected: BTreeMap::new(),
        }
    }

    /// The accepted events, each after all that it cites.
    #[must_use]
    pub fn accepted(&self) -> &[Taken] {
        &self.taken
    }

    /// The accepted events that are no parent of an accepted event, ascending.
    #[must_use]
    pub fn heads(&self) -> Vec<EventId> {
        let cited = |id: &EventId| self.taken.iter().any(|e| e.event.parents.contains(id));
        self.numbers
            .keys()
            .copied()
            .filter(|id| !cited(id))
            .collect()
    }

    /// The heads with all before them; nothing if one is not accepted.
    #[must_use]
    pub fn past(&self, heads: &[EventId]) -> Option<Set> {
        let mut past = Set::default();
        for head in heads {
            let number = *self.numbers.get(head)?;
            past.extend(&self.taken[number].past);
            past.insert(number);
        }
        Some(past)
    }

    /// The state that the past of some heads folds to; nothing if one is not accepted, or none is given.
    #[must_use]
    pub fn resolve(&self, heads: &[EventId]) -> Option<State> {
        if heads.is_empty() {
            return None;
        }
        self.fold(&self.past(heads)?)
    }

    /// What is overruled at some heads, and how levels fell.
    #[must_use]
    pub fn overruled(&self, heads: &[EventId]) -> Option<Overruled> {
        Some(self.overrule(&self.past(heads)?))
    }

    /// Whether one accepted event is before another.
    #[must_use]
    pub fn before(&self, a: &EventId, b: &EventId) -> bool {
        match (self.numbers.get(a), self.numbers.get(b)) {
            (Some(a), Some(b)) => self.taken[*b].past.contains(*a),
            _ => false,
        }
    }

    /// Of every device that used a sequence twice: the device, the lowest such sequence, its two lowest ids.
    #[must_use]
    pub fn forks(&self) -> Vec<(DeviceId, u64, EventId, EventId)> {
        let mut chains: BTreeMap<DeviceId, BTreeMap<u64, Vec<EventId>>> = BTreeMap::new();
        for (id, number) in &self.numbers {
            let event = &self.taken[*number].event;
            let chain = chains.entry(event.device).or_default();
            chain.entry(event.seq).or_default().push(*id);
        }
        let fork = |(device, chain): (DeviceId, BTreeMap<u64, Vec<EventId>>)| {
            let (seq, ids) = chain.into_iter().find(|(_, ids)| ids.len() > 1)?;
            Some((device, seq, ids[0], ids[1]))
        };
        chains.into_iter().filter_map(fork).collect()
    }
}
