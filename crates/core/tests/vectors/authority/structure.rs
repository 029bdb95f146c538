//! Forks, rejected and unknown events, and what is refused without a trace.

use std::collections::BTreeSet;

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::signed::Verified;
use serde_json::Value;

use super::world::*;
use super::{case, refusal};

pub fn structure() -> Vec<Value> {
    let mut cases = Vec::new();
    forks(&mut cases);
    citing_the_rejected(&mut cases);
    unknown_kinds(&mut cases);
    refusals(&mut cases);
    cases
}

/// Two events of one device for one position.
fn forks(cases: &mut Vec<Value>) {
    let mut world = World::new(2);
    let heads = world.heads();
    let (left, right) = (
        world.sign(1, &heads, Merge::default()),
        world.sign(1, &heads, Merge::default()),
    );
    world.put(1, &left).unwrap();
    world.put(1, &right).unwrap();
    cases.push(case("a fork stands as concurrent events", world.clone()));
    world.act(2, Merge::default());
    world.refused(1, Merge::default());
    cases.push(case(
        "a forked device is frozen for who cites the fork",
        world,
    ));
}

/// An event that builds on a rejected one.
fn citing_the_rejected(cases: &mut Vec<Value>) {
    let mut world = World::new(2);
    let heads = world.heads();
    let bad = world.sign(1, &heads, channel("no", vec![]));
    world.put(1, &bad).unwrap();
    let citing = world.sign(2, &heads, Merge::default());
    let citing = Event {
        parents: vec![bad.event_id()],
        ..(*citing).clone()
    };
    let citing = Verified::sign(citing, &world.people[2].key);
    world.put(2, &citing).unwrap();
    cases.push(case("what cites a rejected event is rejected", world));
}

/// A kind that this version does not know, before and after the owner allows it.
fn unknown_kinds(cases: &mut Vec<Value>) {
    let mut world = World::new(1);
    let newer = |world: &mut World| {
        let event = world.sign(1, &world.heads(), Merge::default());
        let event = Verified::sign(
            Event {
                kind: 48,
                ..(*event).clone()
            },
            &world.people[1].key,
        );
        world.put(1, &event).unwrap();
    };
    newer(&mut world);
    cases.push(case(
        "a kind that the owner has not allowed is rejected",
        world.clone(),
    ));
    world.act(OWNER, MinVersion { version: 2 });
    newer(&mut world);
    cases.push(case("a kind that the owner has allowed halts", world));
}

/// What is never inserted, each a single step away from an event that is.
fn refusals(cases: &mut Vec<Value>) {
    let mut world = World::new(1);
    world.act(1, Merge::default());
    let good = (*world.sign(1, &world.heads(), Merge::default())).clone();
    assert!(
        world
            .clone()
            .log
            .insert(
                Verified::sign(good.clone(), &world.people[1].key),
                world.proof(1)
            )
            .is_ok()
    );
    let broken = broken(&world, good).into_iter();
    cases.extend(broken.map(|(name, event)| refusal(name, &world, 1, event)));
}

/// The event with one thing wrong at a time.
fn broken(world: &World, good: Event) -> Vec<(&'static str, Event)> {
    vec![
        (
            "another server",
            Event {
                server: Some(ServerId([1; 32])),
                ..good.clone()
            },
        ),
        (
            "a sequence left out",
            Event {
                seq: good.seq + 1,
                ..good.clone()
            },
        ),
        (
            "no event before it",
            Event {
                prev_self: None,
                ..good.clone()
            },
        ),
        (
            "no parents",
            Event {
                parents: vec![],
                ..good.clone()
            },
        ),
        (
            "a missing parent",
            Event {
                parents: vec![EventId([1; 32])],
                ..good.clone()
            },
        ),
        ("a parent in the past of another", {
            let parents = BTreeSet::from([good.parents[0], world.made[0].0.event_id()]);
            Event {
                parents: parents.into_iter().collect(),
                ..good.clone()
            }
        }),
        (
            "seventeen parents",
            Event {
                parents: (1..18).map(|n| EventId([n; 32])).collect(),
                ..good.clone()
            },
        ),
        (
            "a body of another kind",
            Event {
                kind: 2,
                body: vec![0x80].into(),
                ..good.clone()
            },
        ),
        ("format version 0", Event { version: 0, ..good }),
    ]
}
