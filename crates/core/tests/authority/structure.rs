//! An event's place in the log, and what is refused there.

use conclave_core::event::*;
use conclave_core::hash::Label;
use conclave_core::id::*;
use conclave_core::log::{
    EVENTS_PER_DEVICE_MAX, Effect, HaltReason, InsertError, Log, PROTOCOL_VERSION, Verdict,
};
use conclave_core::permissions::{Bits, Denied};
use conclave_core::signed::{Unverified, Verified};

use crate::world::*;

/// Signs a changed copy of an event.
fn changed(
    world: &World,
    who: Who,
    event: &Event,
    change: impl FnOnce(&mut Event),
) -> Verified<Event> {
    let mut event = event.clone();
    change(&mut event);
    Verified::sign(event, &world.people[who].key)
}

#[test]
fn duplicates_strangers_and_orphans_are_told_apart() {
    let mut world = World::new(1);
    let event = world.sign(1, &world.heads(), Merge::default());
    let proof = world.proof(1);
    let orphan = changed(&world, 1, &event, |event| {
        event.parents = vec![EventId([1; 32])]
    });
    assert_eq!(
        world.log.insert(orphan, proof),
        Err(InsertError::MissingParents(vec![EventId([1; 32])]))
    );
    let stranger = changed(&world, 1, &event, |event| {
        event.server = Some(ServerId([1; 32]))
    });
    assert_eq!(
        world.log.insert(stranger, proof),
        Err(InsertError::WrongServer)
    );
    assert!(world.log.insert(event.clone(), proof).is_ok());
    assert_eq!(world.log.insert(event, proof), Err(InsertError::Duplicate));
}

#[test]
fn parents_are_an_ascending_antichain_within_limits() {
    let mut world = World::new(20);
    let before = world.heads();
    let branches: Vec<EventId> = (1..=17)
        .map(|who| world.act_at(who, &before, Merge::default()))
        .collect();
    let event = world.sign(18, &branches[..16], Merge::default());
    let proof = world.proof(18);
    let many = changed(&world, 18, &event, |event| {
        event.parents = branches.clone();
        event.parents.sort_unstable();
    });
    assert_eq!(
        world.log.insert(many, proof),
        Err(InsertError::TooManyParents(17))
    );
    let unsorted = changed(&world, 18, &event, |event| event.parents.reverse());
    assert_eq!(
        world.log.insert(unsorted, proof),
        Err(InsertError::NotAntichain)
    );
    let nested = changed(&world, 18, &event, |event| {
        event.parents = vec![branches[0], before[0]];
        event.parents.sort_unstable();
    });
    assert_eq!(
        world.log.insert(nested, proof),
        Err(InsertError::NotAntichain)
    );
    let none = changed(&world, 18, &event, |event| event.parents.clear());
    assert_eq!(
        world.log.insert(none, proof),
        Err(InsertError::NotAntichain)
    );
    assert_eq!(world.put(18, &event).unwrap().verdict, Verdict::Accepted);
}

#[test]
fn a_device_follows_its_own_chain() {
    let mut world = World::new(2);
    let first = world.act(1, Merge::default());
    world.act(2, Merge::default());
    let event = world.sign(1, &world.heads(), Merge::default());
    assert_eq!((event.seq, event.prev_self), (1, Some(first)));
    assert_eq!(world.log.next_position(&event.device), (1, Some(first)));
    let proof = world.proof(1);
    type Change = fn(&mut Event);
    let wrong: [Change; 4] = [
        |event| event.seq = 2,
        |event| event.seq = 0,
        |event| event.prev_self = None,
        |event| event.prev_self = event.parents.first().map(|_| EventId([3; 32])),
    ];
    for change in wrong {
        let bad = changed(&world, 1, &event, change);
        assert!(matches!(
            world.log.insert(bad, proof),
            Err(InsertError::SelfChain { .. })
        ));
    }
    // What it follows must be in its past, not only known.
    let before = world.log.get(&first).unwrap().parents.clone();
    let beside = changed(&world, 1, &event, |event| event.parents = before.clone());
    assert!(matches!(
        world.log.insert(beside, proof),
        Err(InsertError::SelfChain { .. })
    ));
    assert!(world.log.insert(event, proof).is_ok());
}

