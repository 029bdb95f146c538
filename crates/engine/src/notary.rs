//! What a notary's node does: propose a checkpoint when one is due, sign what is right and nothing twice, gather, post.
//!
//! A single notary signs and posts at once. Of several, one proposes; the others compute the same and add their signatures,
//! from connection to connection, until whoever has enough posts it. What this device has signed is stored before it leaves,
//! so that it never signs two checkpoints of one number.

use std::collections::BTreeSet;

use conclave_core::event::{self, Body, Kind};
use conclave_core::id::{CheckpointId, DeviceId, ServerId, VerifyKey};
use conclave_core::policy::{Checkpoint, Cosigned};
use conclave_core::state::{Community, Lost};
use minicbor::{Decode, Encode};

use crate::command::{CommandError, Reply};
use crate::compose;
use crate::ctx::Ctx;
use crate::effect::{ConnId, Notice};
use crate::room::{Room, Standing};
use crate::sync::{self, Links, Rooms, Who};
use crate::wire::Frame;

/// Unfrozen events after which a checkpoint is due, if the last one is not younger than [`GAP_MS`].
pub const DUE_EVENTS: usize = 64;

/// Milliseconds between two checkpoints at least: whoever was cut off for less than two of these loses nothing.
pub const GAP_MS: u64 = 60 * 60 * 1000;

/// Milliseconds after which a single unfrozen event makes a checkpoint due.
pub const DUE_MS: u64 = 24 * 60 * 60 * 1000;

/// How long a notary waits for each of those whose turn comes before, so that votes do not split.
const TURN_MS: u64 = 2 * 60 * 1000;

/// Checkpoints that are being signed, at most: honest notaries need one, and a rival's is evidence, not work.
const GATHERING_MAX: usize = 4;

/// Own lost events that one round issues anew.
const REISSUED_MAX: usize = 16;

/// The last checkpoint that this device has signed in a server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
#[cbor(array)]
pub struct Signed {
    /// The generation of notaries.
    #[n(0)]
    pub generation: u64,
    /// The checkpoint's number.
    #[n(1)]
    pub epoch: u64,
    /// Its id.
    #[n(2)]
    pub id: CheckpointId,
}

/// What every round asks a room to do about finality.
pub fn round(room: &mut Room, links: &Links, ctx: &mut Ctx<'_>) {
    if room.local.standing != Standing::Active || room.log.halted().is_some() {
        return;
    }
    reissue(room, ctx);
    let Some(community) = room.community.clone() else {
        return;
    };
    let tip = community.checkpoint().map_or(0, |(_, epoch)| epoch);
    room.gathering
        .retain(|_, (checkpoint, _)| checkpoint.epoch == tip + 1);
    if !is_notary(room, ctx, &community) || !is_due(room, ctx, &community) {
        return;
    }
    if room.gathering.is_empty() && my_turn(room, ctx, &community) {
        // What cannot be posted now is due at the next round as well.
        let _ = propose(room, links, ctx);
    }
}

/// Whether this device signs for a notary. The owner of a small server may have several devices, each with the root: the one
/// that founded the server signs, and once that is cut off the lowest that is left, so that two never sign at once.
fn is_notary(room: &Room, ctx: &Ctx<'_>, community: &Community) -> bool {
    let root = ctx.me.keys.root().public();
    if !community.notaries().keys.contains(&root) {
        return false;
    }
    let me = ctx.identity();
    let Some(member) = room.roster.member(community, &me) else {
        return false;
    };
    let founding = room.log.get(&room.id.genesis()).map(|event| event.device);
    let devices: BTreeSet<DeviceId> = member.devices.iter().map(|device| device.device).collect();
    let signing = founding
        .filter(|device| devices.contains(device))
        .or_else(|| devices.first().copied());
    signing == Some(ctx.me.device())
}

/// Whether enough has happened since the last checkpoint, or enough time has passed.
fn is_due(room: &Room, ctx: &Ctx<'_>, community: &Community) -> bool {
    let last = community
        .checkpoint()
        .and_then(|(id, _)| room.log.checkpoint(&id));
    let since = last.map_or(room.local.since, |checkpoint| checkpoint.time);
    let age = ctx.now.0.saturating_sub(since.0);
    if age < GAP_MS {
        return false;
    }
    let unfrozen = substance(room);
    unfrozen >= DUE_EVENTS || (unfrozen > 0 && age >= DUE_MS)
}

