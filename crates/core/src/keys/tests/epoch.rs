//! Epochs at depth 1: who opens what.

use super::*;
use crate::id::{ChannelId, EpochId, Pseudonym, TopicTag};
use crate::member::Closing;

const SUITES: [Suite; 2] = [Suite::X25519, Suite::XWing];

#[test]
fn a_banned_leaf_cannot_open_the_new_epoch_and_still_opens_the_old() {
    for suite in SUITES {
        let [ann, bob, eve] = [1, 2, 3].map(|seed| person(seed, suite));
        let old = make(&plan(suite, &[&ann, &bob, &eve]), 1);
        let new = make(
            &EpochPlan {
                parents: vec![(old.id, old.secret.keys())],
                reason: Reason::Removal,
                ..plan(suite, &[&ann, &bob])
            },
            2,
        );
        let (old, new) = (wire(&old.record), wire(&new.record));
        assert!(
            eve.open(&old).unwrap().secret.is_some(),
            "positive control: the epoch before"
        );
        assert_eq!(eve.open(&new).unwrap_err(), KeysError::NoSlot(eve.leaf.id));
        // With everything that eve has: her secrets on every slot, and the old epoch's keys on the new record.
        for slot in new.slots().unwrap() {
            assert!(new.open_slot(slot, &eve.secret, eve.leaf.id).is_err());
            for impersonated in [ann.leaf.id, bob.leaf.id] {
                assert!(new.open_slot(slot, &eve.secret, impersonated).is_err());
            }
        }
        let held = eve.open(&old).unwrap();
        let share = Share::Full(held.secret.unwrap());
        assert_eq!(new.open_with(&share).unwrap_err(), KeysError::Commitment);
        assert!(new.unlink(&held.keys).is_empty());
        for member in [&ann, &bob] {
            assert!(
                member.open(&new).unwrap().secret.is_some(),
                "who remains opens"
            );
        }
    }
}

#[test]
fn the_leaf_of_a_closed_invite_opens_state_and_not_content() {
    for suite in SUITES {
        let (ann, link) = (person(1, suite), closed_invite(9, suite));
        let new = make(&plan(suite, &[&ann, &link]), 1);
        let record = wire(&new.record);
        let opened = link.open(&record).unwrap();
        assert_eq!(opened.keys.state, new.secret.state_key());
        assert_eq!(opened.keys.content, None);
        assert_eq!(opened.secret, None);
        assert!(
            opened.header.verify(&signer().public()).is_ok(),
            "and it can verify"
        );
        let full = ann.open(&record).unwrap();
        assert_eq!(
            full.keys.content,
            Some(new.secret.content_key()),
            "positive control"
        );
    }
}

#[test]
fn links_give_state_always_and_content_by_policy() {
    let suite = Suite::X25519;
    let (ann, link) = (person(1, suite), closed_invite(9, suite));
    let old = make(&plan(suite, &[&ann]), 1);
    for link_content in [true, false] {
        let new = make(
            &EpochPlan {
                parents: vec![(old.id, old.secret.keys())],
                reason: Reason::Removal,
                link_content,
                ..plan(suite, &[&ann, &link])
            },
            2,
        );
        let record = wire(&new.record);
        let full = record.unlink(&ann.open(&record).unwrap().keys);
        let content = link_content.then(|| old.secret.content_key());
        assert_eq!(
            full,
            [(
                old.id,
                EpochKeys {
                    state: old.secret.state_key(),
                    content
                }
            )]
        );
        assert!(old.record.check_keys(&full[0].1).is_ok());
        let header = old.record.open_header(&full[0].1).unwrap();
        assert!(header.verify(&signer().public()).is_ok());
        let state = record.unlink(&link.open(&record).unwrap().keys);
        assert_eq!(
            state,
            [(
                old.id,
                EpochKeys {
                    state: old.secret.state_key(),
                    content: None
                }
            )]
        );
    }
}

