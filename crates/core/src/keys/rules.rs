//! The rules R1–R4: which epochs may be used, chosen, made, and what a removal still honours.
//!
//! Pure functions over the graph of epochs. What the authority log knows comes in through [`Past`].

mod valid;

use std::collections::{BTreeMap, BTreeSet};

pub use self::valid::{Grounds, Invalid};

use imbl::OrdMap;

use super::{EpochHeader, EpochRecord, Reason};
use crate::id::{AudienceId, DeviceId, EpochId, EventId, IdentityId, Pseudonym, TopicTag};
use crate::member::Closing;
use crate::signed::Verified;

/// What the rules ask of the authority log.
pub trait Past {
    /// Whether `event` is one of `heads` or in their past.
    fn contains(&self, event: &EventId, heads: &[EventId]) -> bool;
}

impl<F: Fn(&EventId, &[EventId]) -> bool> Past for F {
    fn contains(&self, event: &EventId, heads: &[EventId]) -> bool {
        self(event, heads)
    }
}

/// A removal that bears on an audience.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Removal {
    /// An authority event: a ban, a kick, a role taken, an overwrite, a device cut, an invite revoked.
    Event(EventId),
    /// A device left by its own register of this sequence.
    Left(Pseudonym, u64),
}

/// What the rules need to know of an epoch, from its verified header.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(
    missing_docs,
    reason = "the fields of `EpochHeader` and `PublicHeader`"
)]
pub struct EpochFacts {
    pub id: EpochId,
    pub parents: Vec<EpochId>,
    pub audience: AudienceId,
    pub heads: Vec<EventId>,
    pub reason: Reason,
    pub removed: BTreeMap<Pseudonym, u64>,
    pub closing: BTreeMap<(Pseudonym, TopicTag), u64>,
    pub author: IdentityId,
    pub device: DeviceId,
}

impl EpochFacts {
    /// Collects the facts of a record whose header was opened from it and verified.
    #[must_use]
    pub fn new(record: &EpochRecord, header: &Verified<EpochHeader>) -> Self {
        // Lists from others may repeat a key: the higher sequence counts, whatever the order.
        let mut removed = BTreeMap::new();
        for entry in &header.removed {
            let seq = removed.entry(entry.pseudonym).or_insert(entry.seq);
            *seq = entry.seq.max(*seq);
        }
        let mut closing = BTreeMap::new();
        for Closing {
            pseudonym,
            topic,
            last,
        } in header.closing.iter().copied()
        {
            let highest = closing.entry((pseudonym, topic)).or_insert(last);
            *highest = last.max(*highest);
        }
        Self {
            id: record.id(),
            parents: record.header().parents.clone(),
            audience: header.audience,
            heads: header.heads.clone(),
            reason: header.reason,
            removed,
            closing,
            author: header.author,
            device: header.device,
        }
    }
}

/// What a sender makes of an epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It opens here and passes R1.
    Usable,
    /// No key of it is here.
    Closed,
    /// Made without knowledge of a removal.
    Outdated,
}

/// The epochs of one audience, as far as they are known.
#[derive(Clone, Default, Debug)]
pub struct EpochGraph {
    epochs: BTreeMap<EpochId, EpochFacts>,
    /// Known epochs that follow an epoch.
    children: BTreeMap<EpochId, BTreeSet<EpochId>>,
    /// What an epoch's lineage lists as departed, itself included. Persistent maps: a chain shares almost all of it.
    departures: BTreeMap<EpochId, OrdMap<Pseudonym, u64>>,
    /// Which epochs close a device in a topic, and where: most messages are nobody's who was removed.
    closed: BTreeMap<(Pseudonym, TopicTag), BTreeMap<EpochId, u64>>,
}

impl EpochGraph {
    /// Adds an epoch; its parents may come later.
    pub fn insert(&mut self, facts: EpochFacts) {
        for (place, last) in &facts.closing {
            self.closed
                .entry(*place)
                .or_default()
                .insert(facts.id, *last);
        }
        for parent in &facts.parents {
            self.children.entry(*parent).or_default().insert(facts.id);
        }
        let id = facts.id;
        self.epochs.insert(id, facts);
        self.gather(id);
    }

