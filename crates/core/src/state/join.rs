//! Whether a register's join proof holds.

use crate::hash::Label;
use crate::id::{IdentityId, InviteId, Millis, Pseudonym};
use crate::member::{JoinProof, Register, invite_proof_payload};
use crate::signed::{SignedError, verify_bytes};
use crate::state::Community;

/// Why a register does not admit its device.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JoinError {
    /// It belongs to another server.
    #[error("the register belongs to another server")]
    WrongServer,
    /// It claims to be a founder's and is not.
    #[error("{0:?} is no founder")]
    NotFounder(IdentityId),
    /// The identity is banned.
    #[error("{0:?} is banned")]
    Banned(IdentityId),
    /// No such invite, as far as is known: its creation may not have arrived yet.
    #[error("there is no invite {0:?}")]
    UnknownInvite(InviteId),
    /// The invite was revoked, and this join is not among those that were honoured.
    #[error("invite {invite:?} was revoked and does not honour {pseudonym:?}")]
    Revoked {
        /// The invite.
        invite: InviteId,
        /// The joiner.
        pseudonym: Pseudonym,
    },
    /// The register's own time lies after the invite's end.
    #[error("invite {invite:?} ended at {}", .expires.0)]
    Expired {
        /// The invite.
        invite: InviteId,
        /// Its end.
        expires: Millis,
    },
    /// Joins are paused.
    #[error("joins are paused")]
    Paused,
    /// The invite's signature does not verify.
    #[error("the invite did not sign this join: {0}")]
    Signature(#[from] SignedError),
}

/// Checks a register's join proof in a state: for a newcomer, that of the heads that the register cites.
///
/// A [`JoinProof::Sibling`] passes: it counts only beside a register of the same identity that holds by itself, which
/// [`crate::state::Roster::member`] sees to. The register's own signature is the caller's matter ([`crate::signed`]).
///
/// # Errors
/// [`JoinError`]; after [`JoinError::UnknownInvite`] the register may hold once more of the log is known.
pub fn verify_join(community: &Community, register: &Register) -> Result<(), JoinError> {
    if register.server != community.server() {
        return Err(JoinError::WrongServer);
    }
    if community.ban(&register.identity).is_some() {
        return Err(JoinError::Banned(register.identity));
    }
    stands(community, register)?;
    let JoinProof::Invite { invite, signature } = &register.proof else {
        return Ok(());
    };
    if community.joins_paused() {
        return Err(JoinError::Paused);
    }
    let known = community
        .invite(invite)
        .ok_or(JoinError::UnknownInvite(*invite))?;
    let payload = invite_proof_payload(
        register.server,
        register.identity,
        register.device,
        register.pseudonym,
    );
    verify_bytes(Label::InviteProof, &known.verify_key, &payload, signature)?;
    Ok(())
}

/// Whether a join proof that was verified once stands in a state: all but its signature, which no event can change.
pub(super) fn stands(community: &Community, register: &Register) -> Result<(), JoinError> {
    match &register.proof {
        JoinProof::Sibling(_) => Ok(()),
        JoinProof::Founder => {
            // Whoever was removed comes back through an invite alone.
            let founder = community
                .founders()
                .any(|identity| identity == register.identity)
                && community.removals(&register.identity).next().is_none();
            founder
                .then_some(())
                .ok_or(JoinError::NotFounder(register.identity))
        }
        JoinProof::Invite { invite, .. } => {
            let known = community
                .invite(invite)
                .ok_or(JoinError::UnknownInvite(*invite))?;
            // Nobody below can remove the owner, not even by closing the door that they came through.
            if register.identity == community.owner() {
                return Ok(());
            }
            if !known.admits(&register.pseudonym) {
                return Err(JoinError::Revoked {
                    invite: *invite,
                    pseudonym: register.pseudonym,
                });
            }
            match known.expires {
                Some(expires) if register.seq == 0 && register.time > expires => {
                    Err(JoinError::Expired {
                        invite: *invite,
                        expires,
                    })
                }
                _ => Ok(()),
            }
        }
    }
}
