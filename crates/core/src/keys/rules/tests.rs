#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

/// A log whose events are numbered in causal order on two branches: even and odd numbers do not see each other below 100.
fn past(event: &EventId, heads: &[EventId]) -> bool {
    heads.iter().any(|head| {
        let (event, head) = (event.0[0], head.0[0]);
        event == head || (event < head && (head >= 100 || event % 2 == head % 2))
    })
}

fn event(number: u8) -> EventId {
    EventId([number; 32])
}

fn epoch(number: u8) -> EpochId {
    EpochId([number; 32])
}

fn device(number: u8) -> Pseudonym {
    Pseudonym([number; 32])
}

fn facts(id: u8, parents: &[u8], heads: &[u8]) -> EpochFacts {
    EpochFacts {
        id: epoch(id),
        parents: parents.iter().map(|id| epoch(*id)).collect(),
        audience: AudienceId([1; 32]),
        heads: heads.iter().map(|number| event(*number)).collect(),
        reason: if parents.is_empty() {
            Reason::First
        } else {
            Reason::Removal
        },
        removed: BTreeMap::new(),
        closing: BTreeMap::new(),
        author: IdentityId([2; 32]),
        device: DeviceId([3; 32]),
    }
}

fn graph(epochs: impl IntoIterator<Item = EpochFacts>) -> EpochGraph {
    let mut graph = EpochGraph::default();
    epochs.into_iter().for_each(|facts| graph.insert(facts));
    graph
}

fn leaving(mut facts: EpochFacts, who: u8, seq: u64) -> EpochFacts {
    facts.removed.insert(device(who), seq);
    facts
}

const GROUNDS: Grounds<'_> = Grounds {
    author_present: true,
    removals: &[],
    bad_slot: false,
    cutoff: false,
    refresh: false,
};

#[test]
fn r1_an_epoch_that_does_not_know_a_ban_is_not_usable() {
    let ban = [Removal::Event(event(4))];
    let graph = graph([facts(1, &[], &[2]), facts(2, &[1], &[4])]);
    assert!(
        graph.usable(&epoch(1), true, &[], &past),
        "before the sender learns of the ban"
    );
    assert!(!graph.usable(&epoch(1), true, &ban, &past));
    assert!(graph.usable(&epoch(2), true, &ban, &past));
    assert!(
        !graph.usable(&epoch(2), false, &ban, &past),
        "its author was not authorised"
    );
    assert!(!graph.usable(&epoch(9), true, &[], &past), "unknown");
}

#[test]
fn r1_a_departure_is_known_to_the_epoch_that_lists_it_and_to_all_after() {
    let graph = graph([
        facts(1, &[], &[2]),
        leaving(facts(2, &[1], &[2]), 7, 3),
        facts(3, &[2], &[2]),
        facts(4, &[1], &[2]),
    ]);
    let left = [Removal::Left(device(7), 3)];
    let usable = |id, removals: &[Removal]| graph.usable(&epoch(id), true, removals, &past);
    assert_eq!(
        [1, 2, 3, 4].map(|id| usable(id, &left)),
        [false, true, true, false]
    );
    // Back with register 4, and gone again with 5: the old listing says nothing about that.
    assert!(!usable(3, &[Removal::Left(device(7), 5)]));
}

#[test]
fn r1_two_bans_at_once_leave_neither_epoch_usable_and_the_heal_is() {
    let graph = graph([
        facts(1, &[], &[2]),
        facts(2, &[1], &[4]),
        facts(3, &[1], &[5]),
        facts(4, &[2, 3], &[4, 5]),
    ]);
    let bans = [Removal::Event(event(4)), Removal::Event(event(5))];
    let usable: Vec<u8> = (1..=4)
        .filter(|id| graph.usable(&epoch(*id), true, &bans, &past))
        .collect();
    assert_eq!(usable, [4]);
}

#[test]
fn r2_takes_a_head_with_the_lowest_id() {
    let graph = graph([
        facts(1, &[], &[2]),
        facts(9, &[1], &[4]),
        facts(8, &[1], &[4]),
        facts(3, &[9], &[6]),
    ]);
    let set = |ids: &[u8]| ids.iter().map(|id| epoch(*id)).collect::<BTreeSet<_>>();
    assert_eq!(graph.choose(&set(&[1, 8, 9, 3])), Some(epoch(3)));
    assert_eq!(graph.choose(&set(&[1, 8, 9])), Some(epoch(8)));
    assert_eq!(
        graph.choose(&set(&[1, 3])),
        Some(epoch(3)),
        "a link in between need not be a candidate"
    );
    assert_eq!(graph.choose(&set(&[1])), Some(epoch(1)));
    assert_eq!(graph.choose(&set(&[])), None);
    assert_eq!(graph.heads(&set(&[1, 8, 9, 3])), set(&[3, 8]));
}

