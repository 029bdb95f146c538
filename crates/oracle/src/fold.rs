//! Chapter *authority*, "Values".

mod channels;
mod members;
mod reign;
mod roles;

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

use conclave_core::event::{Body, ServerUpdate};
use conclave_core::id::EventId;

pub(crate) use channels::{Copy, channel_of, written};

use crate::reign::Reign;
use crate::set::Set;
use crate::state::{Role, State};
use crate::weight::Weight;
use crate::{Oracle, Taken};

/// The effective events of a past, and the values that they fold to.
pub(crate) struct Fold<'a> {
    oracle: &'a Oracle,
    effective: Vec<usize>,
    weights: BTreeMap<EventId, Weight>,
    pub state: State,
}

/// Which of two values is more restrictive.
type Restrictive<T> = fn(&T, &T) -> Ordering;

/// Where no value is more restrictive than another.
fn alike<T>(_: &T, _: &T) -> Ordering {
    Ordering::Equal
}

impl Oracle {
    /// The state of a past; nothing without genesis.
    pub(crate) fn fold(&self, past: &Set) -> Option<State> {
        let genesis = past
            .iter()
            .find(|n| self.taken[*n].event.server.is_none())?;
        let overruled = self.overrule(past);
        let mut effective = self.acts(past);
        effective.retain(|number| !overruled.by.contains_key(number));
        let mut state = self.begin(&self.taken[genesis])?;
        state.overruled = overruled.pairs(self);
        let settled = overruled.settled.iter();
        let weights = settled.map(|(n, weight)| (self.taken[*n].id, weight.clone()));
        let mut fold = Fold {
            oracle: self,
            effective,
            weights: weights.collect(),
            state,
        };
        fold.reign();
        fold.server();
        fold.roles();
        fold.invites();
        fold.removals();
        fold.members();
        fold.channels();
        Some(fold.state)
    }

    /// "The state begins with what genesis says".
    fn begin(&self, genesis: &Taken) -> Option<State> {
        let Some(Body::Genesis(body)) = &genesis.body else {
            return None;
        };
        let everyone = Role {
            name: "@everyone".into(),
            colour: None,
            hoist: false,
            mentionable: false,
            permissions: body.everyone,
            position: String::new(),
        };
        Some(State {
            server: self.server,
            founder: genesis.event.author,
            owner: genesis.event.author,
            reign: Reign {
                begun: None,
                root: body.owner_root,
                tenure: Vec::new(),
                policy: None,
                claims: BTreeMap::new(),
            },
            name: body.name.clone(),
            description: String::new(),
            icon: None,
            joins_paused: false,
            durability: 1,
            minimum_version: 1,
            roles: BTreeMap::from([(self.server.everyone(), everyone)]),
            channels: BTreeMap::new(),
            held: BTreeMap::new(),
            bans: BTreeMap::new(),
            removals: BTreeMap::new(),
            timeouts: BTreeMap::new(),
            nicknames: BTreeMap::new(),
            invites: BTreeMap::new(),
            cuts: BTreeMap::new(),
            dropped_leaves: BTreeSet::new(),
            overruled: BTreeMap::new(),
            peers: body.peers.clone(),
            template: body.template,
            suite: body.suite,
            history: body.history,
            owner_root: body.owner_root,
            hosting_root: body.hosting_root,
            gave: BTreeMap::new(),
            placed: BTreeMap::new(),
            wrote: BTreeMap::new(),
        })
    }
}

impl<'a> Fold<'a> {
    /// The effective events with their bodies, in causal order.
    fn events(&self) -> impl Iterator<Item = (&'a Taken, &'a Body)> + '_ {
        let oracle = self.oracle;
        let taken = self.effective.iter().map(|number| &oracle.taken[*number]);
        taken.filter_map(|taken| Some((taken, taken.body.as_ref()?)))
    }

    /// Of the writers of a register those that are before no other, with what each writes.
    fn last_writers<T>(
        &self,
        writes: impl Fn(&'a Taken, &'a Body) -> Option<T>,
    ) -> Vec<(&'a Taken, T)> {
        let mut writers: Vec<(&Taken, T)> = Vec::new();
        for (taken, body) in self.events() {
            if let Some(value) = writes(taken, body) {
                writers.push((taken, value));
            }
        }
        let earlier: Vec<bool> = writers
            .iter()
            .map(|(a, _)| writers.iter().any(|(b, _)| self.before(a, b)))
            .collect();
        let mut earlier = earlier.into_iter();
        writers.retain(|_| earlier.next() == Some(false));
        writers
    }

    fn before(&self, a: &Taken, b: &Taken) -> bool {
        self.oracle.before(&a.id, &b.id)
    }

    /// Of writers, the one with the greatest weight, then the lowest id.
    fn heaviest<T>(&self, writers: &[(&'a Taken, T)]) -> Option<EventId> {
        let ids = writers.iter().map(|(taken, _)| taken.id);
        ids.max_by_key(|id| (self.weights.get(id).cloned(), Reverse(*id)))
    }

    /// What a register holds: "the greater weight wins; then the more restrictive value; then the lower id".
    fn register<T>(
        &self,
        restrictive: Restrictive<T>,
        writes: impl Fn(&'a Taken, &'a Body) -> Option<T>,
    ) -> Option<(&'a Taken, T)> {
        self.last_writers(writes)
            .into_iter()
            .max_by(|(a, x), (b, y)| {
                let weight = self.weights.get(&a.id).cmp(&self.weights.get(&b.id));
                let id = Reverse(a.id).cmp(&Reverse(b.id));
                weight.then_with(|| restrictive(x, y)).then(id)
            })
    }

    /// The same without the writer.
    fn value<T>(
        &self,
        restrictive: Restrictive<T>,
        writes: impl Fn(&'a Taken, &'a Body) -> Option<T>,
    ) -> Option<T> {
        self.register(restrictive, writes).map(|(_, value)| value)
    }

    fn server(&mut self) {
        fn of<'a, T>(
            field: impl Fn(&'a ServerUpdate) -> Option<T>,
        ) -> impl Fn(&'a Taken, &'a Body) -> Option<T> {
            move |_, body| match body {
                Body::ServerUpdate(body) => field(body),
                _ => None,
            }
        }
        let name = self.value(alike, of(|body| body.name.clone()));
        let description = self.value(alike, of(|body| body.description.clone()));
        let icon = self.value(
            alike,
            of(|body| match (&body.icon, body.icon_clear) {
                (_, Some(true)) => Some(None),
                (Some(icon), _) => Some(Some(icon.clone())),
                (None, _) => None,
            }),
        );
        let paused = self.value(bool::cmp, of(|body| body.joins_paused));
        let durability = self.value(|a, b| b.cmp(a), of(|body| body.durability));
        let versions = self.events().filter_map(|(_, body)| match body {
            Body::MinVersion(body) => Some(body.version),
            _ => None,
        });
        let minimum = versions.max().unwrap_or(1).max(1);
        let state = &mut self.state;
        state.minimum_version = minimum;
        state.name = name.unwrap_or_else(|| state.name.clone());
        state.description = description.unwrap_or_default();
        state.icon = icon.flatten();
        state.joins_paused = paused.unwrap_or(false);
        state.durability = durability.unwrap_or(state.durability);
    }
}
