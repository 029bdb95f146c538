//! Bounded memory of resolved states: recent ones by use, older ones sparsely.

use std::collections::{BTreeMap, VecDeque};

use crate::id::EventId;
use crate::state::Community;

/// Recently resolved states that are kept: more than the branches that are alive at once. States of a log that comes apart over
/// and over share little, so that this bounds what hostile ones take.
const RECENT_MAX: usize = 64;

/// Sparse states along the log, so that resolving old heads starts nearby. Persistent maps share almost all of their memory.
const ANCHORS_MAX: usize = 1024;

/// States by their heads, ascending.
#[derive(Clone, Default, Debug)]
pub(super) struct Snapshots {
    recent: BTreeMap<Vec<EventId>, Community>,
    age: VecDeque<Vec<EventId>>,
    anchors: BTreeMap<EventId, (u64, Community)>,
    /// An event is an anchor if its arrival number is a multiple of 2^stride.
    stride: u32,
    arrivals: u64,
}

impl Snapshots {
    pub(super) fn get(&self, heads: &[EventId]) -> Option<&Community> {
        let anchor = || match heads {
            [head] => self.anchors.get(head).map(|(_, state)| state),
            _ => None,
        };
        self.recent.get(heads).or_else(anchor)
    }

    /// Keeps a state among the recent ones.
    pub(super) fn keep(&mut self, heads: Vec<EventId>, state: Community) {
        if self.recent.insert(heads.clone(), state).is_none() {
            self.age.push_back(heads);
        }
        while self.age.len() > RECENT_MAX {
            if let Some(oldest) = self.age.pop_front() {
                self.recent.remove(&oldest);
            }
        }
    }

    /// Puts another state in place of the one after an event.
    pub(super) fn replace(&mut self, event: EventId, state: Community) {
        if let Some((_, anchor)) = self.anchors.get_mut(&event) {
            anchor.clone_from(&state);
        }
        self.keep(vec![event], state);
    }

    /// Keeps the state after a newly accepted event, for good if it is its turn to be an anchor.
    pub(super) fn arrive(&mut self, event: EventId, state: Community) {
        let arrival = self.arrivals;
        self.arrivals += 1;
        if arrival.trailing_zeros() >= self.stride {
            self.anchors.insert(event, (arrival, state.clone()));
            while self.anchors.len() > ANCHORS_MAX {
                self.stride += 1;
                let stride = self.stride;
                self.anchors
                    .retain(|_, (arrival, _)| arrival.trailing_zeros() >= stride);
            }
        }
        self.keep(vec![event], state);
    }
}
