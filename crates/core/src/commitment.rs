//! History-independent commitments to maps, and proofs of what they hold (chapter `checkpoint`).
//!
//! [`Tree`] is a persistent Patricia tree over the bits of 32-byte keys: its root depends on the entries alone, a clone costs
//! nothing, and a change touches one path. [`Pruned`] is such a tree with most of it cut away: a proof of whatever is left,
//! and of what is not there. [`StateTree`] and [`EventTree`] say what a checkpoint commits to.

mod members;
mod pruned;
mod state;
mod tree;

pub use members::{MEMBER_PROOF_MAX, MemberProof, member_value};
pub use pruned::{Lookup, PRUNED_BYTES_MAX, ProofError, Pruned};
pub use state::{Section, StateKey, StateTree, section_value};
pub use tree::{KEY_LEN, Key, Tree};

use crate::hash::{Label, hash};
use crate::id::{Digest, EventId};

/// The commitment to the events of a frozen past: a tree over their ids, whose values are all the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventTree(Tree);

impl Default for EventTree {
    fn default() -> Self {
        Self(Tree::new(Label::LogRoot))
    }
}

impl EventTree {
    /// Adds an event.
    pub fn insert(&mut self, event: &EventId) {
        self.0.insert(event.0, Self::value());
    }

    /// How many events it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.0.root()
    }

    /// Proves that events belong, or do not belong, to the frozen past.
    #[must_use]
    pub fn prove(&self, events: &[EventId]) -> Pruned {
        self.0.prove(events.iter().map(|event| event.0))
    }

    /// The value that stands for every event.
    #[must_use]
    pub fn value() -> Digest {
        hash(Label::LogRoot, &[&[3]])
    }
}

#[cfg(test)]
mod tests;
