//! The records of the topic `keys`, and the epoch record among them.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::header::{
    DEPTH_MAX, EPOCH_PARENTS_MAX, EPOCH_VERSION, LINK_LEN, PUBLIC_BYTES_MAX, SLOTS_MAX,
};
use super::{
    Complaint, DirectSlot, NodeRecord, PublicHeader, SHARE_CIPHERTEXT_LEN, Slot, slot_root,
};
use crate::codec::{self, CodecError, Limits};
use crate::envelope::ENVELOPE_BYTES_MAX;
use crate::hash::{Label, hash};
use crate::id::{Digest, EpochId};

/// What an envelope of [`crate::envelope::Form::Keys`] brings. It is not sealed as a whole: each part is sealed to whom it
/// concerns.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum KeyRecord {
    /// A new epoch.
    #[n(0)]
    Epoch(#[n(0)] EpochRecord),
    /// A new key pair of an inner node.
    #[n(1)]
    Node(#[n(0)] NodeRecord),
    /// An epoch for one more leaf.
    #[n(2)]
    Direct(#[n(0)] DirectSlot),
    /// A slot does not open.
    #[n(3)]
    Complaint(#[n(0)] Complaint),
    /// Slots that travel apart from their epoch, in a topic of their own.
    #[n(4)]
    Slots(#[n(0)] SlotPart),
}

/// Some slots of an epoch whose record would be too long with all of them.
///
/// Layout: CBOR map. Who opens one checks the share against the epoch's commitments, so that it does not matter who sent it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct SlotPart {
    /// Which epoch.
    #[n(0)]
    pub epoch: EpochId,
    /// In ascending order of tags.
    #[n(1)]
    pub slots: Vec<Slot>,
}

impl KeyRecord {
    /// Reads a record, at most [`ENVELOPE_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// [`CodecError`]; structural faults of a record come as [`CodecError::Shape`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(bytes, Limits::bytes(ENVELOPE_BYTES_MAX))
    }

    /// The bytes that ride in [`crate::envelope::Envelope::sealed`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

/// An epoch: a public header, a header sealed for its receivers, and slots that may be dropped once it is superseded.
///
/// Layout: CBOR map: 0 the encoded [`PublicHeader`] as a byte string, 1 the sealed header, 2 the slots or nothing.
/// Every value of this type is well-formed: sizes fit the suite, tags ascend, and the slots are those of the root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EpochRecord {
    public: PublicHeader,
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
    slots: Option<Vec<Slot>>,
}

impl EpochRecord {
    /// Puts a record together; the caller has made the parts fit.
    pub(super) fn assemble(public: PublicHeader, sealed: Vec<u8>, slots: Vec<Slot>) -> Self {
        Self {
            wire: Wire {
                public: codec::encode(&public).into(),
                sealed: sealed.into(),
                slots: Some(slots),
            },
            public,
        }
    }

    /// The epoch's id: the hash of the public header's digest and the sealed header, so of all but the slots, which the
    /// slot root stands for.
    #[must_use]
    pub fn id(&self) -> EpochId {
        EpochId(
            hash(
                Label::EpochId,
                &[&self.public_digest().0, &self.wire.sealed],
            )
            .0,
        )
    }

    /// The public header.
    #[must_use]
    pub fn header(&self) -> &PublicHeader {
        &self.public
    }

    /// What the sealed header signs of the public one.
    #[must_use]
    pub fn public_digest(&self) -> Digest {
        hash(Label::EpochPublic, &[&self.wire.public])
    }

    pub(super) fn sealed(&self) -> &[u8] {
        &self.wire.sealed
    }

    pub(super) fn nonce(&self) -> &[u8; 32] {
        &self.public.nonce
    }

    /// The slots, in ascending order of tags, unless they were dropped.
    #[must_use]
    pub fn slots(&self) -> Option<&[Slot]> {
        self.wire.slots.as_deref()
    }

    /// The record without its slots: the same epoch, kept for good.
    #[must_use]
    pub fn without_slots(&self) -> Self {
        Self {
            public: self.public.clone(),
            wire: Wire {
                slots: None,
                ..self.wire.clone()
            },
        }
    }

    /// The slots in parts of at most about `bytes_max` bytes; none if they were dropped.
    #[must_use]
    pub fn parts(&self, bytes_max: usize) -> Vec<SlotPart> {
        // Tag, the lengths of three byte strings and the array around them.
        let each = |slot: &Slot| slot.encapsulated.len() + slot.ciphertext.len() + 32;
        let slots = self.slots().unwrap_or_default();
        let per_part = slots
            .first()
            .map_or(1, |slot| bytes_max / each(slot))
            .max(1);
        let epoch = self.id();
        let part = |slots: &[Slot]| SlotPart {
            epoch,
            slots: slots.to_vec(),
        };
        slots.chunks(per_part).map(part).collect()
    }

    /// The record with slots that came by another way.
    ///
    /// # Errors
    /// [`RecordError`] unless they are exactly the slots of this epoch.
    pub fn with_slots(&self, slots: Vec<Slot>) -> Result<Self, RecordError> {
        Self::parse(Wire {
            slots: Some(slots),
            ..self.wire.clone()
        })
    }

    fn parse(wire: Wire) -> Result<Self, RecordError> {
        let public: PublicHeader = codec::decode(&wire.public, Limits::bytes(PUBLIC_BYTES_MAX))?;
        check_header(&public)?;
        if let Some(slots) = &wire.slots {
            check_slots(&public, slots)?;
        }
        Ok(Self { public, wire })
    }
}

fn check_header(public: &PublicHeader) -> Result<(), RecordError> {
    if public.version != EPOCH_VERSION {
        return Err(RecordError::Version(public.version));
    }
    public.suite().ok_or(RecordError::Suite(public.suite))?;
    if public.depth == 0 || public.depth > DEPTH_MAX {
        return Err(RecordError::Depth(public.depth));
    }
    if public.slot_count > SLOTS_MAX {
        return Err(RecordError::SlotCount {
            count: public.slot_count,
            slots: 0,
        });
    }
    if public.parents.len() > EPOCH_PARENTS_MAX || !public.parents.is_sorted_by(|a, b| a < b) {
        return Err(RecordError::Parents(public.parents.len()));
    }
    let linked = public.links.iter().map(|link| &link.parent);
    let lengths = public
        .links
        .iter()
        .flat_map(|link| [Some(&link.state), link.content.as_ref()]);
    if !linked.eq(&public.parents) || !lengths.flatten().all(|sealed| sealed.len() == LINK_LEN) {
        return Err(RecordError::Links);
    }
    Ok(())
}

fn check_slots(public: &PublicHeader, slots: &[Slot]) -> Result<(), RecordError> {
    let suite = public.suite().ok_or(RecordError::Suite(public.suite))?;
    if u32::try_from(slots.len()) != Ok(public.slot_count) {
        return Err(RecordError::SlotCount {
            count: public.slot_count,
            slots: slots.len(),
        });
    }
    let sizes = |slot: &Slot| {
        slot.encapsulated.len() == suite.encapsulated_len()
            && slot.ciphertext.len() == SHARE_CIPHERTEXT_LEN
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
    Ok(())
}

/// Why a record is malformed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum RecordError {
    #[error(transparent)]
    Codec(#[from] CodecError),
    #[error("key record version {0} is newer than this program: update it")]
    Version(u16),
    #[error("key suite {0} is newer than this program: update it")]
    Suite(u8),
    #[error("a key tree of depth {0}, not 1 to {DEPTH_MAX}")]
    Depth(u8),
    #[error("{0} parents are more than {EPOCH_PARENTS_MAX}, or not in ascending order")]
    Parents(usize),
    #[error("links do not match the parents")]
    Links,
    #[error("the header counts {count} slots, the record has {slots}")]
    SlotCount { count: u32, slots: usize },
    #[error("a slot's size does not fit the suite")]
    SlotSize,
    #[error("slots are not in ascending order of tags")]
    SlotOrder,
    #[error("the slots are not those that the header commits to")]
    SlotRoot,
}

impl<C> Encode<C> for EpochRecord {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        self.wire.encode(e, ctx)
    }
}

impl<'b, C> Decode<'b, C> for EpochRecord {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let wire = Wire::decode(d, ctx)?;
        Self::parse(wire)
            .map_err(|fault| minicbor::decode::Error::message(fault.to_string()).at(at))
    }
}
