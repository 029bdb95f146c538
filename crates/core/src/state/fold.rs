//! What events say together: writes by key, the causally latest, and among concurrent ones the rule of the key.
//!
//! Everything here is a function of the *set* of events: [`fold`] gathers the writes of each key, keeps those that no other
//! write of that key follows, and picks among them. A base state is causally before every event of the region, so any write
//! beats it; a region of one event is the ordinary append, and takes the same path.

mod apply;
mod channels;
mod keys;
mod members;
mod reign;

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
pub(super) use keys::{Key, of as keys_of};

use super::overrule::{Pasts, Standing, settle};
use super::{Act, Community, Reign, Role};
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
            founder: act.author,
            reign: Arc::new(Reign::founding(act.author, genesis.owner_root)),
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
            open_invites: 0,
            cuts: OrdMap::new(),
            dropped_leaves: OrdSet::new(),
            overruled: OrdMap::new(),
            origins: OrdMap::new(),
            notaries: super::finality::founding(genesis),
            checkpoint: None,
            lost: OrdMap::new(),
            causality: Causality::default(),
        }
    }
}

/// Folds a region of events into the state that lies causally before all of them. `acts` stand in causal order.
pub(crate) fn fold(base: &Community, acts: &[&Act], causality: &Causality) -> Community {
    let mut state = base.clone();
    if let [_] = acts {
        state.fold_part(acts, 0, &Pasts::none());
        return state;
    }
    let pasts = Pasts::of(acts, causality);
    let starts = pasts.parts(acts);
    let ends = starts.iter().skip(1).copied().chain([acts.len()]);
    for (start, end) in starts.iter().copied().zip(ends) {
        let part = &acts[start..end];
        match pasts.of_part(part, causality) {
            Some(own) => state.fold_part(part, 0, &own),
            None => state.fold_part(part, start, &pasts),
        }
    }
    state
}

/// Folds acts that quarrel with nothing beside them into a state, one after the other; `acts` stand in causal order.
pub(crate) fn append(base: &Community, acts: &[&Act]) -> Community {
    let mut state = base.clone();
    for act in acts.chunks(1) {
        state.fold_part(act, 0, &Pasts::none());
    }
    state
}

impl Community {
    /// Folds one part of a region: events that nothing of the region is beside but one another.
    fn fold_part(&mut self, acts: &[&Act], offset: usize, pasts: &Pasts<'_>) {
        let settled = settle(acts, offset, pasts);
        self.overruled.extend(settled.overruled);
        let region = Region {
            acts: &settled.effective,
            pasts,
        };
        for act in region.acts {
            self.create(act);
        }
        let mut writes: BTreeMap<Key, Vec<Standing<'_>>> = BTreeMap::new();
        for act in region.acts {
            keys::of(act, |key| writes.entry(key).or_default().push(*act));
        }
        self.succeed(&region);
        let wipes = self.wipe_removed(&region);
        for (key, writers) in &writes {
            self.write(&region, &wipes, *key, writers);
        }
        self.fold_overwrites(&region);
        self.bury(&region);
    }
}

/// The effective events of a region, in causal order, and what is causally before what.
pub(super) struct Region<'a> {
    acts: &'a [Standing<'a>],
    pasts: &'a Pasts<'a>,
}

impl<'a> Region<'a> {
    /// Those of `acts` that no other of them follows. `acts` stand in causal order.
    fn latest(&self, acts: impl IntoIterator<Item = Standing<'a>>) -> Vec<Standing<'a>> {
        let mut latest: Vec<Standing<'_>> = Vec::new();
        for act in acts {
            latest.retain(|other| !self.before(other, &act));
            latest.push(act);
        }
        latest
    }

    fn before(&self, a: &Standing<'_>, b: &Standing<'_>) -> bool {
        self.pasts.before(a.index, b.index)
    }
}

/// Of events that write the same register and of which none follows another: the one of the greatest weight, then the lowest
/// id.
fn strongest<'a>(latest: impl IntoIterator<Item = Standing<'a>>) -> Option<Standing<'a>> {
    latest
        .into_iter()
        .max_by(|a, b| a.weight.cmp(&b.weight).then_with(|| b.id.cmp(&a.id)))
}
