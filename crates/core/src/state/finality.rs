//! What a state knows of its own finality: its notaries, the checkpoint that it stands on, and what did not survive one.

use std::sync::Arc;

use super::Community;
use crate::event::Genesis;
use crate::id::{CheckpointId, EventId, VerifyKey};
use crate::permissions::Denied;

/// Whose signatures make a checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notaries {
    /// How often they were changed.
    pub generation: u64,
    /// Their keys, ascending.
    pub keys: Vec<VerifyKey>,
    /// How many of them sign.
    pub quorum: u16,
}

impl Notaries {
    /// Those that genesis names.
    #[must_use]
    pub fn founding(genesis: &Genesis) -> Self {
        let mut keys = genesis.notaries.clone();
        keys.sort_unstable();
        keys.dedup();
        Self {
            generation: 0,
            keys,
            quorum: genesis.notary_quorum,
        }
    }
}

/// Why an accepted event that no restriction overruled counts for nothing: a checkpoint froze a past without it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lost {
    /// It does not build on the checkpoint before that one either.
    TooOld,
    /// After what was frozen without it, it would not be allowed.
    Overtaken(Denied),
}

impl Community {
    /// The notaries of the next checkpoint.
    #[must_use]
    pub fn notaries(&self) -> &Notaries {
        &self.notaries
    }

    /// The latest canonical checkpoint up to this state, and its number.
    #[must_use]
    pub fn checkpoint(&self) -> Option<(CheckpointId, u64)> {
        self.checkpoint
    }

    /// Why an event did not survive a checkpoint, if it did not.
    #[must_use]
    pub fn lost(&self, event: &EventId) -> Option<&Lost> {
        self.lost.get(event)
    }

    /// All events that did not survive a checkpoint.
    pub fn losses(&self) -> impl Iterator<Item = (&EventId, &Lost)> {
        self.lost.iter()
    }

    /// The same state, standing on a checkpoint; `lost` adds to what did not survive.
    pub(crate) fn standing_on(
        mut self,
        checkpoint: Option<(CheckpointId, u64)>,
        lost: impl IntoIterator<Item = (EventId, Lost)>,
    ) -> Self {
        self.checkpoint = checkpoint;
        self.lost.extend(lost);
        self
    }

    /// What was frozen without the author's knowledge and an event would lift: a ban, a timeout, a removal, a role taken away.
    /// `known` tells what the author knew.
    pub(crate) fn lifts_unseen(
        &self,
        body: &crate::event::Body,
        known: impl Fn(&EventId) -> bool,
    ) -> Option<EventId> {
        use crate::event::Body;
        let laid_on: Vec<EventId> = match body {
            Body::Unban(body) => self
                .ban(&body.member)
                .map(|ban| ban.event)
                .into_iter()
                .collect(),
            Body::TimeoutLift(body) => {
                let timeout = self.timeout(&body.member);
                timeout.map(|timeout| timeout.event).into_iter().collect()
            }
            Body::RoleGrant(body) => {
                let taken = self.grants.get(&(body.member, body.role));
                let taken = taken.filter(|grant| !grant.held).map(|grant| grant.event);
                self.removals(&body.member).copied().chain(taken).collect()
            }
            _ => Vec::new(),
        };
        laid_on.into_iter().find(|event| !known(event))
    }
}

pub(super) fn founding(genesis: &Genesis) -> Arc<Notaries> {
    Arc::new(Notaries::founding(genesis))
}
