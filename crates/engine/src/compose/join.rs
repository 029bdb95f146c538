//! Coming and going: joining through a link, becoming a member, leaving.

use conclave_core::hash::Label;
use conclave_core::id::{EventId, Millis, Pseudonym, ServerId};
use conclave_core::invite::InviteLink;
use conclave_core::keys::audience;
use conclave_core::member::{JoinProof, Reach, Status, invite_proof_payload};
use conclave_core::state::verify_join;

use super::register::{first_register, renew_register};
use super::{community, register_record, room_of};
use crate::command::{CommandError, Reply};
use crate::ctx::Ctx;
use crate::effect::Notice;
use crate::inbox;
use crate::outbox;
use crate::peer::State;
use crate::room::{Local, Room, Standing};
use crate::sync;

pub(super) fn join(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    text: &str,
) -> Result<Reply, CommandError> {
    let invalid = |message: String| CommandError::Invalid {
        field: "link",
        message,
    };
    let link = InviteLink::parse(text).map_err(|error| invalid(error.to_string()))?;
    if link.expires.is_some_and(|expires| expires < ctx.now) {
        return Err(invalid(
            "this invite has expired: ask for a new one".to_owned(),
        ));
    }
    let server = link.server;
    let hints: Vec<Reach> = link
        .nodes
        .iter()
        .map(|hint| Reach {
            node: hint.node,
            relays: hint.relays.clone(),
            addresses: hint.addresses.clone(),
            time: Millis(0),
        })
        .collect();
    let room = match state.rooms.remove(&server) {
        Some(room) if room.local.standing == Standing::Active => {
            state.rooms.insert(server, room);
            return Ok(Reply::Server(server));
        }
        Some(room) => room,
        None => Room::new(
            server,
            ctx.identity(),
            Local::new(Standing::Joining, &link.server_name, ctx.now),
        ),
    };
    let room = state.rooms.entry(server).or_insert(room);
    room.local.standing = Standing::Joining;
    room.local.reason = None;
    room.local.link = Some(text.trim().to_owned());
    room.local
        .secrets
        .push(link.secret.as_bytes().to_vec().into());
    for hint in &hints {
        room.local.hints.retain(|known| known.node != hint.node);
        room.local.hints.insert(0, hint.clone());
    }
    room.local.save(&mut ctx.txn, server);
    room.caught_up = false;
    inbox::reopen(room, ctx)?;
    sync::prove_again(room, &mut state.links, ctx);
    // Whoever the link names may be connected already.
    let conns: Vec<_> = state.links.keys().copied().collect();
    for conn in conns {
        sync::introduce(&state.rooms, &mut state.links, ctx, conn);
    }
    ctx.out.dials.extend(hints);
    ctx.out.notice(Notice::ServerAdded(server));
    Ok(Reply::Server(server))
}

/// Becomes a member, once the log says all that joining takes; true if it did.
///
/// # Errors
/// [`CommandError`] if something is still missing; joining goes on.
pub fn join_finished(room: &mut Room, ctx: &mut Ctx<'_>) -> Result<bool, CommandError> {
    let Some(link) = room
        .local
        .link
        .as_deref()
        .and_then(|link| InviteLink::parse(link).ok())
    else {
        return Ok(false);
    };
    let here = |event: &EventId| room.log.contains(event);
    if room.community.is_none() || !link.heads.iter().all(here) || !here(&EventId(link.invite.0)) {
        return Ok(false);
    }
    let pseudonym = Pseudonym(ctx.me.pseudonym(room.id).public().0);
    if room.roster.by_pseudonym(&pseudonym).is_some() && !room.caught_up {
        // Who comes back must know what happened since, or their register cites a time when they were out.
        return Ok(false);
    }
    let payload = invite_proof_payload(room.id, ctx.identity(), ctx.me.device(), pseudonym);
    let signature = link.secret.signing_key().sign(Label::InviteProof, &payload);
    let proof = JoinProof::Invite {
        invite: link.invite,
        signature: signature.to_vec().into(),
    };
    let register = first_register(room, ctx, proof);
    let state = community(room)?;
    if let Err(error) = verify_join(&state, &register) {
        room.local.standing = Standing::Left;
        room.local.reason = Some(error.to_string());
        room.local.save(&mut ctx.txn, room.id);
        ctx.out.notice(Notice::ServerRemoved {
            server: room.id,
            reason: error.to_string(),
            was_member: false,
        });
        return Ok(false);
    }
    // Sealed under the newest epoch that the link opens; as a member one heals before one speaks.
    let everyone = audience::everyone(room.id);
    let Some((epoch, keys)) = room.newest_epoch(everyone) else {
        return Ok(false);
    };
    let record = register_record(ctx, &register);
    let topic = conclave_core::envelope::Topic::Members(room.id);
    let bytes = conclave_core::codec::encode(&record);
    let sent = outbox::seal_state(room, ctx, topic, epoch, &keys, &bytes)?;
    inbox::accept_record(room, ctx, &sent.position, record)?;
    room.local.standing = Standing::Active;
    room.local.link = None;
    room.local.save(&mut ctx.txn, room.id);
    room.profile_due = true;
    room.fresh = true;
    ctx.out.notice(Notice::ServerAdded(room.id));
    ctx.out.notice(Notice::ServerState(room.id));
    Ok(true)
}

pub(super) fn leave(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    server: ServerId,
) -> Result<Reply, CommandError> {
    if let Some(room) = state.rooms.get_mut(&server)
        && room.local.standing != Standing::Active
    {
        room.local.standing = Standing::Left;
        room.local.save(&mut ctx.txn, server);
        ctx.out.notice(Notice::ServerRemoved {
            server,
            reason: "left".to_owned(),
            was_member: false,
        });
        return Ok(Reply::Done);
    }
    let room = room_of(state, &server)?;
    let state = community(room)?;
    let alone = room.roster.members(&state).count() == 1;
    if state.owner() == ctx.identity() && !alone && state.template() == 1 {
        return Err(CommandError::Conflict(
            "the owner cannot leave while others are here: the server would have nobody to answer for it".to_owned(),
        ));
    }
    renew_register(room, ctx, |register| register.status = Status::Left)?;
    room.local.standing = Standing::Left;
    room.local.save(&mut ctx.txn, server);
    ctx.out.notice(Notice::ServerRemoved {
        server,
        reason: "left".to_owned(),
        was_member: true,
    });
    Ok(Reply::Done)
}