/// Unfrozen events besides those that only post a checkpoint or join heads.
#[must_use]
pub fn substance(room: &Room) -> usize {
    let idle = [Kind::Checkpoint.number(), Kind::Merge.number()];
    let unfrozen = room.log.unfrozen();
    let kinds = unfrozen
        .iter()
        .filter_map(|id| Some(room.log.get(id)?.kind));
    kinds.filter(|kind| !idle.contains(kind)).count()
}

/// Notaries take turns by the number of the checkpoint; whoever's turn comes later waits longer.
fn my_turn(room: &Room, ctx: &Ctx<'_>, community: &Community) -> bool {
    let notaries = community.notaries();
    let root = ctx.me.keys.root().public();
    let Some(mine) = notaries.keys.iter().position(|key| *key == root) else {
        return false;
    };
    let last = community
        .checkpoint()
        .and_then(|(id, _)| room.log.checkpoint(&id));
    let (since, epoch) = last.map_or((room.local.since, 0), |last| (last.time, last.epoch));
    let count = notaries.keys.len() as u64;
    let wait = (mine as u64 + count - epoch % count) % count;
    let overdue = ctx.now.0.saturating_sub(since.0 + GAP_MS);
    overdue >= wait * TURN_MS
}

/// A checkpoint because somebody asks for it, due or not.
///
/// # Errors
/// [`CommandError`].
pub fn make(
    rooms: &mut Rooms,
    links: &Links,
    ctx: &mut Ctx<'_>,
    server: &ServerId,
) -> Result<Reply, CommandError> {
    let room = rooms
        .get_mut(server)
        .filter(|room| room.local.standing == Standing::Active)
        .ok_or(CommandError::NotFound { what: "server" })?;
    if room.log.halted().is_some() {
        return Err(CommandError::Halted);
    }
    let community = compose::community(room)?;
    if !is_notary(room, ctx, &community) {
        return Err(CommandError::Forbidden {
            permission: None,
            message: "this device signs for no notary of the server".to_owned(),
        });
    }
    if substance(room) == 0 {
        return Err(CommandError::Conflict(
            "nothing has happened since the last checkpoint".to_owned(),
        ));
    }
    if !propose(room, links, ctx)? {
        return Err(CommandError::Conflict(
            "this device has signed another checkpoint of this number, which lacks signatures"
                .to_owned(),
        ));
    }
    Ok(Reply::Done)
}

/// Signs a checkpoint of everything that is here, and posts or spreads it. False: it cannot be signed here.
///
/// # Errors
/// [`CommandError`] if it cannot be posted now; nothing is lost by trying again.
pub fn propose(room: &mut Room, links: &Links, ctx: &mut Ctx<'_>) -> Result<bool, CommandError> {
    let heads = room.log.heads().to_vec();
    let member_root = room.roster.root();
    let Some(checkpoint) = room.log.propose(&heads, member_root, ctx.now) else {
        return Ok(false);
    };
    let mut cosigned = Cosigned::new(&checkpoint);
    if !sign(room, ctx, &checkpoint, &mut cosigned) {
        return Ok(false);
    }
    if checkpoint.quorum > 1 {
        spread(room, links, ctx, &cosigned, None);
    }
    complete(room, ctx, checkpoint, cosigned)?;
    Ok(true)
}

/// Signs, unless this device has signed another checkpoint of this number.
fn sign(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    checkpoint: &Checkpoint,
    cosigned: &mut Cosigned,
) -> bool {
    let signed = Signed {
        generation: checkpoint.generation,
        epoch: checkpoint.epoch,
        id: cosigned.id(),
    };
    let place = |signed: &Signed| (signed.generation, signed.epoch);
    let last = room.local.signed.as_ref();
    if last.is_some_and(|last| place(last) >= place(&signed) && last.id != signed.id) {
        return false;
    }
    room.local.signed = Some(signed);
    room.local.save(&mut ctx.txn, room.id);
    cosigned.sign(&ctx.me.keys.root());
    true
}

