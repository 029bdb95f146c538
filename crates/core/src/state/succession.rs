//! Who owns the server, on what ground, and who may after them.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use super::Community;
use crate::event::{Succession, SuccessionClaim};
use crate::id::{EventId, IdentityId, VerifyKey};

/// One owner's time: from the genesis, transfer or claim that began it to the transfer or claim that ends it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reign {
    /// The owner.
    pub owner: IdentityId,
    /// The owner's root key, as genesis, transfer or take-over named it.
    pub root: VerifyKey,
    /// The transfer or claim that began it; absent for the founder.
    pub began: Option<EventId>,
    /// The events that made the owner one: the transfer, or the take-overs of one claim; none for the founder.
    pub tenure: OrdSet<EventId>,
    /// Who may take over; absent: nobody.
    pub policy: Option<Arc<Policy>>,
    /// Claims that are open, by event.
    pub claims: OrdMap<EventId, Claim>,
}

/// The succession policy in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// The event that set it.
    pub event: EventId,
    /// What it says.
    pub terms: Succession,
}

/// What entitles to a claim, and how it ranks among others: lower is better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Title {
    /// A recovery key, by its place in the policy.
    RecoveryKey(u16),
    /// A named successor, by their place in the policy.
    Successor(u16),
    /// A member of the council, for whomever.
    Council,
}

impl Title {
    /// Number of the title, and place within it.
    #[must_use]
    pub const fn number(self) -> (u8, u16) {
        match self {
            Self::RecoveryKey(place) => (1, place),
            Self::Successor(place) => (2, place),
            Self::Council => (3, 0),
        }
    }
}

/// An open claim.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// The event.
    pub id: EventId,
    /// Who claims.
    pub by: IdentityId,
    /// Who would own the server.
    pub heir: IdentityId,
    /// On what ground.
    pub title: Title,
    /// Who has confirmed, by which event.
    pub confirmed: OrdMap<IdentityId, EventId>,
}

impl Policy {
    /// How many confirmations a claim needs: the council's quorum, or where there is none the claimant's own.
    #[must_use]
    pub fn needed(&self) -> usize {
        if self.terms.council.is_empty() {
            1
        } else {
            usize::from(self.terms.quorum)
        }
    }

    /// Whether somebody's confirmation of a claim counts.
    #[must_use]
    pub fn confirms(&self, claim: &Claim, who: &IdentityId) -> bool {
        if self.terms.council.is_empty() {
            claim.by == *who
        } else {
            self.terms.council.binary_search(who).is_ok()
        }
    }

    /// What entitles somebody to a claim, if anything does; a recovery key's signature is not looked at. Successors and
    /// holders of a recovery key claim for themselves, the council for anybody.
    #[must_use]
    pub fn title(&self, claim: &SuccessionClaim, by: &IdentityId) -> Option<Title> {
        let terms = &self.terms;
        let place = |index: usize| u16::try_from(index).unwrap_or(u16::MAX);
        let own = claim.heir == *by;
        if let Some(proof) = &claim.recovery {
            let index = terms.recovery_keys.iter().position(|key| *key == proof.key);
            return index
                .filter(|_| own)
                .map(|index| Title::RecoveryKey(place(index)));
        }
        let named = terms
            .successors
            .iter()
            .position(|successor| successor == by);
        match named.filter(|_| own) {
            Some(index) => Some(Title::Successor(place(index))),
            None => terms
                .council
                .binary_search(by)
                .is_ok()
                .then_some(Title::Council),
        }
    }

    /// Whether several must attest the delay, so that no single clock or will decides it.
    #[must_use]
    pub fn delay_is_trustworthy(&self) -> bool {
        self.needed() > 1 && self.terms.delay_days > 0
    }
}

impl Reign {
    /// The founder's.
    pub(super) fn founding(owner: IdentityId, root: VerifyKey) -> Self {
        Self {
            owner,
            root,
            began: None,
            tenure: OrdSet::new(),
            policy: None,
            claims: OrdMap::new(),
        }
    }
}

impl Community {
    /// The owner's time: on what ground they own the server, and who may after them.
    #[must_use]
    pub fn reign(&self) -> &Reign {
        &self.reign
    }

    /// The owner's root key, as genesis, transfer or take-over named it.
    #[must_use]
    pub fn owner_root(&self) -> VerifyKey {
        self.reign.root
    }

    /// The key that answers for hosting: the founder's hosting root, and from the first transfer on the owner's root.
    #[must_use]
    pub fn hosting_root(&self) -> VerifyKey {
        match self.reign.began {
            None => self.genesis.hosting_root,
            Some(_) => self.reign.root,
        }
    }

    /// The succession policy in force.
    #[must_use]
    pub fn succession(&self) -> Option<&Policy> {
        self.reign.policy.as_deref()
    }

    /// An open claim.
    #[must_use]
    pub fn claim(&self, id: &EventId) -> Option<&Claim> {
        self.reign.claims.get(id)
    }

    /// Open claims, the best title first.
    #[must_use]
    pub fn claims(&self) -> Vec<&Claim> {
        let mut claims: Vec<&Claim> = self.reign.claims.values().collect();
        claims.sort_by_key(|claim| (claim.title, claim.id));
        claims
    }

    /// Whether a claim has all the confirmations that it needs.
    #[must_use]
    pub fn is_confirmed(&self, claim: &Claim) -> bool {
        self.succession()
            .is_some_and(|policy| claim.confirmed.len() >= policy.needed())
    }
}
