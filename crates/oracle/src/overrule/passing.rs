//! Chapter *succession*, "When a transfer or take-over is about to settle".

use std::collections::BTreeMap;

use conclave_core::event::Body;
use conclave_core::id::IdentityId;

use super::Rounds;
use crate::weight::Weight;
use crate::{Level, Taken};

/// Whom an act makes the owner, if it does.
pub(super) fn new_owner(taken: &Taken) -> Option<IdentityId> {
    match taken.body.as_ref()? {
        Body::OwnershipTransfer(body) => Some(body.to),
        Body::Accession(_) => Some(taken.event.author),
        _ => None,
    }
}

impl Rounds<'_> {
    /// Settles what of a round does settle, in causal order.
    pub(super) fn settle(
        &mut self,
        weights: &BTreeMap<usize, Weight>,
        greatest: &Weight,
    ) -> Vec<usize> {
        let mut settled = Vec::new();
        for number in self.acts.clone() {
            if weights.get(&number) != Some(greatest) || !self.open(number) {
                continue;
            }
            let owner = new_owner(&self.oracle.taken[number]);
            if let Some(owner) = owner
                && !self.passes(number, owner, weights, greatest)
            {
                continue;
            }
            self.out.settled.insert(number, greatest.clone());
            settled.push(number);
        }
        settled
    }

    /// Whether a transfer or take-over settles now; what it overrules before is so then.
    fn passes(
        &mut self,
        number: usize,
        owner: IdentityId,
        weights: &BTreeMap<usize, Weight>,
        greatest: &Weight,
    ) -> bool {
        let taken = &self.oracle.taken;
        let body = taken[number].body.as_ref();
        let reign = taken[number].ground.reign;
        // 1
        if matches!(body, Some(Body::Accession(_))) {
            let rivals = self.acts.iter().copied().filter(|n| {
                let same = taken[*n].ground.reign == reign && weights.get(n) == Some(greatest);
                same && self.open(*n) && matches!(taken[*n].body, Some(Body::Accession(_)))
            });
            // The first of those with one title is the first in causal order.
            if rivals.min_by_key(|n| taken[*n].ground.title) != Some(number) {
                return false;
            }
        }
        // 2
        let removes = |n: &usize| match taken[*n].body.as_ref() {
            Some(Body::Ban(ban)) => ban.member == owner,
            Some(Body::Kick(kick)) => kick.member == owner,
            _ => false,
        };
        let mut settled = self.acts.iter().copied();
        let removal = settled.find(|n| {
            self.out.settled.contains_key(n) && self.oracle.concurrent(*n, number) && removes(n)
        });
        if let Some(removal) = removal {
            self.overrules(removal, &[number]);
            return false;
        }
        // 3
        let beside = self.acts.iter().copied().filter(|n| {
            taken[*n].ground.reign == reign
                && self.open(*n)
                && self.oracle.concurrent(*n, number)
                && match (body, taken[*n].body.as_ref()) {
                    (_, Some(Body::OwnershipTransfer(_))) => true,
                    (Some(Body::Accession(own)), Some(Body::Accession(other))) => {
                        own.claim != other.claim
                    }
                    (_, Some(Body::Accession(_))) => true,
                    _ => false,
                }
        });
        let beside: Vec<usize> = beside.collect();
        self.overrules(number, &beside);
        true
    }

    fn overrules(&mut self, by: usize, what: &[usize]) {
        let mut takes = super::Takes::default();
        for number in what {
            takes.overrules(*number, 7);
        }
        self.fall(by, takes);
    }
}

/// Rules 6 and 7, for what bears besides the table of the chapter *authority*.
pub(super) fn overrules(bearing: &Taken, on: &Taken) -> Option<super::Rule> {
    let act = on.body.as_ref()?;
    if let Some(owner) = new_owner(bearing) {
        let restricted = match act {
            Body::Ban(body) => Some(body.member),
            Body::Kick(body) => Some(body.member),
            Body::Timeout(body) => Some(body.member),
            Body::RoleRevoke(body) => Some(body.member),
            _ => None,
        };
        if restricted == Some(owner) {
            return Some(6);
        }
    }
    let same = bearing.ground.reign == on.ground.reign;
    let overruled = match (bearing.body.as_ref()?, act) {
        (Body::OwnershipTransfer(_), Body::Merge(_)) => false,
        (Body::OwnershipTransfer(body), _) => {
            same && on.event.author == bearing.event.author
                && on.basis.fixed == Some(Level::Owner)
                && super::bears::beyond(&body.seen, on.event.device, on.event.seq)
        }
        (Body::SuccessionPolicy(_), Body::Accession(_)) => same,
        (Body::SuccessionVeto(veto), Body::SuccessionConfirm(body)) => body.claim == veto.claim,
        (Body::SuccessionVeto(veto), Body::Accession(body)) => body.claim == veto.claim,
        _ => false,
    };
    overruled.then_some(7)
}
