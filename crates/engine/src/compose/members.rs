//! Moderation and nicknames.

use conclave_core::event::{Ban, Kick, NicknameSet, Timeout, TimeoutLift, Unban};
use conclave_core::id::{IdentityId, LeafId, ServerId};
use conclave_core::log::DROPPED_LEAVES_MAX;
use conclave_core::member::{JoinProof, MemberRecord, Personal, PersonalText};
use conclave_core::state::InviteKind;

use super::{act, check_name, community, known, room_of, send_member_record};
use crate::command::{Command, CommandError, Reply};
use crate::ctx::Ctx;
use crate::inbox::NAME_CHARS_MAX;
use crate::peer::State;
use crate::room::Room;

/// Longest timeout: 28 days.
const TIMEOUT_MS_MAX: u64 = 28 * 24 * 60 * 60 * 1000;

pub(super) fn run(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    command: Command,
) -> Result<Reply, CommandError> {
    match command {
        Command::Kick {
            server,
            member,
            reason,
        } => {
            let room = target(state, &server, &member)?;
            let seen = super::roles::seen(room, &member);
            act(room, ctx, Kick { member, seen }, reason)?;
        }
        Command::Ban {
            server,
            member,
            reason,
            delete_ms,
        } => {
            let room = target(state, &server, &member)?;
            let body = Ban {
                member,
                seen: super::roles::seen(room, &member),
                delete_ms,
                dropped_leaves: held_leaves(room, &member)?,
            };
            act(room, ctx, body, reason)?;
        }
        Command::Unban {
            server,
            member,
            reason,
        } => {
            let room = room_of(state, &server)?;
            act(room, ctx, Unban { member }, reason)?;
        }
        Command::Timeout {
            server,
            member,
            until: Some(until),
            reason,
        } => {
            let room = target(state, &server, &member)?;
            if until <= ctx.now || until.0 > ctx.now.0 + TIMEOUT_MS_MAX {
                return Err(CommandError::Invalid {
                    field: "timeout_until_ms",
                    message: "a moment from now on, at most 28 days ahead".to_owned(),
                });
            }
            let seen = super::roles::seen(room, &member);
            act(
                room,
                ctx,
                Timeout {
                    member,
                    until,
                    seen,
                },
                reason,
            )?;
        }
        Command::Timeout {
            server,
            member,
            until: None,
            reason,
        } => {
            let room = target(state, &server, &member)?;
            act(room, ctx, TimeoutLift { member }, reason)?;
        }
        Command::SetNickname {
            server,
            member,
            nickname,
        } => nickname_of(state, ctx, server, member, nickname)?,
        _ => return Err(CommandError::NotFound { what: "command" }),
    }
    Ok(Reply::Done)
}

fn target<'s>(
    state: &'s mut State,
    server: &ServerId,
    member: &IdentityId,
) -> Result<&'s mut Room, CommandError> {
    let room = room_of(state, server)?;
    known(room, member)?;
    Ok(room)
}

/// Leaves of the links that somebody could hold: those that they created or used, and every open one, since an open link is
/// meant to be passed on and nobody can tell who has it. Leaves that are out for good are left away; those that only a revocation
/// keeps out, which could be overruled, come last, so that nobody escapes a ban by making more links than it can list.
pub(super) fn held_leaves(room: &Room, member: &IdentityId) -> Result<Vec<LeafId>, CommandError> {
    let community = community(room)?;
    let used: Vec<_> = room
        .roster
        .of(member)
        .filter_map(|register| match &register.proof {
            JoinProof::Invite { invite, .. } => Some(*invite),
            JoinProof::Founder | JoinProof::Sibling(_) => None,
        })
        .collect();
    let mut invites: Vec<_> = community
        .invites()
        .filter(|invite| {
            invite.creator == *member
                || used.contains(&invite.id)
                || invite.kind == InviteKind::Open
        })
        .filter(|invite| !community.leaf_dropped(&invite.leaf_id()))
        .collect();
    invites.sort_by_key(|invite| !invite.is_open());
    invites.truncate(DROPPED_LEAVES_MAX);
    let mut leaves: Vec<LeafId> = invites.iter().map(|invite| invite.leaf_id()).collect();
    leaves.sort();
    leaves.dedup();
    Ok(leaves)
}

fn nickname_of(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    server: ServerId,
    member: IdentityId,
    nickname: Option<String>,
) -> Result<(), CommandError> {
    let nickname = nickname
        .filter(|name| !name.trim().is_empty())
        .map(|name| check_name("nick", &name, NAME_CHARS_MAX))
        .transpose()?;
    let room = target(state, &server, &member)?;
    let personal = nickname.map(|name| personal(ctx, member, PersonalText::Nickname(name)));
    let commitment = personal.as_ref().map(Personal::commitment);
    if member == ctx.identity() {
        super::register::renew_register(room, ctx, |register| register.nickname = commitment)?;
    } else {
        let seen = super::roles::seen(room, &member);
        act(
            room,
            ctx,
            NicknameSet {
                member,
                nickname: commitment,
                seen,
            },
            None,
        )?;
    }
    if let Some(personal) = personal {
        send_member_record(room, ctx, MemberRecord::Personal(personal))?;
    }
    Ok(())
}

/// Personal text under a fresh salt.
pub(super) fn personal(ctx: &mut Ctx<'_>, subject: IdentityId, text: PersonalText) -> Personal {
    let mut salt = [0; 16];
    ctx.rng.fill_bytes(&mut salt);
    Personal {
        subject,
        salt: salt.to_vec().into(),
        text,
    }
}
