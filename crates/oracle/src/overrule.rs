//! Chapter *authority*, "What is overruled".

mod bears;

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::event::Body;
use conclave_core::id::{EventId, InviteId};
use conclave_core::log::AuthorProof;

use crate::basis::{Basis, Level, Source};
use crate::set::Set;
use crate::{Oracle, Taken};

/// The number of a rule in the chapter's table.
pub type Rule = u8;

/// What became of the acts of a past. Events are numbered as in [`Oracle::accepted`].
#[derive(Clone, Default, Debug)]
pub struct Overruled {
    /// What is overruled, by what, and by which rule.
    pub by: BTreeMap<usize, (usize, Rule)>,
    /// The weights of all others when they settled.
    pub settled: BTreeMap<usize, Level>,
    /// The weights at first.
    pub first: BTreeMap<usize, Level>,
    /// What is left of every basis.
    pub left: BTreeMap<usize, Basis>,
}

impl Oracle {
    /// *R*: the events of a past without genesis and without those of a newer protocol, in causal order.
    pub(crate) fn acts(&self, past: &Set) -> Vec<usize> {
        let mut acts: Vec<usize> = past
            .iter()
            .filter(|number| self.taken[*number].body.is_some())
            .filter(|number| self.taken[*number].event.server.is_some())
            .collect();
        acts.sort_by_key(|number| (self.taken[*number].depth, self.taken[*number].id));
        acts
    }

    pub(crate) fn overrule(&self, past: &Set) -> Overruled {
        let mut rounds = Rounds::new(self, past);
        rounds.out.first = rounds.weights();
        loop {
            let weights = rounds.weights();
            let Some(greatest) = weights.values().max().cloned() else {
                return rounds.out;
            };
            let settles = |number: &usize| weights.get(number) == Some(&greatest);
            let now: Vec<usize> = rounds.acts.iter().copied().filter(settles).collect();
            for number in &now {
                rounds.out.settled.insert(*number, greatest.clone());
            }
            for number in now {
                rounds.bear(number);
            }
        }
    }

    pub(crate) fn concurrent(&self, a: usize, b: usize) -> bool {
        a != b && !self.taken[a].past.contains(b) && !self.taken[b].past.contains(a)
    }
}

/// The rounds in which events settle.
struct Rounds<'a> {
    oracle: &'a Oracle,
    acts: Vec<usize>,
    /// To which chain of concurrent events each act belongs.
    entangled: BTreeMap<usize, usize>,
    out: Overruled,
}

impl<'a> Rounds<'a> {
    fn new(oracle: &'a Oracle, past: &Set) -> Self {
        let acts = oracle.acts(past);
        let mut entangled: BTreeMap<usize, usize> = acts.iter().map(|act| (*act, *act)).collect();
        for (n, a) in acts.iter().enumerate() {
            for b in &acts[..n] {
                let (of_a, of_b) = (entangled[a], entangled[b]);
                if oracle.concurrent(*a, *b) && of_a != of_b {
                    let of_b = |chain: &&mut usize| **chain == of_b;
                    entangled
                        .values_mut()
                        .filter(of_b)
                        .for_each(|chain| *chain = of_a);
                }
            }
        }
        let left = acts
            .iter()
            .map(|n| (*n, oracle.taken[*n].basis.clone()))
            .collect();
        Self {
            oracle,
            acts,
            entangled,
            out: Overruled {
                left,
                ..Overruled::default()
            },
        }
    }

    fn open(&self, number: usize) -> bool {
        !self.out.by.contains_key(&number) && !self.out.settled.contains_key(&number)
    }

    /// The weights of what is neither settled nor overruled.
    fn weights(&self) -> BTreeMap<usize, Level> {
        let mut weights = BTreeMap::new();
        for number in self
            .acts
            .iter()
            .copied()
            .filter(|number| self.open(*number))
        {
            // What it stands on is before it, so its weight is there already.
            let weight = self.weight(number, &weights);
            weights.insert(number, weight);
        }
        weights
    }

    fn weight(&self, number: usize, weights: &BTreeMap<usize, Level>) -> Level {
        let basis = &self.out.left[&number];
        if let Some(level) = &basis.fixed {
            return level.clone();
        }
        let mut least = Level::Owner;
        for (n, condition) in basis.conditions.iter().enumerate() {
            for sources in condition {
                let counts = |source: &&Source| n > 0 || source.level > basis.floor;
                let gives = sources.iter().filter(counts).map(|source| {
                    let carried = self.carried(number, source, weights);
                    if n == 0 {
                        carried.min(source.level.clone())
                    } else {
                        carried
                    }
                });
                least = least.min(gives.max().unwrap_or(Level::Nobody));
            }
        }
        least
    }

