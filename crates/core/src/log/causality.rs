//! What is causally before what, in logarithmic time.
//!
//! Every event has a place in a *chain*, a run of events of one device without forks, and a clock: for each chain the last
//! place in its past. `a` is in the past of `b` exactly if `b`'s clock reaches `a`'s place in `a`'s chain. Numbers of chains
//! are local to this process and never leave it.

use std::sync::Arc;

use imbl::OrdMap;

use crate::id::EventId;

/// The last place in each chain that an event has in its past, itself included.
pub(super) type Clock = OrdMap<u32, u32>;

#[derive(Debug)]
struct Place {
    chain: u32,
    position: u32,
    clock: Clock,
}

/// The causal order of a log's accepted events: a persistent value, cheap to clone.
#[derive(Clone, Default, Debug)]
pub struct Causality {
    places: OrdMap<EventId, Arc<Place>>,
    /// The last event of each chain.
    tips: OrdMap<u32, EventId>,
    /// Whether some accepted event is of a kind that this program does not know, so that acts alone do not show the graph.
    gaps: bool,
}

impl Causality {
    /// Whether `a` is one of `of` or in the past of one. Unknown events are in no past.
    #[must_use]
    pub fn is_ancestor(&self, a: &EventId, of: &[EventId]) -> bool {
        if of.contains(a) {
            return self.places.contains_key(a);
        }
        let Some(place) = self.places.get(a) else {
            return false;
        };
        of.iter()
            .filter_map(|event| self.places.get(event))
            .any(|b| {
                b.clock
                    .get(&place.chain)
                    .is_some_and(|reached| *reached >= place.position)
            })
    }

    /// Whether `a` is in the past of `b`, and another event.
    #[must_use]
    pub fn before(&self, a: &EventId, b: &EventId) -> bool {
        a != b && self.is_ancestor(a, core::slice::from_ref(b))
    }

    /// Whether the acts of a region, by their parents, show what is before what.
    pub(crate) fn is_shown_by_acts(&self) -> bool {
        !self.gaps
    }

    /// Notes that an accepted event has no act.
    pub(super) fn note_gap(&mut self) {
        self.gaps = true;
    }

    /// Places an event after its parents. It goes on with the chain of `prev_self` if it is the first to do so.
    pub(super) fn insert(&mut self, id: EventId, prev_self: Option<&EventId>, parents: &[EventId]) {
        let mut clock = Clock::new();
        for parent in parents.iter().filter_map(|parent| self.places.get(parent)) {
            clock = join(clock, &parent.clock);
        }
        let previous = prev_self.and_then(|prev| self.places.get(prev).map(|place| (prev, place)));
        let (chain, position) = match previous {
            Some((prev, place)) if self.tips.get(&place.chain) == Some(prev) => {
                (place.chain, place.position.saturating_add(1))
            }
            // Chains are fewer than events, of which memory holds far fewer than 2³².
            _ => (u32::try_from(self.tips.len()).unwrap_or(u32::MAX), 0),
        };
        clock.insert(chain, position);
        self.tips.insert(chain, id);
        self.places.insert(
            id,
            Arc::new(Place {
                chain,
                position,
                clock,
            }),
        );
    }
}

/// The later of two clocks, chain by chain; shares the longer one.
fn join(a: Clock, b: &Clock) -> Clock {
    let (mut long, short) = if a.len() >= b.len() {
        (a, b.clone())
    } else {
        (b.clone(), a)
    };
    if long.ptr_eq(&short) {
        return long;
    }
    for (chain, position) in &short {
        if long.get(chain).is_none_or(|other| other < position) {
            long.insert(*chain, *position);
        }
    }
    long
}
