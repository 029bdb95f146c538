//! Checkpoints: what they freeze, what acts forward, what is lost, and who cannot make one.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::log::{CheckpointFault, Effect, Log, Verdict};
use conclave_core::permissions::{Bits, Denied};
use conclave_core::policy::{CheckpointError, Cosigned};
use conclave_core::signed::SigningKey;
use conclave_core::state::Lost;
use proptest::prelude::*;

use crate::laws::{Dice, PEOPLE, body, plant, stage, verdicts};
use crate::world::*;

const MODERATOR: Bits = Bits(Bits::BAN_MEMBERS.0 | Bits::MANAGE_ROLES.0 | Bits::MODERATE_MEMBERS.0);

/// A server with two moderators, 1 above 2, and member 3 below both.
fn moderated() -> World {
    let mut world = World::notarised(4);
    world.role("t", MODERATOR, &[1]);
    world.role("k", MODERATOR, &[2]);
    world
}

fn unban(world: &World, who: Who) -> Unban {
    let member = world.identity(who);
    Unban { member }
}

fn is_banned(world: &mut World, who: Who) -> bool {
    let member = world.identity(who);
    world.now().ban(&member).is_some()
}

#[test]
fn a_checkpoint_of_everything_changes_nothing_but_that_it_is_final() {
    let mut world = moderated();
    let before = world.now().digest();
    assert!(!world.log.is_final(&EventId(world.invite.0)));
    let unfrozen = world.log.unfrozen().len();
    let id = world.freeze();
    assert_eq!(world.now().digest(), before);
    assert_eq!(world.now().checkpoint(), Some((id, 1)));
    assert!(world.log.is_final(&EventId(world.invite.0)));
    assert_eq!(unfrozen, world.log.len() - 1);
    assert_eq!(world.log.unfrozen().len(), 1, "the post itself");
    let second = world.freeze();
    assert_eq!(world.now().checkpoint(), Some((second, 2)));
    let listed: Vec<_> = world
        .log
        .checkpoints()
        .iter()
        .map(|frozen| (frozen.id, frozen.checkpoint.epoch, frozen.canonical))
        .collect();
    assert_eq!(listed, [(id, 1, true), (second, 2, true)]);
    assert!(world.log.checkpoint_forks().is_empty());
}

#[test]
fn a_late_ban_acts_forward_and_voids_nothing_that_is_final() {
    let mut world = moderated();
    world.freeze();
    let apart = world.heads();
    // Moderator 2 acts and is frozen; the higher moderator 1, cut off, bans 2 beside it and honours nothing.
    let member = world.identity(3);
    let banned = world.ban(3, None);
    let act = world.act(2, banned);
    let free = world.clone();
    world.freeze_by(4);
    let ban_of_2 = world.ban(2, None);
    let ban = world.act_at(1, &apart, ban_of_2.clone());
    assert!(is_banned(&mut world, 2), "the late ban counts");
    assert_eq!(world.log.effective(&act), Some(Effect::Effective));
    assert!(world.now().ban(&member).is_some(), "what is final stays");
    assert_eq!(world.log.effective(&ban), Some(Effect::Effective));
    // Positive control: without the checkpoint the same ban takes the act of 2 along.
    let mut free = free;
    let ban = free.act_at(1, &apart, ban_of_2);
    assert!(matches!(
        free.log.effective(&act),
        Some(Effect::Overruled { by, .. }) if by == ban
    ));
}

#[test]
fn a_late_act_of_somebody_banned_by_what_is_frozen_is_lost() {
    let mut world = moderated();
    world.freeze();
    let apart = world.heads();
    let ban = world.ban(2, None);
    world.act(1, ban);
    world.freeze_by(4);
    let late = world.ban(3, None);
    let by_banned = world.act_at(2, &apart, late.clone());
    assert!(!is_banned(&mut world, 3));
    let banned = Denied::Banned(world.identity(2));
    assert_eq!(
        world.log.effective(&by_banned),
        Some(Effect::Lost(Lost::Overtaken(banned)))
    );
    // Positive control: the owner's act at the same place counts.
    world.act_at(OWNER, &apart, late);
    assert!(is_banned(&mut world, 3));
}

