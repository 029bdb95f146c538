//! The wire form of inner nodes, and opening them.

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Decoder, Encode, Encoder};
use zeroize::Zeroizing;

use crate::derive::derive;
use crate::hash::{Label, hash};
use crate::id::{
    AudienceId, DeviceId, Digest, EpochId, EventId, IdentityEntryId, IdentityId, LeafId, ServerId,
};
use crate::keys::header::{EPOCH_VERSION, PUBLIC_BYTES_MAX};
use crate::keys::slot::{Place, PlaceKind, SEED_CIPHERTEXT_LEN};
use crate::keys::{KeysError, LeafSecret, NodeSeed, RecordError, Slot, StateKey, Suite, slot_root};
use crate::member::LeafKeys;
use crate::signed::{Signable, Unverified, Verified};
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

impl NodeRecord {
    /// Puts a record together; the caller has made the parts fit.
    pub(super) fn assemble(public: NodePublic, sealed: Vec<u8>, slots: Vec<Slot>) -> Self {
        let encoded = codec::encode(&public);
        Self {
            public,
            wire: Wire {
                public: encoded.into(),
                sealed: sealed.into(),
                slots,
            },
        }
    }

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
    /// under the author's device key and pass rule R1 ([`super::super::Tree::is_usable`]).
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
        let seed = self.open_seed(secret, child)?;
        let suite = self.suite()?;
        if header.public != self.digest() || seed.leaf_secret().public(suite) != header.keys {
            return Err(KeysError::Commitment);
        }
        Ok(seed)
    }

    /// Opens the seed before the header can be opened: who was away holds no state key that opens it, and needs the seed to
    /// get one. It is good for opening epochs, which commit to their keys, and for nothing else.
    ///
    /// # Errors
    /// [`KeysError::NoSlot`], [`KeysError::BadSlot`].
    pub fn open_seed(&self, secret: &LeafSecret, child: LeafId) -> Result<NodeSeed, KeysError> {
        let place = self.place()?;
        let tag = place.tag(&child);
        let at = self
            .wire
            .slots
            .binary_search_by_key(&tag, |slot| slot.tag)
            .map_err(|_| KeysError::NoSlot(child))?;
        let slot = self.wire.slots.get(at).ok_or(KeysError::NoSlot(child))?;
        let bytes = place
            .open(slot, &child, secret)
            .ok_or(KeysError::BadSlot(child))?;
        let seed =
            <&[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| KeysError::BadSlot(child))?;
        Ok(NodeSeed::from_bytes(*seed))
    }

    /// The suite, which a decoded record always has.
    ///
    /// # Errors
    /// [`KeysError::Suite`].
    pub fn suite(&self) -> Result<Suite, KeysError> {
        Suite::from_number(self.public.suite).ok_or(KeysError::Suite(self.public.suite))
    }

    fn place(&self) -> Result<Place<'_>, KeysError> {
        Ok(Place {
            kind: PlaceKind::Node,
            suite: self.suite()?,
            scope: &self.public.nonce,
        })
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

/// The key of the sealed header: from the state key and the record's nonce.
pub(super) fn node_header_key(state: &StateKey, nonce: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    derive(Label::NodeHeaderKey, &[state.as_bytes(), nonce])
}
