//! The key tree of one audience: its recipients, the inner nodes above them, and whom to seal to.
//!
//! The recipients derive from the log alone. A node counts only while it is *whole*: everything beneath it is a recipient of
//! the secret, and its author is among them. So whoever is removed takes the nodes on their path out of use, and no others;
//! a node that was made in ignorance of a removal is never whole for those who know of it. What is cached here equals what
//! building the tree anew gives, whatever came first.

mod heal;

use std::collections::{BTreeMap, BTreeSet};

pub use self::heal::Group;
use super::header::DEPTH_MAX;
use super::leaf::leaf_list_of;
use super::{Cover, Growth, Leaf, NodeHeader, Shape, Suite, TreeNode};
use crate::id::LeafId;

/// Recipients and inner nodes of one audience.
///
/// Each leaf and node *chooses* one whole node among those that list it: that with most leaves, then the lowest id. A whole node
/// that all its children have chosen is *solid*. Whatever stands beneath no solid node that it chose is *loose*, and takes a slot
/// of its own in the next epoch.
#[derive(Clone, Debug)]
pub struct Tree {
    suite: Suite,
    growth: Growth,
    leaves: BTreeMap<LeafId, Leaf>,
    nodes: BTreeMap<LeafId, Inner>,
    /// Child to the nodes that list it.
    listed: BTreeMap<LeafId, Vec<LeafId>>,
    /// Child to the node that it chose.
    chosen: BTreeMap<LeafId, LeafId>,
    /// Level and position to the nodes there.
    places: BTreeMap<(u8, u32), Vec<LeafId>>,
    loose: BTreeSet<LeafId>,
    /// Leaves that nobody speaks for, such as those of invites: they come and go, and are put beneath no node.
    lone: BTreeSet<LeafId>,
}

#[derive(Clone, Debug)]
struct Inner {
    node: TreeNode,
    position: u32,
    author_leaf: LeafId,
    /// Children that are absent, or for nodes not whole.
    broken: usize,
    /// Children that have chosen this node.
    chosen_by: usize,
    /// Leaves beneath, once it has been whole; 0 before.
    count: usize,
    /// Whether its author's leaf is beneath it; settled once it has been whole.
    sound: bool,
}

impl Inner {
    fn is_whole(&self) -> bool {
        self.broken == 0 && self.sound
    }

    fn is_solid(&self) -> bool {
        self.is_whole() && self.chosen_by == self.node.children.len()
    }
}

impl Tree {
    /// An empty tree, sealed to with this suite.
    #[must_use]
    pub fn new(suite: Suite, growth: Growth) -> Self {
        Self {
            suite,
            growth,
            leaves: BTreeMap::new(),
            nodes: BTreeMap::new(),
            listed: BTreeMap::new(),
            chosen: BTreeMap::new(),
            places: BTreeMap::new(),
            loose: BTreeSet::new(),
            lone: BTreeSet::new(),
        }
    }

    /// A tree without inner nodes.
    #[must_use]
    pub fn of(suite: Suite, leaves: impl IntoIterator<Item = Leaf>) -> Self {
        let mut tree = Self::new(suite, Growth::default());
        for leaf in leaves {
            tree.insert(leaf);
        }
        tree
    }

    /// The suite that is sealed with.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// How many recipients there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether there are no recipients.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// A recipient.
    #[must_use]
    pub fn leaf(&self, id: &LeafId) -> Option<&Leaf> {
        self.leaves.get(id)
    }

    /// All recipients, in ascending order of ids.
    pub fn leaves(&self) -> impl ExactSizeIterator<Item = &Leaf> {
        self.leaves.values()
    }

    /// A node, usable or not.
    #[must_use]
    pub fn node(&self, id: &LeafId) -> Option<&TreeNode> {
        self.nodes.get(id).map(|inner| &inner.node)
    }

    /// How many nodes are known, usable or not.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// **R1 for nodes.** Whether a node may be sealed to: all beneath it are recipients, its author among them.
    #[must_use]
    pub fn is_usable(&self, id: &LeafId) -> bool {
        self.nodes.get(id).is_some_and(Inner::is_whole)
    }

    /// Adds a recipient, or replaces it; one that is listed twice gets the lesser of the two.
    pub fn insert(&mut self, mut leaf: Leaf) {
        let id = leaf.id;
        if let Some(before) = self.leaves.get(&id) {
            leaf.state_only |= before.state_only;
            if leaf.state_only == before.state_only {
                return;
            }
            self.remove(&id);
        }
        let full = !leaf.state_only;
        self.leaves.insert(id, leaf);
        if full {
            self.mend_parents(&id, 1);
            self.choose(&id);
        }
        self.refresh(&id);
    }