#[test]
fn a_late_unban_does_not_lift_a_ban_that_was_frozen_without_it() {
    let mut world = moderated();
    let first = world.ban(3, None);
    world.act(2, first.clone());
    world.freeze();
    let apart = world.heads();
    let second = world.act(1, first);
    world.freeze_by(4);
    let lift = unban(&world, 3);
    let late = world.act_at(OWNER, &apart, lift.clone());
    assert_eq!(
        world.log.effective(&late),
        Some(Effect::Lost(Lost::Overtaken(Denied::Unseen(second))))
    );
    assert!(is_banned(&mut world, 3));
    world.act(OWNER, lift);
    assert!(!is_banned(&mut world, 3), "who knows the ban lifts it");
}

#[test]
fn a_late_grant_does_not_give_back_what_was_taken() {
    let mut world = moderated();
    let role = world.role("9", Bits::NONE, &[3]);
    world.freeze();
    let apart = world.heads();
    let member = world.identity(3);
    let seen = vec![];
    let taken = world.act(1, RoleRevoke { role, member, seen });
    world.freeze_by(4);
    let late = world.act_at(OWNER, &apart, RoleGrant { role, member });
    assert_eq!(
        world.log.effective(&late),
        Some(Effect::Lost(Lost::Overtaken(Denied::Unseen(taken))))
    );
    assert!(world.now().roles_of(&member).is_empty());
    let other = world.identity(4);
    world.act_at(
        OWNER,
        &apart,
        RoleGrant {
            role,
            member: other,
        },
    );
    assert_eq!(world.now().roles_of(&other), [role], "positive control");
}

#[test]
fn what_does_not_build_on_the_checkpoint_before_is_dead() {
    let mut world = moderated();
    let apart = world.heads();
    world.act(OWNER, Merge::default());
    world.freeze();
    let beside = world.heads();
    let ban = world.ban(3, None);
    let free = world.clone();
    world.act(OWNER, Merge::default());
    world.freeze();
    let old = world.act_at(1, &apart, ban.clone());
    assert_eq!(world.log.effective(&old), Some(Effect::Lost(Lost::TooOld)));
    assert!(!is_banned(&mut world, 3));
    // It stays so for whoever builds on it and is frozen with it.
    world.act(OWNER, Merge::default());
    world.freeze();
    assert!(!is_banned(&mut world, 3));
    assert_eq!(world.log.effective(&old), Some(Effect::Lost(Lost::TooOld)));
    // Positive controls: at the checkpoint before, and with one checkpoint only, it counts.
    let mut near = free.clone();
    near.act(OWNER, Merge::default());
    near.freeze();
    near.act_at(1, &beside, ban.clone());
    assert!(is_banned(&mut near, 3));
    let mut once = free;
    once.act_at(1, &apart, ban);
    assert!(is_banned(&mut once, 3));
}

#[test]
fn two_checkpoints_after_one_end_finality_there_and_are_evidence() {
    let mut world = moderated();
    let common = world.freeze();
    let apart = world.heads();
    let ban = world.ban(3, None);
    let frozen = world.act(2, ban);
    let one = world.freeze_by(4);
    assert!(world.log.is_final(&frozen));
    // The notary signs another after the same predecessor, without the ban.
    let merge = world.act_at(OWNER, &apart, Merge::default());
    let two = world.freeze_at(OWNER, &[merge]);
    assert_eq!(world.now().checkpoint(), Some((common, 1)));
    assert!(!world.log.is_final(&frozen), "nothing after it is final");
    assert!(is_banned(&mut world, 3), "the log works on");
    let mut rivals = vec![one, two];
    rivals.sort_unstable();
    let forks = world.log.checkpoint_forks();
    assert_eq!(forks.len(), 1);
    assert_eq!((forks[0].prev, forks[0].epoch), (Some(common), 2));
    assert_eq!(forks[0].rivals, rivals);
    assert_eq!(forks[0].signers, [notary().public()]);
    // A third one does not heal it, and what was made on either branch counts.
    let third = world.freeze();
    assert_eq!(world.now().checkpoint(), Some((common, 1)));
    assert_eq!(world.log.checkpoint_forks()[0].rivals.len(), 3);
    assert!(world.log.checkpoint(&third).is_some());
    world.act(OWNER, unban(&world.clone(), 3));
    assert!(!is_banned(&mut world, 3));
}

