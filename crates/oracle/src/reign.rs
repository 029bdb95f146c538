//! Chapter *succession*, "Reigns", and what stands on what.

use std::collections::BTreeMap;

use conclave_core::event::{Body, Event, Succession, SuccessionClaim};
use conclave_core::id::{EventId, IdentityId, VerifyKey};

use crate::State;

/// One owner's time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reign {
    /// The transfer or the claim that began it; none for the founder's.
    pub begun: Option<EventId>,
    /// The owner's root.
    pub root: VerifyKey,
    /// What made the owner one, ascending.
    pub tenure: Vec<EventId>,
    /// The policy in force.
    pub policy: Option<(EventId, Succession)>,
    /// The open claims.
    pub claims: BTreeMap<EventId, Claim>,
}

/// An open claim.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Who made it.
    pub claimant: IdentityId,
    /// Who would own the server.
    pub heir: IdentityId,
    /// What entitles the claimant.
    pub title: Title,
    /// Who has confirmed, by which event.
    pub confirmed: BTreeMap<IdentityId, EventId>,
}

/// What entitles somebody to a claim, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Title {
    /// A recovery key, by its place in the policy.
    RecoveryKey(u64),
    /// A named successor, by their place.
    Successor(u64),
    /// A seat in the council.
    Council,
}

/// How many confirmations a claim needs.
#[must_use]
pub fn needed(policy: &Succession) -> usize {
    if policy.council.is_empty() {
        1
    } else {
        usize::from(policy.quorum)
    }
}

/// The title of a claim by somebody; the signature of a recovery key is not looked at.
#[must_use]
pub fn title(policy: &Succession, claimant: IdentityId, claim: &SuccessionClaim) -> Option<Title> {
    let own = claim.heir == claimant;
    if let Some(proof) = &claim.recovery {
        let place = policy
            .recovery_keys
            .iter()
            .position(|key| *key == proof.key);
        return place
            .filter(|_| own)
            .map(|place| Title::RecoveryKey(place as u64));
    }
    let place = policy.successors.iter().position(|who| *who == claimant);
    let successor = place
        .filter(|_| own)
        .map(|place| Title::Successor(place as u64));
    let member = policy.council.contains(&claimant);
    successor.or(member.then_some(Title::Council))
}

/// What an act stands on besides its basis, and in whose reign it was done.
#[derive(Clone, Default, Debug)]
pub struct Ground {
    /// What began the reign in its past.
    pub reign: Option<EventId>,
    /// Whether its author was the owner then, and came through no invite.
    pub owners: bool,
    /// It falls when all of these are overruled. Empty where it stands on no tenure.
    pub tenure: Vec<EventId>,
    /// It falls when one of these is.
    pub on: Vec<EventId>,
    /// It falls when fewer of these are left than are needed.
    pub confirmations: (Vec<EventId>, usize),
    /// Of a take-over: its claim's.
    pub title: Option<Title>,
}

impl Ground {
    /// That of an act in whose past this is the state.
    pub(crate) fn of(state: &State, event: &Event, body: Option<&Body>) -> Self {
        let reign = &state.reign;
        let mut ground = Self {
            reign: reign.begun,
            owners: event.author == state.owner,
            ..Self::default()
        };
        let about = matches!(
            body,
            Some(
                Body::OwnershipTransfer(_)
                    | Body::SuccessionPolicy(_)
                    | Body::SuccessionClaim(_)
                    | Body::SuccessionConfirm(_)
                    | Body::SuccessionVeto(_)
                    | Body::Accession(_)
            )
        );
        if ground.owners || about {
            ground.tenure.clone_from(&reign.tenure);
        }
        match body {
            Some(Body::SuccessionClaim(body)) => ground.on.push(body.policy),
            Some(Body::SuccessionConfirm(body)) => ground.on.push(body.claim),
            Some(Body::SuccessionVeto(body)) => ground.on.push(body.claim),
            Some(Body::Accession(body)) => {
                ground.on.push(body.claim);
                if let (Some(claim), Some((_, policy))) =
                    (reign.claims.get(&body.claim), &reign.policy)
                {
                    let confirmed = claim.confirmed.values().copied().collect();
                    ground.confirmations = (confirmed, needed(policy));
                    ground.title = Some(claim.title);
                }
            }
            _ => {}
        }
        ground
    }

    /// Whether it still stands, where some events are overruled.
    pub(crate) fn stands(&self, overruled: impl Fn(&EventId) -> bool) -> bool {
        let (confirmations, needed) = &self.confirmations;
        let left = confirmations.iter().filter(|id| !overruled(id)).count();
        let tenure = self.tenure.is_empty() || !self.tenure.iter().all(&overruled);
        tenure && !self.on.iter().any(&overruled) && left >= *needed
    }
}
