//! Where the events of a region take their turns.

use core::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::Pasts;
use super::reign::Footing;
use crate::event::{Body, Subject};
use crate::id::{ChannelId, DeviceId, EventId, IdentityId, InviteId, RoleId};
use crate::permissions::{Bits, Condition, Level};
use crate::state::{Act, Overruling, Rule};

/// A source of a permission, with levels and events by number.
pub(super) struct Source {
    pub role: RoleId,
    pub level: u64,
    pub place: Option<ChannelId>,
    pub subject: Option<Subject>,
    pub key: Option<Bits>,
    /// What is left of what it supplies; nothing: it is lost.
    pub bits: Bits,
    /// The events of the region that it stands on.
    rests: Vec<usize>,
}

impl Source {
    /// Takes permissions from it; of a key all hangs on the key.
    pub fn strip(&mut self, bits: Bits) {
        let kept = match self.key {
            Some(key) if (key & bits).is_empty() => self.bits,
            Some(_) => Bits::NONE,
            None => self.bits.without(bits),
        };
        self.bits = kept;
    }

    pub fn is_administrator(&self) -> bool {
        self.key == Some(Bits::ADMINISTRATOR)
    }
}

/// What one event stands on, and what has become of it.
pub(super) struct Seat {
    pub weight: u64,
    pub by: Option<Overruling>,
    settled: bool,
    floor: u64,
    conditions: Vec<(Bits, Vec<Source>)>,
    /// What an act of the owner, or about who owns the server, stands on besides.
    pub footing: Option<Box<Footing>>,
}

impl Seat {
    /// Whether every condition still has what supplies it, the first from above the floor.
    fn stands(&self) -> bool {
        let conditions = self.conditions.iter().enumerate();
        conditions.into_iter().all(|(at, (bits, sources))| {
            let counts = |source: &&Source| at > 0 || source.level > self.floor;
            let supplied = sources.iter().filter(counts);
            let supplied = supplied.fold(Bits::NONE, |all, source| all | source.bits);
            supplied.contains(*bits)
        })
    }
}

/// All events of a region, and who is to be asked about whom.
pub(super) struct Court<'a> {
    pub acts: &'a [&'a Act],
    pub seats: Vec<Seat>,
    pub queue: BTreeSet<(Reverse<u64>, usize)>,
    /// The place of the first event in the region whose order this is.
    offset: usize,
    pasts: &'a Pasts<'a>,
    levels: Vec<Level>,
    /// The level of what needs nothing: the owner's.
    top: u64,
    /// What the event that bears just now has taken from others: the lowest rule each.
    touched: BTreeMap<usize, Rule>,
    /// What has fallen because of it.
    fallen: Vec<usize>,
    /// Which events stand on an event.
    dependants: Vec<Vec<usize>>,
    pub of_author: BTreeMap<IdentityId, Vec<usize>>,
    pub of_device: BTreeMap<DeviceId, Vec<usize>>,
    pub of_invite: BTreeMap<InviteId, Vec<usize>>,
    /// Events with a source of the role.
    pub of_role: BTreeMap<RoleId, Vec<usize>>,
    /// Events with a source in the channel's overwrites.
    pub of_place: BTreeMap<ChannelId, Vec<usize>>,
    pub on_member: BTreeMap<IdentityId, Vec<usize>>,
    pub on_role: BTreeMap<RoleId, Vec<usize>>,
}

