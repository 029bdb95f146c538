//! Logs that come apart over and over: whatever is kept and gone on from, every state is that of folding the whole past.

use conclave_core::event::*;
use conclave_core::id::{EventId, IdentityId};
use conclave_core::log::{Log, Verdict};
use conclave_core::permissions::Bits;
use proptest::prelude::*;

use crate::laws::{Dice, PEOPLE, Stage, body, stage, verdicts};
use crate::world::*;

/// How the people of a log know of one another.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Each cites the last event of every other but so many.
    Lagging(usize),
    /// Each cites nobody, but now and then the owner cites all.
    Wide(usize),
    /// Two strands that never meet before the end.
    Apart,
}

/// An act that meets nothing beside it: everybody changes what is theirs.
fn calm(dice: &mut Dice, world: &World, stage: &Stage, who: Who, n: usize) -> Body {
    let member = IdentityId(id(1000 + 10 * n + who));
    match dice.roll(4) {
        0 => RoleGrant {
            role: stage.roles[3],
            member,
        }
        .into(),
        1 => Unban { member }.into(),
        2 => NicknameSet {
            member,
            nickname: None,
            seen: vec![],
        }
        .into(),
        _ => InviteCreate {
            kind: 1,
            verify_key: world.people[who].key.public(),
            leaf: leaf(n),
            role: None,
            channel: None,
            max_uses: None,
            expires: None,
        }
        .into(),
    }
}

/// A log of a shape, in which one act of so many is a random one; the others are calm.
fn build(seed: u64, shape: Shape, wild: usize, rounds: usize) -> World {
    let mut dice = Dice(seed);
    let mut world = World::new(PEOPLE);
    let stage = stage(&mut world);
    let fork = world.heads();
    let people = match shape {
        Shape::Wide(_) => PEOPLE,
        _ => 2 + dice.roll(2),
    };
    let mut strands: Vec<Vec<EventId>> = vec![vec![]; people];
    for n in 0..rounds {
        let before = strands.clone();
        for (who, strand) in strands.iter_mut().enumerate() {
            let mut heads = fork.clone();
            let others = (0..people).filter(|other| *other != who);
            match shape {
                Shape::Lagging(lag) => heads.extend(others.filter_map(|other| {
                    let at = before[other].len().checked_sub(lag + 1)?;
                    before[other].get(at).copied()
                })),
                Shape::Wide(every) if who == OWNER && n % every == every - 1 => {
                    heads.extend(others.filter_map(|other| before[other].last().copied()));
                }
                Shape::Wide(_) | Shape::Apart => {}
            }
            let act = if dice.roll(wild) == 0 {
                body(&mut dice, &world, &stage)
            } else {
                calm(&mut dice, &world, &stage, who, n)
            };
            let event = world.sign(who, &heads, act);
            let inserted = world.put(who, &event);
            if inserted.is_ok_and(|inserted| inserted.verdict == Verdict::Accepted) {
                strand.push(event.event_id());
            }
        }
    }
    world
}

fn shapes() -> impl Strategy<Value = Shape> {
    prop_oneof![
        (0usize..5).prop_map(Shape::Lagging),
        (2usize..6).prop_map(Shape::Wide),
        Just(Shape::Apart),
    ]
}

