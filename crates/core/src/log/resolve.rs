//! The state at any heads, from the nearest snapshot.

use std::collections::BTreeSet;

use super::{Log, Verdict};
use crate::event::PARENTS_MAX;
use crate::id::EventId;
use crate::permissions::Denied;
use crate::state::{Act, Community, fold};

/// Why heads do not resolve.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ResolveError {
    /// No heads, or no genesis yet.
    #[error("there is nothing to resolve")]
    Empty,
    /// An event is not known.
    #[error("event {0:?} is not known")]
    Unknown(EventId),
    /// An event was rejected.
    #[error("event {0:?} was rejected: {1}")]
    Rejected(EventId, Box<Denied>),
}

/// Most events of a region below which known heads are looked for, so that looking costs little where there are none.
const RUNG_MAX: usize = 32;

/// A stretch of the log between two states.
struct Region {
    heads: Vec<EventId>,
    events: Vec<EventId>,
}

impl Log {
    /// Gives the state at some heads: what all accepted events up to them say. Heads in the past of others are dropped first.
    ///
    /// # Errors
    /// [`ResolveError`].
    pub fn resolve(&mut self, heads: &[EventId]) -> Result<Community, ResolveError> {
        let heads = self.antichain(heads)?;
        let state = self.state_at(heads).ok_or(ResolveError::Empty)?;
        Ok(state.with_causality(&self.causality))
    }

    /// The state at the current heads; nothing before genesis.
    pub fn current(&mut self) -> Option<&Community> {
        if self.current.is_none() {
            let heads = self.heads.clone();
            let state = self.state_at(heads)?;
            self.current = Some(state.with_causality(&self.causality));
        }
        self.current.as_ref()
    }

    /// Computes the state at some heads from genesis on, past every snapshot. [`Log::resolve`] gives the same, faster.
    ///
    /// # Errors
    /// [`ResolveError`].
    pub fn audit(&self, heads: &[EventId]) -> Result<Community, ResolveError> {
        let heads = self.antichain(heads)?;
        let state = self.audit_forward(&heads).ok_or(ResolveError::Empty)?;
        Ok(state.with_causality(&self.causality))
    }

    /// Known, accepted heads, ascending, none in the past of another.
    pub(super) fn antichain(&self, heads: &[EventId]) -> Result<Vec<EventId>, ResolveError> {
        for head in heads {
            if let Some(Verdict::Rejected(denied)) = self.rejected.get(head) {
                return Err(ResolveError::Rejected(*head, Box::new(denied.clone())));
            }
            if !self.nodes.contains_key(head) {
                return Err(ResolveError::Unknown(*head));
            }
        }
        let distinct: BTreeSet<EventId> = heads.iter().copied().collect();
        let covered = |a: &EventId| distinct.iter().any(|b| self.causality.before(a, b));
        let kept: Vec<EventId> = distinct
            .iter()
            .filter(|head| !covered(head))
            .copied()
            .collect();
        if kept.is_empty() {
            Err(ResolveError::Empty)
        } else {
            Ok(kept)
        }
    }

    /// The state at an antichain: back to the nearest state that is at hand, then forward region by region.
    pub(super) fn state_at(&mut self, heads: Vec<EventId>) -> Option<Community> {
        let mut regions: Vec<Region> = Vec::new();
        let mut at = heads;
        let mut state = loop {
            if let Some(state) = self.snapshots.get(&at) {
                break state.clone();
            }
            if at == [self.server.genesis()] {
                break self.founding()?;
            }
            let from = self.most_knowing(&at);
            if let Some(from) = from
                && let Some(state) = self.add_newcomers(from, &at)
            {
                self.snapshots.keep(at, state.clone());
                break state;
            }
            let (events, before) = self.region_below(&at)?;
            if self.tip(&at) != self.tip(&before) {
                // A checkpoint came in between: what lies here was not made on top of it.
                break self.acting_forward(&at)?;
            }
            if from.is_none() && events.len() > 1 {
                // Nobody has looked for quarrels among these, so all may be in one.
                self.quarrels.extend(events.iter().copied());
            }
            let heads = core::mem::replace(&mut at, before);
            regions.push(Region { heads, events });
        };
        let kept_from = regions.len().saturating_sub(1);
        for (index, region) in regions.into_iter().rev().enumerate() {
            state = fold(&state, &self.acts(&region.events), &self.causality);
            // Of a long way only the end, and a state here and there, is worth keeping.
            if index == kept_from || index % 64 == 63 {
                self.snapshots.keep(region.heads, state.clone());
            }
        }
        Some(state)
    }

    /// The events from some heads down to where the log was last of one strand, in causal order, and the heads of what lies
    /// before them. One head stands alone above its parents.
    fn region_below(&self, heads: &[EventId]) -> Option<(Vec<EventId>, Vec<EventId>)> {
        if let [head] = heads {
            return Some((vec![*head], self.nodes.get(head)?.event.parents.clone()));
        }
        let mut frontier: BTreeSet<(u64, EventId)> = BTreeSet::new();
        for head in heads {
            frontier.insert((self.nodes.get(head)?.depth, *head));
        }
        let mut region = BTreeSet::new();
        while frontier.len() > 1 {
            if let Some(below) = self.known_below(&region, &frontier) {
                let region = region.into_iter().map(|(_, id)| id).collect();
                return Some((region, below));
            }
            // The deepest is in nobody's past among the rest, so its place in the causal order is settled.
            let deepest = frontier.pop_last()?;
            for parent in &self.nodes.get(&deepest.1)?.event.parents {
                frontier.insert((self.nodes.get(parent)?.depth, *parent));
            }
            region.insert(deepest);
        }
        // One event is left, and every path down leads through it: all of the region comes after all of its past.
        let bottleneck = frontier.pop_last()?.1;
        Some((
            region.into_iter().map(|(_, id)| id).collect(),
            vec![bottleneck],
        ))
    }

    /// The heads below a small region, if their state is at hand and all of the region comes after all of them: so a ladder
    /// of merges is climbed rung by rung.
    fn known_below(
        &self,
        region: &BTreeSet<(u64, EventId)>,
        frontier: &BTreeSet<(u64, EventId)>,
    ) -> Option<Vec<EventId>> {
        if region.is_empty() || region.len() > RUNG_MAX || frontier.len() > PARENTS_MAX {
            return None;
        }
        let mut below: Vec<EventId> = frontier.iter().map(|(_, id)| *id).collect();
        below.sort_unstable();
        self.snapshots.get(&below)?;
        let mut pairs = region
            .iter()
            .flat_map(|(_, above)| below.iter().map(move |b| (b, above)));
        let all = pairs.all(|(below, above)| self.causality.before(below, above));
        all.then_some(below)
    }

    /// The acts of events, without those of unknown kinds.
    fn acts(&self, events: &[EventId]) -> Vec<&Act> {
        events
            .iter()
            .filter_map(|id| self.nodes.get(id)?.act.as_ref())
            .collect()
    }

    /// The state after genesis alone.
    pub(super) fn founding(&self) -> Option<Community> {
        let act = self.nodes.get(&self.server.genesis())?.act.as_ref()?;
        match &act.body {
            crate::event::Body::Genesis(genesis) => Some(Community::found(act.id, act, genesis)),
            _ => None,
        }
    }
}
