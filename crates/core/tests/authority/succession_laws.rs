//! The laws, over random histories in which the server passes from hand to hand.

use std::collections::BTreeMap;

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::log::{Effect, Verdict};
use conclave_core::permissions::Bits;
use proptest::prelude::*;

use crate::laws::Dice;
use crate::world::*;

const PEOPLE: usize = 5;

/// A random act about ownership or beside it, sensible in what its author knows.
fn body(dice: &mut Dice, world: &mut World, who: Who, known: &[EventId]) -> Body {
    let state = world.log.resolve(known).unwrap();
    let target = dice.roll(PEOPLE + 1);
    let member = world.identity(target);
    let seen = world.seen(target, [None, Some(2), Some(99)][dice.roll(3)]);
    let claims: Vec<EventId> = state.claims().iter().map(|claim| claim.id).collect();
    let policy = state.succession().map(|policy| policy.event);
    let owner = state.owner() == world.identity(who);
    let me = world.identity(who);
    let mine = state
        .claims()
        .into_iter()
        .find(|claim| claim.heir == me && state.is_confirmed(claim))
        .map(|claim| claim.id);
    let ripe = state.claims().into_iter().find(|claim| {
        let policy = state.succession().unwrap();
        policy.confirms(claim, &me) && !claim.confirmed.contains_key(&me)
    });
    let ripe = ripe.map(|claim| claim.id);
    match dice.roll(12) {
        0 if owner && dice.roll(3) == 0 => {
            transfer(world, who, target, [None, Some(99)][dice.roll(2)]).into()
        }
        1 if owner && (policy.is_none() || dice.roll(4) == 0) => {
            let people = [0, 1, 2, 3, 4, 5];
            let named = &people[..dice.roll(4)];
            let members = &people[dice.roll(3)..3 + dice.roll(3)];
            let quorum = members.len().min(1 + dice.roll(2));
            let terms = council(world, named, members, quorum as u16);
            SuccessionPolicy::draft(terms).into()
        }
        2 if owner && !claims.is_empty() => SuccessionVeto {
            claim: dice.pick(&claims),
        }
        .into(),
        0..=5 if mine.is_some() => accession(world, mine.unwrap(), who).into(),
        0..=7 if ripe.is_some() => confirm(ripe.unwrap()).into(),
        2..=6 if policy.is_some() && claims.len() < 3 => {
            let heir = if dice.roll(3) == 0 { target } else { who };
            claim(world, policy.unwrap(), heir).into()
        }
        7 if !claims.is_empty() => confirm(dice.pick(&claims)).into(),
        8 if !claims.is_empty() => accession(world, dice.pick(&claims), who).into(),
        10 => [
            Body::from(world.ban(target, Some(2))),
            Kick { member, seen }.into(),
            Unban { member }.into(),
        ][dice.roll(3)]
        .clone(),
        11 => DeviceCut {
            identity: member,
            device: world.people[target].device,
            certificate: vec![1].into(),
            seen: Some(Seen {
                device: world.people[target].device,
                event_seq: [None, Some(3)][dice.roll(2)],
                register_seq: None,
                pseudonym: None,
            }),
        }
        .into_if(dice.roll(6) == 0),
        _ => channel("new", vec![]).into(),
    }
}

trait IntoIf {
    fn into_if(self, condition: bool) -> Body;
}

impl IntoIf for DeviceCut {
    fn into_if(self, condition: bool) -> Body {
        if condition {
            self.into()
        } else {
            Merge::default().into()
        }
    }
}

