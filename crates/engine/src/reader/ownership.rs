//! Who owns a server, and who may after them.

use conclave_core::id::{EventId, IdentityId, Millis, ServerId};
use conclave_core::log::Log;
use conclave_core::permissions::{self, Action};
use conclave_core::state::{Claim, Community, Policy};
use conclave_core::view::ViewError;

use super::Reader;
use crate::compose::DAY_MS;
use crate::model::{
    Began, ClaimView, Lineage, Named, Ownership, ParentView, SuccessionView, SuccessorView,
};
use crate::room::{Room, Standing};
use crate::successors;

impl Reader<'_> {
    /// The ownership of a server.
    ///
    /// # Errors
    /// [`ViewError`], never today.
    pub fn ownership(&self, server: ServerId) -> Result<Option<Ownership>, ViewError> {
        let Some(room) = self.room(&server) else {
            return Ok(None);
        };
        let Some(community) = &room.community else {
            return Ok(None);
        };
        let me = self.account.id();
        let (began, event) = began(room, community);
        let claims = community.claims().into_iter();
        Ok(Some(Ownership {
            owner: named(room, &community.owner()),
            began,
            since: time_of(&room.log, &event),
            mine: community.owner() == me,
            root_here: self.account.holds_root(),
            succession: community.succession().map(|policy| view(room, policy, &me)),
            claims: claims
                .filter_map(|claim| self.claim(room, community, claim))
                .collect(),
        }))
    }

    /// The successors of a server that are known here, and the server that it descends from itself.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn lineage(&self, server: ServerId) -> Result<Option<Lineage>, ViewError> {
        let Some(room) = self.room(&server) else {
            return Ok(None);
        };
        // Looking at old states may fold them anew, which a reader does on a copy of its own.
        let mut log = room.log.clone();
        let known = successors::of(self.view, server)?;
        let successors = known.into_iter().map(|known| {
            let here = self.room(&known.id);
            let joined = here.is_some_and(|room| room.local.standing == Standing::Active);
            let before = log.resolve(&known.descent.heads).ok();
            let now = here.and_then(|room| room.community.as_ref());
            let same = before.zip(now).map(|(a, b)| a.structure() == b.structure());
            SuccessorView {
                id: known.id,
                founder: named(room, &known.founder),
                founded: known.founded,
                descends: successors::descends(&mut log, &known.descent),
                joined,
                same_structure: same,
                name: known.name,
            }
        });
        let successors = successors.collect();
        let descent = room.community.as_ref();
        let descent = descent.and_then(|community| community.genesis().descent.as_ref());
        let parent = descent.map(|descent| {
            let before = self.room(&descent.server);
            let community = before.and_then(|room| room.community.as_ref());
            ParentView {
                id: descent.server,
                name: community.map(|community| community.name().to_owned()),
                descends: before
                    .and_then(|room| successors::descends(&mut room.log.clone(), descent)),
            }
        });
        Ok(Some(Lineage { successors, parent }))
    }

    fn claim(&self, room: &Room, community: &Community, claim: &Claim) -> Option<ClaimView> {
        let policy = community.succession()?;
        let me = self.account.id();
        let known_since = room.local.knows_claim_since(&claim.id).unwrap_or(self.now);
        let delay = u64::from(policy.terms.delay_days) * DAY_MS;
        let council = policy.terms.council.iter();
        let alone = policy.terms.council.is_empty().then_some(&claim.by);
        let missing = council
            .chain(alone)
            .filter(|who| !claim.confirmed.contains_key(*who));
        let may = |body: conclave_core::event::Body| {
            let actor = room.actor(community, &me);
            permissions::allows(community, &actor, &Action::Event(&body), None).is_ok()
        };
        let id = claim.id;
        Some(ClaimView {
            id,
            by: named(room, &claim.by),
            heir: named(room, &claim.heir),
            title: claim.title,
            known_since,
            ripe_at: Millis(known_since.0.saturating_add(delay)),
            confirmed: claim.confirmed.keys().map(|who| named(room, who)).collect(),
            missing: missing.map(|who| named(room, who)).collect(),
            needed: policy.needed(),
            may_confirm: policy.confirms(claim, &me) && !claim.confirmed.contains_key(&me),
            may_take: claim.heir == me && community.is_confirmed(claim),
            may_veto: may(conclave_core::event::SuccessionVeto { claim: id }.into()),
        })
    }
}

/// How and by which event the owner became one.
fn began(room: &Room, community: &Community) -> (Began, EventId) {
    let reign = community.reign();
    match (reign.began, reign.tenure.iter().next()) {
        (Some(began), Some(event)) if began == *event => (Began::Transfer, began),
        (Some(_), Some(event)) => (Began::Succession, *event),
        _ => (Began::Founding, room.id.genesis()),
    }
}

fn time_of(log: &Log, event: &EventId) -> Millis {
    log.get(event).map_or(Millis(0), |event| event.time)
}

fn view(room: &Room, policy: &Policy, me: &IdentityId) -> SuccessionView {
    let terms = &policy.terms;
    let names = |list: &[IdentityId]| list.iter().map(|who| named(room, who)).collect();
    let in_council = terms.council.binary_search(me).is_ok();
    SuccessionView {
        event: policy.event,
        successors: names(&terms.successors),
        recovery_keys: terms.recovery_keys.clone(),
        council: names(&terms.council),
        quorum: terms.quorum,
        delay_days: terms.delay_days,
        needed: policy.needed(),
        delay_trustworthy: policy.delay_is_trustworthy(),
        may_claim: in_council || terms.successors.contains(me),
        may_claim_for_others: in_council,
    }
}

fn named(room: &Room, id: &IdentityId) -> Named {
    Named {
        id: *id,
        name: room.name_of(id),
        member: room.is_member(id),
    }
}
