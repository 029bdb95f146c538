//! Chapter *succession*, "Folding".

use std::collections::BTreeMap;

use conclave_core::event::Body;
use conclave_core::id::{EventId, IdentityId, VerifyKey};

use super::Fold;
use crate::Taken;
use crate::reign::{Claim, Reign, title};

impl<'a> Fold<'a> {
    pub(super) fn reign(&mut self) {
        while let Some((owner, reign)) = self.next_reign() {
            self.state.owner = owner;
            self.state.reign = reign;
        }
        let present = self.state.reign.begun;
        let policies = self.last_writers(|taken, body| match body {
            Body::SuccessionPolicy(body) => (taken.ground.reign == present).then_some(body),
            _ => None,
        });
        let policy = policies.into_iter().min_by_key(|(taken, _)| taken.id);
        if let Some((taken, body)) = policy {
            self.state.reign.policy = Some((taken.id, (**body).clone()));
            self.state.reign.claims = self.claims(taken.id, present);
        }
    }

    /// The reign that an effective transfer or take-over of the present one begins.
    fn next_reign(&self) -> Option<(IdentityId, Reign)> {
        let present = self.state.reign.begun;
        let passes = |(taken, body): (&'a Taken, &'a Body)| match body {
            _ if taken.ground.reign != present => None,
            Body::OwnershipTransfer(body) => Some((taken.id, taken.id, body.to, body.root)),
            Body::Accession(body) => Some((taken.id, body.claim, taken.event.author, body.root)),
            _ => None,
        };
        let passes: Vec<(EventId, EventId, IdentityId, VerifyKey)> =
            self.events().filter_map(passes).collect();
        let (_, begun, owner, root) = *passes.first()?;
        let of_it = passes.iter().filter(|(_, by, ..)| *by == begun);
        let mut tenure: Vec<EventId> = of_it.map(|(id, ..)| *id).collect();
        tenure.sort_unstable();
        let reign = Reign {
            begun: Some(begun),
            root,
            tenure,
            policy: None,
            claims: BTreeMap::new(),
        };
        Some((owner, reign))
    }

    fn claims(&self, policy: EventId, present: Option<EventId>) -> BTreeMap<EventId, Claim> {
        let mut claims = BTreeMap::new();
        let Some((_, terms)) = &self.state.reign.policy else {
            return claims;
        };
        for (taken, body) in self.events().collect::<Vec<_>>() {
            match body {
                Body::SuccessionClaim(body)
                    if body.policy == policy && taken.ground.reign == present =>
                {
                    if let Some(title) = title(terms, taken.event.author, body) {
                        let claim = Claim {
                            claimant: taken.event.author,
                            heir: body.heir,
                            title,
                            confirmed: BTreeMap::new(),
                        };
                        claims.insert(taken.id, claim);
                    }
                }
                Body::SuccessionConfirm(body) => {
                    if let Some(claim) = claims.get_mut(&body.claim) {
                        let first = claim.confirmed.entry(taken.event.author);
                        let first = first.or_insert(taken.id);
                        *first = (*first).min(taken.id);
                    }
                }
                _ => {}
            }
        }
        for (_, body) in self.events().collect::<Vec<_>>() {
            if let Body::SuccessionVeto(body) = body {
                claims.remove(&body.claim);
            }
        }
        claims
    }
}
