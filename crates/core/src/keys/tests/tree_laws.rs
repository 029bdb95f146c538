//! Laws of the key tree: what is kept up to date equals what is built anew, and a community that grows, is moderated and heals
//! has a cover that reaches everybody with few slots.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::member::LeafKeys;

const PEOPLE: usize = 12;

fn leaf(number: usize) -> Leaf {
    // Trees never look into keys, so that made-up ones do.
    Leaf::full(LeafKeys {
        x25519: (number as u64).to_be_bytes().repeat(4).into(),
        xwing: None,
    })
}

fn node(number: usize, level: u8, children: Vec<LeafId>) -> TreeNode {
    let Leaf { id, keys, .. } = leaf(1_000 + number);
    TreeNode {
        id,
        keys,
        level,
        children,
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert(usize),
    Remove(usize),
    Node(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..PEOPLE).prop_map(Step::Insert),
        2 => (0..PEOPLE).prop_map(Step::Remove),
        3 => (0..9usize).prop_map(Step::Node),
    ];
    proptest::collection::vec(step, 1..60)
}

/// Six buckets, some of which overlap, two nodes above them, and one at the top.
fn forest(buckets: &[BTreeSet<usize>]) -> Vec<NodeHeader> {
    let mut nodes: Vec<TreeNode> = Vec::new();
    let sorted = |mut ids: Vec<LeafId>| {
        ids.sort();
        ids
    };
    for (number, bucket) in buckets.iter().enumerate() {
        let ids = bucket.iter().map(|at| leaf(*at).id).collect();
        nodes.push(node(number, 1, sorted(ids)));
    }
    for (number, range) in [(6, 0..3), (7, 2..6)] {
        let ids = nodes[range].iter().map(|node| node.id).collect();
        nodes.push(node(number, 2, sorted(ids)));
    }
    let top = sorted(vec![nodes[6].id, nodes[7].id]);
    nodes.push(node(8, 3, top));
    let author = |node: &TreeNode| {
        let mut at = node;
        while at.level > 1 {
            at = nodes
                .iter()
                .find(|below| at.children.contains(&below.id))
                .unwrap();
        }
        at.children.first().copied().unwrap_or(stranger())
    };
    nodes
        .iter()
        .enumerate()
        .map(|(position, node)| header_of(node, u32::try_from(position).unwrap(), author(node)))
        .collect()
}

fn targets(tree: &Tree) -> Vec<LeafId> {
    tree.cover()
        .targets
        .iter()
        .map(|target| target.id)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tree_that_is_kept_equals_one_that_is_built_anew(
        steps in steps(),
        buckets in proptest::collection::vec(proptest::collection::btree_set(0..PEOPLE, 1..5), 6),
    ) {
        let headers = forest(&buckets);
        let mut kept = Tree::new(Suite::X25519, Growth::default());
        let (mut members, mut nodes) = (BTreeSet::new(), BTreeSet::new());
        for step in steps {
            match step {
                Step::Insert(at) => {
                    kept.insert(leaf(at));
                    members.insert(at);
                }
                Step::Remove(at) => {
                    kept.remove(&leaf(at).id);
                    members.remove(&at);
                }
                Step::Node(at) => {
                    kept.insert_node(&headers[at]);
                    nodes.insert(at);
                }
            }
            let mut anew = Tree::new(Suite::X25519, Growth::default());
            for at in nodes.iter().rev() {
                anew.insert_node(&headers[*at]);
            }
            anew.set_leaves(members.iter().map(|at| leaf(*at)));
            prop_assert_eq!(targets(&kept), targets(&anew));
            for header in &headers {
                let id = header.keys.id();
                prop_assert_eq!(kept.is_usable(&id), anew.is_usable(&id));
            }
            for at in 0..PEOPLE {
                prop_assert_eq!(kept.path(&leaf(at).id), anew.path(&leaf(at).id));
            }
        }
    }
}

/// A community whose members make the nodes that [`Tree::heal`] asks of them, with made-up keys.
struct Village {
    tree: Tree,
    arity: usize,
    made: usize,
    above: BTreeMap<LeafId, Vec<LeafId>>,
}

impl Village {
    fn new(arity: u16) -> Self {
        Self {
            tree: Tree::new(Suite::X25519, Growth { flat_max: 1, arity }),
            arity: usize::from(arity),
            made: 0,
            above: BTreeMap::new(),
        }
    }

    fn join(&mut self, number: usize) {
        self.tree.insert(leaf(number));
        self.speak(number);
    }

    /// Slots of the nodes that a member makes when they speak.
    fn speak(&mut self, number: usize) -> usize {
        let own = leaf(number).id;
        let mut sealed = 0;
        while let Some(group) = self.tree.heal(&own) {
            assert!(
                group.children.len() <= self.arity,
                "no wider than the arity"
            );
            let mut ids: Vec<LeafId> = group.children.iter().map(|child| child.id).collect();
            ids.sort();
            let beneath = |id: &LeafId| {
                *id == own || self.above.get(id).is_some_and(|below| below.contains(&own))
            };
            assert!(ids.iter().any(beneath), "made from beneath");
            sealed += ids.len();
            self.made += 1;
            let node = node(self.made, group.level, ids.clone());
            let below = ids
                .iter()
                .flat_map(|id| self.above.get(id).cloned().unwrap_or(vec![*id]))
                .collect();
            self.above.insert(node.id, below);
            self.tree
                .insert_node(&header_of(&node, group.position, own));
            assert!(self.tree.is_usable(&node.id), "what is made is usable");
        }
        sealed
    }
}

#[test]
fn a_community_that_grows_keeps_few_slots_at_every_depth() {
    for (arity, depth, people, most) in [
        (4, 2, 16, 8),
        (4, 3, 64, 12),
        (4, 4, 256, 16),
        (16, 3, 1_000, 34),
    ] {
        let mut village = Village::new(arity);
        for number in 0..people {
            village.join(number);
        }
        let slots = village.tree.cover_len();
        assert!(
            slots <= most,
            "{people} people at depth {depth} and arity {arity} take {slots} slots"
        );
        assert!(village.tree.cover().shape.depth >= depth);
        let joins = village.above.values().count();
        assert!(joins <= people, "less than a node a newcomer: {joins}");
    }
}

#[test]
fn a_ban_touches_one_path_and_the_next_speaker_there_mends_it() {
    let mut village = Village::new(4);
    for number in 0..256 {
        village.join(number);
    }
    let before = village.tree.cover_len();
    village.tree.remove(&leaf(100).id);
    let touched = village.tree.cover_len();
    assert!(
        touched > before && touched <= before + 3 * 3,
        "{before} became {touched}"
    );
    assert_eq!(
        village.speak(3),
        0,
        "who sits elsewhere has nothing to mend"
    );
    let sealed = village.speak(101);
    assert!(
        sealed > 0 && sealed <= 3 * 4,
        "one node a level: {sealed} slots"
    );
    assert!(village.tree.cover_len() <= before, "as few as before");
}

#[test]
fn a_raid_sits_together_and_costs_little_more_than_one() {
    let mut village = Village::new(4);
    for number in 0..200 {
        village.join(number);
    }
    let before = village.tree.cover_len();
    for number in 200..256 {
        village.join(number);
    }
    for number in 200..256 {
        village.tree.remove(&leaf(number).id);
    }
    let after = village.tree.cover_len();
    assert!(after <= 3 * (before + 9), "{before} became {after}");
    assert!(
        village
            .tree
            .leaves()
            .all(|leaf| !village.tree.path(&leaf.id).is_empty()
                || village.tree.cover().targets.contains(leaf))
    );
}
