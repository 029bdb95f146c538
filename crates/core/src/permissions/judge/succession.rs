//! Who owns the server, and who may after them.

use super::{Basis, By, Denied, Level};
use crate::event::{
    Accession, RecoveryProof, SuccessionClaim, SuccessionConfirm, SuccessionVeto,
    recovery_proof_payload,
};
use crate::hash::Label;
use crate::id::{EventId, IdentityId};
use crate::signed::verify_bytes;
use crate::state::{Claim, Policy, Title};

impl By<'_> {
    pub(super) fn owner_only(&self, level: Level) -> Result<Basis, Denied> {
        if self.is_owner() {
            Ok(Basis::fixed(level))
        } else {
            Err(Denied::OwnerOnly)
        }
    }

    pub(super) fn transfer(&self, to: &IdentityId) -> Result<Basis, Denied> {
        let basis = self.owner_only(Level::Root)?;
        self.may_own(to)?;
        Ok(basis)
    }

    pub(super) fn veto(&self, body: &SuccessionVeto) -> Result<Basis, Denied> {
        let basis = self.owner_only(Level::Owner)?;
        self.open(&body.claim)?;
        Ok(basis)
    }

    pub(super) fn claim(&self, body: &SuccessionClaim) -> Result<Basis, Denied> {
        let unknown = Denied::UnknownPolicy(body.policy);
        let policy = self.community.succession().ok_or(unknown.clone())?;
        if policy.event != body.policy {
            return Err(unknown);
        }
        if self.is_owner() {
            return Err(Denied::IsOwner(self.actor.identity));
        }
        self.may_own(&body.heir)?;
        let title = self.title(policy, body)?;
        let same = |claim: &&&Claim| {
            claim.by == self.actor.identity
                || (claim.title == title && matches!(title, Title::RecoveryKey(_)))
        };
        match self.community.claims().iter().find(same) {
            Some(open) => Err(Denied::ClaimOpen(open.id)),
            None => Ok(Basis::fixed(Level::Succession)),
        }
    }

    pub(super) fn confirm(&self, body: &SuccessionConfirm) -> Result<Basis, Denied> {
        let (policy, claim) = self.open(&body.claim)?;
        let me = self.actor.identity;
        if !policy.confirms(claim, &me) {
            return Err(Denied::NotNamed(me));
        }
        if claim.confirmed.contains_key(&me) {
            return Err(Denied::Confirmed(me));
        }
        let needed = policy.terms.delay_days;
        if body.days < needed {
            let days = body.days;
            return Err(Denied::TooEarly { days, needed });
        }
        Ok(Basis::fixed(Level::Succession))
    }

    pub(super) fn accede(&self, body: &Accession) -> Result<Basis, Denied> {
        let (policy, claim) = self.open(&body.claim)?;
        if claim.heir != self.actor.identity {
            return Err(Denied::NotNamed(self.actor.identity));
        }
        let (have, needed) = (claim.confirmed.len(), policy.needed());
        if have < needed {
            return Err(Denied::Unconfirmed { have, needed });
        }
        Ok(Basis::fixed(Level::Succession))
    }

    /// An open claim, with the policy that it stands on.
    fn open(&self, id: &EventId) -> Result<(&Policy, &Claim), Denied> {
        let both = self.community.succession().zip(self.community.claim(id));
        both.ok_or(Denied::UnknownClaim(*id))
    }

    /// What entitles the actor to a claim.
    fn title(&self, policy: &Policy, body: &SuccessionClaim) -> Result<Title, Denied> {
        let me = self.actor.identity;
        let Some(RecoveryProof { key, signature }) = &body.recovery else {
            return policy.title(body, &me).ok_or(Denied::NotNamed(me));
        };
        let title = policy.title(body, &me).ok_or(Denied::RecoveryKey)?;
        let payload = recovery_proof_payload(self.community.server(), policy.event, body.heir);
        verify_bytes(Label::SuccessionRecovery, key, &payload, signature)
            .map_err(|_| Denied::RecoveryKey)?;
        Ok(title)
    }

    /// Whether somebody could own the server: they do not already, and are not banned.
    fn may_own(&self, heir: &IdentityId) -> Result<(), Denied> {
        if *heir == self.community.owner() {
            return Err(Denied::IsOwner(*heir));
        }
        match self.community.ban(heir) {
            Some(_) => Err(Denied::TargetBanned(*heir)),
            None => Ok(()),
        }
    }
}
