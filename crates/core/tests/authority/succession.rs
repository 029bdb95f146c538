//! Succession: claim, confirm, veto, take over, and what happens when they meet.

use conclave_core::event::*;
use conclave_core::hash::Label;
use conclave_core::id::*;
use conclave_core::log::Effect;
use conclave_core::permissions::{Bits, Denied};
use conclave_core::signed::SigningKey;

use crate::world::*;

/// The heir of the tests; 2, 3 and 4 are the council.
const HEIR: Who = 1;

const COUNCIL: [Who; 3] = [2, 3, 4];

/// A server with a successor and a council of whom two must confirm.
fn settled() -> (World, EventId) {
    let mut world = World::new(6);
    world.role("M", Bits::BAN_MEMBERS, &[5]);
    let terms = council(&world, &[HEIR], &COUNCIL, 2);
    let policy = world.act(OWNER, SuccessionPolicy::draft(terms));
    (world, policy)
}

fn claimed() -> (World, EventId) {
    let (mut world, policy) = settled();
    let claim = world.act(HEIR, claim(&world, policy, HEIR));
    (world, claim)
}

#[test]
fn a_confirmed_claim_takes_over() {
    let (mut world, claim) = claimed();
    let unconfirmed = |have| Denied::Unconfirmed { have, needed: 2 };
    let take = accession(&world, claim, HEIR);
    assert_eq!(world.refused(HEIR, take.clone()), unconfirmed(0));
    world.act(2, confirm(claim));
    assert_eq!(world.refused(HEIR, take.clone()), unconfirmed(1));
    world.act(4, confirm(claim));
    let other = world.identity(5);
    let by_another = accession(&world, claim, 5);
    assert_eq!(world.refused(5, by_another), Denied::NotNamed(other));
    world.act(HEIR, take);
    let state = world.now();
    assert_eq!(state.owner(), world.identity(HEIR));
    assert_eq!(state.owner_root(), world.people[HEIR].key.public());
    assert!(state.succession().is_none() && state.claims().is_empty());
    assert_eq!(
        world.refused(OWNER, MinVersion { version: 1 }),
        Denied::OwnerOnly
    );
    world.act(HEIR, MinVersion { version: 1 });
}

#[test]
fn confirmations_count_once_from_the_council_and_after_the_delay() {
    let (mut world, claim) = claimed();
    let early = SuccessionConfirm { claim, days: 6 };
    let too_early = Denied::TooEarly { days: 6, needed: 7 };
    assert_eq!(world.refused(2, early), too_early);
    for outsider in [HEIR, 5, OWNER] {
        let denied = Denied::NotNamed(world.identity(outsider));
        assert_eq!(world.refused(outsider, confirm(claim)), denied);
    }
    world.act(2, confirm(claim));
    let again = Denied::Confirmed(world.identity(2));
    assert_eq!(world.refused(2, confirm(claim)), again);
    let unknown = EventId([9; 32]);
    assert_eq!(
        world.refused(3, confirm(unknown)),
        Denied::UnknownClaim(unknown)
    );
    world.act(3, confirm(claim));
}

#[test]
fn nobody_but_the_owner_sets_the_policy_or_vetoes() {
    let (mut world, claim) = claimed();
    world.role("T", Bits::ALL, &[5]);
    let terms = || SuccessionPolicy::draft(Succession::default());
    for who in [HEIR, 2, 5] {
        assert_eq!(world.refused(who, terms()), Denied::OwnerOnly);
        assert_eq!(
            world.refused(who, SuccessionVeto { claim }),
            Denied::OwnerOnly
        );
    }
    world.act(OWNER, SuccessionVeto { claim });
    assert!(world.now().claims().is_empty());
    world.act(OWNER, terms());
}

#[test]
fn only_those_named_may_claim_and_only_under_the_policy_in_force() {
    let (mut world, policy) = settled();
    let outsider = Denied::NotNamed(world.identity(5));
    let own = claim(&world, policy, 5);
    assert_eq!(world.refused(5, own), outsider);
    // A successor claims for nobody else; the council may.
    let for_another = claim(&world, policy, 5);
    let successor = Denied::NotNamed(world.identity(HEIR));
    assert_eq!(world.refused(HEIR, for_another.clone()), successor);
    world.act(2, for_another);
    let mine = claim(&world, policy, HEIR);
    let open = world.act(HEIR, mine.clone());
    assert_eq!(world.refused(HEIR, mine.clone()), Denied::ClaimOpen(open));
    let terms = council(&world, &[HEIR], &[], 0);
    world.act(OWNER, SuccessionPolicy::draft(terms));
    assert!(
        world.now().claims().is_empty(),
        "a new policy ends all claims"
    );
    assert_eq!(world.refused(HEIR, mine), Denied::UnknownPolicy(policy));
}

