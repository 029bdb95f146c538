//! Laws over arbitrary sets of leaves and nodes.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// How many people the universe of these tests has.
const PEOPLE: usize = 12;

fn universe() -> Vec<Person> {
    (0..PEOPLE)
        .map(|i| person(u8::try_from(i).unwrap() + 1, Suite::X25519))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// All recipients and only they open a record, each to what it may have; the plan's order does not matter.
    #[test]
    fn all_and_only_the_recipients_open(
        members in proptest::collection::vec(0..3u8, PEOPLE),
        seed in any::<u64>(),
    ) {
        // 0 out, 1 in, 2 in for state alone.
        let people = universe();
        let mut leaves: Vec<Leaf> = people
            .iter()
            .zip(&members)
            .filter(|(_, kind)| **kind > 0)
            .map(|(person, kind)| Leaf { state_only: *kind == 2, ..person.leaf.clone() })
            .collect();
        prop_assume!(!leaves.is_empty());
        let base = plan(Suite::X25519, &[]);
        let epoch = make(&EpochPlan { cover: Cover::flat(leaves.clone()), ..base.clone() }, seed);
        leaves.reverse();
        prop_assert_eq!(make(&EpochPlan { cover: Cover::flat(leaves), ..base }, seed).id, epoch.id);
        for (person, kind) in people.iter().zip(members) {
            match (kind, person.open(&epoch.record)) {
                (0, Err(KeysError::NoSlot(_))) => {}
                (1, Ok(opened)) => prop_assert_eq!(opened.secret, Some(epoch.secret.clone())),
                (2, Ok(opened)) => prop_assert_eq!(opened.keys.content, None),
                (kind, result) => prop_assert!(false, "kind {} got {:?}", kind, result.map(|_| ())),
            }
        }
    }

    /// Whatever nodes there are, overlapping or stale: the cover reaches all recipients and only them.
    #[test]
    fn a_cover_is_exact_whatever_the_nodes(
        members in proptest::collection::vec(0..3u8, PEOPLE),
        buckets in proptest::collection::vec(proptest::collection::btree_set(0..PEOPLE, 0..5), 0..6),
        tops in proptest::collection::vec(proptest::collection::btree_set(0..6usize, 1..4), 0..3),
    ) {
        let people = universe();
        let leaves: Vec<Leaf> = people
            .iter()
            .zip(&members)
            .filter(|(_, kind)| **kind > 0)
            .map(|(person, kind)| Leaf { state_only: *kind == 2, ..person.leaf.clone() })
            .collect();
        let tree_node = |number: usize, level, children| {
            let keys = LeafSecret::from_seed(&[u8::try_from(100 + number).unwrap(); 32]).public(Suite::X25519);
            TreeNode { id: keys.id(), keys, level, children }
        };
        let mut nodes: Vec<TreeNode> = buckets
            .iter()
            .enumerate()
            .map(|(i, bucket)| tree_node(i, 1, bucket.iter().map(|at| people[*at].leaf.id).collect()))
            .collect();
        let lower = nodes.clone();
        for (i, top) in tops.iter().enumerate() {
            let children = top.iter().filter_map(|at| lower.get(*at)).map(|node| node.id).collect();
            nodes.push(tree_node(50 + i, 2, children));
        }
        let beneath = |id: &LeafId| -> Vec<LeafId> {
            fn below(id: &LeafId, nodes: &[TreeNode]) -> Vec<LeafId> {
                match nodes.iter().find(|node| node.id == *id) {
                    Some(node) => node.children.iter().flat_map(|child| below(child, nodes)).collect(),
                    None => vec![*id],
                }
            }
            below(id, &nodes)
        };
        let targets = tree_of(Suite::X25519, &leaves, &nodes).cover().targets;
        let reached: BTreeSet<LeafId> = targets.iter().flat_map(|target| beneath(&target.id)).collect();
        let wanted: BTreeSet<LeafId> = leaves.iter().map(|leaf| leaf.id).collect();
        prop_assert_eq!(reached, wanted);
        for target in &targets {
            let narrow = leaves.iter().any(|leaf| leaf.state_only && beneath(&target.id).contains(&leaf.id));
            prop_assert_eq!(target.state_only, narrow, "state alone goes to the closed invites, and only to them");
        }
    }
}
