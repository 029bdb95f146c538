//! A persistent Patricia tree whose root depends on its entries alone.
//!
//! A leaf is `H(label, 0x00 ‖ key ‖ value)`, a branch `H(label, 0x01 ‖ bit ‖ left ‖ right)` where `bit` is the index, from
//! the most significant, of the first bit in which the keys below differ, as two bytes, big-endian; the empty tree is
//! `H(label, 0x02)`. Keys with a clear bit go left. Bits grow on the way down, so no path is longer than 256.

use std::sync::Arc;

use super::Pruned;
use crate::hash::{Label, hash};
use crate::id::Digest;

/// Length of a key in bytes.
pub const KEY_LEN: usize = 32;

/// A key: an id, or a hash of what is longer.
pub type Key = [u8; KEY_LEN];

/// A map from keys to hashes of values, with its commitment at hand.
#[derive(Clone, Debug)]
pub struct Tree {
    label: Label,
    root: Option<Arc<Node>>,
    len: usize,
}

/// A part of the tree with its hash.
#[derive(Debug)]
pub(super) enum Node {
    Leaf {
        key: Key,
        value: Digest,
        hash: Digest,
    },
    Branch {
        bit: u16,
        hash: Digest,
        left: Arc<Self>,
        right: Arc<Self>,
    },
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label && self.root() == other.root()
    }
}

impl Eq for Tree {}

impl Node {
    pub(super) fn leaf(label: Label, key: Key, value: Digest) -> Self {
        let hash = leaf_hash(label, &key, &value);
        Self::Leaf { key, value, hash }
    }

    fn branch(label: Label, bit: u16, left: Arc<Self>, right: Arc<Self>) -> Self {
        let hash = branch_hash(label, bit, left.hash(), right.hash());
        Self::Branch {
            bit,
            hash,
            left,
            right,
        }
    }

    pub(super) fn hash(&self) -> &Digest {
        match self {
            Self::Leaf { hash, .. } | Self::Branch { hash, .. } => hash,
        }
    }

    /// The leaf at which a search for a key ends, whose key may be another.
    fn reached(&self, sought: &Key) -> (&Key, &Digest) {
        let mut node = self;
        loop {
            match node {
                Self::Leaf { key, value, .. } => return (key, value),
                Self::Branch {
                    bit, left, right, ..
                } => {
                    node = if bit_of(sought, *bit) { right } else { left };
                }
            }
        }
    }
}

impl Tree {
    /// An empty tree; `label` separates its hashes from those of others.
    #[must_use]
    pub const fn new(label: Label) -> Self {
        Self {
            label,
            root: None,
            len: 0,
        }
    }

    /// The label of its hashes.
    #[must_use]
    pub const fn label(&self) -> Label {
        self.label
    }

    /// How many entries it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The commitment.
    #[must_use]
    pub fn root(&self) -> Digest {
        match &self.root {
            Some(node) => *node.hash(),
            None => empty_hash(self.label),
        }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<Digest> {
        let (found, value) = self.root.as_ref()?.reached(key);
        (found == key).then_some(*value)
    }

    /// Sets a value.
    pub fn insert(&mut self, key: Key, value: Digest) {
        let Some(root) = &self.root else {
            self.root = Some(Arc::new(Node::leaf(self.label, key, value)));
            self.len = 1;
            return;
        };
        let (nearest, old) = root.reached(&key);
        let at = first_difference(nearest, &key);
        match at {
            None if *old == value => return,
            None => {}
            Some(_) => self.len += 1,
        }
        self.root = Some(put(self.label, root, key, value, at));
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: &Key) {
        let Some(root) = &self.root else {
            return;
        };
        if root.reached(key).0 == key {
            self.root = take(self.label, root, key);
            self.len -= 1;
        }
    }

    /// Cuts away all that the given keys do not need: the proof of their values, or that they are not there.
    #[must_use]
    pub fn prove(&self, keys: impl IntoIterator<Item = Key>) -> Pruned {
        let mut keys: Vec<Key> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        Pruned::of_keys(self.root.as_deref(), &keys)
    }

    /// Cuts away all that lies outside a range of keys: the proof of every entry from `from` to `to`, both included.
    #[must_use]
    pub fn prove_range(&self, from: &Key, to: &Key) -> Pruned {
        Pruned::of_range(self.root.as_deref(), from, to)
    }
}

fn put(label: Label, node: &Arc<Node>, key: Key, value: Digest, at: Option<u16>) -> Arc<Node> {
    Arc::new(match &**node {
        Node::Branch {
            bit, left, right, ..
        } if at.is_none_or(|at| *bit < at) => {
            if bit_of(&key, *bit) {
                let right = put(label, right, key, value, at);
                Node::branch(label, *bit, Arc::clone(left), right)
            } else {
                let left = put(label, left, key, value, at);
                Node::branch(label, *bit, left, Arc::clone(right))
            }
        }
        _ => {
            let leaf = Node::leaf(label, key, value);
            match at {
                None => leaf,
                Some(at) if bit_of(&key, at) => {
                    Node::branch(label, at, Arc::clone(node), Arc::new(leaf))
                }
                Some(at) => Node::branch(label, at, Arc::new(leaf), Arc::clone(node)),
            }
        }
    })
}

/// The tree without a key that it holds.
fn take(label: Label, node: &Arc<Node>, key: &Key) -> Option<Arc<Node>> {
    let Node::Branch {
        bit, left, right, ..
    } = &**node
    else {
        return None;
    };
    let (taken, other) = if bit_of(key, *bit) {
        (right, left)
    } else {
        (left, right)
    };
    let Some(rest) = take(label, taken, key) else {
        return Some(Arc::clone(other));
    };
    let (left, right) = if bit_of(key, *bit) {
        (Arc::clone(left), rest)
    } else {
        (rest, Arc::clone(right))
    };
    Some(Arc::new(Node::branch(label, *bit, left, right)))
}

pub(super) fn leaf_hash(label: Label, key: &Key, value: &Digest) -> Digest {
    hash(label, &[&[0], key, &value.0])
}

pub(super) fn branch_hash(label: Label, bit: u16, left: &Digest, right: &Digest) -> Digest {
    hash(label, &[&[1], &bit.to_be_bytes(), &left.0, &right.0])
}

pub(super) fn empty_hash(label: Label) -> Digest {
    hash(label, &[&[2]])
}

/// The first bit in which two keys differ.
fn first_difference(a: &Key, b: &Key) -> Option<u16> {
    let mut bits = 0;
    for (a, b) in a.iter().zip(b) {
        match a ^ b {
            0 => bits += 8,
            // At most 7 of 8 bits lead.
            differ => return Some(bits + differ.leading_zeros() as u16),
        }
    }
    None
}

pub(super) fn bit_of(key: &Key, bit: u16) -> bool {
    let byte = key.get(usize::from(bit / 8)).copied().unwrap_or(0);
    byte >> (7 - bit % 8) & 1 == 1
}