    /// Takes a recipient out: every node above it is out of use.
    pub fn remove(&mut self, id: &LeafId) {
        let Some(leaf) = self.leaves.remove(id) else {
            return;
        };
        if !leaf.state_only {
            self.break_parents(id, 1);
            self.choose(id);
        }
        self.loose.remove(id);
    }

    /// Makes the recipients exactly these; whoever stays costs a comparison.
    pub fn set_leaves(&mut self, leaves: impl IntoIterator<Item = Leaf>) {
        let mut wanted: BTreeMap<LeafId, Leaf> = BTreeMap::new();
        for leaf in leaves {
            wanted
                .entry(leaf.id)
                .and_modify(|before| before.state_only |= leaf.state_only)
                .or_insert(leaf);
        }
        let stays = |leaf: &Leaf| {
            wanted
                .get(&leaf.id)
                .is_some_and(|wanted| wanted.state_only == leaf.state_only)
        };
        let gone: Vec<LeafId> = self
            .leaves
            .values()
            .filter(|leaf| !stays(leaf))
            .map(|leaf| leaf.id)
            .collect();
        for id in gone {
            self.remove(&id);
        }
        for leaf in wanted.into_values() {
            if !self.leaves.contains_key(&leaf.id) {
                self.insert(leaf);
            }
        }
    }

    /// Names the leaves that [`Tree::heal`] puts beneath no node.
    pub fn set_lone(&mut self, leaves: impl IntoIterator<Item = LeafId>) {
        self.lone = leaves.into_iter().collect();
    }

    /// Adds a node whose header is verified and whose author leaf is that of the author's device. Children may come later.
    pub fn insert_node(&mut self, header: &NodeHeader) {
        let node = header.node();
        let id = node.id;
        let fits = match self.suite {
            Suite::X25519 => true,
            Suite::XWing => node.keys.xwing.is_some(),
        };
        let shaped = (1..DEPTH_MAX).contains(&node.level)
            && !node.children.is_empty()
            && node.children.is_sorted_by(|a, b| a < b);
        if !fits || !shaped || self.nodes.contains_key(&id) || self.leaves.contains_key(&id) {
            return;
        }
        let (level, children) = (node.level, node.children.clone());
        let broken = children
            .iter()
            .filter(|child| !self.is_fine(child, level))
            .count();
        self.nodes.insert(
            id,
            Inner {
                node,
                position: header.position,
                author_leaf: header.author_leaf,
                broken,
                chosen_by: 0,
                count: 0,
                sound: false,
            },
        );
        for child in &children {
            self.listed.entry(*child).or_default().push(id);
        }
        let place = (level, header.position);
        self.places.entry(place).or_default().push(id);
        if broken == 0 {
            self.completed(&id);
        }
    }

    /// Whom the next epoch is sealed to, and the commitment to all recipients.
    #[must_use]
    pub fn cover(&self) -> Cover {
        let targets: Vec<Leaf> = self.loose.iter().filter_map(|id| self.target(id)).collect();
        let height = self.loose.iter().filter_map(|id| self.nodes.get(id));
        let height = height.map(|inner| inner.node.level).max().unwrap_or(0);
        let (leaf_list, leaf_count) = leaf_list_of(self.leaves.values());
        Cover {
            targets,
            leaf_list,
            leaf_count,
            shape: Shape {
                depth: height + 1,
                arity: self.growth.shape(self.leaves.len()).arity,
            },
        }
    }

    /// How many slots the next epoch takes, before padding.
    #[must_use]
    pub fn cover_len(&self) -> usize {
        self.loose.len()
    }

    fn target(&self, id: &LeafId) -> Option<Leaf> {
        let node = |inner: &Inner| Leaf::with_id(*id, inner.node.keys.clone());
        self.leaves
            .get(id)
            .cloned()
            .or_else(|| self.nodes.get(id).map(node))
    }

    /// Whether a child counts for a node of `level`.
    fn is_fine(&self, child: &LeafId, level: u8) -> bool {
        if level == 1 {
            return self.leaves.get(child).is_some_and(|leaf| !leaf.state_only);
        }
        self.nodes
            .get(child)
            .is_some_and(|inner| inner.is_whole() && inner.node.level + 1 == level)
    }