#[test]
fn one_checkpoint_posted_twice_is_no_fork() {
    let mut world = moderated();
    let heads = world.heads();
    let checkpoint = world.checkpoint(&heads);
    let body = posted(&checkpoint, &[&notary()]);
    world.act_at(OWNER, &heads, body.clone());
    world.act_at(1, &heads, body);
    assert!(world.log.checkpoint_forks().is_empty());
    assert_eq!(world.log.checkpoints().len(), 1);
    assert_eq!(world.now().checkpoint().unwrap().1, 1);
}

/// What happens to a checkpoint that was changed before it was signed.
fn fault_of(
    world: &mut World,
    change: impl FnOnce(&mut conclave_core::policy::Checkpoint),
) -> CheckpointFault {
    let heads = world.heads();
    let mut checkpoint = world.checkpoint(&heads);
    change(&mut checkpoint);
    match world.refused(OWNER, posted(&checkpoint, &[&notary()])) {
        Denied::Checkpoint(fault) => *fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_checkpoint_that_says_anything_false_is_rejected() {
    let mut world = moderated();
    world.freeze();
    let wrong = Digest([1; 32]);
    let fault = fault_of(&mut world, |c| c.state_root = wrong);
    assert!(matches!(
        fault,
        CheckpointFault::Root {
            what: "state root",
            ..
        }
    ));
    let fault = fault_of(&mut world, |c| c.log_root = wrong);
    assert!(matches!(
        fault,
        CheckpointFault::Root {
            what: "log root",
            ..
        }
    ));
    let fault = fault_of(&mut world, |c| c.min_time.0 += 1);
    assert_eq!(fault, CheckpointFault::MinTime);
    let fault = fault_of(&mut world, |c| c.epoch += 1);
    assert!(matches!(fault, CheckpointFault::Predecessor { .. }));
    let fault = fault_of(&mut world, |c| c.prev = Some(CheckpointId([3; 32])));
    assert!(matches!(fault, CheckpointFault::Predecessor { .. }));
    let fault = fault_of(&mut world, |c| (c.prev, c.epoch) = (None, 1));
    assert!(matches!(fault, CheckpointFault::Predecessor { .. }));
    let fault = fault_of(&mut world, |c| c.generation = 1);
    assert_eq!(fault, CheckpointFault::Notaries);
    let stranger = SigningKey::from_seed(&[77; 32]);
    let fault = fault_of(&mut world, |c| c.notaries = vec![stranger.public()]);
    assert_eq!(fault, CheckpointFault::Notaries);
    let unknown = EventId([9; 32]);
    let fault = fault_of(&mut world, |c| c.frontier = vec![unknown]);
    assert_eq!(fault, CheckpointFault::Frontier(unknown));
    let genesis = world.server().genesis();
    let fault = fault_of(&mut world, |c| {
        c.frontier.push(genesis);
        c.frontier.sort_unstable();
    });
    assert_eq!(fault, CheckpointFault::Frontier(genesis));
    let fault = fault_of(&mut world, |c| c.version = 2);
    assert!(matches!(
        fault,
        CheckpointFault::Form(CheckpointError::Other { .. })
    ));
    // Only the member root is nobody's to check by the log, and the time is advisory.
    let heads = world.heads();
    let mut checkpoint = world.checkpoint(&heads);
    checkpoint.member_root = wrong;
    world.act(OWNER, posted(&checkpoint, &[&notary()]));
}

#[test]
fn only_the_notaries_make_one() {
    let mut world = moderated();
    let heads = world.heads();
    let checkpoint = world.checkpoint(&heads);
    let stranger = SigningKey::from_seed(&[77; 32]);
    let refused = |denied: Denied| match denied {
        Denied::Checkpoint(fault) => match *fault {
            CheckpointFault::Form(error) => error,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let none = refused(world.refused(OWNER, posted(&checkpoint, &[])));
    assert_eq!(
        none,
        CheckpointError::Quorum {
            found: 0,
            needed: 1
        }
    );
    let other = refused(world.refused(OWNER, posted(&checkpoint, &[&stranger])));
    assert!(matches!(
        other,
        CheckpointError::Signature { error: None, .. }
    ));
    let mut forged = Cosigned::new(&checkpoint);
    forged.sign(&notary());
    let mut bytes = forged.encode();
    *bytes.last_mut().unwrap() ^= 1;
    let cosigned = bytes.into();
    let forged = refused(world.refused(OWNER, Checkpoint { cosigned }));
    assert!(matches!(
        forged,
        CheckpointError::Signature { error: Some(_), .. }
    ));
    let cosigned = vec![0xFF].into();
    let garbage = refused(world.refused(OWNER, Checkpoint { cosigned }));
    assert!(matches!(garbage, CheckpointError::Codec(_)));
    // Any member may post what the notary has signed.
    let checkpoint = world.checkpoint(&world.heads());
    world.act(3, posted(&checkpoint, &[&notary()]));
}

/// A random history as in `laws`, with checkpoints of what somebody knows, now and then two after one.
fn frozen_history(seed: u64, length: usize) -> World {
    let mut dice = Dice(seed);
    let mut world = World::notarised(PEOPLE);
    let stage = stage(&mut world);
    let mut known: Vec<Vec<EventId>> = vec![world.heads(); PEOPLE + 1];
    for step in 0..length {
        let who = dice.roll(PEOPLE + 1);
        if dice.roll(2) == 0 {
            known[who] = joined(&world, &known[who], &known[dice.roll(PEOPLE + 1)].clone());
        }
        let act: Body = match dice.roll(5) {
            // The notary usually hears of everything that matters; a rival checkpoint is rare.
            0 if who == OWNER || dice.roll(12) == 0 => {
                if who == OWNER && dice.roll(3) > 0 {
                    known[who] = joined(&world, &known[who], &world.heads());
                }
                let checkpoint = world.checkpoint(&known[who].clone());
                posted(&checkpoint, &[&notary()]).into()
            }
            _ => body(&mut dice, &world, &stage),
        };
        let event = world.sign(who, &known[who].clone(), act);
        if world
            .put(who, &event)
            .is_ok_and(|inserted| inserted.verdict == Verdict::Accepted)
        {
            known[who] = vec![event.event_id()];
        }
        if step % 7 == 6 {
            plant(&mut dice, &mut world, &stage);
        }
    }
    world
}

fn joined(world: &World, a: &[EventId], b: &[EventId]) -> Vec<EventId> {
    let mut both = [a, b].concat();
    both.sort_unstable();
    both.dedup();
    let all = both.clone();
    both.retain(|a| {
        all.iter()
            .all(|b| a == b || !world.log.is_ancestor(a, &[*b]))
    });
    both.truncate(16);
    both
}

/// Everything that must not depend on the order.
fn outcome(log: &mut Log) -> impl PartialEq + core::fmt::Debug + use<> {
    let listed: Vec<_> = log
        .checkpoints()
        .iter()
        .map(|frozen| (frozen.id, frozen.canonical))
        .collect();
    let forks = log.checkpoint_forks();
    let state = log.current().unwrap();
    let lost: Vec<(EventId, Lost)> = state
        .losses()
        .map(|(id, lost)| (*id, lost.clone()))
        .collect();
    (state.digest(), state.checkpoint(), lost, listed, forks)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Events and checkpoints in any order: same verdicts, same canonical checkpoint, same losses, same state; and what grew
    /// step by step is what the set gives from genesis on.
    #[test]
    fn when_a_checkpoint_arrives_does_not_matter(seed in any::<u64>(), length in 5usize..40) {
        let mut world = frozen_history(seed, length);
        let expected = outcome(&mut world.log);
        let audited = world.log.audit(&world.heads()).unwrap();
        prop_assert_eq!(audited.digest(), world.now().digest(), "incremental differs from full");
        prop_assert_eq!(audited.checkpoint(), world.now().checkpoint());
        let mut dice = Dice(seed ^ 0x5eed);
        for _ in 0..3 {
            let mut events = world.made.clone();
            dice.shuffle(&mut events);
            let mut other = replay(world.server(), &events);
            prop_assert_eq!(verdicts(&other, &world.made), verdicts(&world.log, &world.made));
            prop_assert_eq!(outcome(&mut other), outcome(&mut world.log));
        }
        prop_assert_eq!(outcome(&mut world.log), expected);
    }

    /// At any heads, snapshots give what the whole past gives.
    #[test]
    fn resolving_any_heads_past_checkpoints_equals_auditing_them(seed in any::<u64>(), length in 5usize..30) {
        let mut world = frozen_history(seed, length);
        let mut dice = Dice(seed ^ 0xface);
        let accepted: Vec<EventId> = world.log.events().map(|event| event.event_id()).collect();
        for _ in 0..8 {
            let heads: Vec<EventId> = (0..=dice.roll(3)).map(|_| dice.pick(&accepted)).collect();
            let full = world.log.audit(&heads).unwrap();
            let quick = world.log.resolve(&heads).unwrap();
            prop_assert_eq!(quick.digest(), full.digest());
            prop_assert_eq!(quick.checkpoint(), full.checkpoint());
        }
    }

    /// Commitments that went from checkpoint to checkpoint are those of the state from scratch, and nothing that was frozen by
    /// a checkpoint that is still canonical has changed.
    #[test]
    fn commitments_are_those_of_the_frozen_state(seed in any::<u64>(), length in 5usize..40) {
        use conclave_core::commitment::StateTree;
        let world = frozen_history(seed, length);
        let frozen: Vec<_> = world.log.checkpoints().iter().map(|frozen| frozen.checkpoint.clone()).collect();
        for checkpoint in frozen {
            let state = world.log.audit(&checkpoint.frontier).unwrap();
            prop_assert_eq!(StateTree::of(&state).root(), checkpoint.state_root);
        }
    }
}

/// The histories above hold what they are about.
#[test]
fn random_histories_with_checkpoints_hold_the_shapes_that_matter() {
    let (mut canonical, mut forked, mut overtaken, mut old, mut later) = (0, 0, 0, 0, 0);
    let rounds: u64 = 60;
    for seed in 0..rounds {
        let mut world = frozen_history(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), 60);
        let now = world.now();
        canonical += u64::from(now.checkpoint().is_some());
        later += u64::from(now.checkpoint().is_some_and(|(_, epoch)| epoch > 1));
        forked += u64::from(!world.log.checkpoint_forks().is_empty());
        overtaken += u64::from(
            now.losses()
                .any(|(_, lost)| matches!(lost, Lost::Overtaken(_))),
        );
        old += u64::from(now.losses().any(|(_, lost)| matches!(lost, Lost::TooOld)));
    }
    println!(
        "of {rounds}: {canonical} canonical, {later} with two, {forked} forked, {overtaken} overtaken, {old} too old"
    );
    assert!(
        canonical * 2 >= rounds && later * 4 >= rounds,
        "{canonical} {later}"
    );
    assert!(forked * 20 >= rounds && overtaken * 20 >= rounds && old * 20 >= rounds);
}
