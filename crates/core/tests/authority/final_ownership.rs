//! Checkpoints and who owns a server: what a checkpoint holds of a transfer or take-over, no act beside it undoes.

use conclave_core::event::{SuccessionPolicy, SuccessionVeto};
use conclave_core::log::{Effect, Verdict};
use conclave_core::state::Lost;

use crate::world::*;

/// The old owner transfers to 1; beside it, from a device that claims not to know, they transfer to 2. Who owns the server then?
fn after_a_second_transfer(frozen: bool) -> (World, Effect, Option<Who>) {
    let mut world = World::notarised(3);
    let second_device = world.second_device(OWNER);
    world.freeze();
    let apart = world.heads();
    let first = transfer(&world, OWNER, 1, None);
    let first = world.act(OWNER, first);
    if frozen {
        world.freeze_by(3);
    }
    assert_eq!(world.now().owner(), world.identity(1));
    // Of concurrent transfers the first in the causal order stands: acts beside it until one comes before it.
    let (mut world, second) = (0..64)
        .find_map(|n| {
            let mut attempt = world.clone();
            let body = transfer(&world, OWNER, 2, Some(n));
            let id = attempt.act_at(second_device, &apart, body);
            (id < first).then_some((attempt, id))
        })
        .expect("one of 64 ids is lower");
    let effect = world.log.effective(&second).unwrap();
    let owner = world.now().owner();
    let who = (0..4).find(|who| world.identity(*who) == owner);
    (world, effect, who)
}

#[test]
fn a_transfer_that_a_checkpoint_holds_is_not_undone_by_the_old_owner() {
    let (world, effect, owner) = after_a_second_transfer(true);
    assert_eq!(owner, Some(1));
    assert!(
        matches!(effect, Effect::Lost(Lost::Overtaken(_))),
        "{effect:?}"
    );
    drop(world);
    // Positive control: before a checkpoint the same act takes the server back.
    let (_, effect, owner) = after_a_second_transfer(false);
    assert_eq!(effect, Effect::Effective);
    assert_eq!(owner, Some(2));
}

#[test]
fn a_take_over_that_a_checkpoint_holds_is_not_vetoed_by_the_old_owner() {
    for frozen in [true, false] {
        let mut world = World::notarised(4);
        let policy = council(&world, &[1], &[2, 3], 2);
        let policy = world.act(OWNER, SuccessionPolicy::draft(policy));
        let open = claim(&world, policy, 1);
        let open = world.act(1, open);
        world.freeze();
        let apart = world.heads();
        world.act(2, confirm(open));
        world.act(3, confirm(open));
        let body = accession(&world, open, 1);
        world.act(1, body);
        assert_eq!(world.now().owner(), world.identity(1));
        if frozen {
            world.freeze_by(4);
        }
        let veto = world.act_at(OWNER, &apart, SuccessionVeto { claim: open });
        let effect = world.log.effective(&veto).unwrap();
        if frozen {
            assert!(
                matches!(effect, Effect::Lost(Lost::Overtaken(_))),
                "{effect:?}"
            );
            assert_eq!(world.now().owner(), world.identity(1));
        } else {
            assert_eq!(effect, Effect::Effective);
            assert_eq!(world.now().owner(), world.identity(OWNER));
        }
    }
}

/// The new owner's checkpoints: genesis' notaries go on signing, and the order of arrival does not matter.
#[test]
fn a_frozen_transfer_holds_in_any_order_of_arrival() {
    let (mut world, _, _) = after_a_second_transfer(true);
    let expected = (world.now().digest(), world.now().owner());
    let mut events = world.made.clone();
    events.reverse();
    let mut other = replay(world.server(), &events);
    let state = other.current().unwrap();
    assert_eq!((state.digest(), state.owner()), expected);
    assert!(
        crate::laws::verdicts(&other, &world.made)
            .iter()
            .all(|verdict| matches!(verdict, Some(Verdict::Accepted)))
    );
}
