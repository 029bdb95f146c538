//! What is before what within a region: a bit a pair where that is small, the log's clocks elsewhere.

use std::collections::BTreeMap;

use crate::id::EventId;
use crate::log::Causality;
use crate::state::Act;

/// Largest region that gets a bit for every pair: 8,192² bits are 8 MiB, and a lookup takes a nanosecond instead of a hundred.
const BITS_MAX: usize = 8192;

/// The causal order within a region, by places in its causal order.
pub(in crate::state) enum Pasts<'a> {
    /// Row `i` has the bits of what is before `i`.
    Bits { rows: Vec<u64>, words: usize },
    Clocks {
        causality: &'a Causality,
        ids: Vec<EventId>,
    },
}

impl<'a> Pasts<'a> {
    /// The order of at most one event.
    pub fn none() -> Self {
        Self::Bits {
            rows: Vec::new(),
            words: 0,
        }
    }

    pub fn of(acts: &[&Act], causality: &'a Causality) -> Self {
        if acts.len() > BITS_MAX || !causality.is_shown_by_acts() {
            let ids = acts.iter().map(|act| act.id).collect();
            return Self::Clocks { causality, ids };
        }
        let words = acts.len().div_ceil(64);
        let mut rows = vec![0u64; words * acts.len()];
        let places: BTreeMap<EventId, usize> = acts
            .iter()
            .enumerate()
            .map(|(i, act)| (act.id, i))
            .collect();
        for (index, act) in acts.iter().enumerate() {
            let (done, rest) = rows.split_at_mut(index * words);
            let row = &mut rest[..words];
            for parent in act.parents.iter().filter_map(|id| places.get(id)) {
                for (mine, theirs) in row.iter_mut().zip(&done[parent * words..][..words]) {
                    *mine |= theirs;
                }
                row[parent / 64] |= 1 << (parent % 64);
            }
        }
        Self::Bits { rows, words }
    }

    /// Where the region comes apart: the first places of its parts, each of which lies wholly before the next. Events of one
    /// part are linked by events that are beside one another; those of two parts never meet.
    pub fn parts(&self, acts: &[&Act]) -> Vec<usize> {
        let places: BTreeMap<EventId, usize> = acts
            .iter()
            .enumerate()
            .map(|(i, act)| (act.id, i))
            .collect();
        // For each event the first place that is not in its past; what its parents have in theirs needs no second look.
        let mut lacks: Vec<usize> = Vec::with_capacity(acts.len());
        for (index, act) in acts.iter().enumerate() {
            let parents = act.parents.iter().filter_map(|id| places.get(id));
            let mut first = parents.map(|parent| lacks[*parent]).max().unwrap_or(0);
            while first < index && self.before(first, index) {
                first += 1;
            }
            lacks.push(first);
        }
        let mut starts = Vec::new();
        let mut least = acts.len();
        for (place, first) in lacks.iter().enumerate().rev() {
            least = least.min(*first);
            if least >= place {
                starts.push(place);
            }
        }
        starts.reverse();
        starts
    }

    /// The order of one part: its own bits, where only the region as a whole is too large for them.
    pub fn of_part(&self, part: &[&Act], causality: &'a Causality) -> Option<Self> {
        let clocks = matches!(self, Self::Clocks { .. });
        (clocks && part.len() <= BITS_MAX).then(|| Self::of(part, causality))
    }

    /// Whether the event at place `a` is in the past of that at `b`.
    pub fn before(&self, a: usize, b: usize) -> bool {
        match self {
            Self::Bits { rows, words } => {
                let word = rows.get(b * words + a / 64);
                a < b && word.is_some_and(|word| word >> (a % 64) & 1 == 1)
            }
            Self::Clocks { causality, ids } => a < b && causality.before(&ids[a], &ids[b]),
        }
    }
}