    /// The nodes of `level` that list a child.
    fn parents(&self, child: &LeafId, level: u8) -> Vec<LeafId> {
        let listed = self.listed.get(child).into_iter().flatten();
        listed
            .filter(|id| {
                self.nodes
                    .get(id)
                    .is_some_and(|inner| inner.node.level == level)
            })
            .copied()
            .collect()
    }

    /// A child has come to count for the nodes above it.
    fn mend_parents(&mut self, child: &LeafId, level: u8) {
        for id in self.parents(child, level) {
            if let Some(inner) = self.nodes.get_mut(&id) {
                inner.broken -= 1;
                if inner.broken == 0 {
                    self.completed(&id);
                }
            }
        }
    }

    /// A child has ceased to count.
    fn break_parents(&mut self, child: &LeafId, level: u8) {
        for id in self.parents(child, level) {
            let Some(inner) = self.nodes.get_mut(&id) else {
                continue;
            };
            let was_whole = inner.is_whole();
            inner.broken += 1;
            if was_whole {
                let (level, children) = (inner.node.level, inner.node.children.clone());
                self.loose.remove(&id);
                self.break_parents(&id, level + 1);
                self.choose(&id);
                for child in &children {
                    self.choose(child);
                    self.refresh(child);
                }
            }
        }
    }

    /// All children of a node count: it is whole if its author is beneath it.
    fn completed(&mut self, id: &LeafId) {
        let Some(inner) = self.nodes.get(id) else {
            return;
        };
        let (level, children) = (inner.node.level, inner.node.children.clone());
        let sound = inner.sound || self.is_authored_beneath(inner);
        let count = if level == 1 {
            children.len()
        } else {
            let below = children.iter().filter_map(|child| self.nodes.get(child));
            below.map(|inner| inner.count).sum()
        };
        if let Some(inner) = self.nodes.get_mut(id) {
            (inner.sound, inner.count) = (sound, count);
        }
        if !sound {
            return;
        }
        self.mend_parents(id, level + 1);
        self.choose(id);
        for child in &children {
            self.choose(child);
            self.refresh(child);
        }
        self.refresh(id);
    }

    /// Climbs from the author's leaf; everything beneath the node is known here.
    fn is_authored_beneath(&self, node: &Inner) -> bool {
        let mut reached: BTreeSet<LeafId> = BTreeSet::from([node.author_leaf]);
        for level in 1..node.node.level {
            reached = reached
                .iter()
                .flat_map(|id| self.parents(id, level))
                .collect();
        }
        node.node
            .children
            .iter()
            .any(|child| reached.contains(child))
    }

    /// Lets a child choose anew among the nodes above it.
    fn choose(&mut self, child: &LeafId) {
        let level = match (self.leaves.get(child), self.nodes.get(child)) {
            (Some(leaf), _) if !leaf.state_only => Some(1),
            (None, Some(inner)) if inner.is_whole() => Some(inner.node.level + 1),
            _ => None,
        };
        let candidates = level.map_or_else(Vec::new, |level| self.parents(child, level));
        let best = candidates
            .into_iter()
            .filter_map(|id| self.nodes.get(&id).filter(|inner| inner.is_whole()))
            .max_by_key(|inner| (inner.count, core::cmp::Reverse(inner.node.id)))
            .map(|inner| inner.node.id);
        let before = match best {
            Some(best) => self.chosen.insert(*child, best),
            None => self.chosen.remove(child),
        };
        if before == best {
            return;
        }
        for (id, more) in [(before, false), (best, true)] {
            let Some(inner) = id.and_then(|id| self.nodes.get_mut(&id)) else {
                continue;
            };
            let was_solid = inner.is_solid();
            if more {
                inner.chosen_by += 1;
            } else {
                inner.chosen_by -= 1;
            }
            if was_solid != inner.is_solid() {
                let (id, children) = (inner.node.id, inner.node.children.clone());
                for child in &children {
                    self.refresh(child);
                }
                self.refresh(&id);
            }
        }
    }

    /// Decides again whether a leaf or node is loose.
    fn refresh(&mut self, id: &LeafId) {
        let takes_part =
            self.leaves.contains_key(id) || self.nodes.get(id).is_some_and(Inner::is_solid);
        if takes_part && !self.is_covered(id) {
            self.loose.insert(*id);
        } else {
            self.loose.remove(id);
        }
    }

    /// Whether a solid node that it chose stands above a leaf or node.
    fn is_covered(&self, id: &LeafId) -> bool {
        let parent = self.chosen.get(id).and_then(|id| self.nodes.get(id));
        parent.is_some_and(Inner::is_solid)
    }
}
