//! A model that is looked at to its end: the owner, three admins of whom one signs twice, and a notary, under every partition.
//!
//! A state is the set of events that exist. Anybody may act at any moment, knowing any part of them that is closed under
//! "before" and holds their own: that is every way in which a network can delay, drop, reorder and split. Since the log is a
//! function of the set, looking at each set once looks at every node at every moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_oracle::{Oracle, Rule};
use stateright::{Checker, Model, Property};

use crate::laws;
use crate::village::*;

/// Who merges what it knows, as whoever signs checkpoints does before.
const NOTARY: Who = 5;

/// Whose device signs twice.
const FORKER: Who = 3;

/// Most events beyond the setting, and in `./test --soak`.
const EVENTS: usize = 3;
const EVENTS_SOAK: usize = 5;

type Events = BTreeSet<EventId>;

/// What each may do in a village, once each.
type Menu = fn(&Village) -> Vec<(Who, Body)>;

struct Partitions {
    village: Village,
    /// What each may do, once each.
    menu: Vec<(Who, Body)>,
    made: Mutex<BTreeMap<EventId, Signed>>,
    /// Whether nobody can take the server from its founder.
    founders: bool,
    bound: usize,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Act {
    /// Place in the menu.
    act: usize,
    /// What its author knows.
    known: Events,
}

impl Partitions {
    fn new(village: Village, menu: Menu, bound: usize) -> Self {
        let menu = menu(&village);
        let passes = |(_, body): &(Who, Body)| {
            matches!(body, Body::OwnershipTransfer(_) | Body::Accession(_))
        };
        let founders = !menu.iter().any(passes);
        Self {
            menu,
            village,
            made: Mutex::default(),
            founders,
            bound,
        }
    }

    fn signed(&self, events: &Events) -> Vec<Signed> {
        let made = self.made.lock().unwrap();
        events.iter().map(|id| made[id].clone()).collect()
    }

    /// The setting with these events, in any order that works.
    fn village_with(&self, events: &Events) -> Village {
        let mut village = self.village.clone();
        let mut waiting = self.signed(events);
        while !waiting.is_empty() {
            waiting.retain(|(event, proof)| {
                let here = |id: &EventId| village.log.get(id).is_some();
                if !event.parents.iter().all(here) {
                    return true;
                }
                let (_, agree) = insert_both(&mut village.log, &mut village.oracle, event, *proof);
                village.broken |= !agree;
                village.made.push((event.clone(), *proof));
                false
            });
        }
        village
    }

    /// Every closed part of the events.
    fn parts(&self, events: &Events) -> Vec<Events> {
        let signed = self.signed(events);
        let closed = |part: &Events| {
            let known = |id: &EventId| part.contains(id) || !events.contains(id);
            let mut inside = signed
                .iter()
                .filter(|(event, _)| part.contains(&event.event_id()));
            inside.all(|(event, _)| event.parents.iter().all(known))
        };
        let ids: Vec<EventId> = events.iter().copied().collect();
        let part = |bits: usize| {
            let chosen = ids.iter().enumerate().filter(|(n, _)| bits & (1 << n) != 0);
            chosen.map(|(_, id)| *id).collect::<Events>()
        };
        (0..1 << ids.len()).map(part).filter(closed).collect()
    }

    /// Signs an act; nothing if it is not allowed there. The forker always begins its chain anew.
    fn sign(&self, act: &Act) -> Option<Signed> {
        let (who, body) = &self.menu[act.act];
        let mut village = self.village_with(&act.known);
        let device = village.people[*who].devices[0].id;
        let mut last = self.village.people[*who].devices[0].last;
        for taken in village.oracle.accepted() {
            if taken.event.device == device && *who != FORKER {
                last = last.max(Some((taken.event.seq, taken.id)));
            }
        }
        village.people[*who].devices[0].last = last;
        let heads = village.heads();
        let event = village.draft(*who, 0, &heads, body.clone());
        let event = village.seal(*who, 0, event);
        village
            .put(*who, 0, &event)
            .then(|| (event, village.proof(*who)))
    }

    fn acts_of(&self, who: Who, events: &Events) -> BTreeSet<EventId> {
        let author = self.village.identity(who);
        let signed = self.signed(events);
        let own = signed.iter().filter(|(event, _)| event.author == author);
        own.map(|(event, _)| event.event_id()).collect()
    }
}

impl Model for Partitions {
    type State = Events;
    type Action = Act;