/// A device signs two events with one sequence: both stand as concurrent ones, the proof is kept, and the device is frozen
/// for whatever cites both; what it did before stays.
#[test]
fn equivocation_is_kept_as_evidence_and_freezes_the_device_for_citers() {
    let mut world = World::new(2);
    world.role("M", Bits::MANAGE_CHANNELS, &[1]);
    let made = world.act(1, channel("before", vec![]));
    let heads = world.heads();
    let left = world.sign(1, &heads, channel("left", vec![]));
    let right = world.sign(1, &heads, channel("right", vec![]));
    assert_eq!(world.put(1, &left).unwrap().fork, None);
    // While the fork is not cited, the device goes on along one branch.
    let along = world.sign(1, &[left.event_id()], Merge::default());
    let fork = world.put(1, &right).unwrap().fork.unwrap();
    let (a, b) = (left.event_id(), right.event_id());
    assert_eq!(
        (fork.device, fork.seq, fork.first, fork.second),
        (left.device, 1, a.min(b), a.max(b))
    );
    assert_eq!(world.log.forks().collect::<Vec<_>>(), [fork]);
    assert_eq!(world.put(1, &along).unwrap().verdict, Verdict::Accepted);
    let state = world.now();
    assert!(
        [made, a, b]
            .iter()
            .all(|id| state.channel(&(*id).into()).is_some())
    );
    // Whoever cites both branches is fine, the device itself is not.
    let join = world.act(2, Merge::default());
    assert_eq!(
        world.refused(1, Merge::default()),
        Denied::Frozen(left.device)
    );
    assert!(world.log.is_ancestor(&a, &[join]) && world.log.is_ancestor(&b, &[join]));
    assert!(!world.log.is_ancestor(&a, &[b]) && !world.log.is_ancestor(&b, &[along.event_id()]));
}

#[test]
fn more_than_two_branches_of_one_device_are_not_cited() {
    let mut world = World::new(2);
    let heads = world.heads();
    let mut forks: Vec<EventId> = (0..3)
        .map(|n| {
            let event = world.sign(1, &heads, Merge::default());
            let event = changed(&world, 1, &event, |event| event.time = Millis(n));
            world.log.insert(event.clone(), world.proof(1)).unwrap();
            event.event_id()
        })
        .collect();
    forks.sort_unstable();
    let all = world.sign(2, &forks, Merge::default());
    let device = world.people[1].device;
    let proof = world.proof(2);
    assert_eq!(
        world.log.insert(all, proof),
        Err(InsertError::TooManyBranches(device))
    );
    world.act_at(2, &forks[..2], Merge::default());
}

#[test]
fn what_cites_a_rejected_event_is_rejected() {
    let mut world = World::new(2);
    let heads = world.heads();
    let bad = world.sign(1, &heads, channel("no", vec![]));
    assert!(matches!(
        world.put(1, &bad).unwrap().verdict,
        Verdict::Rejected(_)
    ));
    let id = bad.event_id();
    assert!(world.log.contains(&id) && world.log.get(&id).is_none());
    assert!(!world.log.heads().contains(&id));
    let citing = world.sign(2, &heads, Merge::default());
    let citing = changed(&world, 2, &citing, |event| event.parents = vec![id]);
    let verdict = world.log.insert(citing, world.proof(2)).unwrap().verdict;
    assert_eq!(verdict, Verdict::Rejected(Denied::CitesRejected(id)));
    assert!(world.log.resolve(&[id]).is_err());
    world.act_at(2, &heads, Merge::default());
}

