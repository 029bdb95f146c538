//! What goes in with an event, and what comes of it.

use super::limits::Malformed;
use super::{Fork, Verdict};
use crate::id::{DeviceId, EventId, InviteId, Pseudonym};

/// What the register that an event cites proves about its author. The caller has verified the register's signature and its
/// join proof ([`crate::state::verify_join`]).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuthorProof {
    /// The author is the owner or one of the peers that genesis names, or claims so: this is checked.
    Founder,
    /// The author joined.
    Member {
        /// Through which invite; of a sibling device, that of the register that admits the identity. Absent for founders.
        invite: Option<InviteId>,
        /// Under which pseudonym that invite admitted it.
        pseudonym: Pseudonym,
        /// Sequence of the cited register of the event's own device.
        register_seq: u64,
    },
}

/// What became of an event that was taken in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inserted {
    /// Whether it stands.
    pub verdict: Verdict,
    /// Whether the heads, and so the current state, may have changed.
    pub heads_changed: bool,
    /// Proof that the event's device has forked its chain, if it has. Both events stand as ordinary concurrent ones; whatever
    /// of that device cites both is rejected.
    pub fork: Option<Fork>,
}

/// Why an event was not taken in. It leaves no trace, save that after [`InsertError::MissingParents`] it may come again.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InsertError {
    /// It is known already.
    #[error("the event is known already")]
    Duplicate,
    /// Events that it cites are not known yet.
    #[error("{} cited events are missing", .0.len())]
    MissingParents(Vec<EventId>),
    /// It is badly formed.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It belongs to another server.
    #[error("the event belongs to another server")]
    WrongServer,
    /// It cites more events than [`crate::event::PARENTS_MAX`].
    #[error("{0} parents")]
    TooManyParents(usize),
    /// It cites more than two branches of one device.
    #[error("more than two branches of device {0:?}")]
    TooManyBranches(DeviceId),
    /// Its parents do not ascend, or one is in the past of another.
    #[error("the parents are no ascending antichain")]
    NotAntichain,
    /// Its sequence or the event before it does not continue its device's own chain in its past.
    #[error("device {device:?} cannot have sequence {seq} here")]
    SelfChain {
        /// The device.
        device: DeviceId,
        /// The claimed sequence.
        seq: u64,
    },
}

/// Why this program cannot follow a server any longer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HaltReason {
    /// The owner asks for a newer protocol.
    #[error("the server needs protocol version {0}")]
    MinVersion(u16),
    /// An event of a newer format.
    #[error("event format version {0} is newer than this program")]
    Format(u16),
    /// An event of a newer kind.
    #[error("event kind {0} is newer than this program")]
    UnknownKind(u16),
    /// A critical key of a newer version.
    #[error("critical key {0} is newer than this program")]
    Critical(u64),
}
