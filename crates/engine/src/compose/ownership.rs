//! Handing a server over, and taking it over when its owner is lost.

use conclave_core::event::{
    Accession, OwnershipTransfer, RecoveryProof, RootSigned, Succession, SuccessionClaim,
    SuccessionConfirm, SuccessionPolicy, SuccessionVeto, Transfer, recovery_proof_payload,
};
use conclave_core::hash::Label;
use conclave_core::id::{EventId, IdentityId, ServerId};
use conclave_core::log::{COUNCIL_MAX, DELAY_DAYS_MAX, RECOVERY_KEYS_MAX, SUCCESSORS_MAX};
use conclave_core::signed::SigningKey;

use super::{act, community, room_of};
use crate::command::{CommandError, OwnershipCommand, Reply};
use crate::ctx::Ctx;
use crate::peer::State;
use crate::room::Room;
use crate::rotation;

/// A day in milliseconds.
pub const DAY_MS: u64 = 24 * 60 * 60 * 1000;

pub(super) fn run(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    command: OwnershipCommand,
) -> Result<Reply, CommandError> {
    match command {
        OwnershipCommand::Transfer { server, to } => transfer(room_of(state, &server)?, ctx, to),
        OwnershipCommand::SetSuccession { server, terms } => {
            let room = room_of(state, &server)?;
            let terms = checked(room, terms)?;
            let event = act(room, ctx, SuccessionPolicy::draft(terms), None)?;
            Ok(Reply::Event(event))
        }
        OwnershipCommand::Claim {
            server,
            heir,
            recovery,
        } => claim(state, ctx, server, heir, recovery),
        OwnershipCommand::Confirm { server, claim } => {
            confirm(room_of(state, &server)?, ctx, claim)
        }
        OwnershipCommand::Fork {
            server,
            name,
            with_members_roles,
        } => super::fork::fork(state, ctx, server, name, with_members_roles),
        OwnershipCommand::Follow { server, successor } => {
            super::fork::follow(state, ctx, server, successor)
        }
        OwnershipCommand::Take { server, claim } => take(room_of(state, &server)?, ctx, claim),
        OwnershipCommand::Veto { server, claim } => {
            let room = room_of(state, &server)?;
            let event = act(room, ctx, SuccessionVeto { claim }, None)?;
            Ok(Reply::Event(event))
        }
    }
}

fn transfer(room: &mut Room, ctx: &mut Ctx<'_>, to: IdentityId) -> Result<Reply, CommandError> {
    if !room.is_member(&to) {
        return Err(CommandError::NotFound { what: "member" });
    }
    let root = room.identities.get(&to).and_then(|log| log.root());
    let root = root.ok_or(CommandError::NotFound { what: "member" })?;
    let before = community(room)?;
    let me = ctx.identity();
    let seen = super::roles::seen(room, &me);
    let body: OwnershipTransfer = RootSigned::draft(Transfer { to, root, seen });
    let event = act(room, ctx, body, None)?;
    rotation::hand_over(room, ctx, &before, &to);
    Ok(Reply::Event(event))
}

/// A policy in its canonical order, within its limits; everybody that it names is a member.
fn checked(room: &Room, mut terms: Succession) -> Result<Succession, CommandError> {
    let invalid = |field, message: String| Err(CommandError::Invalid { field, message });
    terms.council.sort_unstable();
    terms.council.dedup();
    let named = terms.successors.iter().chain(&terms.council);
    if named.clone().any(|member| !room.is_member(member)) {
        return Err(CommandError::NotFound { what: "member" });
    }
    let repeated = |count: usize, distinct: usize| count != distinct;
    let distinct: std::collections::BTreeSet<_> = terms.successors.iter().collect();
    if repeated(terms.successors.len(), distinct.len()) || distinct.len() > SUCCESSORS_MAX {
        let message = format!("at most {SUCCESSORS_MAX} members, each once");
        return invalid("successors", message);
    }
    let distinct: std::collections::BTreeSet<_> = terms.recovery_keys.iter().collect();
    if repeated(terms.recovery_keys.len(), distinct.len()) || distinct.len() > RECOVERY_KEYS_MAX {
        return invalid(
            "recovery_keys",
            format!("at most {RECOVERY_KEYS_MAX}, each once"),
        );
    }
    if terms.council.len() > COUNCIL_MAX {
        return invalid("council", format!("at most {COUNCIL_MAX} members"));
    }
    let quorum = usize::from(terms.quorum);
    if quorum > terms.council.len() || (quorum == 0) != terms.council.is_empty() {
        let message = "1 to the number of the council; 0 without one".to_owned();
        return invalid("quorum", message);
    }
    if terms.delay_days > DELAY_DAYS_MAX {
        return invalid("delay_days", format!("at most {DELAY_DAYS_MAX}"));
    }
    Ok(terms)
}

fn claim(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    server: ServerId,
    heir: Option<IdentityId>,
    recovery: Option<SigningKey>,
) -> Result<Reply, CommandError> {
    let room = room_of(state, &server)?;
    let heir = heir.unwrap_or(ctx.identity());
    if !room.is_member(&heir) {
        return Err(CommandError::NotFound { what: "member" });
    }
    let community = community(room)?;
    let policy = community.succession().ok_or_else(|| {
        CommandError::Conflict("the owner has named nobody who may take over".to_owned())
    })?;
    let policy = policy.event;
    let recovery = recovery.map(|key| {
        let payload = recovery_proof_payload(server, policy, heir);
        RecoveryProof {
            key: key.public(),
            signature: key
                .sign(Label::SuccessionRecovery, &payload)
                .to_vec()
                .into(),
        }
    });
    let body = SuccessionClaim {
        policy,
        heir,
        recovery,
    };
    Ok(Reply::Event(act(room, ctx, body, None)?))
}

/// How many full days this node has known a claim, by its own clock: nobody else's word counts.
#[must_use]
pub fn days_known(room: &Room, claim: &EventId, now: conclave_core::id::Millis) -> u16 {
    let since = room.local.knows_claim_since(claim);
    let known = since.map_or(0, |since| now.0.saturating_sub(since.0) / DAY_MS);
    u16::try_from(known).unwrap_or(u16::MAX)
}

fn confirm(room: &mut Room, ctx: &mut Ctx<'_>, claim: EventId) -> Result<Reply, CommandError> {
    let days = days_known(room, &claim, ctx.now);
    let mut event = act(room, ctx, SuccessionConfirm { claim, days }, None)?;
    let after = community(room)?;
    let mine = after
        .claim(&claim)
        .is_some_and(|open| open.heir == ctx.identity() && after.is_confirmed(open));
    if mine {
        event = accede(room, ctx, claim)?;
    }
    Ok(Reply::Event(event))
}

fn take(room: &mut Room, ctx: &mut Ctx<'_>, claim: EventId) -> Result<Reply, CommandError> {
    Ok(Reply::Event(accede(room, ctx, claim)?))
}

fn accede(room: &mut Room, ctx: &mut Ctx<'_>, claim: EventId) -> Result<EventId, CommandError> {
    let root = ctx.me.log.root();
    let root = root.ok_or(CommandError::NotFound { what: "root key" })?;
    act(room, ctx, Accession { claim, root }, None)
}
