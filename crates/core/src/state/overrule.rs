//! Which events count: acts of greater weight take away what was done beside them.
//!
//! Events settle by weight, the greatest first, and no event outweighs what it stands on. What has settled bears on what has
//! not: it overrules it, takes sources of its permissions, or lifts its target. So what settles in a round depends on earlier
//! rounds alone: voiding never runs in a circle, and every round settles at least one event (chapter `authority`, "What is
//! overruled").

mod bears;
mod court;
mod past;
mod reign;

use core::cmp::Reverse;
use core::ops::Deref;

use court::Court;
pub(super) use past::Pasts;

use super::{Act, Overruling};
use crate::id::EventId;

/// An effective event of a region.
#[derive(Clone, Copy)]
pub(super) struct Standing<'a> {
    pub act: &'a Act,
    /// Its place in the region's causal order.
    pub index: usize,
    /// Its weight when it settled; comparable within the region alone.
    pub weight: u64,
}

impl Deref for Standing<'_> {
    type Target = Act;

    fn deref(&self) -> &Act {
        self.act
    }
}

/// What a part of the log comes to.
pub(super) struct Settled<'a> {
    /// The effective events, in causal order.
    pub effective: Vec<Standing<'a>>,
    pub overruled: Vec<(EventId, Overruling)>,
}

/// Settles which of `acts` count: one part of a region, from place `offset` on. Everything else that matters lies before all
/// of them.
pub(super) fn settle<'a>(acts: &[&'a Act], offset: usize, pasts: &Pasts<'_>) -> Settled<'a> {
    if let [act] = acts {
        // One event meets nothing concurrent.
        let (act, index, weight) = (*act, offset, 0);
        return Settled {
            effective: vec![Standing { act, index, weight }],
            overruled: Vec::new(),
        };
    }
    let mut court = Court::new(acts, offset, pasts);
    while let Some((Reverse(weight), _)) = court.queue.first().copied() {
        for index in court.settle_at(weight) {
            court.bear(index);
        }
    }
    let mut effective = Vec::with_capacity(acts.len());
    let mut overruled = Vec::new();
    for (index, (act, seat)) in acts.iter().copied().zip(&court.seats).enumerate() {
        match seat.by {
            Some(by) => overruled.push((act.id, by)),
            None => effective.push(Standing {
                act,
                index: offset + index,
                weight: seat.weight,
            }),
        }
    }
    Settled {
        effective,
        overruled,
    }
}