#[test]
fn an_author_without_the_parents_content_links_state_alone() {
    let suite = Suite::X25519;
    let ann = person(1, suite);
    let old = make(&plan(suite, &[&ann]), 1);
    let known = EpochKeys {
        state: old.secret.state_key(),
        content: None,
    };
    let new = make(
        &EpochPlan {
            parents: vec![(old.id, known.clone())],
            ..plan(suite, &[&ann])
        },
        2,
    );
    assert_eq!(new.record.unlink(&new.secret.keys()), [(old.id, known)]);
}

#[test]
fn a_heal_follows_two_parents_in_one_order() {
    let suite = Suite::X25519;
    let ann = person(1, suite);
    let (a, b) = (
        make(&plan(suite, &[&ann]), 1),
        make(&plan(suite, &[&ann]), 2),
    );
    let parents = vec![(a.id, a.secret.keys()), (b.id, b.secret.keys())];
    let reversed = parents.iter().rev().cloned().collect();
    let heal = |parents| {
        make(
            &EpochPlan {
                parents,
                ..plan(suite, &[&ann])
            },
            3,
        )
    };
    let (one, two) = (heal(parents.clone()), heal(reversed));
    assert_eq!(
        one.id, two.id,
        "the order of the plan's lists does not matter"
    );
    let mut sorted = parents;
    sorted.sort_by_key(|(id, _)| *id);
    assert_eq!(one.record.unlink(&one.secret.keys()), sorted);
}

#[test]
fn a_direct_slot_adds_one_leaf_and_no_other() {
    for suite in SUITES {
        let [ann, new, other] = [1, 2, 3].map(|seed| person(seed, suite));
        let epoch = make(&plan(suite, &[&ann]), 1);
        let share = Share::Full(epoch.secret.clone());
        let direct = direct_slot(epoch.id, &share, &new.leaf, suite).unwrap();
        let opened = open_direct(&direct, &new.secret, new.leaf.id).unwrap();
        assert_eq!(opened, share);
        assert!(epoch.record.open_with(&opened).is_ok());
        let refused = open_direct(&direct, &other.secret, other.leaf.id).unwrap_err();
        assert_eq!(refused, KeysError::NoSlot(other.leaf.id));
        let refused = open_direct(&direct, &other.secret, new.leaf.id).unwrap_err();
        assert_eq!(refused, KeysError::BadSlot(new.leaf.id));
        let moved = DirectSlot {
            epoch: EpochId([9; 32]),
            ..direct.clone()
        };
        assert!(
            open_direct(&moved, &new.secret, new.leaf.id).is_err(),
            "moved to another epoch"
        );
        let link = closed_invite(4, suite);
        let narrowed = direct_slot(epoch.id, &share, &link.leaf, suite).unwrap();
        let opened = open_direct(&narrowed, &link.secret, link.leaf.id).unwrap();
        assert_eq!(opened, Share::State(epoch.secret.state_key()));
        assert!(epoch.record.open_with(&opened).unwrap().secret.is_none());
    }
}

#[test]
fn a_share_of_another_epoch_is_refused() {
    let suite = Suite::X25519;
    let ann = person(1, suite);
    let (one, two) = (
        make(&plan(suite, &[&ann]), 1),
        make(&plan(suite, &[&ann]), 2),
    );
    let (full, state) = (
        Share::Full(two.secret.clone()),
        Share::State(two.secret.state_key()),
    );
    for share in [&full, &state] {
        assert_eq!(
            one.record.open_with(share).unwrap_err(),
            KeysError::Commitment
        );
        assert!(two.record.open_with(share).is_ok(), "positive control");
    }
    let mixed = EpochKeys {
        state: one.secret.state_key(),
        content: Some(two.secret.content_key()),
    };
    assert_eq!(one.record.check_keys(&mixed), Err(KeysError::Commitment));
}

