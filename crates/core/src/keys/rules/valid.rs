//! R3: whether an epoch has grounds to exist.

use super::{EpochFacts, EpochGraph, Past, Removal};
use crate::id::{AudienceId, EpochId, EventId, IdentityId};
use crate::keys::Reason;

/// What may justify an epoch.
#[derive(Clone, Copy, Debug)]
pub struct Grounds<'a> {
    /// The author was a present member of the audience at the epoch's heads.
    pub author_present: bool,
    /// Every removal known that bears on the audience.
    pub removals: &'a [Removal],
    /// A complaint about a parent's slot is proven.
    pub bad_slot: bool,
    /// Somebody joins who must not read what came before.
    pub cutoff: bool,
    /// A scheduled refresh is due.
    pub refresh: bool,
}

/// Why an epoch is void.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Invalid {
    /// Wait for it.
    #[error("parent epoch {0:?} is not known yet")]
    MissingParent(EpochId),
    /// Not a present member of the audience.
    #[error("{0:?} is no present member of the audience")]
    Author(IdentityId),
    /// A parent of another audience.
    #[error("a parent is of audience {0:?}")]
    Audience(AudienceId),
    /// The heads fall behind those of a parent.
    #[error("head {0:?} of a parent is not in the past of this epoch")]
    Rollback(EventId),
    /// No removal, no proven bad slot, nobody to cut off, no refresh due.
    #[error("nothing justifies an epoch for the reason {0:?}")]
    NoGrounds(Reason),
}

impl EpochGraph {
    /// **R3.** Whether an epoch has grounds to exist; its parents must be known.
    ///
    /// # Errors
    /// [`Invalid`]; [`Invalid::MissingParent`] alone asks to wait.
    pub fn valid(
        &self,
        facts: &EpochFacts,
        grounds: &Grounds<'_>,
        past: &impl Past,
    ) -> Result<(), Invalid> {
        if !grounds.author_present {
            return Err(Invalid::Author(facts.author));
        }
        for parent in &facts.parents {
            let known = self
                .epochs
                .get(parent)
                .ok_or(Invalid::MissingParent(*parent))?;
            if known.audience != facts.audience {
                return Err(Invalid::Audience(known.audience));
            }
            if let Some(head) = known
                .heads
                .iter()
                .find(|head| !past.contains(head, &facts.heads))
            {
                return Err(Invalid::Rollback(*head));
            }
        }
        let founded = match facts.reason {
            Reason::First => facts.parents.is_empty(),
            _ if facts.parents.is_empty() => false,
            Reason::Removal => grounds
                .removals
                .iter()
                .any(|removal| self.is_news(facts, removal, past)),
            Reason::BadSlot => grounds.bad_slot,
            Reason::Cutoff => grounds.cutoff,
            Reason::Refresh => grounds.refresh,
        };
        founded
            .then_some(())
            .ok_or(Invalid::NoGrounds(facts.reason))
    }

    /// Whether the epoch knows a removal that one of its parents lacks.
    fn is_news(&self, facts: &EpochFacts, removal: &Removal, past: &impl Past) -> bool {
        let known = match removal {
            Removal::Event(event) => past.contains(event, &facts.heads),
            Removal::Left(pseudonym, seq) => {
                facts.removed.get(pseudonym).is_some_and(|last| last >= seq)
                    || facts
                        .parents
                        .iter()
                        .any(|parent| self.knows(parent, removal, past))
            }
        };
        known
            && facts
                .parents
                .iter()
                .any(|parent| !self.knows(parent, removal, past))
    }
}
