//! Which keys an epoch is sealed to: whole subtrees where nobody was removed, single leaves elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::{Leaf, TreeNode};
use crate::id::LeafId;

/// A key to seal to: a leaf's, or an inner node's, which is a leaf to the level above it.
pub(super) type Target = Leaf;

/// Chooses targets that reach every leaf and nobody else, in ascending order of ids.
///
/// An inner node is *untouched* if everything beneath it is among the recipients of the whole epoch; it then takes one slot
/// for all of them. Beneath a touched node, its untouched children take one each and leaves stand for themselves. Of nodes
/// over the same leaves the highest comes first, then the one with most leaves, then the lowest id.
pub(super) fn cover(leaves: &[Leaf], nodes: &[TreeNode], level_max: u8) -> Vec<Target> {
    let mut rest: BTreeMap<LeafId, Leaf> = BTreeMap::new();
    for leaf in leaves {
        // Listed twice, it gets the lesser of the two: see `leaf_list`.
        rest.entry(leaf.id)
            .and_modify(|before| before.state_only |= leaf.state_only)
            .or_insert_with(|| leaf.clone());
    }
    let mut candidates: Vec<(&TreeNode, BTreeSet<LeafId>)> = Beneath::new(nodes)
        .of_all(level_max)
        .into_iter()
        .filter(|(_, beneath)| {
            let full = |id| rest.get(id).is_some_and(|leaf| !leaf.state_only);
            !beneath.is_empty() && beneath.iter().all(full)
        })
        .collect();
    candidates.sort_by(|(a, below_a), (b, below_b)| {
        (b.level, below_b.len())
            .cmp(&(a.level, below_a.len()))
            .then(a.id.cmp(&b.id))
    });
    let mut targets = BTreeMap::new();
    for (node, beneath) in candidates {
        if beneath.iter().all(|id| rest.contains_key(id)) {
            rest.retain(|id, _| !beneath.contains(id));
            targets.insert(
                node.id,
                Leaf {
                    id: node.id,
                    keys: node.keys.clone(),
                    state_only: false,
                },
            );
        }
    }
    targets.extend(rest);
    targets.into_values().collect()
}

/// Whether `leaf` is beneath `node`, itself or through nodes further down; the rule for who may author a node.
#[must_use]
pub fn is_beneath(leaf: &LeafId, node: &TreeNode, nodes: &[TreeNode]) -> bool {
    let beneath = Beneath::new(nodes);
    beneath.of(node).is_some_and(|leaves| leaves.contains(leaf))
}

/// Looks up what is beneath nodes.
struct Beneath<'a> {
    by_id: BTreeMap<LeafId, &'a TreeNode>,
}

impl<'a> Beneath<'a> {
    fn new(nodes: &'a [TreeNode]) -> Self {
        Self {
            by_id: nodes.iter().map(|node| (node.id, node)).collect(),
        }
    }

    fn of_all(&self, level_max: u8) -> Vec<(&'a TreeNode, BTreeSet<LeafId>)> {
        let low = self.by_id.values().filter(|node| node.level <= level_max);
        low.filter_map(|node| Some((*node, self.of(node)?)))
            .collect()
    }

    /// The leaves beneath a node; nothing if a node in between is unknown or not one level lower. Levels fall with each
    /// step, so that this ends.
    fn of(&self, node: &TreeNode) -> Option<BTreeSet<LeafId>> {
        let mut leaves = BTreeSet::new();
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            if node.level <= 1 {
                leaves.extend(node.children.iter().copied());
                continue;
            }
            for child in &node.children {
                let child = self.by_id.get(child)?;
                if child.level + 1 != node.level {
                    return None;
                }
                open.push(child);
            }
        }
        Some(leaves)
    }
}
