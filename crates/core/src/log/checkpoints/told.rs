//! What a log tells of its checkpoints: those it has, forks, and why one was refused.

use crate::id::{CheckpointId, Digest, EventId, VerifyKey};
use crate::policy::{Checkpoint, CheckpointError, Cosigned};

/// A checkpoint as the log has it.
#[derive(Clone, Debug)]
pub struct Frozen<'a> {
    /// Its id.
    pub id: CheckpointId,
    /// What it says.
    pub checkpoint: &'a Checkpoint,
    /// With the signatures that came first.
    pub cosigned: &'a Cosigned,
    /// Whether it counts at the current heads.
    pub canonical: bool,
}

/// Proof that notaries have signed two checkpoints after one predecessor: nothing after that is final.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckpointFork {
    /// The last one before; absent: genesis.
    pub prev: Option<CheckpointId>,
    /// The number that they share.
    pub epoch: u64,
    /// Those of the latest generation of notaries, ascending, at least two.
    pub rivals: Vec<CheckpointId>,
    /// Notaries who have signed more than one of them.
    pub signers: Vec<VerifyKey>,
}

/// Why a checkpoint is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CheckpointFault {
    /// Its form or its signatures.
    #[error(transparent)]
    Form(#[from] CheckpointError),
    /// An event of the frontier is no ancestor of the event that posts it, or of another of the frontier.
    #[error("the frontier {0:?} is not before the event, or before another of the frontier")]
    Frontier(EventId),
    /// It does not follow the canonical checkpoint of its own frontier.
    #[error("it follows {found:?}, not {expected:?}")]
    Predecessor {
        /// The canonical checkpoint of the frontier's past.
        expected: Option<CheckpointId>,
        /// What it names.
        found: Option<CheckpointId>,
    },
    /// It names other notaries than its own state has.
    #[error("its notaries are not those of its state")]
    Notaries,
    /// It commits to something else than what its frontier folds to.
    #[error("its {what} is {found:?}; the log says {expected:?}")]
    Root {
        /// Which commitment.
        what: &'static str,
        /// What follows from the log.
        expected: Digest,
        /// What it claims.
        found: Digest,
    },
    /// Its least time is not the latest of the events that it freezes.
    #[error("its least time is not the latest of its events")]
    MinTime,
}
