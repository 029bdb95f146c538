//! Inner nodes of key trees: one key pair for all the leaves beneath.

mod record;

use minicbor::bytes::ByteArray;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use self::record::node_header_key;
pub use self::record::{
    ARITY_MAX, NODE_HEADER_BYTES_MAX, NodeHeader, NodeHint, NodePublic, NodeRecord, TreeNode,
};
use super::cover::is_beneath;
use super::header::{DEPTH_MAX, EPOCH_VERSION};
use super::leaf::sorted;
use super::slot::{Place, PlaceKind};
use super::{KeysError, Leaf, LeafSecret, NodeSeed, Slot, StateKey, Suite, slot_root};
use crate::derive::derive;
use crate::hash::{Label, hash};
use crate::id::{
    AudienceId, DeviceId, Digest, EpochId, EventId, IdentityEntryId, IdentityId, LeafId, ServerId,
};
use crate::signed::{SigningKey, Verified};
use crate::{aead, codec, padding};

/// All that goes into a node.
#[derive(Clone, Debug)]
pub struct NodePlan<'a> {
    /// The server.
    pub server: ServerId,
    /// Whose tree.
    pub audience: AudienceId,
    /// How slots are sealed.
    pub suite: Suite,
    /// The epoch whose state key seals the header, and that key.
    pub epoch: (EpochId, &'a StateKey),
    /// 1 right above the leaves.
    pub level: u8,
    /// Which of its level.
    pub position: u32,
    /// Leaves at level 1, else nodes one level lower as leaves; in any order.
    pub children: Vec<Leaf>,
    /// Nodes further down, by which the author's leaf is found.
    pub nodes: &'a [TreeNode],
    /// Authority heads that the children derive from, in any order.
    pub heads: Vec<EventId>,
    /// Who makes it.
    pub author: IdentityId,
    /// With which device, whose key signs.
    pub device: DeviceId,
    /// The author's identity log as of now.
    pub identity_head: IdentityEntryId,
    /// The author's leaf.
    pub author_leaf: LeafId,
}

/// A fresh node.
#[derive(Clone, Debug)]
pub struct NewNode {
    /// To be sent.
    pub record: NodeRecord,
    /// To be kept.
    pub seed: NodeSeed,
    /// To be sealed to.
    pub node: TreeNode,
}

impl NodeSeed {
    /// The node's key pairs: a leaf's, from a seed that derives under [`Label::NodeSeed`].
    #[must_use]
    pub fn leaf_secret(&self) -> LeafSecret {
        LeafSecret::from_seed(&derive(Label::NodeSeed, &[self.as_bytes()]))
    }
}

/// Makes an inner node of a fresh seed.
///
/// # Errors
/// [`KeysError::Depth`], [`KeysError::Leaves`], [`KeysError::NotBeneath`] or [`KeysError::UnusableKey`].
pub fn make_node(
    plan: &NodePlan<'_>,
    signer: &SigningKey,
    rng: &mut dyn CryptoRng,
) -> Result<NewNode, KeysError> {
    if plan.level == 0 || plan.level >= DEPTH_MAX {
        return Err(KeysError::Depth(plan.level));
    }
    if plan.children.is_empty() || plan.children.len() > ARITY_MAX {
        return Err(KeysError::Leaves(plan.children.len()));
    }
    let mut random = Zeroizing::new([[0; 32]; 2]);
    rng.fill_bytes(&mut random[0]);
    rng.fill_bytes(&mut random[1]);
    let (seed, nonce) = (NodeSeed::from_bytes(random[0]), random[1]);
    let keys = seed.leaf_secret().public(plan.suite);
    let children: Vec<LeafId> = plan.children.iter().map(|child| child.id).collect();
    let node = TreeNode {
        id: keys.id(),
        keys,
        level: plan.level,
        children: sorted(&children),
    };
    if !is_beneath(&plan.author_leaf, &node, plan.nodes) {
        return Err(KeysError::NotBeneath(plan.author_leaf));
    }
    let slots = seal_seed(plan, &nonce, &seed)?;
    let public = NodePublic {
        version: EPOCH_VERSION,
        suite: plan.suite.number(),
        nonce: ByteArray::from(nonce),
        epoch: plan.epoch.0,
        slot_count: u32::try_from(slots.len()).unwrap_or(u32::MAX),
        slot_root: slot_root(&slots),
    };
    let encoded = codec::encode(&public);
    let digest = hash(Label::NodePublic, &[&encoded]);
    let wire = Verified::sign(node_header(plan, &node, digest), signer)
        .bytes()
        .encode();
    let key = node_header_key(plan.epoch.1, &nonce);
    let sealed = padding::pad(&wire).and_then(|padded| aead::seal(&key, &digest.0, &padded, rng));
    let sealed = sealed.ok_or(KeysError::HeaderSize(wire.len()))?;
    let record = NodeRecord::assemble(public, sealed, slots);
    Ok(NewNode { record, seed, node })
}

fn seal_seed(
    plan: &NodePlan<'_>,
    nonce: &[u8; 32],
    seed: &NodeSeed,
) -> Result<Vec<Slot>, KeysError> {
    let place = Place {
        kind: PlaceKind::Node,
        suite: plan.suite,
        scope: nonce,
    };
    let mut slots = Vec::with_capacity(plan.children.len());
    for child in &plan.children {
        // What a node's seed opens is the whole epoch.
        let full = (!child.state_only).then_some(child);
        let slot = full.and_then(|leaf| {
            place
                .seal(&leaf.id, &leaf.keys, seed.as_bytes(), seed.as_bytes())
                .ok()
        });
        slots.push(slot.ok_or(KeysError::UnusableKey(child.id))?);
    }
    slots.sort_unstable_by_key(|slot| slot.tag);
    slots.dedup_by_key(|slot| slot.tag);
    Ok(slots)
}

fn node_header(plan: &NodePlan<'_>, node: &TreeNode, public: Digest) -> NodeHeader {
    NodeHeader {
        version: EPOCH_VERSION,
        public,
        server: plan.server,
        audience: plan.audience,
        level: plan.level,
        position: plan.position,
        keys: node.keys.clone(),
        children: node.children.clone(),
        heads: sorted(&plan.heads),
        author: plan.author,
        device: plan.device,
        identity_head: plan.identity_head,
        author_leaf: plan.author_leaf,
    }
}
