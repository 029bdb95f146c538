#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::tree::{bit_of, branch_hash, empty_hash, leaf_hash};
use super::*;
use crate::id::{LeafId, Pseudonym, RegisterId};

const LABEL: Label = Label::StateEntry;

/// The root as the chapter defines it, from all entries at once.
fn from_scratch(entries: &[(Key, Digest)]) -> Digest {
    match entries {
        [] => empty_hash(LABEL),
        [(key, value)] => leaf_hash(LABEL, key, value),
        _ => {
            let differs =
                |bit: &u16| bit_of(&entries[0].0, *bit) != bit_of(&entries.last().unwrap().0, *bit);
            let bit = (0..256).find(differs).unwrap();
            let middle = entries.partition_point(|(key, _)| !bit_of(key, bit));
            let (left, right) = entries.split_at(middle);
            branch_hash(LABEL, bit, &from_scratch(left), &from_scratch(right))
        }
    }
}

fn tree(entries: &BTreeMap<Key, Digest>) -> Tree {
    let mut tree = Tree::new(LABEL);
    for (key, value) in entries {
        tree.insert(*key, *value);
    }
    tree
}

/// Keys that share long runs of bits, so that paths are deep and tests of bits skip many.
fn keys() -> impl Strategy<Value = Key> {
    prop_oneof![
        any::<Key>(),
        (0u8..4, 0u8..4, 28usize..32).prop_map(|(first, late, at)| {
            let mut key = [0x55; KEY_LEN];
            key[0] = first;
            key[at] ^= late;
            key
        }),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Put(Key, u8),
    Take(Key),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (keys(), any::<u8>()).prop_map(|(key, value)| Step::Put(key, value)),
        1 => keys().prop_map(Step::Take),
    ];
    prop::collection::vec(step, 0..60)
}

/// What a number stands for as a value.
fn value(n: u8) -> Digest {
    Digest([n; 32])
}

fn apply(steps: &[Step]) -> (Tree, BTreeMap<Key, Digest>) {
    let (mut tree, mut map) = (Tree::new(LABEL), BTreeMap::new());
    for step in steps {
        match step {
            Step::Put(key, n) => {
                tree.insert(*key, value(*n));
                map.insert(*key, value(*n));
            }
            Step::Take(key) => {
                tree.remove(key);
                map.remove(key);
            }
        }
    }
    (tree, map)
}

proptest! {
    #[test]
    fn a_tree_kept_up_step_by_step_has_the_root_of_its_entries(steps in steps()) {
        let (kept_up, map) = apply(&steps);
        let entries: Vec<(Key, Digest)> = map.iter().map(|(key, value)| (*key, *value)).collect();
        prop_assert_eq!(kept_up.root(), from_scratch(&entries));
        prop_assert_eq!(kept_up.len(), map.len());
        for (key, value) in &map {
            prop_assert_eq!(kept_up.get(key), Some(*value));
        }
    }

    #[test]
    fn a_clone_is_not_changed_by_what_happens_to_the_original(steps in steps(), key in keys()) {
        let (mut changed, map) = apply(&steps);
        let before = changed.clone();
        changed.insert(key, value(77));
        changed.insert([9; KEY_LEN], value(78));
        prop_assert_eq!(before.root(), tree(&map).root());
    }

    #[test]
    fn a_proof_shows_what_is_there_and_what_is_not(
        steps in steps(),
        asked in prop::collection::vec(keys(), 1..6),
    ) {
        let (tree, map) = apply(&steps);
        let proof = tree.prove(asked.clone());
        let proof = Pruned::decode(&proof.encode()).unwrap();
        prop_assert_eq!(proof.verify(LABEL, &tree.root()), Ok(()));
        for key in asked.iter() {
            let expected = map.get(key).map_or(Lookup::Absent, |value| Lookup::Value(*value));
            prop_assert_eq!(proof.lookup(key), expected);
        }
        // Of the rest it says the truth, or nothing.
        for (key, value) in &map {
            let found = proof.lookup(key);
            prop_assert!(found == Lookup::Unknown || found == Lookup::Value(*value));
        }
    }

    #[test]
    fn a_proof_of_a_range_holds_all_of_it(steps in steps(), a in keys(), b in keys()) {
        let (tree, map) = apply(&steps);
        let (from, to) = (a.min(b), a.max(b));
        let proof = Pruned::decode(&tree.prove_range(&from, &to).encode()).unwrap();
        prop_assert_eq!(proof.verify(LABEL, &tree.root()), Ok(()));
        prop_assert!(proof.covers(&from, &to));
        let shown: Vec<Key> = proof
            .entries()
            .into_iter()
            .map(|(key, _)| key)
            .filter(|key| (from..=to).contains(key))
            .collect();
        let there: Vec<Key> = map.range(from..=to).map(|(key, _)| *key).collect();
        prop_assert_eq!(shown, there);
    }

    #[test]
    fn a_proof_from_which_an_entry_was_cut_does_not_cover_it(steps in steps(), at in any::<prop::sample::Index>()) {
        let (tree, map) = apply(&steps);
        prop_assume!(map.len() > 1);
        let hidden = *map.keys().nth(at.index(map.len())).unwrap();
        let others = map.keys().copied().filter(|key| *key != hidden);
        let proof = tree.prove(others);
        prop_assert_eq!(proof.verify(LABEL, &tree.root()), Ok(()));
        // Its neighbour's leaf may show it by the way; if not, nothing pretends that it is absent.
        if proof.lookup(&hidden) == Lookup::Unknown {
            prop_assert!(!proof.covers(&hidden, &hidden));
            prop_assert!(!proof.covers(&[0; KEY_LEN], &[u8::MAX; KEY_LEN]));
        }
    }

    #[test]
    fn a_changed_byte_never_verifies(steps in steps(), key in keys(), at in any::<prop::sample::Index>(), flip in 1u8..) {
        let (tree, _) = apply(&steps);
        prop_assume!(!tree.is_empty());
        let mut bytes = tree.prove([key]).encode();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let forged = Pruned::decode(&bytes).and_then(|proof| proof.verify(LABEL, &tree.root()));
        prop_assert!(forged.is_err());
    }

    #[test]
    fn bytes_of_a_stranger_never_panic(bytes in prop::collection::vec(prop_oneof![0u8..4, any::<u8>()], 0..400)) {
        if let Ok(proof) = Pruned::decode(&bytes) {
            prop_assert_eq!(proof.encode(), bytes);
            let _ = (proof.root(LABEL), proof.entries(), proof.lookup(&[7; KEY_LEN]));
        }
    }
}

