//! Two copies of one log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

#[test]
fn merging_extends_and_never_shortens() {
    let mut alice = person(1);
    let mut old = alice.log.clone();
    alice.add(&key(7));
    alice.add(&key(8));
    assert_eq!(old.clone().merge(&alice.log), Ok(Merged::Extended(2)));
    assert_eq!(old.merge_wire(&alice.log.wire()), Ok(Merged::Extended(2)));
    assert_eq!(old, alice.log);
    assert_eq!(old.merge_wire(&alice.log.wire()), Ok(Merged::Same));
    assert_eq!(old.merge_wire(&alice.log.wire()[..2]), Ok(Merged::Older));
    assert_eq!(old, alice.log);
    let other = person(2).log;
    assert_eq!(
        old.merge(&other),
        Err(MergeError::OtherIdentity(other.id()))
    );
    let mut broken = alice.log.wire();
    broken.push(vec![0]);
    assert!(matches!(
        old.merge_wire(&broken),
        Err(MergeError::Invalid(_))
    ));
    assert_eq!(old, alice.log);
}

#[test]
fn two_devices_that_revoke_each_other_leave_the_older_one_everywhere() {
    let mut alice = person(1);
    let (second, third) = (key(7), key(8));
    let second_signer = alice.add(&second);
    let third_signer = alice.add(&third);
    let (Signer::Device(_), Signer::Device(third_id)) = (second_signer, third_signer) else {
        unreachable!()
    };
    let mut by_older = alice.log.clone();
    by_older
        .write(revoked(third_id), second_signer, &second, NOW)
        .unwrap();
    // The newer device cannot revoke the older; it grafts a branch that adds a device of its own, and grows it.
    let mut by_newer = alice.log.clone();
    for n in 40..45 {
        let body = added(&by_newer, &key(n));
        by_newer.write(body, third_signer, &third, NOW).unwrap();
    }
    assert_fork(&by_older, &by_newer);
}

#[test]
fn a_root_s_answer_prevails_over_a_branch_that_a_stolen_device_grafts_before_it() {
    let mut alice = person(1);
    let (phone, tablet) = (key(7), key(8));
    alice.add(&phone);
    let tablet_signer = alice.add(&tablet);
    let first = alice.first();
    let mut thief = alice.log.clone();
    let body = added(&thief, &key(66));
    thief.write(body, first, &alice.keys.device(), NOW).unwrap();
    // The honest branch starts with an entry of the lowest device, and only then the root acts.
    let profile = ProfileCommitment {
        profile: Some(Commitment([1; 32])),
    };
    alice
        .log
        .write(profile, tablet_signer, &tablet, NOW)
        .unwrap();
    let Signer::Device(stolen) = first else {
        unreachable!()
    };
    alice
        .log
        .write(revoked(stolen), Signer::Root, &alice.keys.root(), NOW)
        .unwrap();
    assert_fork(&alice.log, &thief);
}

#[test]
fn recovery_prevails_over_a_stolen_root() {
    let mut alice = person(1);
    let recovery = key(30);
    alice.set_recovery(&recovery);
    let mut thief = alice.log.clone();
    let policy = RecoveryPolicy {
        version: 1,
        policy: Vec::new().into(),
        recovery: None,
    };
    thief
        .write(policy, Signer::Root, &alice.keys.root(), NOW)
        .unwrap();
    let body = replaced(&alice.log, &key(31));
    alice
        .log
        .write(body, Signer::Recovery, &recovery, NOW)
        .unwrap();
    assert_fork(&alice.log, &thief);
}

/// Both sides of a fork name the same branch, and neither changes.
fn assert_fork(winner: &IdentityLog, loser: &IdentityLog) {
    let mut here = winner.clone();
    let Err(MergeError::Forked(forked)) = here.merge(loser) else {
        panic!("no fork")
    };
    assert_eq!(forked.prevails, Branch::Ours);
    assert_eq!(&here, winner);
    let mut there = loser.clone();
    let Err(MergeError::Forked(forked)) = there.merge_wire(&winner.wire()) else {
        panic!("no fork")
    };
    assert_eq!(forked.prevails, Branch::Theirs);
    assert_eq!(&there, loser);
}