/// What a state is, down to what its digest does not commit to.
fn told(log: &mut Log, heads: &[EventId]) -> (String, String) {
    let audited = log.audit(heads).unwrap();
    let resolved = log.resolve(heads).unwrap();
    (format!("{resolved:?}"), format!("{audited:?}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_state_is_that_of_folding_its_whole_past(
        seed in any::<u64>(), shape in shapes(), wild in 1usize..12, rounds in 3usize..14,
    ) {
        let mut world = build(seed, shape, wild, rounds);
        let mut dice = Dice(seed ^ 0xbead);
        let accepted: Vec<EventId> = world.log.events().map(|event| event.event_id()).collect();
        for event in &accepted {
            let (resolved, audited) = told(&mut world.log, &[*event]);
            prop_assert_eq!(resolved, audited);
        }
        for _ in 0..12 {
            let heads: Vec<EventId> = (0..=dice.roll(4)).map(|_| dice.pick(&accepted)).collect();
            let (resolved, audited) = told(&mut world.log, &heads);
            prop_assert_eq!(resolved, audited);
        }
        let digest = world.now().digest();
        for _ in 0..2 {
            let mut events = world.made.clone();
            dice.shuffle(&mut events);
            let mut other = replay(world.server(), &events);
            prop_assert_eq!(verdicts(&other, &world.made), verdicts(&world.log, &world.made));
            prop_assert_eq!(other.current().unwrap().digest(), digest);
        }
    }
}

/// A member who is lifted beside a nickname or a timeout keeps what they had: a grant bears on acts on its member.
#[test]
fn a_grant_meets_a_nickname_beside_it() {
    let powers = Bits::MANAGE_NICKNAMES | Bits::MODERATE_MEMBERS;
    for (position, saved) in [("T", true), ("C", false)] {
        let mut world = World::new(2);
        world.role("M", powers, &[1]);
        let role = world.role(position, Bits::NONE, &[]);
        let (fork, member) = (world.heads(), world.identity(2));
        let nickname = NicknameSet {
            member,
            nickname: None,
            seen: vec![],
        };
        let nickname = world.act_at(1, &fork, nickname);
        let grant = world.act_at(OWNER, &fork, RoleGrant { role, member });
        assert_eq!(
            world.fell_to(&nickname),
            saved.then_some(grant),
            "{position}"
        );
    }
}

/// An overwrite of one subject bears on whoever writes another's by what it denies them.
#[test]
fn an_overwrite_meets_another_subjects_beside_it() {
    for (denied, falls) in [(Bits::MANAGE_ROLES, true), (Bits::SEND_MESSAGES, false)] {
        let mut world = World::new(2);
        let role = world.role("M", Bits::MANAGE_ROLES, &[1]);
        let channel = world.text_channel(vec![]);
        let (fork, member) = (world.heads(), world.identity(2));
        let write = |overwrite| OverwriteSet { channel, overwrite };
        let theirs = overwrite(Subject::Member(member), Bits::NONE, Bits::SEND_MESSAGES);
        let theirs = world.act_at(1, &fork, write(theirs));
        let denial = overwrite(Subject::Role(role), Bits::NONE, denied);
        let denial = world.act_at(OWNER, &fork, write(denial));
        assert_eq!(world.fell_to(&theirs), falls.then_some(denial));
    }
}

/// Two names are set beside each other. What carries the first was given by somebody low before its role rose, which counts only
/// once a newcomer, who touches nothing, makes that grant concurrent with something beside it.
#[test]
fn a_newcomer_settles_an_old_quarrel_otherwise() {
    let mut world = World::new(4);
    world.role("g", Bits::MANAGE_ROLES, &[1]);
    let risen = world.role("5", Bits::MANAGE_GUILD, &[]);
    world.role("k", Bits::MANAGE_GUILD, &[3]);
    let fork = world.heads();
    let member = world.identity(2);
    let grant = world.act_at(
        1,
        &fork,
        RoleGrant {
            role: risen,
            member,
        },
    );
    let rise = RoleUpdate {
        position: Some("t".into()),
        ..role_update(risen)
    };
    let rise = world.act_at(OWNER, &[grant], rise);
    let named = |name: &str| ServerUpdate {
        name: Some(name.into()),
        ..Default::default()
    };
    let first = world.act_at(2, &[rise], named("first"));
    let second = world.act_at(3, &[rise], named("second"));
    let both = world.act_at(OWNER, &[first, second], Merge::default());
    assert_eq!(world.log.resolve(&[both]).unwrap().name(), "first");
    let newcomer = world.act_at(4, &fork, Merge::default());
    assert_eq!(
        world.log.resolve(&[both, newcomer]).unwrap().name(),
        "second"
    );
    assert_eq!(world.log.audit(&[both, newcomer]).unwrap().name(), "second");
}
