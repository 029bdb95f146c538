//! What events say together: writes by key, the causally latest, and among concurrent ones the rule of the key.
//!
//! Everything here is a function of the *set* of events: [`fold`] gathers the writes of each key, keeps those that no other
//! write of that key follows, and picks among them. A base state is causally before every event of the region, so any write
//! beats it; a region of one event is the ordinary append, and takes the same path.

mod apply;
mod channels;
mod keys;
mod members;

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use keys::Key;

use super::overrule::settle;
use super::{Act, Community, Role};
use crate::event::Genesis;
use crate::id::{EventId, ServerId};
use crate::log::Causality;

/// Version of the protocol that a server starts with.
pub(crate) const FIRST_VERSION: u16 = 1;

impl Community {
    /// The state that genesis founds.
    pub(crate) fn found(id: EventId, act: &Act, genesis: &Genesis) -> Self {
        let server = ServerId(id.0);
        let everyone = Role {
            id: server.everyone(),
            name: "@everyone".into(),
            color: None,
            hoist: false,
            mentionable: false,
            permissions: genesis.everyone,
            position: "".into(),
        };
        Self {
            server,
            owner: act.author,
            name: genesis.name.as_str().into(),
            genesis: Arc::new(genesis.clone()),
            description: "".into(),
            icon: None,
            joins_paused: false,
            durability: 1,
            min_version: FIRST_VERSION,
            roles: OrdMap::unit(server.everyone(), everyone),
            channels: OrdMap::new(),
            grants: OrdMap::new(),
            bans: OrdMap::new(),
            removals: OrdMap::new(),
            timeouts: OrdMap::new(),
            nicknames: OrdMap::new(),
            invites: OrdMap::new(),
            cuts: OrdMap::new(),
            dropped_leaves: OrdSet::new(),
            overruled: OrdMap::new(),
            causality: Causality::default(),
        }
    }
}

/// Folds a region of events into the state that lies causally before all of them. `acts` stand in causal order.
pub(crate) fn fold(base: &Community, acts: &[&Act], causality: &Causality) -> Community {
    let overruled = settle(acts, causality);
    let effective: Vec<&Act> = acts
        .iter()
        .copied()
        .filter(|act| !overruled.contains_key(&act.id))
        .collect();
    let mut state = base.clone();
    state.overruled.extend(overruled);
    let region = Region {
        acts: &effective,
        causality,
    };
    for act in &effective {
        state.create(act);
    }
    let mut writes: BTreeMap<Key, Vec<&Act>> = BTreeMap::new();
    for act in &effective {
        keys::of(act, |key| writes.entry(key).or_default().push(act));
    }
    state.wipe_removed(&region);
    for (key, writers) in &writes {
        state.write(&region, *key, writers);
    }
    state.fold_overwrites(&region);
    state.bury(&region);
    state
}

/// The effective events of a region, in causal order, and what is causally before what.
pub(super) struct Region<'a> {
    acts: &'a [&'a Act],
    causality: &'a Causality,
}

impl Region<'_> {
    /// Those of `acts` that no other of them follows. `acts` stand in causal order.
    fn latest<'b>(&self, acts: impl IntoIterator<Item = &'b Act>) -> Vec<&'b Act> {
        let mut latest: Vec<&Act> = Vec::new();
        for act in acts {
            latest.retain(|other| !self.causality.before(&other.id, &act.id));
            latest.push(act);
        }
        latest
    }
}
