//! Who owns the server in the end, and which claims are open.

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use super::Region;
use crate::event::Body;
use crate::id::EventId;
use crate::state::ground::is_about_ownership;
use crate::state::overrule::Standing;
use crate::state::{Claim, Community, Policy, Reign};

impl Community {
    /// Follows the effective transfers and take-overs from reign to reign, then gathers policy and claims of the last.
    pub(super) fn succeed<'a>(&mut self, region: &Region<'a>) {
        let about: Vec<Standing<'a>> = region
            .acts
            .iter()
            .copied()
            .filter(|act| is_about_ownership(&act.body))
            .collect();
        if about.is_empty() {
            return;
        }
        let mut reign = Reign::clone(&self.reign);
        // Each reign ends once, so that this takes no more rounds than there are acts.
        for _ in 0..about.len() {
            match next(&reign, &about) {
                Some(after) => reign = after,
                None => break,
            }
        }
        let of_reign: Vec<Standing<'a>> = about
            .iter()
            .copied()
            .filter(|act| act.ground.as_ref().and_then(|ground| ground.reign) == reign.began)
            .collect();
        set_policy(&mut reign, region, &of_reign);
        set_claims(&mut reign, &of_reign);
        self.reign = Arc::new(reign);
    }
}

/// The reign that follows another, if it has ended.
fn next(reign: &Reign, acts: &[Standing<'_>]) -> Option<Reign> {
    let ending = |act: &&Standing<'_>| {
        let of = act.ground.as_ref().and_then(|ground| ground.reign);
        of == reign.began && matches!(act.body, Body::OwnershipTransfer(_) | Body::Accession(_))
    };
    let endings: Vec<Standing<'_>> = acts.iter().filter(ending).copied().collect();
    let first = endings.first()?;
    let tenure: OrdSet<EventId> = endings.iter().map(|act| act.id).collect();
    let (owner, root, began) = match &first.body {
        Body::OwnershipTransfer(body) => (body.to, body.root, first.id),
        Body::Accession(body) => (first.author, body.root, body.claim),
        _ => return None,
    };
    Some(Reign {
        owner,
        root,
        began: Some(began),
        tenure,
        policy: None,
        claims: OrdMap::new(),
    })
}

/// The causally latest policy, of concurrent ones that with the lower id. A new one ends the claims under the old.
fn set_policy<'a>(reign: &mut Reign, region: &Region<'a>, acts: &[Standing<'a>]) {
    let policies = acts
        .iter()
        .copied()
        .filter(|act| matches!(act.body, Body::SuccessionPolicy(_)));
    let winner = region.latest(policies).into_iter().min_by_key(|act| act.id);
    if let Some(act) = winner
        && let Body::SuccessionPolicy(body) = &act.body
    {
        reign.policy = Some(Arc::new(Policy {
            event: act.id,
            terms: (**body).clone(),
        }));
        reign.claims = OrdMap::new();
    }
}

/// Claims under the policy in force that no veto names, with whoever has confirmed them.
fn set_claims(reign: &mut Reign, acts: &[Standing<'_>]) {
    let Some(policy) = reign.policy.clone() else {
        return;
    };
    let mut vetoed = BTreeSet::new();
    for act in acts {
        match &act.body {
            Body::SuccessionClaim(body) if body.policy == policy.event => {
                let Some(of) = act
                    .ground
                    .as_ref()
                    .and_then(|ground| ground.claimed.as_ref())
                else {
                    continue;
                };
                let claim = Claim {
                    id: act.id,
                    by: act.author,
                    heir: of.heir,
                    title: of.title,
                    confirmed: OrdMap::new(),
                };
                reign.claims.insert(act.id, claim);
            }
            Body::SuccessionVeto(body) => {
                vetoed.insert(body.claim);
            }
            _ => {}
        }
    }
    for act in acts {
        // Of two confirmations by one person, made beside each other, the lower id stands for both.
        if let Body::SuccessionConfirm(body) = &act.body
            && let Some(claim) = reign.claims.get_mut(&body.claim)
        {
            let own = claim.confirmed.get(&act.author);
            let id = own.map_or(act.id, |other| act.id.min(*other));
            claim.confirmed.insert(act.author, id);
        }
    }
    for claim in vetoed {
        reign.claims.remove(&claim);
    }
}
