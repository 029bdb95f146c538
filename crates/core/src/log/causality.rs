//! What is causally before what, in logarithmic time.
//!
//! Every event has a place in a *chain*, a run of events of one device without forks, and knows of its past two things: the
//! *floor*, up to which every event that arrived is in it, and a clock, which says for other chains the last place in it. An
//! event that cites all heads has everything before it and needs no clock; so a log that never comes apart costs a few bytes an
//! event. Numbers of chains and arrivals are local to this process and never leave it.

use std::sync::Arc;

use imbl::OrdMap;

use crate::id::EventId;

/// The last place in each chain that an event has in its past, itself included, where its floor does not say it.
type Clock = OrdMap<u32, u32>;

#[derive(Debug)]
struct Place {
    /// How many events arrived before it.
    arrival: u32,
    chain: u32,
    position: u32,
    /// All events that arrived as one of the first so many are in its past.
    floor: u32,
    clock: Clock,
}

impl Place {
    fn reaches(&self, other: &Self) -> bool {
        other.arrival < self.floor
            || (self.chain == other.chain && self.position >= other.position)
            || self
                .clock
                .get(&other.chain)
                .is_some_and(|reached| *reached >= other.position)
    }
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
        let Some(place) = self.places.get(a) else {
            return false;
        };
        of.contains(a)
            || of
                .iter()
                .filter_map(|event| self.places.get(event))
                .any(|b| b.reaches(place))
    }

    /// Whether `a` is in the past of `b`, and another event.
    #[must_use]
    pub fn before(&self, a: &EventId, b: &EventId) -> bool {
        a != b && self.is_ancestor(a, core::slice::from_ref(b))
    }

    /// What is before every one of some events. Unknown events have no past.
    pub(super) fn common_past(&self, of: &[EventId]) -> CommonPast<'_> {
        CommonPast {
            places: &self.places,
            of: of
                .iter()
                .map(|event| self.places.get(event).map(Arc::as_ref))
                .collect(),
        }
    }

    /// How much an event has in its past, roughly: what its floor and its clock say both counts twice.
    pub(super) fn reach(&self, of: &EventId) -> u64 {
        self.places.get(of).map_or(0, |place| {
            let reached = place
                .clock
                .values()
                .map(|position| u64::from(*position) + 1);
            u64::from(place.floor) + u64::from(place.position) + reached.sum::<u64>()
        })
    }

    /// Whether the acts of a region, by their parents, show what is before what.
    pub(crate) fn is_shown_by_acts(&self) -> bool {
        !self.gaps
    }

    /// Notes that an accepted event has no act.
    pub(super) fn note_gap(&mut self) {
        self.gaps = true;
    }

    /// Places an event after its parents; `covers` if these are all heads. It goes on with the chain of `prev_self` if it is
    /// the first to do so.
    pub(super) fn insert(
        &mut self,
        id: EventId,
        prev_self: Option<&EventId>,
        parents: &[EventId],
        covers: bool,
    ) {
        // Arrivals and chains are no more than events, of which memory holds far fewer than 2³².
        let arrival = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let (mut floor, mut clock) = (0, Clock::new());
        if covers {
            floor = arrival;
        } else {
            for parent in parents.iter().filter_map(|parent| self.places.get(parent)) {
                floor = floor.max(parent.floor);
                clock = join(clock, &parent.clock);
                advance(&mut clock, parent.chain, parent.position);
            }
        }
        let previous = prev_self.and_then(|prev| self.places.get(prev).map(|place| (prev, place)));
        let (chain, position) = match previous {
            Some((prev, place)) if self.tips.get(&place.chain) == Some(prev) => {
                (place.chain, place.position.saturating_add(1))
            }
            _ => (u32::try_from(self.tips.len()).unwrap_or(u32::MAX), 0),
        };
        self.tips.insert(chain, id);
        let place = Place {
            arrival,
            chain,
            position,
            floor,
            clock,
        };
        self.places.insert(id, Arc::new(place));
    }
}

/// The past that some events share.
pub(super) struct CommonPast<'a> {
    places: &'a OrdMap<EventId, Arc<Place>>,
    of: Vec<Option<&'a Place>>,
}

impl CommonPast<'_> {
    /// Whether an event is in it, or one of the events itself where that is in the past of the rest.
    pub fn holds(&self, event: &EventId) -> bool {
        let Some(place) = self.places.get(event) else {
            return false;
        };
        let mut of = self.of.iter();
        of.all(|above| above.is_some_and(|above| above.reaches(place)))
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
        advance(&mut long, *chain, *position);
    }
    long
}

fn advance(clock: &mut Clock, chain: u32, position: u32) {
    if clock.get(&chain).is_none_or(|other| *other < position) {
        clock.insert(chain, position);
    }
}