#[test]
fn a_disputed_slot_is_recomputed_byte_for_byte() {
    for suite in SUITES {
        let (ann, bob, link) = (person(1, suite), person(2, suite), closed_invite(3, suite));
        let honest = make(&plan(suite, &[&ann, &bob, &link]), 1);
        for leaf in [&ann.leaf, &bob.leaf, &link.leaf] {
            let slot = honest.record.recompute_slot(&honest.secret, leaf).unwrap();
            assert_eq!(honest.record.slot_of(&leaf.id), Some(&slot));
            let complaint = Complaint {
                epoch: honest.id,
                leaf: leaf.id,
            };
            assert_eq!(
                complaint.is_proven(&honest.record, &honest.secret, leaf),
                Ok(false)
            );
        }
        // An author who left bob out, or gave him the state key alone.
        for plan in [plan(suite, &[&ann, &link]), {
            let narrowed = Leaf::state_only(bob.leaf.keys.clone());
            EpochPlan {
                cover: Cover::flat([ann.leaf.clone(), link.leaf.clone(), narrowed]),
                ..plan(suite, &[])
            }
        }] {
            let bad = make(&plan, 1);
            let complaint = Complaint {
                epoch: bad.id,
                leaf: bob.leaf.id,
            };
            assert_eq!(
                complaint.is_proven(&bad.record, &bad.secret, &bob.leaf),
                Ok(true)
            );
            let elsewhere = Complaint {
                epoch: honest.id,
                ..complaint
            };
            assert_eq!(
                elsewhere.is_proven(&bad.record, &bad.secret, &bob.leaf),
                Err(KeysError::WrongEpoch(bad.id))
            );
        }
    }
}

#[test]
fn a_leaf_with_bad_keys_stops_nobody_else() {
    let suite = Suite::XWing;
    let ann = person(1, suite);
    let light = Leaf::full(LeafSecret::from_seed(&[2; 32]).public(Suite::X25519));
    let leaves = [ann.leaf.clone(), light.clone()];
    let plan = EpochPlan {
        cover: Cover::flat(leaves.clone()),
        ..plan(suite, &[])
    };
    let epoch = make(&plan, 1);
    assert_eq!(epoch.unsealed, [light.id]);
    let opened = ann.open(&epoch.record).unwrap();
    let header = opened.header.verify(&signer().public()).unwrap();
    assert_eq!(
        (header.leaf_list, header.leaf_count),
        leaf_list(&leaves),
        "it stays in the list"
    );
    let complaint = Complaint {
        epoch: epoch.id,
        leaf: light.id,
    };
    assert_eq!(
        complaint.is_proven(&epoch.record, &epoch.secret, &light),
        Err(KeysError::UnusableKey(light.id))
    );
}

#[test]
fn the_header_says_what_the_plan_said_and_is_signed_by_the_device() {
    let suite = Suite::X25519;
    let ann = person(1, suite);
    let [low, high] = [Pseudonym([1; 32]), Pseudonym([2; 32])];
    let closing = |pseudonym, last| Closing {
        pseudonym,
        topic: TopicTag([7; 16]),
        last,
    };
    let plan = EpochPlan {
        heads: vec![EventId([9; 32]), EventId([3; 32])],
        removed: vec![
            Removed {
                pseudonym: high,
                seq: 2,
            },
            Removed {
                pseudonym: low,
                seq: 1,
            },
        ],
        closing: vec![closing(high, 5), closing(low, 4)],
        ..plan(suite, &[&ann])
    };
    let record = wire(&make(&plan, 1).record);
    let opened = ann.open(&record).unwrap();
    let other = SigningKey::from_seed(&[43; 32]).public();
    assert!(
        opened.header.clone().verify(&other).is_err(),
        "another device's key"
    );
    let hint = opened.header.hint();
    assert_eq!((hint.author, hint.device), (plan.author, plan.device));
    let header = opened.header.verify(&signer().public()).unwrap();
    assert_eq!(header.heads, [EventId([3; 32]), EventId([9; 32])]);
    assert_eq!(
        header.removed,
        [
            Removed {
                pseudonym: low,
                seq: 1
            },
            Removed {
                pseudonym: high,
                seq: 2
            }
        ]
    );
    assert_eq!(header.closing, [closing(low, 4), closing(high, 5)]);
    assert_eq!(
        (header.server, header.audience),
        (plan.server, plan.audience)
    );
    assert_eq!(
        (header.leaf_list, header.leaf_count),
        leaf_list(core::slice::from_ref(&ann.leaf))
    );
}