/// What becomes of an event does not depend on whether a rejected event that it follows came before or after it: found by the
/// oracle's laws.
#[test]
fn a_chain_through_a_rejected_event_is_refused_in_any_order() {
    let mut world = World::new(2);
    let heads = world.heads();
    let bad = world.sign(1, &heads, channel("no", vec![]));
    let next = world.sign(1, &heads, Merge::default());
    let next = changed(&world, 1, &next, |event| {
        (event.seq, event.prev_self) = (1, Some(bad.event_id()));
    });
    let wrong = InsertError::SelfChain {
        device: next.device,
        seq: 1,
    };
    let proof = world.proof(1);
    assert_eq!(world.log.insert(next.clone(), proof), Err(wrong.clone()));
    let verdict = world.put(1, &bad).unwrap().verdict;
    assert!(matches!(verdict, Verdict::Rejected(_)));
    assert_eq!(world.log.insert(next, proof), Err(wrong));
    world.act_at(1, &heads, Merge::default());
}

/// An event that a later state would allow was still not allowed where it stands: it stays rejected.
#[test]
fn a_rejected_event_stays_rejected() {
    let mut world = World::new(1);
    let heads = world.heads();
    let early = world.sign(1, &heads, channel("early", vec![]));
    world.role("M", Bits::MANAGE_CHANNELS, &[1]);
    assert!(matches!(
        world.put(1, &early).unwrap().verdict,
        Verdict::Rejected(_)
    ));
    world.act(1, channel("late", vec![]));
    assert_eq!(world.now().channels().count(), 1);
}

/// The same event with a critical key that nobody knows.
fn with_critical_key(world: &World, who: Who, event: &Verified<Event>) -> Verified<Event> {
    let mut payload = event.payload().to_vec();
    payload[0] += 1;
    payload.extend_from_slice(&[0x18, 200, 0]);
    let key = &world.people[who].key;
    let signature = key.sign(Label::EventSign, &payload);
    let mut wire = Vec::new();
    let mut encoder = minicbor::Encoder::new(&mut wire);
    encoder.array(2).unwrap().bytes(&payload).unwrap();
    encoder.bytes(&signature).unwrap();
    let unverified = Unverified::<Event>::decode(&wire).unwrap();
    unverified.verify(&key.public()).unwrap()
}

/// A newer kind, a newer format, a critical key.
fn newer(world: &mut World, which: usize) -> Verified<Event> {
    let event = world.sign(1, &world.heads(), Merge::default());
    match which {
        0 => changed(world, 1, &event, |event| event.kind = 48),
        1 => changed(world, 1, &event, |event| event.version = 2),
        _ => with_critical_key(world, 1, &event),
    }
}

#[test]
fn what_is_unknown_halts_only_where_the_owner_allows_newer_versions() {
    let reasons = [
        HaltReason::UnknownKind(48),
        HaltReason::Format(2),
        HaltReason::Critical(200),
    ];
    for (which, reason) in reasons.into_iter().enumerate() {
        let mut world = World::new(1);
        let event = newer(&mut world, which);
        let verdict = world.put(1, &event).unwrap().verdict;
        let rejected = matches!(verdict, Verdict::Rejected(Denied::Version { .. }));
        assert!(
            rejected && world.log.halted().is_none(),
            "{reason}: {verdict:?}"
        );
        let version = PROTOCOL_VERSION + 1;
        let ask = world.act(OWNER, MinVersion { version });
        assert_eq!(world.log.halted(), Some(&HaltReason::MinVersion(version)));
        let event = newer(&mut world, which);
        let id = event.event_id();
        assert_eq!(world.put(1, &event).unwrap().verdict, Verdict::Accepted);
        assert_eq!(world.log.effective(&id), Some(Effect::Unknown));
        assert!(
            world
                .log
                .halts()
                .any(|(event, why)| *event == id && *why == reason)
        );
        assert!(world.log.is_ancestor(&ask, &[id]));
        // It goes on reading: what others do is folded as before.
        world.act(OWNER, channel("read on", vec![]));
        assert_eq!(world.now().channels().count(), 1);
    }
}

