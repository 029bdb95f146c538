//! Chapter *succession*, "What is allowed".

use conclave_core::event::{
    Accession, SuccessionClaim, SuccessionConfirm, SuccessionVeto, Transfer, recovery_proof_payload,
};
use conclave_core::hash::Label;
use conclave_core::signed::verify_bytes;

use super::{Act, Judged};
use crate::Level;
use crate::basis::Basis;
use crate::reign::{Title, needed, title};

impl Act<'_> {
    pub(super) fn transfer(&self, body: &Transfer) -> Judged {
        let fits = body.to != self.state.owner && !self.state.bans.contains_key(&body.to);
        (self.is_owner() && fits).then(|| Basis::fixed(Level::Root))
    }

    pub(super) fn policy(&self) -> Judged {
        self.is_owner().then(|| Basis::fixed(Level::Root))
    }

    pub(super) fn claim(&self, body: &SuccessionClaim) -> Judged {
        let author = self.event.author;
        let (id, policy) = self.state.reign.policy.as_ref()?;
        let fits = body.policy == *id
            && !self.is_owner()
            && body.heir != self.state.owner
            && !self.state.bans.contains_key(&body.heir);
        let title = title(policy, author, body)?;
        if let Some(proof) = &body.recovery {
            let payload = recovery_proof_payload(self.state.server, *id, body.heir);
            let label = Label::SuccessionRecovery;
            verify_bytes(label, &proof.key, &payload, &proof.signature).ok()?;
        }
        let key = matches!(title, Title::RecoveryKey(_)).then_some(title);
        let mut claims = self.state.reign.claims.values();
        let again = claims.any(|claim| claim.claimant == author || Some(claim.title) == key);
        (fits && !again).then(|| Basis::fixed(Level::Succession))
    }

    pub(super) fn confirm(&self, body: &SuccessionConfirm) -> Judged {
        let author = self.event.author;
        let (_, policy) = self.state.reign.policy.as_ref()?;
        let claim = self.state.reign.claims.get(&body.claim)?;
        let may = if policy.council.is_empty() {
            claim.claimant == author
        } else {
            policy.council.contains(&author)
        };
        let fits = !claim.confirmed.contains_key(&author) && body.days >= policy.delay_days;
        (may && fits).then(|| Basis::fixed(Level::Succession))
    }

    pub(super) fn veto(&self, body: &SuccessionVeto) -> Judged {
        let open = self.state.reign.claims.contains_key(&body.claim);
        (self.is_owner() && open).then(|| Basis::fixed(Level::Owner))
    }

    pub(super) fn take_over(&self, body: &Accession) -> Judged {
        let (_, policy) = self.state.reign.policy.as_ref()?;
        let claim = self.state.reign.claims.get(&body.claim)?;
        let ripe = claim.confirmed.len() >= needed(policy);
        (claim.heir == self.event.author && ripe).then(|| Basis::fixed(Level::Succession))
    }
}
