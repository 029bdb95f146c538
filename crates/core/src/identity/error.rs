//! Why an identity log was refused.

use crate::codec::CodecError;
use crate::id::{DeviceId, IdentityEntryId, IdentityId, VerifyKey};
use crate::signed::SignedError;

use super::entry::Signer;
use super::log::{ENTRIES_MAX, LOG_BYTES_MAX};

/// Why an identity log was refused. All are faults of whoever wrote or sent it, save [`IdentityError::NeedsUpdate`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IdentityError {
    /// No entry at all.
    #[error("an identity log without a genesis")]
    Empty,
    /// More entries than [`ENTRIES_MAX`].
    #[error("{count} identity entries, more than {ENTRIES_MAX}")]
    TooMany {
        /// How many.
        count: usize,
    },
    /// More bytes than [`LOG_BYTES_MAX`].
    #[error("{bytes} bytes of identity log, more than {LOG_BYTES_MAX}")]
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// An entry's wire form, key or signature is wrong.
    #[error("identity entry {seq}: {error}")]
    Signed {
        /// Position of the entry.
        seq: u32,
        /// What is wrong.
        error: SignedError,
    },
    /// An entry's body is malformed.
    #[error("the body of identity entry {seq}: {error}")]
    Body {
        /// Position of the entry.
        seq: u32,
        /// What is wrong.
        error: CodecError,
    },
    /// An entry of a format, a critical kind or a critical key that this build does not know.
    #[error("identity entry {seq} is newer than this program: update it")]
    NeedsUpdate {
        /// Position of the entry.
        seq: u32,
    },
    /// An entry names another identity.
    #[error("identity entry {seq} belongs to {found:?}")]
    OtherIdentity {
        /// Position of the entry.
        seq: u32,
        /// The identity that it names.
        found: Option<IdentityId>,
    },
    /// An entry is not the one that follows.
    #[error("identity entry {expected} expected, found {found} after {prev:?}")]
    Chain {
        /// Position that comes next.
        expected: u32,
        /// Position that the entry claims.
        found: u32,
        /// Entry that it claims to follow.
        prev: Option<IdentityEntryId>,
    },
    /// The signer does not hold the capacity that it claims.
    #[error("identity entry {seq}: {key:?} cannot sign as {signer:?}")]
    Signer {
        /// Position of the entry.
        seq: u32,
        /// The claimed capacity.
        signer: Signer,
        /// The key.
        key: VerifyKey,
    },
    /// The signer holds the capacity, but may not do this.
    #[error("identity entry {seq}: {misuse}")]
    Misuse {
        /// Position of the entry.
        seq: u32,
        /// What it may not do.
        misuse: Misuse,
    },
}

/// An entry that its signer may not write, or whose content contradicts the log.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Misuse {
    /// A genesis anywhere but at the start, or something else there.
    #[error("a genesis stands at the start and only there")]
    Genesis,
    /// A genesis that is not signed by the root that it names.
    #[error("a genesis is signed by its own root")]
    GenesisRoot,
    /// A nonce of a wrong length.
    #[error("a nonce of {0} bytes")]
    Nonce(usize),
    /// The capacity does not suffice for this kind of entry.
    #[error("{0:?} ranks too low for entries of kind {1}")]
    Rank(Signer, u16),
    /// A device that is, or was, in the log already.
    #[error("device {0:?} is not new")]
    DeviceKnown(DeviceId),
    /// A device that is not present.
    #[error("device {0:?} is not present")]
    DeviceAbsent(DeviceId),
    /// Too many devices present.
    #[error("more than {0} devices")]
    DevicesFull(usize),
    /// A proof of possession does not verify.
    #[error("the proof of possession fails: {0}")]
    Possession(SignedError),
    /// The last good sequences are too many, or not ascending by server.
    #[error("{0} last good sequences, or not in ascending order")]
    LastGood(usize),
    /// A recovery policy that is too long.
    #[error("a recovery policy of {0} bytes")]
    Policy(usize),
    /// Wrapping keys of a wrong length.
    #[error("wrapping keys of a wrong length")]
    WrappingKeys,
}
