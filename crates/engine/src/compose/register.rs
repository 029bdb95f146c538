//! One's own register, and what goes with it: profile, and where this node is.

use conclave_core::event::PARENTS_MAX;
use conclave_core::id::Pseudonym;
use conclave_core::member::{
    JoinProof, MemberRecord, PersonalText, REGISTER_VERSION, Reach, Register, Status,
};
use conclave_core::signed::Verified;

use super::members::personal;
use super::{register_record, send_member_record};
use crate::command::CommandError;
use crate::ctx::Ctx;
use crate::room::Room;

/// A register of this device: its first, or the one after what is known.
pub(super) fn first_register(room: &Room, ctx: &Ctx<'_>, proof: JoinProof) -> Verified<Register> {
    let pseudonym = Pseudonym(ctx.me.pseudonym(room.id).public().0);
    let seq = room
        .roster
        .by_pseudonym(&pseudonym)
        .map_or(0, |register| register.seq + 1);
    let mut heads = room.log.heads().to_vec();
    heads.truncate(PARENTS_MAX);
    let register = Register {
        version: REGISTER_VERSION,
        server: room.id,
        identity: ctx.identity(),
        device: ctx.me.device(),
        pseudonym,
        seq,
        status: Status::Present,
        identity_head: ctx.me.log.head(),
        heads,
        proof,
        leaf: ctx.me.leaf_keys(room.id, room.suite()),
        nickname: None,
        profile: None,
        time: ctx.now,
        bot: None,
    };
    Verified::sign(register, &ctx.me.keys.device())
}

/// Writes the next register of this device.
///
/// # Errors
/// [`CommandError::NotFound`] if there is none to follow; otherwise as sealing.
pub(super) fn renew_register(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    change: impl FnOnce(&mut Register),
) -> Result<(), CommandError> {
    let pseudonym = Pseudonym(ctx.me.pseudonym(room.id).public().0);
    let latest = room
        .roster
        .by_pseudonym(&pseudonym)
        .ok_or(CommandError::NotFound { what: "register" })?;
    let mut register = Register::clone(latest);
    register.seq += 1;
    register.identity_head = ctx.me.log.head();
    register.heads = room.log.heads().to_vec();
    register.heads.truncate(PARENTS_MAX);
    register.time = ctx.now;
    change(&mut register);
    let register = Verified::sign(register, &ctx.me.keys.device());
    let record = register_record(ctx, &register);
    send_member_record(room, ctx, record)
}

/// Tells a server that was just joined who and where this is, once its current key is here.
///
/// # Errors
/// [`CommandError::NoKey`] while it is not; it is tried again with the next call.
pub fn introduce(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    reach: Option<&Reach>,
) -> Result<(), CommandError> {
    send_profile(room, ctx)?;
    send_reach(room, ctx, reach)?;
    room.profile_due = false;
    Ok(())
}

/// Publishes this account's profile in a server.
///
/// # Errors
/// As sealing.
pub fn send_profile(room: &mut Room, ctx: &mut Ctx<'_>) -> Result<(), CommandError> {
    let text = PersonalText::Profile(ctx.me.profile.clone());
    let identity = ctx.identity();
    let personal = personal(ctx, identity, text);
    let commitment = personal.commitment();
    renew_register(room, ctx, |register| register.profile = Some(commitment))?;
    send_member_record(room, ctx, MemberRecord::Personal(personal))
}

/// Publishes where this node is.
///
/// # Errors
/// As sealing.
pub fn send_reach(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    reach: Option<&Reach>,
) -> Result<(), CommandError> {
    match reach {
        Some(reach) => {
            let reach = Reach {
                time: ctx.now,
                ..reach.clone()
            };
            send_member_record(room, ctx, MemberRecord::Reach(reach))
        }
        None => Ok(()),
    }
}
