//! The proof of one member register, without its leaf keys.

use minicbor::{Decode, Encode};

use super::{Lookup, ProofError, Pruned};
use crate::hash::{Label, hash};
use crate::id::{Digest, LeafId, Pseudonym, RegisterId};

/// Longest proof that the figure `light-join` allows at 100,000 members, in bytes: a path of about 20 steps fits twice.
pub const MEMBER_PROOF_MAX: usize = 1024;

/// Shows which register a roster held for a pseudonym, or that it held none. The register itself, and its leaf keys, travel
/// apart and are needed only by whoever seals to them.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct MemberProof {
    /// The register and the id of its leaf keys; absent: there is none.
    #[n(0)]
    pub register: Option<(RegisterId, LeafId)>,
    /// The way to it.
    #[n(1)]
    pub path: Pruned,
}

impl MemberProof {
    /// Checks the proof against a member root.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn verify(&self, root: &Digest, pseudonym: &Pseudonym) -> Result<(), ProofError> {
        self.path.verify(Label::MemberRoot, root)?;
        let expected = self
            .register
            .as_ref()
            .map(|(register, leaf)| member_value(register, leaf));
        match (self.path.lookup(&pseudonym.0), expected) {
            (Lookup::Value(found), Some(expected)) if found == expected => Ok(()),
            (Lookup::Absent, None) => Ok(()),
            _ => Err(ProofError::Missing("the register")),
        }
    }
}

/// What stands in the member tree for a register.
#[must_use]
pub fn member_value(register: &RegisterId, leaf: &LeafId) -> Digest {
    hash(Label::MemberRoot, &[&[3], &register.0, &leaf.0])
}
