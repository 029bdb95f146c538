//! Bodies about who owns the server, and who may after them.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::member::Seen;
use crate::event::RootSigned;
use crate::id::{EventId, IdentityId, ServerId, VerifyKey};

/// Hands the server over; the owner's alone, with their root's signature.
pub type OwnershipTransfer = RootSigned<Transfer>;

/// Says who may take over if the owner is lost; the owner's alone, with their root's signature. It ends every claim that is
/// open.
pub type SuccessionPolicy = RootSigned<Succession>;

/// To whom a server is handed over.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Transfer {
    /// The new owner.
    #[n(0)]
    pub to: IdentityId,
    /// A root key of the new owner's identity log.
    #[n(1)]
    pub root: VerifyKey,
    /// What of the old owner's devices is honoured.
    #[n(2)]
    pub seen: Vec<Seen>,
}

/// Who may claim a server, who confirms, and after how long. Empty: nobody may.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
#[cbor(map)]
pub struct Succession {
    /// Who may claim for themselves, the first ranking highest; no two alike.
    #[n(0)]
    pub successors: Vec<IdentityId>,
    /// Keys whose holder may claim for themselves, the first ranking highest; no two alike.
    #[n(1)]
    pub recovery_keys: Vec<VerifyKey>,
    /// Who confirms claims, and may claim for anybody; ascending.
    #[n(2)]
    pub council: Vec<IdentityId>,
    /// How many of the council must confirm; 0 exactly if there is none.
    #[n(3)]
    pub quorum: u16,
    /// For how many days on their own clocks the confirming must have known the claim.
    #[n(4)]
    pub delay_days: u16,
}

/// Asks for the server.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct SuccessionClaim {
    /// The policy in force, by its event.
    #[n(0)]
    pub policy: EventId,
    /// Who would own the server.
    #[n(1)]
    pub heir: IdentityId,
    /// Proof of a recovery key; absent for successors and council.
    #[n(2)]
    pub recovery: Option<RecoveryProof>,
}

/// A recovery key's signature for one heir.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct RecoveryProof {
    /// The key.
    #[n(0)]
    pub key: VerifyKey,
    /// 64-byte signature over [`recovery_proof_payload`].
    #[n(1)]
    pub signature: ByteVec,
}

/// What a recovery key signs: server, policy and heir, 96 bytes.
#[must_use]
pub fn recovery_proof_payload(server: ServerId, policy: EventId, heir: IdentityId) -> Vec<u8> {
    [server.0, policy.0, heir.0].concat()
}

/// Attests that a claim has stood long enough without a veto.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct SuccessionConfirm {
    /// The claim, by its event.
    #[n(0)]
    pub claim: EventId,
    /// For how many full days of their own clock the author has known it, and of no veto.
    #[n(1)]
    pub days: u16,
}

/// Ends a claim; the owner's alone.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct SuccessionVeto {
    /// The claim, by its event.
    #[n(0)]
    pub claim: EventId,
}

/// The heir of a confirmed claim takes over.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Accession {
    /// The claim, by its event.
    #[n(0)]
    pub claim: EventId,
    /// The heir's root key as of the event's identity head.
    #[n(1)]
    pub root: VerifyKey,
}
