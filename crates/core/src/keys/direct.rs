//! Giving an epoch to one more leaf, and disputes about slots.

use minicbor::{Decode, Encode};

use super::plan::seal_share;
use super::slot::{Place, PlaceKind};
use super::{EpochRecord, EpochSecret, KeysError, Leaf, LeafSecret, Share, Slot, Suite};
use crate::id::{EpochId, LeafId};

/// An epoch for a leaf that came after it: adding somebody costs one of these.
///
/// Layout: CBOR map. Who opens it checks the share against the epoch's record ([`EpochRecord::open_with`]), so that it does not
/// matter who sealed it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct DirectSlot {
    /// Which epoch.
    #[n(0)]
    pub epoch: EpochId,
    /// Number of the suite.
    #[n(1)]
    pub suite: u8,
    /// The share.
    #[n(2)]
    pub slot: Slot,
}

impl DirectSlot {
    /// Whether the slot is for this leaf.
    #[must_use]
    pub fn is_for(&self, leaf: &LeafId) -> bool {
        let place = Place {
            kind: PlaceKind::Direct,
            suite: Suite::X25519,
            scope: &self.epoch.0,
        };
        place.tag(leaf) == self.slot.tag
    }
}

/// Seals an epoch to one more leaf. A `state_only` leaf gets the state key, whatever the share holds. The same share and leaf
/// give the same bytes: the encapsulation derives from the share, so there is no randomness to go wrong.
///
/// # Errors
/// [`KeysError::UnusableKey`].
pub fn direct_slot(
    epoch: EpochId,
    share: &Share,
    leaf: &Leaf,
    suite: Suite,
) -> Result<DirectSlot, KeysError> {
    let place = Place {
        kind: PlaceKind::Direct,
        suite,
        scope: &epoch.0,
    };
    let narrowed = share.narrowed(leaf.state_only);
    let root = match &narrowed {
        Share::Full(secret) => secret.as_bytes(),
        Share::State(state) => state.as_bytes(),
    };
    let slot = seal_share(&place, leaf, &narrowed, root).ok_or(KeysError::UnusableKey(leaf.id))?;
    Ok(DirectSlot {
        epoch,
        suite: suite.number(),
        slot,
    })
}

/// Opens a direct slot.
///
/// # Errors
/// [`KeysError::Suite`]; [`KeysError::NoSlot`] if it is for another leaf; [`KeysError::BadSlot`] if it does not open.
pub fn open_direct(
    direct: &DirectSlot,
    secret: &LeafSecret,
    leaf: LeafId,
) -> Result<Share, KeysError> {
    let suite = Suite::from_number(direct.suite).ok_or(KeysError::Suite(direct.suite))?;
    if !direct.is_for(&leaf) {
        return Err(KeysError::NoSlot(leaf));
    }
    let place = Place {
        kind: PlaceKind::Direct,
        suite,
        scope: &direct.epoch.0,
    };
    let plaintext = place.open(&direct.slot, &leaf, secret);
    plaintext
        .and_then(|bytes| Share::from_bytes(&bytes))
        .ok_or(KeysError::BadSlot(leaf))
}

/// Says that the sender's slot of an epoch does not open; at most one for each epoch and leaf counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Complaint {
    /// Which epoch.
    #[n(0)]
    pub epoch: EpochId,
    /// Whose slot; the leaf must be one of the complaining device.
    #[n(1)]
    pub leaf: LeafId,
}

impl Complaint {
    /// Judges the complaint, as anybody can who holds the epoch's secret: true if the leaf's slot is missing or is not the one
    /// that an honest author had to make. `leaf` comes from the log, never from the complaint; for a leaf that an inner node
    /// stands for, pass the node.
    ///
    /// # Errors
    /// [`KeysError::UnusableKey`] if nothing can be sealed to the leaf, whose fault it then is; [`KeysError::NoSlots`] if the
    /// slots are not here; [`KeysError::WrongEpoch`] if the complaint is about something else.
    pub fn is_proven(
        &self,
        record: &EpochRecord,
        secret: &EpochSecret,
        leaf: &Leaf,
    ) -> Result<bool, KeysError> {
        let epoch = record.id();
        if self.epoch != epoch {
            return Err(KeysError::WrongEpoch(epoch));
        }
        record.slots().ok_or(KeysError::NoSlots)?;
        let honest = record.recompute_slot(secret, leaf)?;
        Ok(record.slot_of(&leaf.id) != Some(&honest))
    }
}
