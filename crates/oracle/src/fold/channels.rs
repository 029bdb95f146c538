//! Channels, their overwrites, and following a category.

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::event::{Body, ChannelCreate, ChannelUpdate, Subject};
use conclave_core::id::ChannelId;
use conclave_core::permissions::Bits;

use super::{Fold, alike};
use crate::Taken;
use crate::state::{CATEGORY, Channel, Overwrites, State};

/// What was in force in the past of an event that begins or ends following a category.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    pub overwrites: Overwrites,
    /// Whether the event ends following, whatever else it says.
    pub ends: bool,
}

impl State {
    /// The copy of an event in whose past this is the state.
    pub(crate) fn copy_of(&self, body: &Body) -> Option<Copy> {
        let begins = |parent: Option<ChannelId>| Copy {
            overwrites: parent
                .map(|parent| self.in_force(&parent))
                .unwrap_or_default(),
            ends: false,
        };
        let synced = |channel: &ChannelId| self.channels.get(channel).is_some_and(|c| c.synced);
        let ends = |channel: &ChannelId| {
            synced(channel).then(|| Copy {
                overwrites: self.in_force(channel),
                ends: true,
            })
        };
        match body {
            Body::ChannelCreate(body) if body.synced => Some(begins(body.parent)),
            Body::ChannelUpdate(body) => {
                let old = self.channels.get(&body.channel)?.parent;
                match body.synced {
                    Some(true) => Some(begins(body.parent.or(old))),
                    Some(false) => ends(&body.channel),
                    None if body.parent.is_some() || body.parent_clear == Some(true) => {
                        ends(&body.channel)
                    }
                    None => None,
                }
            }
            Body::OverwriteSet(body) => ends(&body.channel),
            Body::OverwriteClear(body) => ends(&body.channel),
            _ => None,
        }
    }
}

impl<'a> Fold<'a> {
    pub(super) fn channels(&mut self) {
        let mut made: BTreeMap<ChannelId, Channel> = BTreeMap::new();
        let mut deleted: BTreeSet<ChannelId> = BTreeSet::new();
        for (taken, body) in self.events().collect::<Vec<_>>() {
            match body {
                Body::ChannelCreate(body) => {
                    let id = taken.id.into();
                    let channel = self.channel(id, body);
                    made.insert(id, channel);
                }
                Body::ChannelDelete(body) => {
                    deleted.insert(body.channel);
                }
                _ => {}
            }
        }
        for (id, mut channel) in made.clone() {
            // 1
            if deleted.contains(&id) {
                continue;
            }
            // 2
            let parent = channel.parent.filter(|parent| {
                made.get(parent)
                    .is_some_and(|parent| parent.kind == CATEGORY)
            });
            let gone = parent.filter(|parent| deleted.contains(parent));
            if let Some(gone) = gone.filter(|_| channel.synced) {
                channel.overwrites = made[&gone].overwrites.clone();
                for subject in channel.overwrites.keys() {
                    let wrote = self.state.wrote[&(gone, *subject)];
                    self.state.wrote.insert((id, *subject), wrote);
                }
            }
            channel.parent = parent.filter(|_| gone.is_none());
            // 3
            if channel.synced && channel.parent.is_some() {
                channel.overwrites.clear();
            }
            self.state.channels.insert(id, channel);
        }
    }

