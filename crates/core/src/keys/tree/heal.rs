//! Which node a member should make when it speaks, so that the next epoch needs fewer slots.

use std::collections::BTreeSet;

use super::{Inner, Tree};
use crate::id::LeafId;
use crate::keys::header::DEPTH_MAX;
use crate::keys::{Leaf, TreeNode};

/// A node that is worth making.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// 1 right above the leaves.
    pub level: u8,
    /// Which of its level.
    pub position: u32,
    /// Leaves at level 1, else nodes as leaves.
    pub children: Vec<Leaf>,
}

impl Tree {
    /// The nodes above a leaf that it chose, lowest first, up to the first that is not solid.
    #[must_use]
    pub fn path(&self, leaf: &LeafId) -> Vec<&TreeNode> {
        let mut path = Vec::new();
        let mut at = *leaf;
        while let Some(inner) = self.chosen.get(&at).and_then(|id| self.nodes.get(id)) {
            if !inner.is_solid() {
                break;
            }
            path.push(&inner.node);
            at = inner.node.id;
        }
        path
    }

    /// The lowest node above a leaf that is worth making by its owner: where at least half an arity of what belongs together
    /// is loose, or where a node that nobody more will join is to be mended.
    ///
    /// A bucket that lost somebody is made again without them, under its own position. Newcomers fill the newest bucket, so
    /// that those who came together, such as a raid, sit together. What is left of a bucket below half joins the newcomers.
    #[must_use]
    pub fn heal(&self, leaf: &LeafId) -> Option<Group> {
        let shape = self.growth.shape(self.leaves.len());
        if shape.depth == 1 || self.leaves.get(leaf)?.state_only || self.lone.contains(leaf) {
            return None;
        }
        let arity = usize::from(shape.arity);
        let path = self.path(leaf);
        if path.is_empty() {
            return self.heal_leaves(leaf, arity);
        }
        let top = path.last()?;
        (top.level + 1 < DEPTH_MAX)
            .then(|| self.heal_nodes(&top.id, arity))
            .flatten()
    }

    fn heal_leaves(&self, leaf: &LeafId, arity: usize) -> Option<Group> {
        let half = arity.div_ceil(2);
        let home = self.home(leaf);
        if let Some(home) = home {
            let mates = self.loose_mates(home);
            if mates.len() >= half {
                // More than fit belong here only if concurrent authors filled one position twice.
                let others = mates.into_iter().filter(|id| id != leaf);
                let children = core::iter::once(*leaf).chain(others).take(arity);
                return self.group(1, home, leaf, children);
            }
        }
        let pool: Vec<LeafId> = self
            .loose
            .iter()
            .filter(|id| self.leaves.get(id).is_some_and(|leaf| !leaf.state_only))
            .filter(|id| !self.lone.contains(id))
            .filter(|id| {
                self.home(id)
                    .is_none_or(|home| self.loose_mates(home).len() < half)
            })
            .copied()
            .collect();
        let (position, room) = self.newest_bucket(arity);
        let kept: Vec<LeafId> = match room {
            Some(inner) => inner.node.children.clone(),
            None => Vec::new(),
        };
        let free = arity - kept.len();
        let at = pool.iter().position(|id| id == leaf)?;
        // The first newcomers fill the newest bucket, later ones make buckets of their own.
        let (position, kept, from, many) = if at < free {
            (position, kept, 0, free)
        } else {
            let bucket = (at - free) / arity;
            let further = u32::try_from(bucket).unwrap_or(u32::MAX);
            let from = free + bucket * arity;
            (
                position.saturating_add(1).saturating_add(further),
                Vec::new(),
                from,
                arity,
            )
        };
        let new: Vec<LeafId> = pool.iter().skip(from).take(many).copied().collect();
        // Filling up a bucket of half an arity is worth it as well.
        let worth = new.len() >= half.min(many);
        worth
            .then(|| self.group(1, position, leaf, kept.into_iter().chain(new)))
            .flatten()
    }

