//! Who was the owner, where transfers and take-overs meet.
//!
//! A reign ends with one transfer, or with the take-overs of one claim. Of concurrent transfers the first in the causal order
//! stands; a transfer, a new policy and a veto weigh more than take-overs; among take-overs the better title stands. Whatever
//! an owner did stands on what made them one and weighs less, so that it settles later.

use std::collections::BTreeMap;

use super::bears::{needs_none, within};
use super::court::Court;
use crate::event::{Body, Seen};
use crate::id::{EventId, IdentityId};
use crate::permissions::Level;
use crate::state::ground::Claimed;
use crate::state::{Act, Rule};

/// What an act of the owner, or about who owns the server, stands on, by places; what lies before the part is not listed, and
/// stands for good.
pub(super) struct Footing {
    /// The weight of its level.
    own: u64,
    /// How far below its tenure it weighs at most: the root's acts before the owner's before the council's.
    below: u64,
    /// What made the owner one; empty where nothing can take that away.
    tenure: Vec<usize>,
    /// The policy of a claim, the claim of what follows one.
    needs: Option<usize>,
    /// Confirmations that a take-over counts, and how many of them may fall.
    confirms: Vec<usize>,
    spare: usize,
}

impl Court<'_> {
    /// Learns what an act stands on.
    pub(super) fn note_ground(&mut self, index: usize, places: &BTreeMap<EventId, usize>) {
        let act = self.acts[index];
        let Some(ground) = &act.ground else { return };
        let here = |event: &EventId| places.get(event).copied();
        let tenure: Vec<usize> = ground.tenure.iter().filter_map(here).collect();
        let whole = tenure.len() == ground.tenure.len();
        let (confirms, spare) = match &ground.claimed {
            Some(of) => (
                of.confirms.iter().filter_map(here).collect(),
                of.confirms.len().saturating_sub(of.needed),
            ),
            None => (Vec::new(), 0),
        };
        let footing = Footing {
            own: self.rank(&act.basis.level),
            below: match act.basis.level {
                Level::Root => 1,
                Level::Owner => 2,
                _ => 3,
            },
            // One event of an earlier part is enough, and nothing takes it away.
            tenure: if whole { tenure } else { Vec::new() },
            needs: ground.needs.as_ref().and_then(here),
            confirms,
            spare,
        };
        let all = footing.tenure.iter().chain(&footing.needs);
        for event in all.chain(&footing.confirms).copied().collect::<Vec<_>>() {
            self.stand_on(index, event);
        }
        self.seats[index].footing = Some(Box::new(footing));
    }

    /// An act's own level, but less than what made its author the owner.
    pub(super) fn weigh_footing(&self, index: usize) -> u64 {
        let seat = &self.seats[index];
        let Some(footing) = &seat.footing else {
            return seat.weight;
        };
        let standing = footing
            .tenure
            .iter()
            .filter(|event| self.seats[**event].by.is_none());
        match standing.map(|event| self.seats[*event].weight).max() {
            Some(tenure) => footing.own.min(tenure.saturating_sub(footing.below)),
            None => footing.own,
        }
    }

    /// Whether what an act stands on still does.
    pub(super) fn has_footing(&self, index: usize) -> bool {
        let Some(footing) = &self.seats[index].footing else {
            return true;
        };
        let fell = |event: &usize| self.seats[*event].by.is_some();
        (footing.tenure.is_empty() || !footing.tenure.iter().all(fell))
            && !footing.needs.as_ref().is_some_and(fell)
            && footing.confirms.iter().filter(|event| fell(event)).count() <= footing.spare
    }

    /// Settles who follows before an event settles: gives the one that does in place of a change of owner, and overrules what
    /// it excludes; any other event is given back.
    pub(super) fn contest(&mut self, index: usize) -> usize {
        let acts = self.acts;
        let (index, heir) = match &acts[index].body {
            Body::OwnershipTransfer(body) => (index, body.to),
            Body::Accession(_) => {
                let first = self.first_accession(index);
                if first != index {
                    let weight = self.seats[index].weight;
                    self.queue.insert((core::cmp::Reverse(weight), index));
                }
                (first, acts[first].author)
            }
            _ => return index,
        };
        let removal = (0..acts.len()).find(|other| {
            self.is_settled(*other)
                && removes(&acts[*other].body, &heir)
                && self.are_beside(index, *other)
        });
        if let Some(removal) = removal {
            // It was by somebody higher.
            self.overrule(index, removal, Rule::Reign);
            self.close();
            return index;
        }
        let claim = |at: usize| claimed(acts[at]).and_then(|of| of.claim);
        self.end(index, |other, act| match act.body {
            Body::OwnershipTransfer(_) => true,
            Body::Accession(_) => claim(other).is_none() || claim(other) != claim(index),
            _ => false,
        });
        self.close();
        index
    }

    /// The take-over of the same reign and weight that comes first, by title, then causal order.
    fn first_accession(&self, index: usize) -> usize {
        let rivals = (0..self.acts.len()).filter(|other| {
            matches!(self.acts[*other].body, Body::Accession(_))
                && self.is_open(*other)
                && self.seats[*other].weight == self.seats[index].weight
                && self.has_footing(*other)
                && self.same_reign(index, *other)
        });
        let rank = |other: &usize| (claimed(self.acts[*other]).map(|of| of.title), *other);
        rivals.min_by_key(rank).unwrap_or(index)
    }

    /// A transfer takes from the old owner what it has not seen, and protects the new one.
    pub(super) fn on_transfer(&mut self, index: usize, to: &IdentityId, seen: &[Seen]) {
        let author = self.acts[index].author;
        // First, so that what falls for both reasons counts under the lower rule.
        self.protect(index, to);
        self.end(index, |_, act| {
            act.author == author
                && act.basis.level == Level::Owner
                && !needs_none(&act.body)
                && !within(act, seen)
        });
    }

    /// A policy ends every take-over beside it, a veto those of one claim with its confirmations: the owner is there.
    pub(super) fn on_claims(&mut self, index: usize, claim: Option<&EventId>) {
        self.end(index, |_, act| match (&act.body, claim) {
            (Body::Accession(_), None) => true,
            (Body::Accession(_) | Body::SuccessionConfirm(_), Some(claim)) => {
                claimed(act).is_some_and(|of| of.claim == Some(*claim))
            }
            _ => false,
        });
    }

    /// Overrules what is beside an event, open, of the same reign, and matches.
    fn end(&mut self, index: usize, matches: impl Fn(usize, &Act) -> bool) {
        let acts = self.acts;
        for (target, act) in acts.iter().enumerate() {
            if self.is_open(target)
                && matches(target, act)
                && self.same_reign(index, target)
                && self.are_beside(index, target)
            {
                self.overrule(target, index, Rule::Reign);
            }
        }
    }

    /// Overrules what lower ones did to the new owner beside the change: it lifts them above everybody.
    pub(super) fn protect(&mut self, index: usize, heir: &IdentityId) {
        let acts = self.acts;
        for (target, act) in acts.iter().enumerate() {
            if restricts(&act.body, heir) && self.is_open(target) && self.are_beside(index, target)
            {
                self.overrule(target, index, Rule::Lifted);
            }
        }
    }

    fn same_reign(&self, a: usize, b: usize) -> bool {
        let reign = |at: usize| {
            self.acts[at]
                .ground
                .as_ref()
                .and_then(|ground| ground.reign)
        };
        reign(a) == reign(b)
    }
}

fn claimed(act: &Act) -> Option<&Claimed> {
    act.ground
        .as_ref()
        .and_then(|ground| ground.claimed.as_ref())
}

/// Whether an event takes somebody out of the server.
fn removes(body: &Body, member: &IdentityId) -> bool {
    match body {
        Body::Ban(body) => body.member == *member,
        Body::Kick(body) => body.member == *member,
        _ => false,
    }
}

/// Whether an event takes anything from somebody.
fn restricts(body: &Body, member: &IdentityId) -> bool {
    match body {
        Body::Timeout(body) => body.member == *member,
        Body::RoleRevoke(body) => body.member == *member,
        other => removes(other, member),
    }
}