#[test]
fn r3_a_removal_must_be_news_to_a_parent() {
    let graph = graph([facts(1, &[], &[2]), facts(2, &[1], &[4])]);
    let ban = [Removal::Event(event(4))];
    let grounds = Grounds {
        removals: &ban,
        ..GROUNDS
    };
    assert_eq!(graph.valid(&facts(3, &[1], &[4]), &grounds, &past), Ok(()));
    let noop = graph.valid(&facts(3, &[2], &[6]), &grounds, &past);
    assert_eq!(
        noop,
        Err(Invalid::NoGrounds(Reason::Removal)),
        "the parent knew it"
    );
    let blind = graph.valid(&facts(3, &[1], &[2]), &grounds, &past);
    assert_eq!(
        blind,
        Err(Invalid::NoGrounds(Reason::Removal)),
        "the epoch itself does not know it"
    );
}

#[test]
fn r3_a_departure_is_news_once() {
    let graph = graph([facts(1, &[], &[2]), leaving(facts(2, &[1], &[2]), 7, 3)]);
    let left = [Removal::Left(device(7), 3)];
    let grounds = Grounds {
        removals: &left,
        ..GROUNDS
    };
    let valid = |facts| graph.valid(&facts, &grounds, &past);
    assert_eq!(valid(leaving(facts(3, &[1], &[2]), 7, 3)), Ok(()));
    assert!(
        valid(leaving(facts(3, &[2], &[2]), 7, 3)).is_err(),
        "the parent lists it"
    );
    assert!(valid(facts(3, &[1], &[2])).is_err(), "not listed");
    assert_eq!(
        valid(facts(3, &[1, 2], &[2])),
        Ok(()),
        "a heal of both inherits it"
    );
}

#[test]
fn r3_a_heal_of_two_bans_is_valid_and_a_second_heal_is_not() {
    let mut graph = graph([
        facts(1, &[], &[2]),
        facts(2, &[1], &[4]),
        facts(3, &[1], &[5]),
    ]);
    let bans = [Removal::Event(event(4)), Removal::Event(event(5))];
    let grounds = Grounds {
        removals: &bans,
        ..GROUNDS
    };
    let heal = facts(4, &[2, 3], &[4, 5]);
    assert_eq!(graph.valid(&heal, &grounds, &past), Ok(()));
    graph.insert(heal);
    assert!(
        graph
            .valid(&facts(5, &[4], &[4, 5]), &grounds, &past)
            .is_err()
    );
}

