#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::codec::CodecError;
use crate::hash::Label;
use crate::id::{Commitment, Millis, ServerId, ServerTag, TopicTag};
use crate::signed::{SignedError, SigningKey, Verified};

const NOW: Millis = Millis(1_750_000_000_000);

struct Person {
    keys: AccountKeys,
    log: IdentityLog,
}

fn person(seed: u64) -> Person {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let keys = AccountKeys::generate(&mut rng);
    let log = create_account(&keys, NOW, &mut rng);
    Person { keys, log }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn added(log: &IdentityLog, device: &SigningKey) -> DeviceAdded {
    DeviceAdded {
        cert: DeviceCert::make(device, &device_possession_payload(&log.id())),
    }
}

fn revoked(device: crate::id::DeviceId) -> DeviceRevoked {
    DeviceRevoked {
        device,
        last_good: Vec::new(),
    }
}

fn replaced(log: &IdentityLog, root: &SigningKey) -> RootReplaced {
    let possession = root.sign(Label::RootPossession, &device_possession_payload(&log.id()));
    RootReplaced {
        root: root.public(),
        possession: possession.to_vec().into(),
    }
}

impl Person {
    fn first(&self) -> Signer {
        Signer::Device(self.keys.device_id())
    }

    /// Adds a device with the root's signature.
    fn add(&mut self, device: &SigningKey) -> Signer {
        let body = added(&self.log, device);
        self.log
            .write(body, Signer::Root, &self.keys.root(), NOW)
            .unwrap();
        Signer::Device(device_id(&device.public()))
    }

    fn set_recovery(&mut self, recovery: &SigningKey) {
        let policy = RecoveryPolicy {
            version: 1,
            policy: b"phrase".to_vec().into(),
            recovery: Some(recovery_commitment(&recovery.public())),
        };
        self.log
            .write(policy, Signer::Root, &self.keys.root(), NOW)
            .unwrap();
    }
}

fn misuse_of<T: core::fmt::Debug>(result: Result<T, IdentityError>) -> Misuse {
    match result {
        Err(IdentityError::Misuse { misuse, .. }) => misuse,
        other => panic!("a misuse expected, not {other:?}"),
    }
}

#[test]
fn a_fresh_account_verifies_from_its_bytes() {
    let alice = person(1);
    let read = IdentityLog::verify(&alice.log.wire()).unwrap();
    assert_eq!(read, alice.log);
    let head = read.head();
    let device = alice.keys.device_id();
    assert_eq!(
        read.device_key_at(&head, &device),
        Some(alice.keys.device().public())
    );
    assert_eq!(read.root_at(&head), Some(alice.keys.root().public()));
    assert_ne!(person(2).log.id(), alice.log.id());
}

#[test]
fn a_device_counts_from_the_entry_that_adds_it_until_the_entry_that_revokes_it() {
    let mut alice = person(1);
    let genesis = alice.log.head();
    let phone = key(7);
    let Signer::Device(phone_id) = alice.add(&phone) else {
        unreachable!()
    };
    let with_phone = alice.log.head();
    let first = alice.first();
    alice
        .log
        .write(revoked(phone_id), first, &alice.keys.device(), NOW)
        .unwrap();
    let without = alice.log.head();
    assert_eq!(alice.log.device_key_at(&genesis, &phone_id), None);
    assert_eq!(
        alice.log.device_key_at(&with_phone, &phone_id),
        Some(phone.public())
    );
    assert_eq!(alice.log.device_key_at(&without, &phone_id), None);
    assert_eq!(
        alice
            .log
            .device_key_at(&crate::id::IdentityEntryId([9; 32]), &phone_id),
        None
    );
    // Revoked for good: the same key does not come back, another one may.
    let again = added(&alice.log, &phone);
    let refused = alice
        .log
        .write(again, Signer::Root, &alice.keys.root(), NOW)
        .map(|_| ());
    assert_eq!(misuse_of(refused), Misuse::DeviceKnown(phone_id));
    alice.add(&key(8));
    assert_eq!(IdentityLog::verify(&alice.log.wire()).unwrap(), alice.log);
}

#[test]
fn an_older_device_revokes_a_newer_one_and_not_the_other_way_round() {
    let mut alice = person(1);
    let phone = key(7);
    let phone_signer = alice.add(&phone);
    let Signer::Device(phone_id) = phone_signer else {
        unreachable!()
    };
    let Signer::Device(first_id) = alice.first() else {
        unreachable!()
    };
    let up = alice
        .log
        .write(revoked(first_id), phone_signer, &phone, NOW)
        .map(|_| ());
    assert_eq!(misuse_of(up), Misuse::Rank(phone_signer, 3));
    let mut own = alice.log.clone();
    own.write(revoked(phone_id), phone_signer, &phone, NOW)
        .unwrap();
    let first = alice.first();
    alice
        .log
        .write(revoked(phone_id), first, &alice.keys.device(), NOW)
        .unwrap();
    // The revoked device signs nothing any more; before, it could.
    let tablet = added(&alice.log, &key(9));
    let late = alice
        .log
        .write(tablet, phone_signer, &phone, NOW)
        .map(|_| ());
    assert!(
        matches!(late, Err(IdentityError::Signer { seq: 3, .. })),
        "{late:?}"
    );
}

#[test]
fn the_root_key_can_be_replaced_by_root_and_recovery_and_by_no_device() {
    let mut alice = person(1);
    let (root2, root3, recovery) = (key(20), key(21), key(30));
    let before = alice.log.head();
    let first = alice.first();
    let body = replaced(&alice.log, &root2);
    let by_device = alice
        .log
        .write(body.clone(), first, &alice.keys.device(), NOW)
        .map(|_| ());
    assert_eq!(misuse_of(by_device), Misuse::Rank(first, 4));
    let early = alice
        .log
        .write(body.clone(), Signer::Recovery, &recovery, NOW)
        .map(|_| ());
    assert!(
        matches!(early, Err(IdentityError::Signer { .. })),
        "no policy yet: {early:?}"
    );
    alice.set_recovery(&recovery);
    alice
        .log
        .write(body, Signer::Recovery, &recovery, NOW)
        .unwrap();
    assert_eq!(alice.log.root_at(&before), Some(alice.keys.root().public()));
    assert_eq!(alice.log.root_at(&alice.log.head()), Some(root2.public()));
    let body = replaced(&alice.log, &root3);
    let old = alice
        .log
        .write(body.clone(), Signer::Root, &alice.keys.root(), NOW)
        .map(|_| ());
    assert!(matches!(old, Err(IdentityError::Signer { .. })), "{old:?}");
    alice.log.write(body, Signer::Root, &root2, NOW).unwrap();
    assert_eq!(
        IdentityLog::verify(&alice.log.wire()).unwrap().root(),
        Some(root3.public())
    );
}

#[test]
fn recovery_replaces_the_root_and_does_nothing_else() {
    let mut alice = person(1);
    let recovery = key(30);
    alice.set_recovery(&recovery);
    let body = added(&alice.log, &key(7));
    let adds = alice
        .log
        .write(body.clone(), Signer::Recovery, &recovery, NOW)
        .map(|_| ());
    assert_eq!(misuse_of(adds), Misuse::Rank(Signer::Recovery, 2));
    alice
        .log
        .write(body, Signer::Root, &alice.keys.root(), NOW)
        .unwrap();
    let first = alice.first();
    let policy = RecoveryPolicy {
        version: 1,
        policy: Vec::new().into(),
        recovery: None,
    };
    let by_device = alice
        .log
        .write(policy, first, &alice.keys.device(), NOW)
        .map(|_| ());
    assert_eq!(misuse_of(by_device), Misuse::Rank(first, 5));
}

#[test]
fn nobody_claims_a_device_or_root_without_its_key() {
    let mut alice = person(1);
    let mut body = added(&alice.log, &key(7));
    body.cert.signing = key(8).public();
    let stolen = alice
        .log
        .write(body, Signer::Root, &alice.keys.root(), NOW)
        .map(|_| ());
    assert_eq!(
        misuse_of(stolen),
        Misuse::Possession(SignedError::Signature)
    );
    // A proof made for another identity does not serve here.
    let other = added(&person(2).log, &key(7));
    let foreign = alice
        .log
        .write(other, Signer::Root, &alice.keys.root(), NOW)
        .map(|_| ());
    assert_eq!(
        misuse_of(foreign),
        Misuse::Possession(SignedError::Signature)
    );
    let mut root = replaced(&alice.log, &key(9));
    root.root = key(10).public();
    let root = alice
        .log
        .write(root, Signer::Root, &alice.keys.root(), NOW)
        .map(|_| ());
    assert_eq!(misuse_of(root), Misuse::Possession(SignedError::Signature));
    alice.add(&key(7));
}

#[test]
fn wrapping_keys_are_set_by_their_device_or_the_root() {
    let mut alice = person(1);
    let phone = key(7);
    let phone_signer = alice.add(&phone);
    let Signer::Device(device) = phone_signer else {
        unreachable!()
    };
    let keys = crate::member::LeafKeys {
        x25519: vec![4; 32].into(),
        xwing: None,
    };
    let body = WrappingKeys {
        device,
        keys: keys.clone(),
    };
    let first = alice.first();
    let other = alice
        .log
        .write(body.clone(), first, &alice.keys.device(), NOW)
        .map(|_| ());
    assert_eq!(misuse_of(other), Misuse::Rank(first, 7));
    alice
        .log
        .write(body.clone(), phone_signer, &phone, NOW)
        .unwrap();
    assert_eq!(alice.log.device(&device).unwrap().wrapping, Some(keys));
    let short = WrappingKeys {
        device,
        keys: crate::member::LeafKeys {
            x25519: vec![4; 31].into(),
            xwing: None,
        },
    };
    let short = alice
        .log
        .write(short, phone_signer, &phone, NOW)
        .map(|_| ());
    assert_eq!(misuse_of(short), Misuse::WrappingKeys);
}

#[test]
fn entries_out_of_place_or_of_somebody_else_are_refused() {
    let mut alice = person(1);
    alice.add(&key(7));
    alice.add(&key(8));
    let wire = alice.log.wire();
    let verify = |picks: &[usize]| {
        IdentityLog::verify(&picks.iter().map(|at| wire[*at].clone()).collect::<Vec<_>>())
    };
    assert!(verify(&[0, 1, 2]).is_ok());
    assert_eq!(verify(&[]), Err(IdentityError::Empty));
    assert!(matches!(
        verify(&[0, 2]),
        Err(IdentityError::Chain {
            expected: 1,
            found: 2,
            ..
        })
    ));
    assert!(matches!(
        verify(&[0, 1, 1]),
        Err(IdentityError::Chain {
            expected: 2,
            found: 1,
            ..
        })
    ));
    assert!(matches!(
        verify(&[1]),
        Err(IdentityError::OtherIdentity { seq: 0, .. })
    ));
    assert!(matches!(
        verify(&[0, 0]),
        Err(IdentityError::OtherIdentity {
            seq: 1,
            found: None
        })
    ));
    let mut mixed = person(2).log.wire();
    mixed.push(wire[1].clone());
    assert!(matches!(
        IdentityLog::verify(&mixed),
        Err(IdentityError::OtherIdentity { seq: 1, .. })
    ));
}

#[test]
fn every_flipped_bit_of_a_log_is_noticed() {
    let mut alice = person(1);
    alice.add(&key(7));
    let wire = alice.log.wire();
    for (entry, bytes) in wire.iter().enumerate() {
        for at in 0..bytes.len() {
            let mut forged = wire.clone();
            forged[entry][at] ^= 1 << (at % 8);
            assert!(
                IdentityLog::verify(&forged).is_err(),
                "entry {entry}, byte {at}"
            );
        }
    }
}

#[test]
fn unknown_kinds_are_kept_and_critical_ones_ask_for_an_update() {
    let alice = person(1);
    let entry = |kind: u16, body: Vec<u8>| {
        let entry = Entry {
            version: ENTRY_VERSION,
            identity: Some(alice.log.id()),
            seq: 1,
            prev: Some(alice.log.head()),
            signer: Signer::Root,
            signer_key: alice.keys.root().public(),
            kind,
            body: body.into(),
            time: NOW,
        };
        Verified::sign(entry, &alice.keys.root()).bytes().encode()
    };
    let mut log = alice.log.clone();
    log.append(&entry(900, vec![0xa0])).unwrap();
    assert_eq!((log.entries().len(), log.devices().count()), (2, 1));
    let append = |bytes: Vec<u8>| alice.log.clone().append(&bytes);
    assert_eq!(
        append(entry(CRITICAL_KIND_MIN, vec![0xa0])),
        Err(IdentityError::NeedsUpdate { seq: 1 })
    );
    // A critical key (128) in a known kind.
    assert_eq!(
        append(entry(6, vec![0xa1, 0x18, 0x80, 0x00])),
        Err(IdentityError::NeedsUpdate { seq: 1 })
    );
    // An ordinary unknown key (127) is ignored.
    assert_eq!(append(entry(6, vec![0xa1, 0x18, 0x7f, 0x00])), Ok(()));
    let garbage = append(entry(6, vec![0xff]));
    assert!(matches!(
        garbage,
        Err(IdentityError::Body {
            seq: 1,
            error: CodecError::Forbidden { .. }
        })
    ));
}

#[test]
fn last_good_sequences_are_ascending_and_few() {
    let mut alice = person(1);
    let Signer::Device(device) = alice.add(&key(7)) else {
        unreachable!()
    };
    let at = |n: u32| {
        let mut tag = [0; 16];
        tag[..4].copy_from_slice(&n.to_be_bytes());
        LastGood {
            server: ServerTag(tag),
            event_seq: Some(u64::MAX),
            register_seq: Some(u64::MAX),
        }
    };
    let revoke = |last_good| {
        let mut log = alice.log.clone();
        log.write(
            DeviceRevoked { device, last_good },
            Signer::Root,
            &alice.keys.root(),
            NOW,
        )
        .map(|_| ())
    };
    let most = u32::try_from(LAST_GOOD_MAX).unwrap();
    assert_eq!(revoke((0..most).map(at).collect()), Ok(()));
    assert_eq!(
        misuse_of(revoke((0..=most).map(at).collect())),
        Misuse::LastGood(LAST_GOOD_MAX + 1)
    );
    assert_eq!(misuse_of(revoke(vec![at(1), at(0)])), Misuse::LastGood(2));
    assert_eq!(misuse_of(revoke(vec![at(1), at(1)])), Misuse::LastGood(2));
}

#[test]
fn devices_entries_and_bytes_are_bounded() {
    let mut alice = person(1);
    for n in 1..DEVICES_MAX {
        alice.add(&key(u8::try_from(n).unwrap()));
    }
    let body = added(&alice.log, &key(200));
    let full = alice
        .log
        .write(body.clone(), Signer::Root, &alice.keys.root(), NOW)
        .map(|_| ());
    assert_eq!(misuse_of(full), Misuse::DevicesFull(DEVICES_MAX));
    let last = device_id(&key(1).public());
    alice
        .log
        .write(revoked(last), Signer::Root, &alice.keys.root(), NOW)
        .unwrap();
    alice
        .log
        .write(body, Signer::Root, &alice.keys.root(), NOW)
        .unwrap();
    let many = vec![vec![0; 1]; ENTRIES_MAX + 1];
    assert_eq!(
        IdentityLog::verify(&many),
        Err(IdentityError::TooMany {
            count: ENTRIES_MAX + 1
        })
    );
    let long = vec![vec![0; 64 * 1024]; 11];
    assert_eq!(
        IdentityLog::verify(&long),
        Err(IdentityError::TooLong {
            bytes: 11 * 64 * 1024
        })
    );
}

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

#[test]
fn account_keys_survive_the_vault_and_stay_out_of_logs() {
    let keys = person(1).keys;
    let stored = keys.to_bytes();
    assert_eq!(stored.len(), ACCOUNT_KEYS_LEN);
    let read = AccountKeys::from_bytes(&stored).unwrap();
    assert_eq!(read.to_bytes(), stored);
    assert_eq!(format!("{keys:?}"), "AccountKeys(..)");
    assert_eq!(
        AccountKeys::from_bytes(&[]).unwrap_err(),
        AccountKeysError::Length(0)
    );
    assert_eq!(
        AccountKeys::from_bytes(&stored[..160]).unwrap_err(),
        AccountKeysError::Length(160)
    );
    let mut newer = stored.to_vec();
    newer[0] = 2;
    assert_eq!(
        AccountKeys::from_bytes(&newer).unwrap_err(),
        AccountKeysError::Version(2)
    );
}

#[test]
fn derived_secrets_differ_by_purpose_server_topic_and_sequence() {
    let keys = person(1).keys;
    let (a, b) = (ServerId([1; 32]), ServerId([2; 32]));
    let (s, t) = (TopicTag([1; 16]), TopicTag([2; 16]));
    let all = [
        keys.root().seed(),
        keys.device().seed(),
        keys.pseudonym(a).seed(),
        keys.pseudonym(b).seed(),
        keys.leaf_seed(a),
        keys.leaf_seed(b),
        keys.delete_secret(s, 1),
        keys.delete_secret(s, 2),
        keys.delete_secret(t, 1),
        keys.account_topic_key(),
    ];
    for (n, one) in all.iter().enumerate() {
        assert!(
            all[n + 1..].iter().all(|other| one != other),
            "secret {n} is there twice"
        );
    }
    assert_eq!(
        keys.pseudonym(a).public(),
        keys.clone().pseudonym(a).public()
    );
}