    /// Puts together the departures of an epoch, and of those after it, which came before it.
    fn gather(&mut self, id: EpochId) {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let Some(facts) = self.epochs.get(&id) else {
                continue;
            };
            let parents = facts.parents.iter();
            let mut known: Vec<_> = parents
                .filter_map(|id| self.departures.get(id))
                .cloned()
                .collect();
            known.push(facts.removed.iter().map(|(id, seq)| (*id, *seq)).collect());
            let departures = OrdMap::unions_with(known, u64::max);
            if self.departures.get(&id) != Some(&departures) {
                self.departures.insert(id, departures);
                open.extend(self.children.get(&id).into_iter().flatten());
            }
        }
    }

    /// The facts of an epoch.
    #[must_use]
    pub fn get(&self, id: &EpochId) -> Option<&EpochFacts> {
        self.epochs.get(id)
    }

    /// All epochs, in ascending order of ids.
    pub fn iter(&self) -> impl Iterator<Item = &EpochFacts> {
        self.epochs.values()
    }

    /// The epoch and all that came before it, as far as they are known.
    #[must_use]
    pub fn lineage(&self, id: &EpochId) -> BTreeSet<EpochId> {
        self.past_of([*id])
    }

    /// Some epochs and all that came before them, as far as they are known.
    fn past_of(&self, ids: impl IntoIterator<Item = EpochId>) -> BTreeSet<EpochId> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<EpochId> = ids.into_iter().collect();
        while let Some(id) = open.pop() {
            if let Some(facts) = self.epochs.get(&id)
                && seen.insert(id)
            {
                open.extend(&facts.parents);
            }
        }
        seen
    }

    /// Whether `ancestor` is `id` or came before it.
    #[must_use]
    pub fn precedes(&self, ancestor: &EpochId, id: &EpochId) -> bool {
        self.lineage(id).contains(ancestor)
    }

    /// Whether an epoch was made in knowledge of a removal: the event is in the past of its heads, or it or an epoch before
    /// it lists the departure.
    #[must_use]
    pub fn knows(&self, id: &EpochId, removal: &Removal, past: &impl Past) -> bool {
        match removal {
            Removal::Event(event) => self
                .epochs
                .get(id)
                .is_some_and(|facts| past.contains(event, &facts.heads)),
            Removal::Left(pseudonym, seq) => self
                .departures(id)
                .get(pseudonym)
                .is_some_and(|last| last >= seq),
        }
    }

    /// The departures that an epoch was made in knowledge of, with the highest sequence listed for each device.
    #[must_use]
    pub fn departures(&self, id: &EpochId) -> OrdMap<Pseudonym, u64> {
        self.departures.get(id).cloned().unwrap_or_default()
    }

    /// The newest epochs of an audience that a sender may seal under, in ascending order: none follows another. `judge` is asked from
    /// the heads of the graph downwards, and no further than it takes: what an epoch does not know, none before it knows either,
    /// since nobody adopts an epoch that knows less than its parents ([`Invalid::Rollback`]).
    pub fn newest(
        &self,
        audience: AudienceId,
        mut judge: impl FnMut(&EpochFacts) -> Standing,
    ) -> BTreeSet<EpochId> {
        let of_audience = |facts: &&EpochFacts| facts.audience == audience;
        let followed = |facts: &&EpochFacts| self.children.contains_key(&facts.id);
        let mut open: Vec<EpochId> = self
            .epochs
            .values()
            .filter(|facts| of_audience(facts) && !followed(facts))
            .map(|facts| facts.id)
            .collect();
        let mut seen = BTreeSet::new();
        let mut usable = BTreeSet::new();
        while let Some(id) = open.pop() {
            let Some(facts) = self.epochs.get(&id).filter(|_| seen.insert(id)) else {
                continue;
            };
            match judge(facts) {
                Standing::Usable => {
                    usable.insert(id);
                }
                Standing::Closed => open.extend(&facts.parents),
                Standing::Outdated => {}
            }
        }
        self.heads(&usable)
    }

    /// **R1.** Whether a sender who knows `removals` may seal under an epoch: its author was authorised, and it was made in
    /// knowledge of every one of them. Otherwise the sender heals: it makes the next epoch, with all heads that it can open
    /// as parents.
    #[must_use]
    pub fn usable(
        &self,
        id: &EpochId,
        authorised: bool,
        removals: &[Removal],
        past: &impl Past,
    ) -> bool {
        let Some(facts) = self.epochs.get(id).filter(|_| authorised) else {
            return false;
        };
        let departures = self.departures(id);
        removals.iter().all(|removal| match removal {
            Removal::Event(event) => past.contains(event, &facts.heads),
            Removal::Left(pseudonym, seq) => {
                departures.get(pseudonym).is_some_and(|last| last >= seq)
            }
        })
    }

    /// **R2.** Chooses among candidates, which can be opened and have passed R1: a head of their graph, the lowest id of
    /// several.
    #[must_use]
    pub fn choose(&self, candidates: &BTreeSet<EpochId>) -> Option<EpochId> {
        self.heads(candidates).into_iter().next()
    }

    /// Those among `set` that no other of `set` follows, in ascending order.
    #[must_use]
    pub fn heads(&self, set: &BTreeSet<EpochId>) -> BTreeSet<EpochId> {
        let parents = set.iter().filter_map(|id| self.epochs.get(id));
        let before = self.past_of(parents.flat_map(|facts| facts.parents.iter().copied()));
        set.difference(&before).copied().collect()
    }

    /// **R4.** Whether what a removed device sent still counts: not beyond the last sequence that a removing epoch lists,
    /// unless it is sealed under that epoch or a later one, which the device can only have by coming back. Where removals
    /// by several epochs bear on a message, the one that has seen most counts.
    #[must_use]
    pub fn accepts(
        &self,
        pseudonym: &Pseudonym,
        topic: &TopicTag,
        seq: u64,
        epoch: &EpochId,
    ) -> bool {
        let Some(closings) = self.closed.get(&(*pseudonym, *topic)) else {
            return true;
        };
        let lineage = self.lineage(epoch);
        closings
            .iter()
            .filter(|(closing, _)| !lineage.contains(closing))
            .map(|(_, last)| last)
            .max()
            .is_none_or(|last| seq <= *last)
    }
}

#[cfg(test)]
mod tests;
