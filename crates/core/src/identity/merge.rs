//! Bringing two copies of one identity log together.

use crate::id::{IdentityEntryId, IdentityId};
use crate::signed::Verified;

use super::entry::Entry;
use super::error::IdentityError;
use super::log::{IdentityLog, check_size};

/// How high an entry's signer stands; greater is higher: recovery > root > older device > newer device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rank(u32);

impl Rank {
    /// The recovery key.
    pub const RECOVERY: Self = Self(u32::MAX);
    /// The root key.
    pub const ROOT: Self = Self(u32::MAX - 1);

    /// The device that `age` devices came before.
    #[must_use]
    pub const fn device(age: u32) -> Self {
        Self((u32::MAX - 2).saturating_sub(age))
    }
}

/// What a merge did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Merged {
    /// Both are the same.
    Same,
    /// The other is older; nothing changed.
    Older,
    /// So many entries were new.
    Extended(usize),
}

/// One side of a fork.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Branch {
    /// The log that was merged into.
    Ours,
    /// The log that was merged.
    Theirs,
}

/// Two logs of one identity that went different ways: somebody signed two entries for one position.
///
/// Evidence: both entries are signed. Whoever holds both logs sees the same branch prevail (see [`Forked::prevails`]).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the identity log forks at entry {seq}: {ours:?} and {theirs:?}; {prevails:?} prevails")]
pub struct Forked {
    /// The position at which they differ.
    pub seq: u32,
    /// Our entry there.
    pub ours: IdentityEntryId,
    /// Their entry there.
    pub theirs: IdentityEntryId,
    /// The branch in which the higher [`Rank`] has signed anything; of equals, the one whose first entry has the lower id.
    /// So a stolen device cannot outgrow the root's answer, nor a stolen root the recovery key's.
    pub prevails: Branch,
}

/// Why two logs were not merged.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MergeError {
    /// They are of two identities.
    #[error("the other log is of identity {0:?}")]
    OtherIdentity(IdentityId),
    /// They fork.
    #[error(transparent)]
    Forked(#[from] Forked),
    /// The other log is not valid.
    #[error(transparent)]
    Invalid(#[from] IdentityError),
}

impl IdentityLog {
    /// Takes over what another copy of the log has beyond this one. A fork changes nothing; the caller keeps the log that
    /// prevails.
    ///
    /// # Errors
    /// [`MergeError::OtherIdentity`] and [`MergeError::Forked`].
    pub fn merge(&mut self, other: &Self) -> Result<Merged, MergeError> {
        if self.id() != other.id() {
            return Err(MergeError::OtherIdentity(other.id()));
        }
        if let Some(forked) = self.fork(other) {
            return Err(forked.into());
        }
        let (ours, theirs) = (self.entries().len(), other.entries().len());
        if ours == theirs {
            return Ok(Merged::Same);
        }
        if ours > theirs {
            return Ok(Merged::Older);
        }
        // What `other` verified after the very same entries needs no second verification.
        *self = other.clone();
        Ok(Merged::Extended(theirs - ours))
    }

    /// Does as [`IdentityLog::merge`] from a wire form, and verifies only what is not known yet.
    ///
    /// # Errors
    /// [`MergeError`].
    pub fn merge_wire(&mut self, entries: &[Vec<u8>]) -> Result<Merged, MergeError> {
        check_size(entries)?;
        let known = self.entries();
        let same = known
            .iter()
            .zip(entries)
            .all(|(ours, theirs)| ours.bytes().encode() == *theirs);
        let Some(new) = entries.get(known.len()..).filter(|_| same) else {
            if same && !entries.is_empty() {
                return Ok(Merged::Older);
            }
            return self.merge(&Self::verify(entries)?);
        };
        if new.is_empty() {
            return Ok(Merged::Same);
        }
        let mut longer = self.clone();
        for entry in new {
            longer.append(entry)?;
        }
        *self = longer;
        Ok(Merged::Extended(new.len()))
    }

    /// Compares two logs of one identity from the first position at which they differ.
    fn fork(&self, other: &Self) -> Option<Forked> {
        let pairs = self.entries().iter().zip(other.entries());
        let at = pairs
            .clone()
            .position(|(ours, theirs)| ours.entry_id() != theirs.entry_id())?;
        let (ours, theirs) = pairs.clone().nth(at)?;
        let (ours_id, theirs_id) = (ours.entry_id(), theirs.entry_id());
        let key_of = |log: &Self, first| (log.rank_from(at), core::cmp::Reverse(first));
        let prevails = if key_of(self, ours_id) > key_of(other, theirs_id) {
            Branch::Ours
        } else {
            Branch::Theirs
        };
        Some(Forked {
            seq: ours.seq,
            ours: ours_id,
            theirs: theirs_id,
            prevails,
        })
    }

    /// The highest rank that signed anything from a position on.
    fn rank_from(&self, at: usize) -> Option<Rank> {
        let branch = self.entries().iter().skip(at);
        branch
            .filter_map(|entry: &Verified<Entry>| self.rank(&entry.signer))
            .max()
    }
}
