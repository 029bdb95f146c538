//! The log as a watcher pages through it: newest first, from any place, without touching the rest.

use core::ops::Bound;

use super::{Effect, Log};
use crate::event::Event;
use crate::id::EventId;
use crate::signed::Verified;
use crate::state::{Community, Overruling};

impl Log {
    /// Accepted events before one in the causal order, the latest first; all of them without one. Nothing if it is not here.
    pub fn events_before(
        &self,
        before: Option<&EventId>,
    ) -> impl Iterator<Item = &Verified<Event>> + use<'_> {
        let end = match before {
            None => Bound::Unbounded,
            Some(id) => {
                let depth = self.nodes.get(id).map_or(0, |node| node.depth);
                Bound::Excluded((depth, *id))
            }
        };
        let known = before.is_none_or(|id| self.nodes.contains_key(id));
        let order = known.then(|| self.order.range((Bound::Unbounded, end)).rev());
        order
            .into_iter()
            .flatten()
            .filter_map(|(_, id)| Some(&self.nodes.get(id)?.event))
    }

    /// What an event comes to in a state that this log resolved to; nothing if it is not known.
    #[must_use]
    pub fn effect_in(&self, state: &Community, id: &EventId) -> Option<Effect> {
        if let Some(super::Verdict::Rejected(denied)) = self.rejected.get(id) {
            return Some(Effect::Rejected(denied.clone()));
        }
        let known = self.nodes.get(id)?.act.is_some();
        if let Some(lost) = state.lost(id) {
            return Some(Effect::Lost(lost.clone()));
        }
        Some(match state.overruled(id) {
            Some(Overruling { by, rule }) => Effect::Overruled { by, rule },
            None if known => Effect::Effective,
            None => Effect::Unknown,
        })
    }
}
