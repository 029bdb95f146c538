//! Moderators' tools that act on many members at once, and what only concerns moderation.

use std::collections::BTreeSet;

use conclave_core::event::{Ban, Body, Kick};
use conclave_core::id::{IdentityId, ServerId};
use conclave_core::permissions::{self, Action, BAN_MANY_MAX};

use super::{act_all, community, known, refusal, room_of};
use crate::command::{Command, CommandError, Reply};
use crate::ctx::Ctx;
use crate::inactive;
use crate::lost;
use crate::peer::State;

pub(super) fn run(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    command: Command,
) -> Result<Reply, CommandError> {
    match command {
        Command::AcknowledgeLost { server } => {
            // Open also to whoever is no member any more: their own work is what was lost.
            let room = state.rooms.get(&server);
            let room = room.ok_or(CommandError::NotFound { what: "server" })?;
            lost::acknowledge(room, ctx)?;
            Ok(Reply::Done)
        }
        Command::BanMany {
            server,
            members,
            delete_ms,
        } => ban_many(state, ctx, server, &members, delete_ms),
        Command::Prune { server, days } => prune(state, ctx, server, days),
        _ => Err(CommandError::NotFound { what: "command" }),
    }
}

/// As many bans as members, each a bundle of its own in the log, with one epoch for those who remain.
fn ban_many(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    server: ServerId,
    members: &[IdentityId],
    delete_ms: Option<u64>,
) -> Result<Reply, CommandError> {
    let room = room_of(state, &server)?;
    let members: Vec<IdentityId> = BTreeSet::from_iter(members.iter().copied())
        .into_iter()
        .collect();
    if members.is_empty() {
        return Err(CommandError::Invalid {
            field: "members",
            message: "at least one".to_owned(),
        });
    }
    for member in &members {
        known(room, member)?;
    }
    let now = community(room)?;
    let actor = room.actor(&now, &ctx.identity());
    permissions::allows(&now, &actor, &Action::BanMany(&members), Some(ctx.now))
        .map_err(|denied| refusal(&denied))?;
    // Whoever is banned already is left out: banning them again would only say it twice.
    let new = members.iter().filter(|member| now.ban(member).is_none());
    let mut bodies: Vec<Body> = Vec::new();
    for member in new {
        // Each ban lists all of its own, so that none depends on another one's surviving.
        let body = Ban {
            member: *member,
            seen: super::roles::seen(room, member),
            delete_ms,
            dropped_leaves: super::members::held_leaves(room, member)?,
        };
        bodies.push(body.into());
    }
    let count = bodies.len();
    act_all(room, ctx, bodies, None)?;
    Ok(Reply::Count(count))
}

/// Kicks who holds no role and was not seen for so many days, as far as this node can tell.
fn prune(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    server: ServerId,
    days: u32,
) -> Result<Reply, CommandError> {
    inactive::check_days(days)?;
    let room = room_of(state, &server)?;
    let now = community(room)?;
    let mut members = inactive::members(&ctx.txn, room, &now, days, ctx.now)?;
    members.truncate(BAN_MANY_MAX);
    let actor = room.actor(&now, &ctx.identity());
    permissions::allows(&now, &actor, &Action::Prune(&members), Some(ctx.now))
        .map_err(|denied| refusal(&denied))?;
    let kick = |member: &IdentityId| {
        Body::from(Kick {
            member: *member,
            seen: super::roles::seen(room, member),
        })
    };
    let bodies: Vec<Body> = members.iter().map(kick).collect();
    let count = bodies.len();
    act_all(room, ctx, bodies, None)?;
    Ok(Reply::Count(count))
}
