//! The wire form of epoch records: what is refused before anything is opened.

use super::*;
use crate::codec::{self, CodecError};

fn refused(record: &EpochRecord) -> String {
    let bytes = KeyRecord::Epoch(record.clone()).encode();
    match KeyRecord::decode(&bytes) {
        Err(CodecError::Shape { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

/// A record whose public header was changed, as an attacker can who re-encodes it.
fn with_header(record: &EpochRecord, change: impl FnOnce(&mut PublicHeader)) -> EpochRecord {
    let mut public = record.header().clone();
    change(&mut public);
    EpochRecord::assemble(
        public,
        record.sealed().to_vec(),
        record.slots().unwrap().to_vec(),
    )
}

fn with_slots(record: &EpochRecord, change: impl FnOnce(&mut Vec<Slot>)) -> EpochRecord {
    let mut slots = record.slots().unwrap().to_vec();
    change(&mut slots);
    EpochRecord::assemble(record.header().clone(), record.sealed().to_vec(), slots)
}

#[test]
fn structural_faults_are_refused_by_name() {
    let ann = person(1, Suite::X25519);
    let old = make(&plan(Suite::X25519, &[&ann]), 1);
    let parents = vec![(old.id, old.secret.keys())];
    let record = make(
        &EpochPlan {
            parents,
            ..plan(Suite::X25519, &[&ann])
        },
        2,
    )
    .record;
    assert_eq!(wire(&record), record, "positive control");
    assert!(refused(&with_header(&record, |h| h.version = 2)).contains("version 2 is newer"));
    assert!(refused(&with_header(&record, |h| h.suite = 3)).contains("suite 3 is newer"));
    for depth in [0, 5] {
        assert!(refused(&with_header(&record, |h| h.depth = depth)).contains("depth"));
    }
    assert!(
        refused(&with_header(&record, |h| h.slot_count = 5))
            .contains("counts 5 slots, the record has 4")
    );
    assert!(refused(&with_header(&record, |h| h.slot_count = u32::MAX)).contains("counts"));
    assert!(refused(&with_header(&record, |h| h.slot_root.0[0] ^= 1)).contains("commits to"));
    assert!(refused(&with_header(&record, |h| h.links.clear())).contains("links"));
    assert!(refused(&with_header(&record, |h| h.links[0].state.push(0))).contains("links"));
    assert!(refused(&with_header(&record, |h| h.parents.push(old.id))).contains("parents"));
    assert!(refused(&with_header(&record, |h| h.suite = 2)).contains("size"));
    assert!(refused(&with_slots(&record, |s| s.swap(0, 1))).contains("ascending"));
    assert!(refused(&with_slots(&record, |s| s[1] = s[0].clone())).contains("ascending"));
    assert!(refused(&with_slots(&record, |s| s[0].ciphertext[0] ^= 1)).contains("commits to"));
    assert!(refused(&with_slots(&record, |s| s[0].encapsulated.push(1))).contains("size"));
}

#[test]
fn the_id_covers_everything_but_the_slots_which_the_root_covers() {
    let ann = person(1, Suite::X25519);
    let old = make(&plan(Suite::X25519, &[&ann]), 1);
    let parents = vec![(old.id, old.secret.keys())];
    let epoch = make(
        &EpochPlan {
            parents,
            ..plan(Suite::X25519, &[&ann])
        },
        2,
    );
    let record = &epoch.record;
    let bare = wire(&record.without_slots());
    assert_eq!((bare.id(), bare.slots()), (epoch.id, None));
    assert!(
        bare.open_with(&Share::Full(epoch.secret.clone())).is_ok(),
        "the header outlives the slots"
    );
    assert_eq!(ann.open(&bare).unwrap_err(), KeysError::NoSlot(ann.leaf.id));
    let slots = record.slots().unwrap().to_vec();
    assert_eq!(&bare.with_slots(slots.clone()).unwrap(), record);
    assert_eq!(
        bare.with_slots(slots[1..].to_vec()),
        Err(RecordError::SlotCount { count: 4, slots: 3 })
    );
    let changes: [fn(&mut PublicHeader); 8] = [
        |h| h.nonce[0] ^= 1,
        |h| h.parents[0].0[0] ^= 1,
        |h| h.arity += 1,
        |h| h.slot_count += 1,
        |h| h.slot_root.0[0] ^= 1,
        |h| h.state_commitment.0[0] ^= 1,
        |h| h.content_commitment.0[0] ^= 1,
        |h| h.links[0].state[0] ^= 1,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let changed = with_header(record, change);
        assert_ne!(changed.id(), epoch.id, "change {index}");
        let share = Share::Full(epoch.secret.clone());
        assert!(
            changed.open_with(&share).is_err(),
            "the sealed header does not fit change {index}"
        );
    }
    let mut sealed = record.sealed().to_vec();
    for at in 0..sealed.len() {
        sealed[at] ^= 1;
        let changed = EpochRecord::assemble(record.header().clone(), sealed.clone(), slots.clone());
        assert_ne!(changed.id(), epoch.id);
        assert_eq!(
            ann.open(&changed).unwrap_err(),
            KeysError::Header,
            "sealed byte {at}"
        );
        sealed[at] ^= 1;
    }
}

#[test]
fn a_slot_fetched_alone_opens_and_proves() {
    let people: Vec<Person> = (1..=9).map(|seed| person(seed, Suite::X25519)).collect();
    let epoch = make(&plan(Suite::X25519, &people.iter().collect::<Vec<_>>()), 1);
    let slots = epoch.record.slots().unwrap();
    let header = epoch.record.header();
    let bare = epoch.record.without_slots();
    for person in &people {
        let slot = epoch.record.slot_of(&person.leaf.id).unwrap();
        let index = slots.iter().position(|other| other == slot).unwrap();
        let proof = slot_proof(slots, index).unwrap();
        let at = u32::try_from(index).unwrap();
        assert!(slot_proven(
            &header.slot_root,
            header.slot_count,
            at,
            slot,
            &proof
        ));
        assert!(bare.open_slot(slot, &person.secret, person.leaf.id).is_ok());
    }
}

#[test]
fn slot_counts_are_padded_and_padding_opens_to_nobody() {
    for (people, slots) in [(1, 4), (4, 4), (5, 5), (9, 10), (17, 18)] {
        let people: Vec<Person> = (0..people)
            .map(|seed| person(seed, Suite::X25519))
            .collect();
        let epoch = make(&plan(Suite::X25519, &people.iter().collect::<Vec<_>>()), 1);
        assert_eq!(epoch.record.slots().unwrap().len(), slots);
        let opened = |slot: &Slot| {
            people
                .iter()
                .filter(|p| epoch.record.open_slot(slot, &p.secret, p.leaf.id).is_ok())
                .count()
        };
        let total: usize = epoch.record.slots().unwrap().iter().map(opened).sum();
        assert_eq!(total, people.len());
    }
}

#[test]
fn every_prefix_and_every_flipped_byte_is_an_error_or_another_record() {
    let ann = person(1, Suite::X25519);
    let bytes = KeyRecord::Epoch(make(&plan(Suite::X25519, &[&ann]), 1).record).encode();
    for end in 0..bytes.len() {
        assert!(KeyRecord::decode(&bytes[..end]).is_err(), "prefix of {end}");
    }
    let honest = KeyRecord::decode(&bytes).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x20;
        if let Ok(record) = KeyRecord::decode(&changed) {
            assert_ne!(record, honest, "byte {at}");
            if let KeyRecord::Epoch(record) = record {
                assert!(ann.open(&record).is_err(), "byte {at} opens");
            }
        }
    }
}

#[test]
fn small_records_survive_the_wire() {
    let ann = person(1, Suite::X25519);
    let epoch = make(&plan(Suite::X25519, &[&ann]), 1);
    let share = Share::Full(epoch.secret);
    let direct = direct_slot(epoch.id, &share, &ann.leaf, Suite::X25519).unwrap();
    let complaint = Complaint {
        epoch: epoch.id,
        leaf: ann.leaf.id,
    };
    for record in [KeyRecord::Direct(direct), KeyRecord::Complaint(complaint)] {
        assert_eq!(KeyRecord::decode(&record.encode()).unwrap(), record);
    }
}

#[test]
fn unknown_keys_of_the_public_header_are_kept_and_hashed() {
    let ann = person(1, Suite::X25519);
    let record = make(&plan(Suite::X25519, &[&ann]), 1).record;
    // A later version adds key 11: the map's head counts it, the id covers it.
    let mut public = codec::encode(record.header());
    assert_eq!(public[0], 0xab, "eleven keys");
    public[0] = 0xac;
    public.extend([0x0b, 0x01]);
    let mut bytes = vec![0x82, 0x00, 0x81, 0xa2, 0x00];
    minicbor::Encoder::new(&mut bytes).bytes(&public).unwrap();
    bytes.push(0x01);
    minicbor::Encoder::new(&mut bytes)
        .bytes(record.sealed())
        .unwrap();
    let KeyRecord::Epoch(later) = KeyRecord::decode(&bytes).unwrap() else {
        panic!("not an epoch")
    };
    assert_eq!(
        KeyRecord::Epoch(later.clone()).encode(),
        bytes,
        "byte for byte"
    );
    assert_ne!(later.id(), record.id());
}