#[test]
fn malformed_events_leave_no_trace() {
    let mut world = World::new(1);
    let long = "x".repeat(5000);
    let bad: Vec<Body> = vec![
        ServerUpdate {
            name: Some(long.clone()),
            ..Default::default()
        }
        .into(),
        ServerUpdate {
            name: Some(String::new()),
            ..Default::default()
        }
        .into(),
        channel(&long, vec![]).into(),
        ChannelCreate {
            kind: 3,
            ..channel("voice", vec![])
        }
        .into(),
        ChannelCreate {
            position: "a0".into(),
            ..channel("x", vec![])
        }
        .into(),
        ChannelCreate {
            durability: 9,
            ..channel("x", vec![])
        }
        .into(),
        role("", Bits::NONE).into(),
        Kick {
            member: world.identity(1),
            seen: [world.seen(1, None), world.seen(1, None)].concat(),
        }
        .into(),
        OverwriteSet {
            channel: ChannelId([0; 32]),
            overwrite: overwrite(world.everyone(), Bits::SPEAK, Bits::SPEAK),
        }
        .into(),
    ];
    for body in bad {
        let event = world.sign(OWNER, &world.heads(), body);
        let proof = world.proof(OWNER);
        let error = world.log.insert(event.clone(), proof).unwrap_err();
        assert!(matches!(error, InsertError::Malformed(_)), "{error}");
        assert!(!world.log.contains(&event.event_id()));
    }
    let event = world.sign(OWNER, &world.heads(), Merge::default());
    let proof = world.proof(OWNER);
    let junk = changed(&world, OWNER, &event, |event| {
        event.body = vec![0xff].into()
    });
    assert!(matches!(
        world.log.insert(junk, proof),
        Err(InsertError::Malformed(_))
    ));
    let version = changed(&world, OWNER, &event, |event| event.version = 0);
    assert!(matches!(
        world.log.insert(version, proof),
        Err(InsertError::Malformed(_))
    ));
    // One device makes no more than so many events; the last of them is only out of its place here.
    for (seq, refused) in [
        (EVENTS_PER_DEVICE_MAX, true),
        (EVENTS_PER_DEVICE_MAX - 1, false),
    ] {
        let late = changed(&world, OWNER, &event, |event| event.seq = seq);
        let error = world.log.insert(late, proof).unwrap_err();
        assert_eq!(
            matches!(error, InsertError::Malformed(_)),
            refused,
            "{error}"
        );
    }
    assert!(world.log.insert(event, proof).is_ok());
}

#[test]
fn a_second_genesis_founds_nothing() {
    let world = World::new(0);
    let mut other = World::new(1);
    let genesis = world.made[0].clone();
    assert_eq!(Log::new(other.server()).len(), 0);
    let same = other.made[0].clone();
    assert_eq!(genesis.0.event_id(), same.0.event_id());
    let Ok(Body::Genesis(body)) = genesis.0.decode_body() else {
        panic!()
    };
    let event = other.sign(
        OWNER,
        &other.heads(),
        Body::Genesis(Genesis {
            name: "Coup".into(),
            ..body
        }),
    );
    let verdict = other.put(OWNER, &event).unwrap().verdict;
    assert_eq!(verdict, Verdict::Rejected(Denied::SecondGenesis));
}

#[test]
fn covers_compares_heads() {
    let mut world = World::new(2);
    let before = world.heads();
    let a = world.act_at(1, &before, Merge::default());
    let b = world.act_at(2, &before, Merge::default());
    let log = &world.log;
    assert!(log.covers(&[a, b], &before) && log.covers(&[a, b], &[a]) && log.covers(&[a], &[a]));
    assert!(!log.covers(&[a], &[b]) && !log.covers(&before, &[a]));
    assert!(!log.covers(&[a], &[EventId([9; 32])]));
}
