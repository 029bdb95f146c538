//! Chapter *authority*, "What is overruled".

mod bears;
mod passing;

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::event::Body;
use conclave_core::id::{EventId, InviteId};
use conclave_core::log::AuthorProof;

use crate::basis::{Basis, Source};
use crate::set::Set;
use crate::weight::{Level, Place, Weight};
use crate::{Oracle, Taken};

/// The number of a rule in the chapter's table.
pub type Rule = u8;

/// What became of the acts of a past. Events are numbered as in [`Oracle::accepted`].
#[derive(Clone, Default, Debug)]
pub struct Overruled {
    /// What is overruled, by what, and by which rule.
    pub by: BTreeMap<usize, (usize, Rule)>,
    /// The weights of all others when they settled.
    pub settled: BTreeMap<usize, Weight>,
    /// The weights at first.
    pub first: BTreeMap<usize, Weight>,
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
            let now = rounds.settle(&weights, &greatest);
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
    fn weights(&self) -> BTreeMap<usize, Weight> {
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

    fn weight(&self, number: usize, weights: &BTreeMap<usize, Weight>) -> Weight {
        let basis = &self.out.left[&number];
        let weight = match &basis.fixed {
            Some(level) => level.clone().into(),
            None => self.by_conditions(number, basis, weights),
        };
        match self.tenure(number, weights) {
            Some(tenure) => weight.min(tenure),
            None => weight,
        }
    }

    fn by_conditions(
        &self,
        number: usize,
        basis: &Basis,
        weights: &BTreeMap<usize, Weight>,
    ) -> Weight {
        let mut least = Weight::from(Level::Owner);
        for (n, condition) in basis.conditions.iter().enumerate() {
            for sources in condition {
                let counts = |source: &&Source| n > 0 || source.level > basis.floor;
                let gives = sources.iter().filter(counts).map(|source| {
                    let carried = self.carried(number, source, weights);
                    if n == 0 {
                        carried.min(source.level.clone().into())
                    } else {
                        carried
                    }
                });
                least = least.min(gives.max().unwrap_or(Level::Nobody.into()));
            }
        }
        least
    }

    /// The place just below the greatest weight in the tenure that an act stands on.
    fn tenure(&self, number: usize, weights: &BTreeMap<usize, Weight>) -> Option<Weight> {
        let taken = &self.oracle.taken[number];
        let left = taken.ground.tenure.iter().filter_map(|id| {
            let weight = self.weight_of(number, id, weights);
            weight.filter(|_| !self.out.by.contains_key(&self.oracle.numbers[id]))
        });
        let place = match taken.basis.fixed {
            Some(Level::Root) => Place::Root,
            Some(Level::Owner) => Place::Owner,
            _ => Place::Other,
        };
        left.max().map(|weight| weight.just_below(place))
    }

    /// The weight of something that an act stands on, if the two are entangled.
    fn weight_of(
        &self,
        number: usize,
        on: &EventId,
        weights: &BTreeMap<usize, Weight>,
    ) -> Option<Weight> {
        let on = self.oracle.numbers.get(on)?;
        let weight = self.out.settled.get(on).or_else(|| weights.get(on));
        weight
            .filter(|_| self.entangled.get(&number) == self.entangled.get(on))
            .cloned()
    }

    /// The least weight of what a source stands on.
    fn carried(&self, number: usize, source: &Source, weights: &BTreeMap<usize, Weight>) -> Weight {
        let on = source.stands_on.iter();
        let weights = on.filter_map(|id| self.weight_of(number, id, weights));
        weights.min().unwrap_or(Level::Certificate.into())
    }

    /// What one event does to all that it bears on, and what then falls with it.
    fn bear(&mut self, bearing: usize) {
        let oracle = self.oracle;
        let mut takes = Takes::default();
        let open = self.acts.iter().copied().filter(|n| self.open(*n));
        let beside: Vec<usize> = open.filter(|n| oracle.concurrent(bearing, *n)).collect();
        for number in beside {
            let (bearing, event) = (&oracle.taken[bearing], &oracle.taken[number]);
            let direct = [
                bears::overrules(bearing, event),
                passing::overrules(bearing, event),
            ];
            for rule in direct.into_iter().flatten() {
                takes.overrules(number, rule);
            }
            if let Some(basis) = self.out.left.get_mut(&number) {
                let before = basis.clone();
                bears::takes(bearing, event, basis);
                takes.note(number, (*basis != before).then_some(5));
                let floor = basis.floor.clone();
                bears::lifts(bearing, event, basis);
                takes.note(number, (basis.floor > floor).then_some(6));
            }
        }
        self.fall(bearing, takes);
    }

    /// What has nothing left to stand on falls, and takes along: sources that stood on it, who came through an invite, and
    /// what else stands on it.
    fn fall(&mut self, bearing: usize, mut takes: Takes) {
        let oracle = self.oracle;
        let mut fallen: BTreeSet<usize> = BTreeSet::new();
        loop {
            let before = fallen.len();
            let open = self.acts.iter().copied().filter(|n| self.open(*n));
            let open: Vec<usize> = open.collect();
            for number in &open {
                let stands = self.out.left[number].stands();
                if takes.direct.contains(number) || !stands {
                    fallen.insert(*number);
                }
            }
            let here = |id: &EventId| {
                let number = oracle.numbers.get(id);
                number.is_some_and(|number| fallen.contains(number))
            };
            for number in open {
                let invite = came_through(&oracle.taken[number]);
                if invite.is_some_and(|id| here(&EventId(id.0))) {
                    takes.overrules(number, 4);
                }
                let overruled =
                    |id: &EventId| here(id) || self.out.by.contains_key(&oracle.numbers[id]);
                if !oracle.taken[number].ground.stands(overruled) {
                    takes.overrules(number, 5);
                }
                if let Some(basis) = self.out.left.get_mut(&number) {
                    for sources in basis.conditions.iter_mut().flatten() {
                        let all = sources.len();
                        sources.retain(|source| !source.stands_on.iter().any(here));
                        takes.note(number, (sources.len() < all).then_some(5));
                    }
                }
            }
            if fallen.len() == before {
                break;
            }
        }
        for number in fallen {
            let rule = takes.rules.get(&number).and_then(BTreeSet::first).copied();
            self.out
                .by
                .insert(number, (bearing, rule.unwrap_or_default()));
        }
    }
}

/// What one event takes from others.
#[derive(Default)]
struct Takes {
    /// The rules under which it takes something from each.
    rules: BTreeMap<usize, BTreeSet<Rule>>,
    /// What it overrules, whatever is left to stand on.
    direct: BTreeSet<usize>,
}

impl Takes {
    fn note(&mut self, number: usize, rule: Option<Rule>) {
        self.rules.entry(number).or_default().extend(rule);
    }

    fn overrules(&mut self, number: usize, rule: Rule) {
        self.note(number, Some(rule));
        self.direct.insert(number);
    }
}

pub(crate) fn came_through(taken: &Taken) -> Option<InviteId> {
    match taken.proof {
        _ if taken.ground.owners => None,
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
