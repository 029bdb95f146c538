//! Inner nodes of key trees: one key pair for all the leaves beneath.

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Decoder, Encode, Encoder};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::cover::is_beneath;
use super::header::{DEPTH_MAX, EPOCH_VERSION, PUBLIC_BYTES_MAX};
use super::plan::sorted;
use super::slot::{Place, PlaceKind, SEED_CIPHERTEXT_LEN};
use super::{KeysError, Leaf, LeafSecret, NodeSeed, RecordError, Slot, StateKey, Suite, slot_root};
use crate::derive::derive;
use crate::hash::{Label, hash};
use crate::id::{
    AudienceId, DeviceId, Digest, EpochId, EventId, IdentityEntryId, IdentityId, LeafId, ServerId,
};
use crate::member::LeafKeys;
use crate::signed::{Signable, SigningKey, Unverified, Verified};
use crate::{aead, codec, padding};

/// Most children of an inner node.
pub const ARITY_MAX: usize = 1024;

/// Longest signed node header in bytes: 1,024 children of 34 bytes and an X-Wing key.
pub const NODE_HEADER_BYTES_MAX: usize = 64 * 1024;

/// An inner node as a sealer sees it: to the level above it is a leaf.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TreeNode {
    /// [`LeafKeys::id`] of the node's keys.
    pub id: LeafId,
    /// The node's public keys.
    pub keys: LeafKeys,
    /// 1 right above the leaves.
    pub level: u8,
    /// Ids of leaves at level 1, else of nodes one level lower.
    pub children: Vec<LeafId>,
}

/// What carriers see of a node record.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct NodePublic {
    /// Format version, [`EPOCH_VERSION`].
    #[n(0)]
    pub version: u16,
    /// Number of the [`Suite`].
    #[n(1)]
    pub suite: u8,
    /// 32 random bytes.
    #[n(2)]
    pub nonce: ByteArray<32>,
    /// The epoch whose state key seals the header.
    #[n(3)]
    pub epoch: EpochId,
    /// Number of slots.
    #[n(4)]
    pub slot_count: u32,
    /// Root over the slots.
    #[n(5)]
    pub slot_root: Digest,
}

/// What a node's author says, signed by the author's device, sealed under an epoch's state key: every member may seal to the
/// node, the leaves beneath alone hold its seed.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct NodeHeader {
    /// Format version, [`EPOCH_VERSION`].
    #[n(0)]
    pub version: u16,
    /// Digest of the public part.
    #[n(1)]
    pub public: Digest,
    /// The server.
    #[n(2)]
    pub server: ServerId,
    /// Whose tree.
    #[n(3)]
    pub audience: AudienceId,
    /// 1 right above the leaves.
    #[n(4)]
    pub level: u8,
    /// Which of its level.
    #[n(5)]
    pub position: u32,
    /// The node's public keys.
    #[n(6)]
    pub keys: LeafKeys,
    /// Ascending; ids of leaves at level 1, else of nodes one level lower.
    #[n(7)]
    pub children: Vec<LeafId>,
    /// Authority heads that the children derive from, ascending.
    #[n(8)]
    pub heads: Vec<EventId>,
    /// Who made it.
    #[n(9)]
    pub author: IdentityId,
    /// With which device, whose key signs.
    #[n(10)]
    pub device: DeviceId,
    /// The author's identity log as of this record.
    #[n(11)]
    pub identity_head: IdentityEntryId,
    /// The author's leaf, which must be beneath the node.
    #[n(12)]
    pub author_leaf: LeafId,
}

impl NodeHeader {
    /// The node as a sealer sees it.
    #[must_use]
    pub fn node(&self) -> TreeNode {
        TreeNode {
            id: self.keys.id(),
            keys: self.keys.clone(),
            level: self.level,
            children: self.children.clone(),
        }
    }
}

impl Signable for NodeHeader {
    const SIGN: Label = Label::NodeHeaderSign;
    const ID: Label = Label::NodeHeaderId;
    const BYTES_MAX: usize = NODE_HEADER_BYTES_MAX;
    type Hint = NodeHint;

    fn hint(&self) -> NodeHint {
        NodeHint {
            public: self.public,
            server: self.server,
            author: self.author,
            device: self.device,
            identity_head: self.identity_head,
        }
    }
}

/// What finding the key of a node's author takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the fields of `NodeHeader`")]
pub struct NodeHint {
    pub public: Digest,
    pub server: ServerId,
    pub author: IdentityId,
    pub device: DeviceId,
    pub identity_head: IdentityEntryId,
}

/// A node record: CBOR map: 0 the encoded [`NodePublic`] as a byte string, 1 the sealed header, 2 the slots of the seed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeRecord {
    public: NodePublic,
    wire: Wire,
}