/// Without a council the claimant confirms alone: nothing but their own word stands for the delay.
#[test]
fn without_a_council_the_claimant_alone_confirms() {
    let mut world = World::new(3);
    let terms = council(&world, &[HEIR], &[], 0);
    let policy = world.act(OWNER, SuccessionPolicy::draft(terms));
    assert!(!world.now().succession().unwrap().delay_is_trustworthy());
    let claim = world.act(HEIR, claim(&world, policy, HEIR));
    let denied = Denied::NotNamed(world.identity(2));
    assert_eq!(world.refused(2, confirm(claim)), denied);
    world.act(HEIR, confirm(claim));
    let take = accession(&world, claim, HEIR);
    world.act(HEIR, take);
    assert_eq!(world.now().owner(), world.identity(HEIR));
}

/// The owner's veto wins over confirmations and take-overs that it meets, and with them falls what the heir did as owner.
#[test]
fn a_veto_beats_concurrent_confirmations_and_take_overs() {
    for vetoed in [true, false] {
        let (mut world, claim) = claimed();
        let first = world.act(2, confirm(claim));
        let before = world.heads();
        let second = world.act_at(3, &before, confirm(claim));
        let take = accession(&world, claim, HEIR);
        let take = world.act_at(HEIR, &[second], take);
        let made = world.act_at(HEIR, &[take], channel("mine", vec![]));
        let ban = world.act_at(HEIR, &[made], world.ban(6, None));
        assert_eq!(world.now().owner(), world.identity(HEIR));
        if vetoed {
            let by = world.act_at(OWNER, &before, SuccessionVeto { claim });
            for fallen in [second, take, made, ban] {
                assert_eq!(world.fell_to(&fallen), Some(by));
            }
            assert_eq!(world.log.effective(&first), Some(Effect::Effective));
        }
        let state = world.now();
        let owner = if vetoed { OWNER } else { HEIR };
        assert_eq!(state.owner(), world.identity(owner));
        assert_eq!(state.channel(&made.into()).is_none(), vetoed);
        assert_eq!(state.ban(&world.identity(6)).is_none(), vetoed);
        assert!(state.claims().is_empty());
        // Once the take-over is known, the old owner vetoes nothing.
        if !vetoed {
            assert_eq!(
                world.refused(OWNER, SuccessionVeto { claim }),
                Denied::OwnerOnly
            );
        }
    }
}

/// An owner who hands the server on, or sets a new policy, is there: a take-over beside it does not hold.
#[test]
fn a_transfer_or_a_new_policy_beats_a_concurrent_take_over() {
    for policy in [false, true] {
        let (mut world, claim) = claimed();
        world.act(2, confirm(claim));
        world.act(3, confirm(claim));
        let before = world.heads();
        let take = accession(&world, claim, HEIR);
        let take = world.act_at(HEIR, &before, take);
        let by = if policy {
            let terms = council(&world, &[6], &[], 0);
            world.act_at(OWNER, &before, SuccessionPolicy::draft(terms))
        } else {
            world.act_at(OWNER, &before, transfer(&world, OWNER, 6, Some(99)))
        };
        assert_eq!(world.fell_to(&take), Some(by));
        let owner = if policy { OWNER } else { 6 };
        assert_eq!(world.now().owner(), world.identity(owner));
        assert!(world.now().claims().is_empty());
    }
}

/// Two claims are taken over at once: the better title stands, whichever came first.
#[test]
fn of_two_concurrent_take_overs_the_better_title_stands() {
    for order in [[1, 5], [5, 1]] {
        let mut world = World::new(6);
        let terms = council(&world, &order, &COUNCIL, 1);
        let policy = world.act(OWNER, SuccessionPolicy::draft(terms));
        let one = world.act(1, claim(&world, policy, 1));
        let two = world.act(5, claim(&world, policy, 5));
        world.act(2, confirm(one));
        world.act(3, confirm(two));
        let before = world.heads();
        let first = accession(&world, one, 1);
        let first = world.act_at(1, &before, first);
        let later = world.act_at(1, &[first], channel("mine", vec![]));
        let second = accession(&world, two, 5);
        world.act_at(5, &before, second);
        let state = world.now();
        assert_eq!(state.owner(), world.identity(order[0]));
        assert_eq!(state.channel(&later.into()).is_some(), order[0] == 1);
        assert_eq!(state.reign().tenure.len(), 1);
    }
}