    /// A channel with what was written over its first values, before deletions are looked at.
    fn channel(&mut self, id: ChannelId, first: &'a ChannelCreate) -> Channel {
        fn of<'a, T>(
            id: ChannelId,
            field: impl Fn(&'a ChannelUpdate) -> Option<T>,
        ) -> impl Fn(&'a Taken, &'a Body) -> Option<T> {
            move |_, body| match body {
                Body::ChannelUpdate(body) if body.channel == id => field(body),
                _ => None,
            }
        }
        let name = self.value(alike, of(id, |body| body.name.clone()));
        let topic = self.value(alike, of(id, |body| body.topic.clone()));
        let parent = self.value(
            alike,
            of(id, |body| match (body.parent, body.parent_clear) {
                (None, Some(true)) => Some(None),
                (parent, _) => parent.map(Some),
            }),
        );
        let position = self.value(alike, of(id, |body| body.position.clone()));
        let durability = self.value(|a, b| b.cmp(a), of(id, |body| body.durability));
        // 0 is none, the longest.
        let shorter = |a: &u64, b: &u64| b.wrapping_sub(1).cmp(&a.wrapping_sub(1));
        let ttl = self.value(shorter, of(id, |body| body.ttl_ms));
        let slow_mode = self.value(u32::cmp, of(id, |body| body.slow_mode_s));
        let unsynced_over_synced = |a: &bool, b: &bool| b.cmp(a);
        let synced = self.value(unsynced_over_synced, |taken, body| {
            let ends = taken.copy.as_ref().is_some_and(|copy| copy.ends);
            match body {
                Body::ChannelUpdate(body) if body.channel == id => {
                    body.synced.or(ends.then_some(false))
                }
                Body::OverwriteSet(body) if body.channel == id && ends => Some(false),
                Body::OverwriteClear(body) if body.channel == id && ends => Some(false),
                _ => None,
            }
        });
        Channel {
            name: name.unwrap_or_else(|| first.name.clone()),
            kind: first.kind,
            topic: topic.or_else(|| first.topic.clone()).unwrap_or_default(),
            parent: parent.unwrap_or(first.parent),
            position: position.unwrap_or_else(|| first.position.clone()),
            synced: synced.unwrap_or(first.synced),
            overwrites: self.overwrites(id),
            durability: durability.unwrap_or(first.durability),
            ttl_ms: ttl.or(first.ttl_ms).filter(|ttl| *ttl > 0),
            slow_mode_s: slow_mode.unwrap_or(first.slow_mode_s),
        }
    }

    /// "Overwrites", by the rule, whatever the channel follows.
    fn overwrites(&mut self, channel: ChannelId) -> Overwrites {
        let mut subjects: BTreeSet<Subject> = BTreeSet::new();
        for (taken, body) in self.events() {
            if channel_of(taken, body) != Some(channel) {
                continue;
            }
            subjects.extend(taken.copy.iter().flat_map(|copy| copy.overwrites.keys()));
            match body {
                Body::ChannelCreate(body) => {
                    subjects.extend(body.overwrites.iter().map(|o| o.subject))
                }
                Body::OverwriteSet(body) => subjects.extend([body.overwrite.subject]),
                _ => {}
            }
        }
        let mut overwrites = Overwrites::new();
        for subject in subjects {
            let writers = self.last_writers(|taken, body| {
                (channel_of(taken, body) == Some(channel))
                    .then(|| written(taken, body, subject))
                    .flatten()
            });
            let deny = writers
                .iter()
                .fold(Bits::NONE, |bits, (_, (_, deny))| bits | *deny);
            let allow = writers
                .iter()
                .fold(Bits(u64::MAX), |bits, (_, (allow, _))| bits & *allow);
            let allow = allow.without(deny);
            let exists = match subject {
                Subject::Role(role) => self.state.roles.contains_key(&role),
                Subject::Member(_) => true,
            };
            if exists && !writers.is_empty() && !(allow | deny).is_empty() {
                overwrites.insert(subject, (allow, deny));
                if let Some(wrote) = self.heaviest(&writers) {
                    self.state.wrote.insert((channel, subject), wrote);
                }
            }
        }
        overwrites
    }
}

pub(crate) fn channel_of(taken: &Taken, body: &Body) -> Option<ChannelId> {
    match body {
        Body::ChannelCreate(_) => Some(taken.id.into()),
        Body::ChannelUpdate(body) => Some(body.channel),
        Body::OverwriteSet(body) => Some(body.channel),
        Body::OverwriteClear(body) => Some(body.channel),
        _ => None,
    }
}

/// What an event about a channel writes for a subject, if anything.
pub(crate) fn written(taken: &Taken, body: &Body, subject: Subject) -> Option<(Bits, Bits)> {
    let none = (Bits::NONE, Bits::NONE);
    let copied = taken
        .copy
        .as_ref()
        .map(|copy| copy.overwrites.get(&subject).copied().unwrap_or(none));
    match body {
        Body::OverwriteSet(body) if body.overwrite.subject == subject => {
            Some((body.overwrite.allow, body.overwrite.deny))
        }
        Body::OverwriteClear(body) if body.subject == subject => Some(none),
        Body::ChannelCreate(body) if taken.copy.is_none() => {
            let first = body.overwrites.iter().find(|o| o.subject == subject);
            Some(first.map_or(none, |first| (first.allow, first.deny)))
        }
        _ => copied,
    }
}
