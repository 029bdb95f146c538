//! Which keys an epoch is sealed to, and the shape of the tree above them.

use std::collections::{BTreeMap, BTreeSet};

use super::header::DEPTH_MAX;
use super::{Leaf, Suite, Tree, TreeNode};
use crate::id::{Digest, LeafId};

/// A key to seal to: a leaf's, or an inner node's, which is a leaf to the level above it.
pub(super) type Target = Leaf;

/// Whom an epoch is sealed to: single leaves, and inner nodes that take one slot for all beneath them.
#[derive(Clone, Debug)]
pub struct Cover {
    pub(super) targets: Vec<Target>,
    pub(super) leaf_list: Digest,
    pub(super) leaf_count: u32,
    pub(super) shape: Shape,
}

impl Cover {
    /// A slot for every leaf.
    #[must_use]
    pub fn flat(leaves: impl IntoIterator<Item = Leaf>) -> Self {
        // The suite has no part in a tree without nodes.
        Tree::of(Suite::X25519, leaves).cover()
    }

    /// How many recipients there are.
    #[must_use]
    pub fn leaf_count(&self) -> u32 {
        self.leaf_count
    }

    /// How many slots it takes, before padding.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.targets.len()
    }
}

/// Shape of a key tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Levels of keys above the leaves' own: 1 is a flat list of slots.
    pub depth: u8,
    /// Children of an inner node, at most; of no meaning at depth 1.
    pub arity: u16,
}

impl Shape {
    /// A flat list of slots.
    pub const FLAT: Self = Self { depth: 1, arity: 1 };
}

/// How a key tree grows with its community.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Growth {
    /// Most leaves that are sealed to one by one.
    pub flat_max: usize,
    /// Children of an inner node.
    pub arity: u16,
}

impl Default for Growth {
    /// As decision record 0014 says. Below 64 leaves records of nodes cost more than they save. One arity
    /// serves all sizes, since positions are counted in it and must not shift while a community grows; 16 is near the fourth
    /// root of 100,000, where four levels take the fewest slots.
    fn default() -> Self {
        Self {
            flat_max: 64,
            arity: 16,
        }
    }
}

impl Growth {
    /// The shape for so many leaves: as deep as it must be for the top to be no wider than a node, within [`DEPTH_MAX`].
    #[must_use]
    pub fn shape(self, leaves: usize) -> Shape {
        if leaves <= self.flat_max || self.arity < 2 {
            return Shape::FLAT;
        }
        let arity = usize::from(self.arity);
        let (mut depth, mut reach) = (2, arity.saturating_mul(arity));
        while reach < leaves && depth < DEPTH_MAX {
            depth += 1;
            reach = reach.saturating_mul(arity);
        }
        Shape {
            depth,
            arity: self.arity,
        }
    }
}

/// Whether `leaf` is beneath `node`, itself or through nodes further down; the rule for who may author a node.
#[must_use]
pub fn is_beneath(leaf: &LeafId, node: &TreeNode, nodes: &[TreeNode]) -> bool {
    let beneath = Beneath::new(nodes);
    beneath.of(node).contains(leaf)
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

    /// The leaves beneath a node, as far as the nodes in between are known. Levels fall with each step, so that this ends.
    fn of(&self, node: &TreeNode) -> BTreeSet<LeafId> {
        let mut leaves = BTreeSet::new();
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            if node.level <= 1 {
                leaves.extend(node.children.iter().copied());
                continue;
            }
            for child in &node.children {
                // The author's own path is enough to find their leaf.
                let child = self.by_id.get(child);
                open.extend(child.filter(|child| child.level + 1 == node.level));
            }
        }
        leaves
    }
}