#[test]
fn plans_beyond_the_limits_are_refused() {
    let suite = Suite::X25519;
    let ann = person(1, suite);
    let make = |plan: &EpochPlan| make_epoch(plan, &signer(), &mut rng(1)).map(|epoch| epoch.id);
    assert!(make(&plan(suite, &[&ann])).is_ok(), "positive control");
    assert_eq!(make(&plan(suite, &[])), Err(KeysError::Leaves(0)));
    let keys = EpochSecret::from_bytes([1; 32]).keys();
    let parents = (0..17).map(|i| (EpochId([i; 32]), keys.clone())).collect();
    assert_eq!(
        make(&EpochPlan {
            parents,
            ..plan(suite, &[&ann])
        }),
        Err(KeysError::Parents(17))
    );
}

#[test]
fn a_signed_header_of_another_record_is_refused() {
    let suite = Suite::X25519;
    let ann = person(1, suite);
    let (one, two) = (
        make(&plan(suite, &[&ann]), 1),
        make(&plan(suite, &[&ann]), 2),
    );
    // Somebody who knows both keys seals the author's words about epoch one into epoch two.
    let words = one
        .record
        .open_header(&one.secret.keys())
        .unwrap()
        .verify(&signer().public())
        .unwrap();
    let nonce = *two.record.header().nonce;
    let key = plan::header_key(two.secret.state_key().as_bytes(), &nonce);
    let padded = crate::padding::pad(&words.bytes().encode()).unwrap();
    let digest = two.record.public_digest();
    let sealed = crate::aead::seal(&key, &digest.0, &padded, &mut rng(5)).unwrap();
    let forged = EpochRecord::assemble(
        two.record.header().clone(),
        sealed,
        two.record.slots().unwrap().to_vec(),
    );
    assert_eq!(ann.open(&forged).unwrap_err(), KeysError::Header);
    assert!(ann.open(&two.record).is_ok(), "positive control");
}

#[test]
fn channel_keys_differ_by_channel_and_epoch_and_stores_give_secrets_back() {
    let (one, two) = (
        EpochSecret::from_bytes([1; 32]),
        EpochSecret::from_bytes([2; 32]),
    );
    let (a, b) = (ChannelId([1; 32]), ChannelId([2; 32]));
    let key = |secret: &EpochSecret, channel| secret.content_key().channel(&channel);
    assert_eq!(key(&one, a), key(&one, a));
    assert_ne!(key(&one, a), key(&one, b));
    assert_ne!(key(&one, a), key(&two, a));
    assert_ne!(one.state_key().as_bytes(), one.content_key().as_bytes());
    let keys = one.keys();
    assert_eq!(EpochKeys::from_bytes(&keys.to_bytes()), Some(keys.clone()));
    let state = EpochKeys {
        content: None,
        ..keys
    };
    assert_eq!(EpochKeys::from_bytes(&state.to_bytes()), Some(state));
    for len in [0, 31, 33, 63, 65] {
        assert_eq!(EpochKeys::from_bytes(&vec![1; len]), None, "{len} bytes");
    }
    assert_eq!(Share::from_bytes(&[3; 33]), None);
    let debug = format!(
        "{:?} {:?} {:?}",
        one,
        one.keys(),
        LeafSecret::from_seed(&[1; 32])
    );
    assert_eq!(
        debug,
        "EpochSecret(..) EpochKeys { state: StateKey(..), content: Some(ContentKey(..)) } LeafSecret(..)"
    );
}

#[test]
fn a_stranger_finds_no_slot() {
    let ann = person(1, Suite::X25519);
    let epoch = make(&plan(Suite::X25519, &[&ann]), 1);
    assert!(epoch.record.slot_of(&stranger()).is_none());
    assert!(epoch.record.slot_of(&ann.leaf.id).is_some());
}