fn history(seed: u64, length: usize) -> World {
    let mut dice = Dice(seed);
    let mut world = World::new(PEOPLE);
    world.role("M", Bits::BAN_MEMBERS | Bits::KICK_MEMBERS, &[4, 5]);
    world.second_device(OWNER);
    let terms = council(&world, &[1, 2], &[2, 3, 4], 1 + dice.roll(2) as u16);
    world.act(OWNER, SuccessionPolicy::draft(terms));
    let actors = world.people.len();
    let mut known: Vec<Vec<EventId>> = vec![world.heads(); actors];
    for _ in 0..length {
        let who = dice.roll(actors);
        if dice.roll(2) == 0 {
            let other = dice.roll(actors);
            let mut both = [known[who].clone(), known[other].clone()].concat();
            both.sort_unstable();
            both.dedup();
            let all = both.clone();
            both.retain(|a| {
                all.iter()
                    .all(|b| a == b || !world.log.is_ancestor(a, &[*b]))
            });
            both.truncate(16);
            known[who] = both;
        }
        let heads = known[who].clone();
        let act = body(&mut dice, &mut world, who, &heads);
        let event = world.sign(who, &heads, act);
        if world
            .put(who, &event)
            .is_ok_and(|inserted| inserted.verdict == Verdict::Accepted)
        {
            known[who] = vec![event.event_id()];
        }
    }
    world
}

fn runs(quick: u32) -> u32 {
    if std::env::var_os("CONCLAVE_SOAK").is_some() {
        quick * 50
    } else {
        quick
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(runs(200)))]

    /// Whoever comes to own the server, they do on every node, whatever the order of arrival; and in one step or many.
    #[test]
    fn one_owner_on_every_node_in_any_order(seed in any::<u64>(), length in 8usize..48) {
        let mut world = history(seed, length);
        let state = world.now();
        let audited = world.log.audit(&world.heads()).unwrap();
        prop_assert_eq!(audited.encode_state(), state.encode_state(), "incremental differs from full");
        let mut dice = Dice(seed ^ 0x5eed);
        for _ in 0..2 {
            let mut events = world.made.clone();
            dice.shuffle(&mut events);
            let mut other = replay(world.server(), &events);
            prop_assert_eq!(other.current().unwrap().digest(), state.digest());
        }
        prop_assert!(state.ban(&state.owner()).is_none(), "the owner is banned");
        for _ in 0..4 {
            let heads: Vec<EventId> = (0..=dice.roll(3))
                .map(|_| world.made[dice.roll(world.made.len())].0.event_id())
                .filter(|id| world.log.get(id).is_some())
                .collect();
            if heads.is_empty() {
                continue;
            }
            let full = world.log.audit(&heads).unwrap().digest();
            prop_assert_eq!(world.log.resolve(&heads).unwrap().digest(), full);
        }
    }
}

/// The histories above hold what they are for.
#[test]
fn histories_hold_the_meetings_that_matter() {
    let mut found: BTreeMap<&str, u32> = BTreeMap::new();
    let rounds = 200;
    for seed in 0..rounds {
        let mut world = history(u64::from(seed) * 0x9E37_79B9, 40);
        let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
        for (event, _) in world.made.clone() {
            let fell = match world.log.effective(&event.event_id()) {
                Some(Effect::Overruled { .. }) => true,
                Some(Effect::Effective) => false,
                _ => continue,
            };
            let shape = match (event.decode_body().unwrap(), fell) {
                (Body::OwnershipTransfer(_), false) => "transfer",
                (Body::OwnershipTransfer(_), true) => "fallen transfer",
                (Body::Accession(_), false) => "take-over",
                (Body::Accession(_), true) => "fallen take-over",
                (Body::SuccessionConfirm(_), true) => "fallen confirmation",
                (Body::SuccessionVeto(_), false) => "veto",
                (Body::ChannelCreate(_), true) => "fallen act",
                _ => continue,
            };
            seen.insert(shape, 1);
        }
        for (shape, once) in seen {
            *found.entry(shape).or_default() += once;
        }
    }
    println!("of {rounds}: {found:?}");
    let at_least = [
        ("transfer", 20),
        ("fallen transfer", 3),
        ("take-over", 20),
        ("fallen take-over", 10),
        ("fallen confirmation", 5),
        ("veto", 10),
        ("fallen act", 20),
    ];
    for (shape, percent) in at_least {
        let count = found.get(shape).copied().unwrap_or(0);
        assert!(
            count * 100 >= percent * rounds,
            "{shape}: {count} of {rounds}"
        );
    }
}