/// Posts a checkpoint that has enough signatures; keeps it for more until then.
fn complete(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    checkpoint: Checkpoint,
    cosigned: Cosigned,
) -> Result<(), CommandError> {
    let id = cosigned.id();
    if cosigned.signers().count() < usize::from(checkpoint.quorum) {
        room.gathering.insert(id, (checkpoint, cosigned));
        while room.gathering.len() > GATHERING_MAX {
            room.gathering.pop_last();
        }
        return Ok(());
    }
    room.gathering.remove(&id);
    if room.log.checkpoint(&id).is_some() {
        return Ok(());
    }
    let body = event::Checkpoint {
        cosigned: cosigned.encode().into(),
    };
    compose::act(room, ctx, body, None)?;
    Ok(())
}

/// Takes in a checkpoint that is being signed.
pub fn received(room: &mut Room, links: &Links, ctx: &mut Ctx<'_>, from: ConnId, bytes: &[u8]) {
    let Ok(mut cosigned) = Cosigned::decode(bytes) else {
        return;
    };
    let id = cosigned.id();
    if room.log.checkpoint(&id).is_some() {
        return;
    }
    // Signatures are verified, and everything recomputed, before anything is kept or passed on.
    let Ok(checkpoint) = room.log.examine(&cosigned) else {
        return;
    };
    let known = room.gathering.get(&id);
    let before = known.map_or(0, |(_, known)| known.signers().count());
    if let Some((_, known)) = known {
        cosigned.gather(known);
    }
    if let Some(community) = room.community.clone()
        && is_notary(room, ctx, &community)
    {
        let mine = ctx.me.keys.root().public();
        if cosigned.signers().all(|key| key != mine) {
            sign(room, ctx, &checkpoint, &mut cosigned);
        }
    }
    if cosigned.signers().count() > before {
        let all: BTreeSet<VerifyKey> = cosigned.signers().collect();
        let heard: usize = Cosigned::decode(bytes).map_or(0, |heard| heard.signers().count());
        // Whoever sent it hears of the signatures that it lacked.
        let except = (all.len() == heard).then_some(from);
        spread(room, links, ctx, &cosigned, except);
        // If it cannot be posted now, somebody else posts it or the next round does.
        let _ = complete(room, ctx, checkpoint, cosigned);
    }
}

/// Sends what is being signed to everybody who takes part, again: a frame may have been lost.
pub fn again(room: &Room, links: &Links, ctx: &mut Ctx<'_>) {
    let gathering: Vec<Cosigned> = room
        .gathering
        .values()
        .map(|(_, cosigned)| cosigned.clone())
        .collect();
    for cosigned in gathering {
        spread(room, links, ctx, &cosigned, None);
    }
}

fn spread(
    room: &Room,
    links: &Links,
    ctx: &mut Ctx<'_>,
    cosigned: &Cosigned,
    except: Option<ConnId>,
) {
    for (conn, link) in links {
        let member = link
            .subs
            .get(&room.id)
            .is_some_and(|sub| matches!(sub.who, Who::Member { .. }));
        if member && except != Some(*conn) {
            let frame = Frame::Cosign {
                server: room.tag,
                cosigned: cosigned.encode().into(),
            };
            sync::send(ctx, *conn, &frame);
        }
    }
}

/// Issues own events anew that are older than the last two checkpoints when they came: what they wanted is still wanted. What
/// was overtaken is not: its author is told instead.
fn reissue(room: &mut Room, ctx: &mut Ctx<'_>) {
    let Some(community) = room.community.clone() else {
        return;
    };
    let device = ctx.me.device();
    let from = room.local.reissued.map_or(0, |last| last + 1);
    let mut own: Vec<(u64, Body, Option<String>)> = community
        .losses()
        .filter(|(_, lost)| **lost == Lost::TooOld)
        .filter_map(|(id, _)| room.log.get(id))
        .filter(|event| event.device == device && event.seq >= from)
        .filter_map(|event| Some((event.seq, event.decode_body().ok()?, event.reason.clone())))
        .collect();
    own.sort_by_key(|(seq, ..)| *seq);
    for (seq, body, reason) in own.into_iter().take(REISSUED_MAX) {
        room.local.reissued = Some(seq);
        room.local.save(&mut ctx.txn, room.id);
        if !matches!(body, Body::Merge(_) | Body::Checkpoint(_)) {
            // What is not allowed any more stays in the list of what did not survive.
            let _ = compose::act(room, ctx, body, reason);
        }
        ctx.out.notice(Notice::Server(room.id));
    }
}