    /// Level 2 and above: the solid nodes whose positions fall into one node of the level above.
    fn heal_nodes(&self, below: &LeafId, arity: usize) -> Option<Group> {
        let inner = self.nodes.get(below)?;
        let wide = u32::try_from(arity).ok()?;
        let (level, position) = (inner.node.level, inner.position / wide);
        let mut siblings: Vec<&Inner> = self
            .siblings(level, position, wide)
            .filter(|inner| inner.is_solid())
            .collect();
        let loose = |inner: &&&Inner| self.loose.contains(&inner.node.id);
        // While a group grows it is made anew each time that half of it has come; once nobody more comes, whenever it helps.
        let least = if self.is_complete(level, position, wide) {
            1
        } else {
            arity.div_ceil(2)
        };
        let count = siblings.iter().filter(loose).count();
        if count < least || siblings.len() < 2 {
            return None;
        }
        // Concurrent authors may have filled one position twice: those that need a slot come first.
        siblings.sort_by_key(|inner| {
            (
                !self.loose.contains(&inner.node.id),
                inner.position,
                inner.node.id,
            )
        });
        let others = siblings.iter().map(|inner| inner.node.id);
        let others = others.filter(|id| id != below).take(arity - 1);
        let children = others.chain([*below]);
        self.group(level + 1, position, below, children)
    }

    /// Whether the buckets beneath a node above `level`, at `position`, are all there: newcomers go elsewhere.
    fn is_complete(&self, level: u8, position: u32, wide: u32) -> bool {
        let buckets = wide.saturating_pow(u32::from(level));
        let last = position.saturating_mul(buckets).saturating_add(buckets - 1);
        // A full bucket makes the next position the newest.
        self.newest_bucket(wide as usize).0 > last
    }

    fn siblings(&self, level: u8, above: u32, wide: u32) -> impl Iterator<Item = &Inner> {
        let first = above.saturating_mul(wide);
        let last = first.saturating_add(wide - 1);
        let places = self.places.range((level, first)..=(level, last));
        places
            .flat_map(|(_, ids)| ids)
            .filter_map(|id| self.nodes.get(id))
    }

    fn buckets(&self, position: u32) -> impl Iterator<Item = &Inner> + Clone {
        let ids = self.places.get(&(1, position)).into_iter().flatten();
        ids.filter_map(|id| self.nodes.get(id))
    }

    /// The bucket that newcomers fill: its position, and the bucket itself if it is solid and not full.
    fn newest_bucket(&self, arity: usize) -> (u32, Option<&Inner>) {
        let last = self.places.range((1, 0)..=(1, u32::MAX)).next_back();
        let Some(((_, position), _)) = last else {
            return (0, None);
        };
        let position = *position;
        let newest = self
            .buckets(position)
            .filter(|inner| inner.is_solid())
            .max_by_key(|inner| (inner.count, core::cmp::Reverse(inner.node.id)));
        match newest {
            Some(inner) if inner.count < arity => (position, Some(inner)),
            _ => (position.saturating_add(1), None),
        }
    }

    /// The position of the bucket that a leaf belongs to: of the nodes that list it, the one with most recipients.
    fn home(&self, leaf: &LeafId) -> Option<u32> {
        let listed = self.listed.get(leaf)?.iter();
        listed
            .filter_map(|id| self.nodes.get(id).filter(|inner| inner.node.level == 1))
            .max_by_key(|inner| {
                (
                    inner.node.children.len() - inner.broken.min(inner.node.children.len()),
                    core::cmp::Reverse(inner.node.id),
                )
            })
            .map(|inner| inner.position)
    }

    fn loose_mates(&self, home: u32) -> Vec<LeafId> {
        let listed: BTreeSet<LeafId> = self
            .buckets(home)
            .flat_map(|inner| inner.node.children.iter().copied())
            .collect();
        listed
            .into_iter()
            .filter(|id| self.loose.contains(id) && !self.lone.contains(id))
            .filter(|id| self.home(id) == Some(home))
            .collect()
    }

    /// A group of those children who would choose its node; nothing without `own`, or of one alone.
    fn group(
        &self,
        level: u8,
        position: u32,
        own: &LeafId,
        children: impl IntoIterator<Item = LeafId>,
    ) -> Option<Group> {
        let mut children: Vec<LeafId> = children.into_iter().collect();
        loop {
            let total: usize = children.iter().map(|id| self.count(id)).sum();
            let before = children.len();
            let chosen = |id: &LeafId| self.chosen.get(id).map_or(0, |id| self.count(id));
            children.retain(|id| chosen(id) < total);
            if children.len() == before {
                break;
            }
        }
        if children.len() < 2 || !children.contains(own) {
            return None;
        }
        let children = children.iter().filter_map(|id| self.target(id)).collect();
        Some(Group {
            level,
            position,
            children,
        })
    }

    /// Leaves beneath a node; a leaf counts for itself.
    fn count(&self, id: &LeafId) -> usize {
        self.nodes.get(id).map_or(1, |inner| inner.count)
    }
}
