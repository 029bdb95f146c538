//! The trait that every back end implements.

use conclave_core::view::{Change, View, ViewError};

/// Ordered maps of bytes with full-text search that change by whole transactions.
///
/// Reading is [`View`]. Two reads of one `&self` see the same state, because changing needs `&mut self`.
pub trait Store: View {
    /// Applies the changes in order, all or nothing. When it returns, they survive the loss of power.
    ///
    /// # Errors
    /// [`CommitError::Full`] if the disk has no room: nothing is changed and a later commit may succeed.
    /// [`CommitError::Failed`] if the disk refused otherwise: whether the changes will be there after reopening is not known,
    /// hence every further commit is [`CommitError::Stopped`] until then.
    fn commit(&mut self, changes: &[Change]) -> Result<(), CommitError>;

    /// Measures the store.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    fn stats(&self) -> Result<Stats, ViewError>;
}

/// Why a commit did not happen.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommitError {
    /// No room. Everything is as before; try again when there is space.
    #[error("the disk is full: nothing was stored")]
    Full,
    /// The disk failed while writing. The store takes no more commits until it is opened again.
    #[error("the store could not be written: {0}")]
    Failed(String),
    /// An earlier commit failed. What is on the disk is only known again after opening.
    #[error("the store has stopped after a failed write; open it again")]
    Stopped,
}

/// How large a store is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Bytes of the main file (in memory: of all keys and values).
    pub bytes: u64,
    /// Bytes in it that deleted rows have left free.
    pub bytes_free: u64,
    /// Transactions committed since it was opened.
    pub commits: u64,
}
