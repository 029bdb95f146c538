//! What acts of the owner, and acts about who owns the server, stand on.

use super::{Community, Policy, Title};
use crate::event::Body;
use crate::id::{EventId, IdentityId};

/// The ground of such an act, from the state of its past.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    /// The reign that it belongs to, by what began it; absent: the founder's.
    pub reign: Option<EventId>,
    /// What made the owner of that reign one: the act falls with the last of these. Empty for the founder.
    pub tenure: Vec<EventId>,
    /// What the act falls with: a claim with its policy, what follows a claim with it.
    pub needs: Option<EventId>,
    /// The claim that it makes or follows.
    pub claimed: Option<Claimed>,
}

/// The claim that an act makes or follows.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    /// The claim; absent in the claim itself.
    pub claim: Option<EventId>,
    /// Who would own the server.
    pub heir: IdentityId,
    /// How the claim ranks.
    pub title: Title,
    /// For a take-over: the confirmations that it counts.
    pub confirms: Vec<EventId>,
    /// For a take-over: how many of them must hold.
    pub needed: usize,
}

/// The ground of an act; nothing for an act of the founder or of ordinary members that is not about who owns the server.
pub(crate) fn ground_of(past: &Community, author: &IdentityId, body: &Body) -> Option<Box<Ground>> {
    let reign = past.reign();
    let owned = reign.owner == *author && !reign.tenure.is_empty();
    if !owned && !is_about_ownership(body) {
        return None;
    }
    let (needs, claimed) = match body {
        Body::SuccessionClaim(claim) => {
            let policy = past.succession();
            let title = policy.and_then(|policy| policy.title(claim, author));
            let claimed = title.map(|title| Claimed {
                claim: None,
                heir: claim.heir,
                title,
                confirms: Vec::new(),
                needed: 0,
            });
            (Some(claim.policy), claimed)
        }
        Body::SuccessionConfirm(body) => (Some(body.claim), follows(past, body.claim, false)),
        Body::SuccessionVeto(body) => (Some(body.claim), follows(past, body.claim, false)),
        Body::Accession(body) => (Some(body.claim), follows(past, body.claim, true)),
        _ => (None, None),
    };
    Some(Box::new(Ground {
        reign: reign.began,
        tenure: reign.tenure.iter().copied().collect(),
        needs,
        claimed,
    }))
}

fn follows(past: &Community, id: EventId, takes: bool) -> Option<Claimed> {
    let claim = past.claim(&id)?;
    let confirmed = claim.confirmed.values().filter(|_| takes);
    Some(Claimed {
        claim: Some(id),
        heir: claim.heir,
        title: claim.title,
        confirms: confirmed.copied().collect(),
        needed: past
            .succession()
            .filter(|_| takes)
            .map_or(0, Policy::needed),
    })
}

/// Whether a body is about who owns the server, now or later.
pub(crate) fn is_about_ownership(body: &Body) -> bool {
    matches!(
        body,
        Body::OwnershipTransfer(_)
            | Body::SuccessionPolicy(_)
            | Body::SuccessionClaim(_)
            | Body::SuccessionConfirm(_)
            | Body::SuccessionVeto(_)
            | Body::Accession(_)
    )
}