#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
struct Wire {
    #[n(0)]
    public: ByteVec,
    #[n(1)]
    sealed: ByteVec,
    #[n(2)]
    slots: Vec<Slot>,
}

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
    let wire = Wire {
        public: encoded.into(),
        sealed: sealed.into(),
        slots,
    };
    Ok(NewNode {
        record: NodeRecord { public, wire },
        seed,
        node,
    })
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

fn node_header_key(state: &StateKey, nonce: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    derive(Label::NodeHeaderKey, &[state.as_bytes(), nonce])
}

impl NodeRecord {
    /// The public part.
    #[must_use]
    pub fn public(&self) -> &NodePublic {
        &self.public
    }

    /// The record's id: the hash of the public part's digest and the sealed header.
    #[must_use]
    pub fn id(&self) -> Digest {
        hash(Label::NodeRecordId, &[&self.digest().0, &self.wire.sealed])
    }

    fn digest(&self) -> Digest {
        hash(Label::NodePublic, &[&self.wire.public])
    }

    /// Opens the header with the state key of [`NodePublic::epoch`]. Before the node is sealed to, the header must verify
    /// under the author's device key and pass [`super::rules::node_usable`].
    ///
    /// # Errors
    /// [`KeysError::Header`].
    pub fn open_header(&self, state: &StateKey) -> Result<Unverified<NodeHeader>, KeysError> {
        let digest = self.digest();
        let key = node_header_key(state, &self.public.nonce);
        let padded = aead::open(&key, &digest.0, &self.wire.sealed).ok_or(KeysError::Header)?;
        let wire = padding::unpad(&padded).ok_or(KeysError::Header)?;
        let header = Unverified::<NodeHeader>::decode(&wire).map_err(|_| KeysError::Header)?;
        (header.hint().public == digest)
            .then_some(header)
            .ok_or(KeysError::Header)
    }

    /// Opens the seed with the secret of a child, and checks that it is the seed of the keys in the verified header.
    ///
    /// # Errors
    /// [`KeysError::NoSlot`], [`KeysError::BadSlot`], [`KeysError::Commitment`].
    pub fn open(
        &self,
        header: &Verified<NodeHeader>,
        secret: &LeafSecret,
        child: LeafId,
    ) -> Result<NodeSeed, KeysError> {
        let suite =
            Suite::from_number(self.public.suite).ok_or(KeysError::Suite(self.public.suite))?;
        let place = Place {
            kind: PlaceKind::Node,
            suite,
            scope: &self.public.nonce,
        };
        let tag = place.tag(&child);
        let slots = &self.wire.slots;
        let slot = slots
            .iter()
            .find(|slot| slot.tag == tag)
            .ok_or(KeysError::NoSlot(child))?;
        let bytes = place
            .open(slot, &child, secret)
            .ok_or(KeysError::BadSlot(child))?;
        let seed =
            <&[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| KeysError::BadSlot(child))?;
        let seed = NodeSeed::from_bytes(*seed);
        if header.public != self.digest() || seed.leaf_secret().public(suite) != header.keys {
            return Err(KeysError::Commitment);
        }
        Ok(seed)
    }

    fn parse(wire: Wire) -> Result<Self, RecordError> {
        let public: NodePublic =
            codec::decode(&wire.public, codec::Limits::bytes(PUBLIC_BYTES_MAX))?;
        if public.version != EPOCH_VERSION {
            return Err(RecordError::Version(public.version));
        }
        let suite = Suite::from_number(public.suite).ok_or(RecordError::Suite(public.suite))?;
        let slots = &wire.slots;
        if u32::try_from(slots.len()) != Ok(public.slot_count) || slots.len() > ARITY_MAX {
            return Err(RecordError::SlotCount {
                count: public.slot_count,
                slots: slots.len(),
            });
        }
        let sizes = |slot: &Slot| {
            slot.encapsulated.len() == suite.encapsulated_len()
                && slot.ciphertext.len() == SEED_CIPHERTEXT_LEN
        };
        if !slots.iter().all(sizes) {
            return Err(RecordError::SlotSize);
        }
        if !slots.is_sorted_by(|a, b| a.tag < b.tag) {
            return Err(RecordError::SlotOrder);
        }
        if slot_root(slots) != public.slot_root {
            return Err(RecordError::SlotRoot);
        }
        Ok(Self { public, wire })
    }
}

impl<C> Encode<C> for NodeRecord {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        self.wire.encode(e, ctx)
    }
}

impl<'b, C> Decode<'b, C> for NodeRecord {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let wire = Wire::decode(d, ctx)?;
        Self::parse(wire)
            .map_err(|fault| minicbor::decode::Error::message(fault.to_string()).at(at))
    }
}
