#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod form;
mod merge;
mod secrets;

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