#[test]
fn r3_other_reasons_need_their_grounds() {
    let graph = graph([facts(1, &[], &[2])]);
    let with = |reason| EpochFacts {
        reason,
        ..facts(2, &[1], &[2])
    };
    type Give = fn(&mut Grounds<'_>);
    let cases: [(Reason, Give); 3] = [
        (Reason::BadSlot, |grounds| grounds.bad_slot = true),
        (Reason::Cutoff, |grounds| grounds.cutoff = true),
        (Reason::Refresh, |grounds| grounds.refresh = true),
    ];
    for (reason, give) in cases {
        let refused = graph.valid(&with(reason), &GROUNDS, &past);
        assert_eq!(refused, Err(Invalid::NoGrounds(reason)));
        let mut grounds = GROUNDS;
        give(&mut grounds);
        assert_eq!(graph.valid(&with(reason), &grounds, &past), Ok(()));
        let orphan = EpochFacts {
            parents: Vec::new(),
            ..with(reason)
        };
        assert!(
            graph.valid(&orphan, &grounds, &past).is_err(),
            "only a first epoch has no parents"
        );
    }
    assert_eq!(graph.valid(&facts(2, &[], &[2]), &GROUNDS, &past), Ok(()));
    assert!(graph.valid(&with(Reason::First), &GROUNDS, &past).is_err());
}

#[test]
fn r3_author_parents_audience_and_rollback() {
    let graph = graph([facts(1, &[], &[4])]);
    let ban = [Removal::Event(event(6))];
    let grounds = Grounds {
        removals: &ban,
        ..GROUNDS
    };
    let good = facts(2, &[1], &[6]);
    assert_eq!(
        graph.valid(&good, &grounds, &past),
        Ok(()),
        "positive control"
    );
    let absent = Grounds {
        author_present: false,
        ..grounds
    };
    assert_eq!(
        graph.valid(&good, &absent, &past),
        Err(Invalid::Author(good.author))
    );
    let waiting = graph.valid(&facts(2, &[8], &[6]), &grounds, &past);
    assert_eq!(waiting, Err(Invalid::MissingParent(epoch(8))));
    let foreign = EpochFacts {
        audience: AudienceId([9; 32]),
        ..good
    };
    assert_eq!(
        graph.valid(&foreign, &grounds, &past),
        Err(Invalid::Audience(AudienceId([1; 32])))
    );
    let rollback = graph.valid(&facts(2, &[1], &[7]), &grounds, &past);
    assert_eq!(rollback, Err(Invalid::Rollback(event(4))));
}

#[test]
fn r4_what_a_removed_device_sent_beyond_the_closing_is_refused() {
    let topic = TopicTag([5; 16]);
    let closed = |mut facts: EpochFacts, last| {
        facts.closing.insert((device(7), topic), last);
        facts
    };
    let graph = graph([
        facts(1, &[], &[2]),
        closed(facts(2, &[1], &[4]), 10),
        closed(facts(3, &[1], &[5]), 12),
        facts(4, &[2, 3], &[6]),
        facts(5, &[1], &[8]),
    ]);
    let accepts = |seq, id| graph.accepts(&device(7), &topic, seq, &epoch(id));
    assert!(accepts(12, 1), "up to what the better informed removal saw");
    assert!(!accepts(13, 1));
    assert!(
        !accepts(13, 5),
        "under a fork that does not know of the removal"
    );
    assert!(
        accepts(99, 4),
        "under an epoch after both: it has come back"
    );
    assert!(
        !accepts(13, 2),
        "under one of two removals, beyond the other's list"
    );
    assert!(
        graph.accepts(&device(8), &topic, 99, &epoch(1)),
        "somebody else"
    );
    assert!(
        graph.accepts(&device(7), &TopicTag([6; 16]), 99, &epoch(1)),
        "another topic"
    );
}

proptest::proptest! {
    /// Walking down from the newest finds what judging every epoch finds, in whatever order the epochs came.
    #[test]
    fn the_newest_usable_epochs_are_the_heads_of_all_usable_ones(
        epochs in proptest::collection::vec((0u16.., 0u8..16, proptest::prelude::any::<bool>()), 1..14),
        required in 0u8..16,
        order in proptest::prelude::any::<u64>(),
    ) {
        let made: Vec<EpochFacts> = (0u8..)
            .zip(&epochs)
            .map(|(id, (parents, leaving, _))| {
                let parents: Vec<u8> = (0..id).filter(|parent| parents >> parent & 1 == 1).collect();
                let mut facts = facts(id, &parents, &[2]);
                let left = (0..4).filter(|who| leaving >> who & 1 == 1);
                facts.removed = left.map(|who| (device(who), 1)).collect();
                facts
            })
            .collect();
        let mut arriving = made.clone();
        arriving.sort_by_key(|facts| u64::from(facts.id.0[0]).wrapping_add(7).wrapping_mul(order | 1));
        let graph = graph(arriving);
        let open = |facts: &EpochFacts| epochs[usize::from(facts.id.0[0])].2;
        let knows = |facts: &EpochFacts| {
            let left = graph.departures(&facts.id);
            (0..4).all(|who| required >> who & 1 == 0 || left.contains_key(&device(who)))
        };
        let usable = made.iter().filter(|facts| open(facts) && knows(facts));
        let usable: BTreeSet<EpochId> = usable.map(|facts| facts.id).collect();
        let newest = graph.newest(AudienceId([1; 32]), |facts| match (open(facts), knows(facts)) {
            (false, _) => Standing::Closed,
            (true, true) => Standing::Usable,
            (true, false) => Standing::Outdated,
        });
        proptest::prop_assert_eq!(newest, graph.heads(&usable));
        let elsewhere = graph.newest(AudienceId([9; 32]), |_| Standing::Usable);
        proptest::prop_assert!(elsewhere.is_empty());
    }
}
