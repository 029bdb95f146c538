#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod epoch;
mod properties;
mod record;
mod tree;
mod tree_laws;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::id::{
    AudienceId, DeviceId, Digest, EventId, IdentityEntryId, IdentityId, LeafId, ServerId,
};
use crate::signed::SigningKey;

pub(super) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Somebody with a leaf.
pub(super) struct Person {
    pub secret: LeafSecret,
    pub leaf: Leaf,
}

pub(super) fn person(seed: u8, suite: Suite) -> Person {
    let secret = LeafSecret::from_seed(&[seed; 32]);
    let leaf = Leaf::full(secret.public(suite));
    Person { secret, leaf }
}

pub(super) fn closed_invite(seed: u8, suite: Suite) -> Person {
    let secret = LeafSecret::from_seed(&[seed; 32]);
    let leaf = Leaf::state_only(secret.public(suite));
    Person { secret, leaf }
}

impl Person {
    pub fn open(&self, record: &EpochRecord) -> Result<OpenedEpoch, KeysError> {
        record.open(&self.secret, self.leaf.id)
    }
}

pub(super) fn signer() -> SigningKey {
    SigningKey::from_seed(&[42; 32])
}

pub(super) fn plan(suite: Suite, people: &[&Person]) -> EpochPlan {
    EpochPlan {
        server: ServerId([1; 32]),
        audience: AudienceId([2; 32]),
        suite,
        cover: Cover::flat(people.iter().map(|person| person.leaf.clone())),
        heads: vec![EventId([3; 32])],
        parents: Vec::new(),
        reason: Reason::First,
        removed: Vec::new(),
        closing: Vec::new(),
        link_content: true,
        author: IdentityId([4; 32]),
        device: DeviceId([5; 32]),
        identity_head: IdentityEntryId([6; 32]),
    }
}

pub(super) fn make(plan: &EpochPlan, seed: u64) -> NewEpoch {
    make_epoch(plan, &signer(), &mut rng(seed)).unwrap()
}

/// The record as a receiver has it: through the wire.
pub(super) fn wire(record: &EpochRecord) -> EpochRecord {
    match KeyRecord::decode(&KeyRecord::Epoch(record.clone()).encode()).unwrap() {
        KeyRecord::Epoch(record) => record,
        other => panic!("decoded {other:?}"),
    }
}

pub(super) fn stranger() -> LeafId {
    LeafId([0xee; 32])
}

/// What the author of a node says of it.
pub(super) fn header_of(node: &TreeNode, position: u32, author_leaf: LeafId) -> NodeHeader {
    NodeHeader {
        version: 1,
        public: Digest([0; 32]),
        server: ServerId([1; 32]),
        audience: AudienceId([2; 32]),
        level: node.level,
        position,
        keys: node.keys.clone(),
        children: node.children.clone(),
        heads: vec![EventId([3; 32])],
        author: IdentityId([4; 32]),
        device: DeviceId([5; 32]),
        identity_head: IdentityEntryId([6; 32]),
        author_leaf,
    }
}

/// The tree of some people beneath some nodes, each made by its first leaf.
pub(super) fn tree_of(suite: Suite, leaves: &[Leaf], nodes: &[TreeNode]) -> Tree {
    let mut tree = Tree::of(suite, leaves.iter().cloned());
    for node in nodes {
        let mut author = node;
        while author.level > 1 {
            let Some(below) = nodes
                .iter()
                .find(|below| author.children.contains(&below.id))
            else {
                break;
            };
            author = below;
        }
        let author = author.children.first().copied().unwrap_or(stranger());
        tree.insert_node(&header_of(node, 0, author));
    }
    tree
}