    fn init_states(&self) -> Vec<Events> {
        vec![Events::new()]
    }

    fn actions(&self, events: &Events, actions: &mut Vec<Act>) {
        let done: Vec<Body> = self
            .signed(events)
            .iter()
            .map(|(event, _)| event.decode_body().unwrap())
            .collect();
        let parts = self.parts(events);
        for (act, (who, body)) in self.menu.iter().enumerate() {
            if done.contains(body) {
                continue;
            }
            let own = self.acts_of(*who, events);
            // Who signs twice acts as if it had not acted; all others know what they did.
            let fits = |known: &&Events| match *who {
                FORKER => known.is_disjoint(&own),
                _ => known.is_superset(&own),
            };
            let known = parts.iter().filter(fits).cloned();
            actions.extend(known.map(|known| Act { act, known }));
        }
    }

    fn next_state(&self, events: &Events, act: Act) -> Option<Events> {
        let (event, proof) = self.sign(&act)?;
        let mut events = events.clone();
        events.insert(event.event_id());
        self.made
            .lock()
            .unwrap()
            .insert(event.event_id(), (event, proof));
        Some(events)
    }

    fn within_boundary(&self, events: &Events) -> bool {
        events.len() <= self.bound
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("every order gives what the oracle says", agrees),
            Property::always("the laws hold", lawful),
            Property::always("the owner's word stands", owners_word),
            Property::always("the owner is a member and not banned", owner_is_there),
            Property::sometimes("something is overruled", |model: &Self, events| {
                !overruled(&model.village_with(events).oracle).is_empty()
            }),
            if self.founders {
                Property::sometimes("a level falls", |model: &Self, events| {
                    let oracle = model.village_with(events).oracle;
                    oracle.overruled(&oracle.heads()).unwrap().some_level_fell()
                })
            } else {
                Property::sometimes("a change of owner falls", |model: &Self, events| {
                    let oracle = model.village_with(events).oracle;
                    let overruled = overruled(&oracle);
                    let mut accepted = oracle.accepted().iter();
                    accepted.any(|taken| {
                        let body = taken.body.as_ref();
                        matches!(body, Some(Body::OwnershipTransfer(_) | Body::Accession(_)))
                            && overruled.contains_key(&taken.id)
                    })
                })
            },
        ]
    }
}

fn agrees(model: &Partitions, events: &Events) -> bool {
    let village = model.village_with(events);
    let mut backwards = model.signed(events);
    backwards.reverse();
    let mut other = laws::arrive(model.village.log.clone(), &backwards, 1);
    let state = village.oracle.resolve(&village.heads()).unwrap().encode();
    !village.broken
        && other.current().unwrap().encode_state() == state
        && village.log.clone().current().unwrap().encode_state() == state
}

fn lawful(model: &Partitions, events: &Events) -> bool {
    laws::hold_in_state(&model.village_with(events)).is_ok()
}

fn overruled(oracle: &Oracle) -> BTreeMap<EventId, (EventId, Rule)> {
    oracle.resolve(&oracle.heads()).unwrap().overruled
}

fn owner_is_there(model: &Partitions, events: &Events) -> bool {
    let oracle = model.village_with(events).oracle;
    let state = oracle.resolve(&oracle.heads()).unwrap();
    !state.bans.contains_key(&state.owner)
}

fn owners_word(model: &Partitions, events: &Events) -> bool {
    if !model.founders {
        return true;
    }
    let oracle = model.village_with(events).oracle;
    let owner = model.village.identity(OWNER);
    let overruled = overruled(&oracle);
    let mut owners = oracle
        .accepted()
        .iter()
        .filter(|taken| taken.event.author == owner);
    owners.all(|taken| !overruled.contains_key(&taken.id))
}

/// Roles change places while who holds them revokes, is revoked, and falls from one role to the next.
fn falling(village: &Village) -> Vec<(Who, Body)> {
    let moved = |role: usize, position: &str| RoleUpdate {
        position: Some(position.into()),
        ..role_update(village.roles[role])
    };
    let revoke = |who| RoleRevoke {
        role: village.roles[0],
        member: village.identity(who),
        seen: vec![],
    };
    vec![
        (OWNER, moved(1, "x").into()),
        (OWNER, revoke(2).into()),
        (1, moved(1, "d").into()),
        (1, village.ban(2, None).into()),
        (2, village.ban(FORKER, None).into()),
        (2, village.ban(4, None).into()),
        (FORKER, village.ban(4, None).into()),
        (FORKER, village.ban(2, None).into()),
        (NOTARY, Merge::default().into()),
    ]
}