/// Who is banned confirms no more; a moderator's ban beside a confirmation takes nothing from it, the owner's does.
#[test]
fn a_banned_council_member_does_not_count_unless_only_a_moderator_banned_them_beside_it() {
    let (mut world, claim) = claimed();
    world.act(5, world.ban(2, None));
    let banned = Denied::Banned(world.identity(2));
    assert_eq!(world.refused(2, confirm(claim)), banned);
    world.act(3, confirm(claim));

    for by in [5, OWNER] {
        let (mut world, claim) = claimed();
        world.act(2, confirm(claim));
        let before = world.heads();
        let second = world.act_at(3, &before, confirm(claim));
        let take = accession(&world, claim, HEIR);
        let take = world.act_at(HEIR, &[second], take);
        world.act_at(by, &before, world.ban(3, None));
        let holds = by != OWNER;
        let owner = if holds { HEIR } else { OWNER };
        assert_eq!(world.now().owner(), world.identity(owner));
        assert_eq!(world.log.effective(&take) == Some(Effect::Effective), holds);
        let counted = world.now().claim(&claim).map(|claim| claim.confirmed.len());
        assert_eq!(counted, (!holds).then_some(1));
    }
}

/// Neither a timeout nor the ban of the heir by a lower one stops a succession; the owner's ban does.
#[test]
fn lower_ones_cannot_stop_a_succession() {
    let (mut world, claim) = claimed();
    world.role("T", Bits::MODERATE_MEMBERS, &[5]);
    let timeout = |world: &World, who| Timeout {
        member: world.identity(who),
        until: Millis(1 << 20),
        seen: vec![],
    };
    for who in COUNCIL {
        world.act(5, timeout(&world, who));
    }
    world.act(2, confirm(claim));
    world.act(3, confirm(claim));
    for by in [5, OWNER] {
        let mut world = world.clone();
        let before = world.heads();
        let take = accession(&world, claim, HEIR);
        world.act_at(HEIR, &before, take);
        world.act_at(by, &before, world.ban(HEIR, Some(99)));
        let heir = world.identity(HEIR);
        assert_eq!(world.now().owner() == heir, by != OWNER);
        assert_eq!(world.now().ban(&heir).is_some(), by == OWNER);
    }
}

/// A recovery key entitles one heir under one policy, and ranks above named successors.
#[test]
fn a_recovery_key_entitles_the_heir_that_it_has_signed_for() {
    let mut world = World::new(6);
    let key = SigningKey::from_seed(&[42; 32]);
    let terms = Succession {
        recovery_keys: vec![key.public()],
        ..council(&world, &[HEIR], &[], 0)
    };
    let policy = world.act(OWNER, SuccessionPolicy::draft(terms));
    let proof = |key: &SigningKey, heir: Who| {
        let payload = recovery_proof_payload(world.server(), policy, world.identity(heir));
        let signature = key.sign(Label::SuccessionRecovery, &payload).to_vec();
        RecoveryProof {
            key: key.public(),
            signature: signature.into(),
        }
    };
    let with = |proof: RecoveryProof, heir: Who| SuccessionClaim {
        recovery: Some(proof),
        ..claim(&world, policy, heir)
    };
    let other = SigningKey::from_seed(&[43; 32]);
    let forged = RecoveryProof {
        key: key.public(),
        ..proof(&other, 5)
    };
    let bad = [
        with(proof(&other, 5), 5),
        with(forged, 5),
        with(proof(&key, 6), 5),
    ];
    let good = with(proof(&key, 5), 5);
    for body in bad {
        assert_eq!(world.refused(5, body), Denied::RecoveryKey);
    }
    // Whoever sees the claim can use its signature for nobody else.
    assert_eq!(world.refused(6, good.clone()), Denied::RecoveryKey);
    let by_key = world.act(5, good);
    let by_name = claim(&world, policy, HEIR);
    let by_name = world.act(HEIR, by_name);
    let order: Vec<EventId> = world.now().claims().iter().map(|claim| claim.id).collect();
    assert_eq!(order, [by_key, by_name]);
}

/// A claim stands with its policy: a stolen device's policy is taken back with all that was claimed under it.
#[test]
fn a_policy_that_falls_takes_its_claims_along() {
    let mut world = World::new(6);
    let before = world.heads();
    let terms = council(&world, &[HEIR], &[], 0);
    let policy = world.act_at(OWNER, &before, SuccessionPolicy::draft(terms));
    let claim = claim(&world, policy, HEIR);
    let claim = world.act_at(HEIR, &[policy], claim);
    let confirmed = world.act_at(HEIR, &[claim], confirm(claim));
    let take = accession(&world, claim, HEIR);
    let take = world.act_at(HEIR, &[confirmed], take);
    assert_eq!(world.now().owner(), world.identity(HEIR));
    let device = world.people[OWNER].device;
    let cut = DeviceCut {
        identity: world.identity(OWNER),
        device,
        certificate: vec![1].into(),
        seen: None,
    };
    let by = world.act_at(6, &before, cut);
    for fallen in [policy, claim, confirmed, take] {
        assert_eq!(world.fell_to(&fallen), Some(by));
    }
    assert_eq!(world.now().owner(), world.identity(OWNER));
    assert!(world.now().succession().is_none());
}