impl<'a> Court<'a> {
    pub fn new(acts: &'a [&'a Act], offset: usize, pasts: &'a Pasts<'a>) -> Self {
        let levels = levels(acts);
        let mut court = Self {
            acts,
            seats: Vec::with_capacity(acts.len()),
            queue: BTreeSet::new(),
            offset,
            pasts,
            touched: BTreeMap::new(),
            fallen: Vec::new(),
            top: rank(&levels, &Level::Owner),
            levels,
            dependants: vec![Vec::new(); acts.len()],
            of_author: BTreeMap::new(),
            of_device: BTreeMap::new(),
            of_invite: BTreeMap::new(),
            of_role: BTreeMap::new(),
            of_place: BTreeMap::new(),
            on_member: BTreeMap::new(),
            on_role: BTreeMap::new(),
        };
        let places: BTreeMap<EventId, usize> = acts
            .iter()
            .enumerate()
            .map(|(i, act)| (act.id, i))
            .collect();
        for index in 0..acts.len() {
            court.seat(index, &places);
        }
        court
    }

    fn seat(&mut self, index: usize, places: &BTreeMap<EventId, usize>) {
        let act = self.acts[index];
        self.of_author.entry(act.author).or_default().push(index);
        self.of_device.entry(act.device).or_default().push(index);
        if let Some((invite, _)) = act.admission {
            self.of_invite.entry(invite).or_default().push(index);
        }
        if let Some(member) = act.target_member() {
            self.on_member.entry(member).or_default().push(index);
        }
        if let Some(role) = act.target_role() {
            self.on_role.entry(role).or_default().push(index);
        }
        let conditions = act.basis.conditions.iter();
        let conditions: Vec<_> = conditions
            .map(|condition| (condition.bits, self.sources(condition, places)))
            .collect();
        for source in conditions.iter().flat_map(|(_, sources)| sources) {
            push_once(self.of_role.entry(source.role).or_default(), index);
            if let Some(place) = source.place {
                push_once(self.of_place.entry(place).or_default(), index);
            }
            for rest in &source.rests {
                push_once(&mut self.dependants[*rest], index);
            }
        }
        self.seats.push(Seat {
            weight: rank(&self.levels, &act.basis.level),
            by: None,
            settled: false,
            footing: None,
            floor: rank(&self.levels, &act.basis.floor),
            conditions,
        });
        // What it stands on is seated already, with its first weight.
        self.note_ground(index, places);
        let weight = self.weigh(index);
        self.seats[index].weight = weight;
        self.queue.insert((Reverse(weight), index));
    }

    fn sources(&self, condition: &Condition, places: &BTreeMap<EventId, usize>) -> Vec<Source> {
        let sources = condition.sources.iter();
        sources
            .map(|source| Source {
                role: source.role,
                level: rank(&self.levels, &source.level),
                place: source.place,
                subject: source.subject,
                key: source.key,
                bits: source.bits,
                rests: source
                    .rests
                    .iter()
                    .filter_map(|id| places.get(id).copied())
                    .collect(),
            })
            .collect()
    }

    /// An event's weight as things are: the least that any permission which it needs is worth.
    fn weigh(&self, index: usize) -> u64 {
        let seat = &self.seats[index];
        let mut weight = if seat.footing.is_some() {
            return self.weigh_footing(index);
        } else if seat.conditions.is_empty() {
            return seat.weight;
        } else {
            self.top
        };
        let mut worth: Vec<(u64, Bits)> = Vec::new();
        for (at, (bits, sources)) in seat.conditions.iter().enumerate() {
            worth.clear();
            for source in sources.iter().filter(|source| !source.bits.is_empty()) {
                if at == 0 && source.level <= seat.floor {
                    continue;
                }
                let rests = source.rests.iter().map(|rest| self.seats[*rest].weight);
                let least = rests.min().unwrap_or(self.top);
                let worth_of = if at == 0 {
                    least.min(source.level)
                } else {
                    least
                };
                worth.push((worth_of, source.bits));
            }
            worth.sort_unstable_by_key(|(worth, _)| Reverse(*worth));
            let mut lacking = *bits;
            for (worth, supplied) in &worth {
                if !(lacking & *supplied).is_empty() {
                    lacking = lacking.without(*supplied);
                    weight = weight.min(*worth);
                }
            }
        }
        weight
    }

    /// Settles the events of one weight, the greatest that is left; those that have sunk meanwhile take a later turn.
    pub fn settle_at(&mut self, weight: u64) -> Vec<usize> {
        let mut settled = Vec::new();
        while let Some((Reverse(next), index)) = self.queue.first().copied() {
            if next != weight {
                break;
            }
            self.queue.pop_first();
            if self.seats[index].by.is_some() {
                continue;
            }
            let now = self.weigh(index);
            self.seats[index].weight = now;
            if now < weight {
                self.queue.insert((Reverse(now), index));
            } else {
                let index = self.contest(index);
                if self.seats[index].by.is_none() {
                    self.seats[index].settled = true;
                    settled.push(index);
                }
            }
        }
        settled.sort_unstable();
        settled
    }

    /// Which of `among` an event may bear on: those beside it that are still open. What is not open any more is forgotten.
    pub fn beside(&self, index: usize, among: &mut Vec<usize>) -> Vec<usize> {
        among.retain(|target| self.is_open(*target));
        let beside = |target: &usize| {
            let (a, b) = (index.min(*target), index.max(*target));
            a != b && !self.pasts.before(self.offset + a, self.offset + b)
        };
        among.iter().copied().filter(beside).collect()
    }

    pub fn is_settled(&self, index: usize) -> bool {
        self.seats[index].settled
    }

    /// Whether neither of two events is in the past of the other.
    pub fn are_beside(&self, a: usize, b: usize) -> bool {
        let (first, last) = (a.min(b), a.max(b));
        a != b && !self.pasts.before(self.offset + first, self.offset + last)
    }

    pub fn stand_on(&mut self, dependant: usize, event: usize) {
        push_once(&mut self.dependants[event], dependant);
    }

    pub fn is_open(&self, index: usize) -> bool {
        let seat = &self.seats[index];
        !seat.settled && seat.by.is_none()
    }

    /// Overrules an event, and with it whatever stands on it or came in through it.
    pub fn overrule(&mut self, index: usize, by: usize, rule: Rule) {
        self.touch(index, rule);
        let mut falling = vec![index];
        while let Some(index) = falling.pop() {
            if !self.is_open(index) {
                continue;
            }
            let by = self.acts[by].id;
            self.seats[index].by = Some(Overruling { by, rule });
            self.fallen.push(index);
            for dependant in core::mem::take(&mut self.dependants[index]) {
                let seat = &mut self.seats[dependant];
                for source in seat.conditions.iter_mut().flat_map(|(_, s)| s) {
                    if source.rests.contains(&index) {
                        source.bits = Bits::NONE;
                    }
                }
                let stands = seat.stands();
                self.touch(dependant, Rule::Lost);
                if !stands || !self.has_footing(dependant) {
                    falling.push(dependant);
                }
            }
            if matches!(self.acts[index].body, Body::InviteCreate(_)) {
                let came = self.of_invite.get(&InviteId(self.acts[index].id.0));
                for came in came.cloned().unwrap_or_default() {
                    self.touch(came, Rule::Invite);
                    falling.push(came);
                }
            }
        }
    }

    fn touch(&mut self, index: usize, rule: Rule) {
        let lowest = self.touched.entry(index).or_insert(rule);
        *lowest = rule.min(*lowest);
    }

    /// Says of everything that fell because of one event by which rule it did: the lowest that took something from it.
    pub fn close(&mut self) {
        for index in core::mem::take(&mut self.fallen) {
            let rule = self.touched.get(&index).copied();
            if let (Some(by), Some(rule)) = (&mut self.seats[index].by, rule) {
                by.rule = rule;
            }
        }
        self.touched.clear();
    }

    /// Changes an event's sources; it falls if what is left does not carry it.
    pub fn lose(&mut self, index: usize, by: usize, mut change: impl FnMut(&mut Source)) {
        let seat = &mut self.seats[index];
        let mut changed = false;
        for source in seat.conditions.iter_mut().flat_map(|(_, s)| s) {
            let before = (source.bits, source.level);
            change(source);
            changed |= before != (source.bits, source.level);
        }
        if !changed {
            return;
        }
        let stands = seat.stands();
        self.touch(index, Rule::Lost);
        if !stands {
            self.overrule(index, by, Rule::Lost);
        }
    }

    /// Raises what an act must stand above.
    pub fn lift(&mut self, index: usize, by: usize, floor: u64) {
        let seat = &mut self.seats[index];
        if floor <= seat.floor {
            return;
        }
        seat.floor = floor;
        let stands = seat.stands();
        self.touch(index, Rule::Lifted);
        if !stands {
            self.overrule(index, by, Rule::Lifted);
        }
    }

    pub fn rank(&self, level: &Level) -> u64 {
        rank(&self.levels, level)
    }
}

fn push_once(list: &mut Vec<usize>, index: usize) {
    if list.last() != Some(&index) {
        list.push(index);
    }
}

/// Bits of a number below the place of its level: a region that needs them all has more than a thousand million reigns.
const RANK_BITS: u32 = 32;

/// All levels that a region speaks of, ascending, so that they compare as numbers.
fn levels(acts: &[&Act]) -> Vec<Level> {
    let mut levels = vec![Level::Owner];
    for act in acts {
        levels.push(act.basis.level.clone());
        levels.push(act.basis.floor.clone());
        levels.extend(act.moves());
        let sources = act.basis.conditions.iter().flat_map(|c| &c.sources);
        levels.extend(sources.map(|source| source.level.clone()));
    }
    levels.sort_unstable();
    levels.dedup();
    levels
}

/// The number of a level. Between two levels there is room for what stands on an event of the higher one ([`super::reign`]).
fn rank(levels: &[Level], level: &Level) -> u64 {
    let place = levels.partition_point(|other| other < level);
    (place as u64) << RANK_BITS
}
