//! Bodies about who owns the server.

use conclave_core::event::*;
use conclave_core::hash::Label;
use conclave_core::id::*;
use conclave_core::signed::SigningKey;

use super::{Village, Who, bytes};

impl Village {
    /// Hands the server over.
    pub fn transfer(&self, from: Who, to: Who, seen: Option<u64>) -> OwnershipTransfer {
        RootSigned::draft(Transfer {
            to: self.identity(to),
            root: self.people[to].root.public(),
            seen: self.seen(from, seen),
        })
    }

    /// A policy with one recovery key, always the same.
    pub fn policy(&self, successors: &[Who], council: &[Who], quorum: u16) -> SuccessionPolicy {
        let ids = |who: &[Who]| who.iter().map(|who| self.identity(*who)).collect();
        RootSigned::draft(Succession {
            successors: ids(successors),
            recovery_keys: vec![recovery_key().public()],
            council: ids(council),
            quorum,
            delay_days: 7,
        })
    }

    /// The policy in force at some heads.
    pub fn policy_at(&self, heads: &[EventId]) -> Option<EventId> {
        let state = self.oracle.resolve(heads)?;
        state.reign.policy.map(|(id, _)| id)
    }

    pub fn claim(&self, policy: EventId, heir: Who) -> SuccessionClaim {
        SuccessionClaim {
            policy,
            heir: self.identity(heir),
            recovery: None,
        }
    }

    /// A claim with the recovery key.
    pub fn recovery_claim(&self, policy: EventId, heir: Who) -> SuccessionClaim {
        let payload = recovery_proof_payload(self.server(), policy, self.identity(heir));
        let signature = recovery_key().sign(Label::SuccessionRecovery, &payload);
        SuccessionClaim {
            recovery: Some(RecoveryProof {
                key: recovery_key().public(),
                signature: signature.to_vec().into(),
            }),
            ..self.claim(policy, heir)
        }
    }

    pub fn take_over(&self, claim: EventId, heir: Who) -> Accession {
        Accession {
            claim,
            root: self.people[heir].root.public(),
        }
    }
}

fn recovery_key() -> SigningKey {
    SigningKey::from_seed(&bytes(700))
}

pub fn confirm(claim: EventId) -> SuccessionConfirm {
    SuccessionConfirm { claim, days: 7 }
}
