//! Why keys could not be made or opened.

use super::header::{DEPTH_MAX, EPOCH_HEADER_BYTES_MAX, EPOCH_PARENTS_MAX};
use crate::id::{EpochId, LeafId};

/// Why an epoch or a node could not be made or opened.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeysError {
    /// A depth or level that trees do not have.
    #[error("a key tree has no depth or level {0}; at most {DEPTH_MAX}")]
    Depth(u8),
    /// A plan with too many parents.
    #[error("{0} parents are more than {EPOCH_PARENTS_MAX}")]
    Parents(usize),
    /// A plan with no recipients, or too many.
    #[error("{0} leaves are none or too many for one record")]
    Leaves(usize),
    /// The signed header came out too long.
    #[error("a header of {0} bytes is longer than {EPOCH_HEADER_BYTES_MAX}")]
    HeaderSize(usize),
    /// A suite of a later version.
    #[error("key suite {0} is newer than this program: update it")]
    Suite(u8),
    /// A node's author is not beneath it.
    #[error("leaf {0:?} is not beneath the node that it wants to author")]
    NotBeneath(LeafId),
    /// Nothing can be sealed to a leaf's keys.
    #[error("the keys of leaf {0:?} are missing for the suite, malformed or of small order")]
    UnusableKey(LeafId),
    /// The record's slots were dropped.
    #[error("the slots of this epoch are not here")]
    NoSlots,
    /// The record is not for this leaf.
    #[error("leaf {0:?} has no slot here")]
    NoSlot(LeafId),
    /// The leaf's slot does not open.
    #[error("the slot of leaf {0:?} does not open")]
    BadSlot(LeafId),
    /// Keys are not those that the record commits to.
    #[error("the keys are not those that the record commits to")]
    Commitment,
    /// The sealed header does not open, is malformed, or is about another record.
    #[error("the sealed header does not belong to this record")]
    Header,
    /// A complaint about another epoch.
    #[error("the complaint is not about epoch {0:?}")]
    WrongEpoch(EpochId),
    /// A note is too long.
    #[error("a note of {0} bytes, more than 2,048")]
    NoteSize(usize),
    /// A note does not open.
    #[error("the note does not open with this leaf")]
    BadNote,
}
