//! From the state of one head to that of several: what that head has not seen is added to its state, act by act.
//!
//! A newcomer that quarrels with nothing beside it changes nothing but what it writes, so that its act is folded as if it came
//! last. That holds if, besides, nothing that it stands on has fallen, and nothing beside it is in a quarrel with anything else:
//! only what is beside a newcomer can come to be entangled with more than before, and weights matter in quarrels alone. Where
//! any of this fails, the whole region is folded anew ([`super::resolve`]).

use std::collections::{BTreeMap, BTreeSet};

use super::{Log, Node};
use crate::id::EventId;
use crate::state::{Act, Community, Newcomers, append};

/// How far below the heads a state at hand is looked for.
const LOOK_MAX: usize = 64;

/// Most pairs of acts that are compared for each act that is looked at, so that looking costs less than folding.
const PAIRS_PER_ACT: usize = 4;

/// An event and its place in the causal order.
type Placed<'a> = ((u64, EventId), &'a Node);

impl Log {
    /// The state at several heads from that of an event in their past, if what that lacks quarrels with nothing. Notes every
    /// quarrel that what it lacks is in.
    pub(super) fn add_newcomers(&mut self, from: EventId, heads: &[EventId]) -> Option<Community> {
        let lacking = self.walk(heads, &[from])?;
        let lowest = self.lowest(&lacking);
        let beside = self.walk(&[from], &lowest)?;
        if !self.on_one_checkpoint(from, heads, &lacking, &beside) {
            let all: Vec<EventId> = lacking
                .iter()
                .chain(&beside)
                .map(|((_, id), _)| *id)
                .collect();
            self.quarrels.extend(all);
            return None;
        }
        let new = acts(&lacking);
        let quarrelling = self.quarrelling(&new, &beside);
        if !quarrelling.is_empty() || self.is_troubled(&beside) {
            self.quarrels.extend(quarrelling);
            return None;
        }
        let state = self.snapshots.get(&[from])?;
        let fallen =
            |event: EventId| state.overruled(&event).is_some() || state.lost(&event).is_some();
        let firm = !new.iter().any(|act| act.stands_on().any(fallen));
        firm.then(|| append(state, &new))
    }

    /// Whether what the heads lack, and what is beside it, was all made on top of the canonical checkpoint of both: then each of
    /// these acts counts as it was taken in, and none acts forward ([`super::forward`]).
    fn on_one_checkpoint(
        &self,
        from: EventId,
        heads: &[EventId],
        lacking: &[Placed<'_>],
        beside: &[Placed<'_>],
    ) -> bool {
        let tip = self.tip(heads);
        if tip != self.tip(&[from]) {
            return false;
        }
        let Some(checkpoint) = tip.and_then(|tip| self.checkpoints.get(&tip)) else {
            return true;
        };
        let mut all = lacking.iter().chain(beside);
        all.all(|((_, id), _)| self.covers(&[*id], &checkpoint.frontier))
    }

    /// Of several heads whose state is at hand the one with the most events in its past; else the next event below them.
    pub(super) fn most_knowing(&self, heads: &[EventId]) -> Option<EventId> {
        if heads.len() < 2 {
            return None;
        }
        let kept = |id: &EventId| self.snapshots.get(core::slice::from_ref(id)).is_some();
        let known = heads.iter().filter(|id| kept(id));
        if let Some(best) = known.max_by_key(|id| self.causality.reach(id)) {
            return Some(*best);
        }
        let mut frontier = BTreeMap::new();
        self.gather(heads, &mut frontier)?;
        for _ in 0..LOOK_MAX {
            let ((_, id), node) = frontier.pop_last()?;
            if kept(&id) {
                return Some(id);
            }
            self.gather(&node.event.parents, &mut frontier)?;
        }
        None
    }

    /// Some events and what lies below them in causal order, down to what all of `above` have in their past, or are.
    fn walk(&self, from: &[EventId], above: &[EventId]) -> Option<Vec<Placed<'_>>> {
        let past = self.causality.common_past(above);
        let mut frontier = BTreeMap::new();
        self.gather(from, &mut frontier)?;
        let mut found = Vec::new();
        while let Some((place, node)) = frontier.pop_last() {
            if !past.holds(&place.1) {
                found.push((place, node));
                self.gather(&node.event.parents, &mut frontier)?;
            }
        }
        found.reverse();
        Some(found)
    }

    fn gather<'a>(
        &'a self,
        events: &[EventId],
        into: &mut BTreeMap<(u64, EventId), &'a Node>,
    ) -> Option<()> {
        for event in events {
            let node = self.nodes.get(event)?;
            into.insert((node.depth, *event), node);
        }
        Some(())
    }

    /// Of some events those that follow none of the others.
    fn lowest(&self, events: &[Placed<'_>]) -> Vec<EventId> {
        let among = |parent: &EventId| {
            let depth = self.nodes.get(parent).map(|node| node.depth);
            let place = depth.map(|depth| (depth, *parent));
            place.is_some_and(|place| events.binary_search_by_key(&place, |(of, _)| *of).is_ok())
        };
        let lowest = events
            .iter()
            .filter(|(_, node)| !node.event.parents.iter().any(among));
        lowest.map(|((_, id), _)| *id).collect()
    }

    /// Which newcomers, and which acts beside them, quarrel with a newcomer.
    fn quarrelling(&self, new: &[&Act], beside: &[Placed<'_>]) -> BTreeSet<EventId> {
        let newcomers = Newcomers::of(new);
        let old = beside.iter().filter_map(|(_, node)| node.act.as_ref());
        let all = new.iter().copied().chain(old);
        let mut quarrelling = BTreeSet::new();
        let mut left = PAIRS_PER_ACT * (new.len() + beside.len());
        let mut met = Vec::new();
        for act in all.clone() {
            met.clear();
            newcomers.meet(act, left + 1, &mut met);
            if met.len() > left {
                // Too many to compare: all count as quarrelling.
                return all.map(|act| act.id).collect();
            }
            left -= met.len();
            for other in met.iter().map(|at| new[*at]) {
                if act.id != other.id && self.are_beside(act, other) {
                    quarrelling.extend([act.id, other.id]);
                }
            }
        }
        quarrelling
    }

    /// Whether one of the events was found in a quarrel before.
    fn is_troubled(&self, events: &[Placed<'_>]) -> bool {
        !self.quarrels.is_empty() && events.iter().any(|((_, id), _)| self.quarrels.contains(id))
    }

    fn are_beside(&self, a: &Act, b: &Act) -> bool {
        !self.causality.before(&a.id, &b.id) && !self.causality.before(&b.id, &a.id)
    }
}

fn acts<'a>(events: &[Placed<'a>]) -> Vec<&'a Act> {
    events
        .iter()
        .filter_map(|(_, node)| node.act.as_ref())
        .collect()
}
