//! Opening epochs and following their links.

use super::plan::{LinkKind, header_key, link_key, seal_share};
use super::slot::{Place, PlaceKind};
use super::{
    ContentKey, EpochHeader, EpochKeys, EpochRecord, EpochSecret, KeysError, Leaf, LeafSecret,
    Share, Slot, SlotPart, StateKey, Suite,
};
use crate::id::{EpochId, LeafId};
use crate::signed::Unverified;
use crate::{aead, padding};

/// An epoch as far as somebody can open it. Nothing of it may be used before the header is verified under the author's
/// device key and has passed the rules ([`super::rules`]).
#[derive(Clone, Debug)]
pub struct OpenedEpoch {
    /// The keys; they are those that the record commits to.
    pub keys: EpochKeys,
    /// The secret, if it came by slot or from a holder, and not for state alone.
    pub secret: Option<EpochSecret>,
    /// The author's word, which is about this very record.
    pub header: Unverified<EpochHeader>,
}

impl EpochRecord {
    fn place(&self) -> Result<Place<'_>, KeysError> {
        let suite = self
            .header()
            .suite()
            .ok_or(KeysError::Suite(self.header().suite))?;
        Ok(Place {
            kind: PlaceKind::Epoch,
            suite,
            scope: self.nonce(),
        })
    }

    /// The slot of a leaf or of an inner node, if the slots are here and it has one.
    #[must_use]
    pub fn slot_of(&self, leaf: &LeafId) -> Option<&Slot> {
        let tag = self.place().ok()?.tag(leaf);
        let slots = self.slots()?;
        let at = slots.binary_search_by_key(&tag, |slot| slot.tag).ok()?;
        slots.get(at)
    }

    /// The slot of a leaf or of an inner node among slots that came apart.
    #[must_use]
    pub fn slot_in<'a>(&self, part: &'a SlotPart, leaf: &LeafId) -> Option<&'a Slot> {
        let tag = self.place().ok()?.tag(leaf);
        part.slots.iter().find(|slot| slot.tag == tag)
    }

    /// Opens the epoch with a leaf's secret, or an inner node's.
    ///
    /// # Errors
    /// [`KeysError::NoSlot`] if the leaf has none here; [`KeysError::BadSlot`] if it does not open (grounds for a
    /// [`super::Complaint`]); [`KeysError::Commitment`] and [`KeysError::Header`] if the record is dishonest.
    pub fn open(&self, secret: &LeafSecret, leaf: LeafId) -> Result<OpenedEpoch, KeysError> {
        let slot = self.slot_of(&leaf).ok_or(KeysError::NoSlot(leaf))?;
        self.open_slot(slot, secret, leaf)
    }

    /// Opens the epoch with a slot that was fetched alone, with its proof.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_slot(
        &self,
        slot: &Slot,
        secret: &LeafSecret,
        leaf: LeafId,
    ) -> Result<OpenedEpoch, KeysError> {
        let plaintext = self.place()?.open(slot, &leaf, secret);
        let share = plaintext.and_then(|bytes| Share::from_bytes(&bytes));
        self.open_with(&share.ok_or(KeysError::BadSlot(leaf))?)
    }

    /// Opens the epoch with a share that came in a [`super::DirectSlot`] or from the own store.
    ///
    /// # Errors
    /// [`KeysError::Commitment`] and [`KeysError::Header`].
    pub fn open_with(&self, share: &Share) -> Result<OpenedEpoch, KeysError> {
        let secret = match share {
            Share::Full(secret) => Some(secret.clone()),
            Share::State(_) => None,
        };
        let keys = share.keys();
        let header = self.open_header(&keys)?;
        Ok(OpenedEpoch {
            keys,
            secret,
            header,
        })
    }

    /// Checks keys against the record's commitments, in constant time.
    ///
    /// # Errors
    /// [`KeysError::Commitment`].
    pub fn check_keys(&self, keys: &EpochKeys) -> Result<(), KeysError> {
        let nonce = self.nonce();
        let public = self.header();
        let state = same(&keys.state.commitment(nonce).0, &public.state_commitment.0);
        let content = keys
            .content
            .as_ref()
            .is_none_or(|content| same(&content.commitment(nonce).0, &public.content_commitment.0));
        (state && content)
            .then_some(())
            .ok_or(KeysError::Commitment)
    }

    /// Opens the header alone, with keys that came by a link or from the own store.
    ///
    /// # Errors
    /// [`KeysError::Commitment`] and [`KeysError::Header`].
    pub fn open_header(&self, keys: &EpochKeys) -> Result<Unverified<EpochHeader>, KeysError> {
        self.check_keys(keys)?;
        let key = header_key(keys.state.as_bytes(), self.nonce());
        let digest = self.public_digest();
        let padded = aead::open(&key, &digest.0, self.sealed()).ok_or(KeysError::Header)?;
        let wire = padding::unpad(&padded).ok_or(KeysError::Header)?;
        let header = Unverified::<EpochHeader>::decode(&wire).map_err(|_| KeysError::Header)?;
        if header.hint().public != digest {
            return Err(KeysError::Header);
        }
        Ok(header)
    }

    /// Follows the links to the parents: their state keys always, their content keys where the link gives them and `keys`
    /// reaches. A link that does not open is left out. [`Self::check_keys`] of the parent's record tells whether the keys are
    /// the right ones.
    #[must_use]
    pub fn unlink(&self, keys: &EpochKeys) -> Vec<(EpochId, EpochKeys)> {
        let nonce = self.nonce();
        let follow = |kind, new: &[u8; 32], parent: &EpochId, sealed: &[u8]| -> Option<[u8; 32]> {
            let old = aead::open(&link_key(kind, new, nonce), &parent.0, sealed)?;
            <&[u8; 32]>::try_from(old.as_slice()).ok().copied()
        };
        let mut parents = Vec::new();
        for link in &self.header().links {
            let Some(state) = follow(
                LinkKind::State,
                keys.state.as_bytes(),
                &link.parent,
                &link.state,
            ) else {
                continue;
            };
            let content =
                keys.content
                    .as_ref()
                    .zip(link.content.as_ref())
                    .and_then(|(new, sealed)| {
                        follow(LinkKind::Content, new.as_bytes(), &link.parent, sealed)
                    });
            let keys = EpochKeys {
                state: StateKey::from_bytes(state),
                content: content.map(ContentKey::from_bytes),
            };
            parents.push((link.parent, keys));
        }
        parents
    }

    /// Makes a leaf's slot once more, as an honest author had to: the evidence in a dispute.
    ///
    /// # Errors
    /// [`KeysError::UnusableKey`] if no slot can be sealed to the leaf; [`KeysError::Suite`].
    pub fn recompute_slot(&self, secret: &EpochSecret, leaf: &Leaf) -> Result<Slot, KeysError> {
        let share = Share::Full(secret.clone());
        seal_share(&self.place()?, leaf, &share, secret.as_bytes())
            .ok_or(KeysError::UnusableKey(leaf.id))
    }

    /// The suite, which a decoded record always has.
    #[must_use]
    pub fn suite(&self) -> Option<Suite> {
        self.header().suite()
    }
}

fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    use subtle::ConstantTimeEq;
    a.ct_eq(b).into()
}