    /// The least weight of what a source stands on.
    fn carried(&self, number: usize, source: &Source, weights: &BTreeMap<usize, Level>) -> Level {
        let mut least = Level::Certificate;
        for id in &source.stands_on {
            let Some(on) = self.oracle.numbers.get(id) else {
                continue;
            };
            let weight = self.out.settled.get(on).or_else(|| weights.get(on));
            if let Some(weight) = weight.filter(|_| self.entangled[&number] == self.entangled[on]) {
                least = least.min(weight.clone());
            }
        }
        least
    }

    /// What one event does to all that it bears on, and what then falls with it.
    fn bear(&mut self, bearing: usize) {
        let oracle = self.oracle;
        // The rules under which it takes something from each.
        let mut takes: BTreeMap<usize, BTreeSet<Rule>> = BTreeMap::new();
        let open = self.acts.iter().copied().filter(|n| self.open(*n));
        let beside: Vec<usize> = open.filter(|n| oracle.concurrent(bearing, *n)).collect();
        for number in beside {
            let (bearing, event) = (&oracle.taken[bearing], &oracle.taken[number]);
            let rules = takes.entry(number).or_default();
            rules.extend(bears::overrules(bearing, event));
            if let Some(basis) = self.out.left.get_mut(&number) {
                let before = basis.clone();
                bears::takes(bearing, event, basis);
                rules.extend((*basis != before).then_some(5));
                let floor = basis.floor.clone();
                bears::lifts(bearing, event, basis);
                rules.extend((basis.floor > floor).then_some(6));
            }
        }
        self.fall(bearing, &mut takes);
    }

    /// What has nothing left to stand on falls, and takes along: sources that stood on it, and who came through an invite.
    fn fall(&mut self, bearing: usize, takes: &mut BTreeMap<usize, BTreeSet<Rule>>) {
        let mut fallen: BTreeSet<usize> = BTreeSet::new();
        loop {
            let before = fallen.len();
            let open = self.acts.iter().copied().filter(|n| self.open(*n));
            for number in open.collect::<Vec<_>>() {
                let basis = &self.out.left[&number];
                let directly = takes
                    .get(&number)
                    .is_some_and(|rules| rules.first() < Some(&5) && !rules.is_empty());
                if directly || !basis.stands() {
                    fallen.insert(number);
                }
            }
            let here = |id: &EventId| {
                let number = self.oracle.numbers.get(id);
                number.is_some_and(|number| fallen.contains(number))
            };
            let open = self.acts.iter().copied().filter(|n| self.open(*n));
            for number in open.collect::<Vec<_>>() {
                let rules = takes.entry(number).or_default();
                let invite = came_through(&self.oracle.taken[number]);
                rules.extend(invite.is_some_and(|id| here(&EventId(id.0))).then_some(4));
                if let Some(basis) = self.out.left.get_mut(&number) {
                    for sources in basis.conditions.iter_mut().flatten() {
                        let all = sources.len();
                        sources.retain(|source| !source.stands_on.iter().any(here));
                        rules.extend((sources.len() < all).then_some(5));
                    }
                }
            }
            if fallen.len() == before {
                break;
            }
        }
        for number in fallen {
            let rule = takes.get(&number).and_then(BTreeSet::first).copied();
            self.out
                .by
                .insert(number, (bearing, rule.unwrap_or_default()));
        }
    }
}

pub(crate) fn came_through(taken: &Taken) -> Option<InviteId> {
    match taken.proof {
        AuthorProof::Member { invite, .. } => invite,
        AuthorProof::Founder => None,
    }
}

impl Overruled {
    /// The overruled events by id, with what overruled them and by which rule.
    #[must_use]
    pub fn pairs(&self, oracle: &Oracle) -> BTreeMap<EventId, (EventId, Rule)> {
        let id = |number: &usize| oracle.taken[*number].id;
        let pairs = self.by.iter();
        pairs
            .map(|(event, (by, rule))| (id(event), (id(by), *rule)))
            .collect()
    }

    /// Whether an event lost weight and stands all the same.
    #[must_use]
    pub fn some_level_fell(&self) -> bool {
        let mut settled = self.settled.iter();
        settled.any(|(number, weight)| self.first.get(number).is_some_and(|first| weight < first))
    }
}

/// Whether a body is about a member, and about whom.
fn member_of(body: &Body) -> Option<conclave_core::id::IdentityId> {
    match body {
        Body::Kick(body) => Some(body.member),
        Body::Ban(body) => Some(body.member),
        Body::Timeout(body) => Some(body.member),
        Body::TimeoutLift(body) => Some(body.member),
        Body::NicknameSet(body) => Some(body.member),
        _ => None,
    }
}
