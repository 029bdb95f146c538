//! Logs that are badly formed, too long, or newer than this program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

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
