//! Slots: one secret sealed to one leaf, found by a tag that tells others nothing.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use super::wrap::{self, Randomness, UnusableKey};
use super::{LeafSecret, Suite};
use crate::hash::{Label, tag};
use crate::id::{LeafId, SlotTag};
use crate::member::LeafKeys;

/// One sealed secret.
///
/// Layout: CBOR array of three byte strings: the tag (16 bytes), the encapsulated key ([`Suite::encapsulated_len`]) and the
/// ciphertext ([`SHARE_CIPHERTEXT_LEN`] or [`SEED_CIPHERTEXT_LEN`]).
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(array)]
pub struct Slot {
    /// What the receiver finds it by.
    #[n(0)]
    pub tag: SlotTag,
    /// HPKE's encapsulated key.
    #[n(1)]
    pub encapsulated: ByteVec,
    /// HPKE's ciphertext.
    #[n(2)]
    pub ciphertext: ByteVec,
}

/// Bytes of the ciphertext of a share: 33 and the authentication tag.
pub const SHARE_CIPHERTEXT_LEN: usize = 33 + 16;

/// Bytes of the ciphertext of a node's seed: 32 and the authentication tag.
pub const SEED_CIPHERTEXT_LEN: usize = 32 + 16;

/// Where a slot stands; a slot moved elsewhere does not open.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) kind: PlaceKind,
    pub(super) suite: Suite,
    /// The record's nonce, or for a direct slot the epoch's id.
    pub(super) scope: &'a [u8; 32],
}

/// The three uses of slots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PlaceKind {
    Epoch = 1,
    Direct = 2,
    Node = 3,
}

impl Place<'_> {
    /// The tag of a leaf's slot here: 16 bytes of a hash of kind, scope and leaf.
    pub(super) fn tag(&self, leaf: &LeafId) -> SlotTag {
        SlotTag(tag(
            Label::SlotTag,
            &[&[self.kind as u8], self.scope, &leaf.0],
        ))
    }

    /// HPKE's `info`: context ‖ 0 ‖ suite ‖ scope ‖ tag.
    fn info(&self, tag: &SlotTag) -> Vec<u8> {
        let context = match self.kind {
            PlaceKind::Epoch => Label::SlotInfo,
            PlaceKind::Direct => Label::DirectSlotInfo,
            PlaceKind::Node => Label::NodeSlotInfo,
        };
        [
            context.context().as_bytes(),
            &[0, self.suite.number()],
            self.scope,
            &tag.0,
        ]
        .concat()
    }

    fn randomness(&self, secret: &[u8; 32], tag: &SlotTag) -> Randomness {
        let label = match self.kind {
            PlaceKind::Epoch | PlaceKind::Direct => Label::EpochEncapsulation,
            PlaceKind::Node => Label::NodeEncapsulation,
        };
        Randomness::derive(label, secret, self.suite, &tag.0)
    }

    /// Seals to a leaf; `root` is the secret that the randomness derives from.
    pub(super) fn seal(
        &self,
        leaf: &LeafId,
        keys: &LeafKeys,
        plaintext: &[u8],
        root: &[u8; 32],
    ) -> Result<Slot, UnusableKey> {
        let tag = self.tag(leaf);
        let randomness = self.randomness(root, &tag);
        let wrapped = wrap::seal(self.suite, keys, &self.info(&tag), plaintext, randomness)?;
        Ok(Slot {
            tag,
            encapsulated: wrapped.encapsulated.into(),
            ciphertext: wrapped.ciphertext.into(),
        })
    }

    /// Opens a slot that bears the leaf's tag.
    pub(super) fn open(
        &self,
        slot: &Slot,
        leaf: &LeafId,
        secret: &LeafSecret,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let tag = self.tag(leaf);
        if tag != slot.tag {
            return None;
        }
        wrap::open(
            self.suite,
            secret,
            &self.info(&tag),
            &slot.encapsulated,
            &slot.ciphertext,
        )
    }
}