/// Bans and what undoes them, grants and what hangs on them, and two events of one sequence.
fn undoing(village: &Village) -> Vec<(Who, Body)> {
    let member = village.identity(4);
    let role = village.roles[3];
    let hangs = Kick {
        member: village.identity(6),
        seen: vec![],
    };
    let falls = RoleRevoke {
        role: village.roles[0],
        member: village.identity(2),
        seen: vec![],
    };
    vec![
        (OWNER, falls.into()),
        (OWNER, village.ban(2, Some(0)).into()),
        (
            OWNER,
            Unban {
                member: village.identity(2),
            }
            .into(),
        ),
        (1, village.ban(4, None).into()),
        (
            1,
            RoleRevoke {
                role: village.roles[1],
                member: village.identity(FORKER),
                seen: vec![],
            }
            .into(),
        ),
        (
            2,
            RoleGrant {
                role: village.roles[2],
                member: village.identity(NOTARY),
            }
            .into(),
        ),
        (2, Unban { member }.into()),
        (FORKER, village.ban(4, None).into()),
        (
            FORKER,
            RoleRevoke {
                role,
                member,
                seen: vec![],
            }
            .into(),
        ),
        (NOTARY, hangs.into()),
        (NOTARY, Merge::default().into()),
    ]
}

/// Who inherits, and who claimed what before anybody is apart.
const HEIRS: [Who; 2] = [4, 5];

/// The setting with a confirmed claim of each heir.
fn claimed() -> Village {
    let mut village = Village::settled();
    for heir in HEIRS {
        let policy = village.policy_at(&village.heads()).unwrap();
        let at = village.heads();
        let claim = village.claim(policy, heir);
        let claim = village.try_at(heir, &at, claim).unwrap();
        for who in [1, 2] {
            village.try_at(who, &[claim], confirm(claim)).unwrap();
        }
    }
    village
}

/// Two heirs take over, while the owner hands over, vetoes, bans or says anew who inherits, and a moderator bans.
fn passing(village: &Village) -> Vec<(Who, Body)> {
    let state = village.oracle.resolve(&village.heads()).unwrap();
    let of = |heir: Who| {
        let mut claims = state.reign.claims.iter();
        let own = claims.find(|(_, claim)| claim.heir == village.identity(heir));
        *own.unwrap().0
    };
    let take_over = |heir: Who| (heir, village.take_over(of(heir), heir).into());
    let granted = RoleGrant {
        role: village.roles[0],
        member: village.identity(6),
    };
    vec![
        take_over(HEIRS[0]),
        take_over(HEIRS[1]),
        (HEIRS[0], village.ban(1, None).into()),
        (HEIRS[0], granted.into()),
        (OWNER, village.transfer(OWNER, 2, None).into()),
        (
            OWNER,
            SuccessionVeto {
                claim: of(HEIRS[0]),
            }
            .into(),
        ),
        (OWNER, village.ban(HEIRS[1], None).into()),
        (OWNER, village.policy(&[6], &[], 0).into()),
        (1, village.ban(HEIRS[0], None).into()),
    ]
}

fn exhaust(village: Village, menu: Menu) {
    let soak = std::env::var_os("CONCLAVE_SOAK").is_some();
    let bound = if soak { EVENTS_SOAK } else { EVENTS };
    let checker = Partitions::new(village, menu, bound)
        .checker()
        .threads(2)
        .spawn_bfs()
        .join();
    println!(
        "{} sets of up to {bound} events",
        checker.unique_state_count()
    );
    checker.assert_properties();
}

#[test]
fn levels_fall_while_roles_change_places_in_every_partition() {
    exhaust(Village::settled(), falling);
}

#[test]
fn bans_grants_and_double_signing_in_every_partition() {
    exhaust(Village::settled(), undoing);
}

#[test]
fn the_server_passes_to_one_in_every_partition() {
    exhaust(claimed(), passing);
}