#[test]
fn proofs_that_are_out_of_order_or_go_on_are_refused() {
    let tree = apply(&[
        Step::Put([0; 32], 1),
        Step::Put([0x80; 32], 2),
        Step::Put([0xC0; 32], 3),
    ]);
    let good = tree.0.prove([[0; 32], [0x80; 32], [0xC0; 32]]).encode();
    assert!(Pruned::decode(&good).is_ok(), "positive control");
    assert_eq!(
        Pruned::decode(&[good.clone(), vec![0]].concat()),
        Err(ProofError::Form(good.len()))
    );
    assert!(matches!(
        Pruned::decode(&good[..good.len() - 1]),
        Err(ProofError::Form(_))
    ));
    assert_eq!(Pruned::decode(&[]), Err(ProofError::Form(0)));
    assert_eq!(Pruned::decode(&[4]), Err(ProofError::Form(0)));
    // The same bit twice on one path: a search would go in circles.
    let cut = [vec![0], vec![1; 32]].concat();
    let twice = [
        vec![2, 0, 5, 2, 0, 5],
        cut.clone(),
        cut.clone(),
        cut.clone(),
    ]
    .concat();
    assert_eq!(Pruned::decode(&twice), Err(ProofError::Order(3)));
    let beyond = [vec![2, 1, 0], cut.clone(), cut].concat();
    assert_eq!(Pruned::decode(&beyond), Err(ProofError::Order(0)));
    // A leaf to the left whose key belongs to the right.
    let leaf = [vec![1], vec![0xFF; 32], vec![0; 32]].concat();
    let wrong = [vec![2, 0, 0], leaf.clone(), leaf].concat();
    assert_eq!(Pruned::decode(&wrong), Err(ProofError::Order(0)));
    let long = vec![0; PRUNED_BYTES_MAX + 1];
    assert_eq!(Pruned::decode(&long), Err(ProofError::TooLong(long.len())));
}

#[test]
fn a_member_proof_names_its_register_and_no_other() {
    let mut tree = Tree::new(Label::MemberRoot);
    let (register, leaf) = (RegisterId([1; 32]), LeafId([2; 32]));
    for n in 0..100u8 {
        tree.insert([n; 32], member_value(&register, &LeafId([n; 32])));
    }
    let shown = Pseudonym([7; 32]);
    tree.insert(shown.0, member_value(&register, &leaf));
    let proof = MemberProof {
        register: Some((register, leaf)),
        path: tree.prove([shown.0]),
    };
    let bytes = crate::codec::encode(&proof);
    let proof: MemberProof =
        crate::codec::decode(&bytes, crate::codec::Limits::bytes(MEMBER_PROOF_MAX)).unwrap();
    assert_eq!(proof.verify(&tree.root(), &shown), Ok(()));
    let missing = Err(ProofError::Missing("the register"));
    assert_eq!(proof.verify(&tree.root(), &Pseudonym([8; 32])), missing);
    let other = MemberProof {
        register: Some((RegisterId([9; 32]), leaf)),
        ..proof.clone()
    };
    assert_eq!(other.verify(&tree.root(), &shown), missing);
    let denied = MemberProof {
        register: None,
        ..proof.clone()
    };
    assert_eq!(denied.verify(&tree.root(), &shown), missing);
    let stranger = Pseudonym([200; 32]);
    let absent = MemberProof {
        register: None,
        path: tree.prove([stranger.0]),
    };
    assert_eq!(absent.verify(&tree.root(), &stranger), Ok(()));
    assert!(matches!(
        proof.verify(&Digest([0; 32]), &shown),
        Err(ProofError::Root { .. })
    ));
}

#[test]
fn an_event_tree_depends_on_the_set_alone() {
    let events: Vec<EventId> = (0..50u8)
        .map(|n| EventId([n.wrapping_mul(37); 32]))
        .collect();
    let (mut there, mut back) = (EventTree::default(), EventTree::default());
    assert!(there.is_empty());
    for event in &events {
        there.insert(event);
        there.insert(event);
    }
    for event in events.iter().rev() {
        back.insert(event);
    }
    assert_eq!(there.root(), back.root());
    assert_eq!(there.len(), 50);
    let proof = there.prove(&[events[3], EventId([255; 32])]);
    assert_eq!(proof.verify(Label::LogRoot, &there.root()), Ok(()));
    assert_eq!(
        proof.lookup(&events[3].0),
        Lookup::Value(EventTree::value())
    );
    assert_eq!(proof.lookup(&[255; 32]), Lookup::Absent);
}
