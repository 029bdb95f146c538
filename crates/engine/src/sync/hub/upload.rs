//! Bringing to a hub what it lacks: own envelopes at once, those of others if nobody else does, files part by part.

use conclave_core::id::{BlobHash, Digest, Millis, NodeId, ServerTag};
use conclave_core::view::{Table, View, ViewError};

use super::Session;
use crate::blobs;
use crate::ctx::Ctx;
use crate::effect::{ConnId, Notice};
use crate::room::{Room, stored_envelope};
use crate::sync::{Link, Links, Rooms, Who, backlog, send};
use crate::wire::{BATCH_BYTES, Frame, HubBlobHave, HubBlobPut, HubRefusal, HubWhy, Position};

/// Most envelopes in one batch.
const BATCH_ENVELOPES: usize = 500;

/// How long somebody else's envelope is left to whoever sent it before this node brings it to the hub.
const OTHERS_AFTER_MS: u64 = 5_000;

/// How long this node waits after a hub that took nothing, and after one that is full.
const NOTHING_TAKEN_MS: u64 = 5_000;
const FULL_MS: u64 = 60_000;

/// How long an answer to a batch may take before it counts as lost.
const ANSWER_MS: u64 = 30_000;

/// Whether the hub may lack what this node has: it has lost its logs, or this node has just made it a hub.
pub(super) fn hub_lacks(room: &Room, node: NodeId, session: &Session) -> bool {
    let other_life = room
        .hosting
        .seen
        .range((node, conclave_core::id::TopicTag([0; 16]))..)
        .take_while(|((hub, _), _)| *hub == node)
        .any(|(_, seen)| seen.incarnation != session.incarnation);
    other_life || room.hosting.fill
}

/// Brings the next batch, and the next part of a file, unless they are under way.
pub(super) fn bring(
    room: &mut Room,
    link: &mut Link,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
) -> Result<(), ViewError> {
    let node = link.node;
    let Some(session) = link.hubs.get_mut(&room.id) else {
        return Ok(());
    };
    if !session.listed || !session.may_write || ctx.now < session.hold_until {
        return Ok(());
    }
    let under_way = session
        .bringing
        .is_some_and(|since| ctx.now.0 < since.0.saturating_add(ANSWER_MS));
    if !under_way {
        let envelopes = batch(room, ctx, node)?;
        session.bringing = None;
        if !envelopes.is_empty() {
            session.bringing = Some(ctx.now);
            let frame = Frame::Envelopes {
                server: room.tag,
                envelopes,
                remaining: 0,
            };
            send(ctx, conn, &frame);
        }
    }
    if session.blob.is_none() {
        begin_blob(room, session, ctx, conn)?;
    }
    Ok(())
}

/// The next envelopes that are due.
fn batch(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    node: NodeId,
) -> Result<Vec<minicbor::bytes::ByteVec>, ViewError> {
    let me = ctx.me.pseudonym(room.id).public().0;
    let due = |position: &Position, since: &Millis| {
        position.pseudonym.0 == me || ctx.now.0 >= since.0.saturating_add(OTHERS_AFTER_MS)
    };
    let due: Vec<Position> = room
        .hosting
        .waiting
        .iter()
        .filter(|(position, since)| due(position, since))
        .map(|(position, _)| *position)
        .take(BATCH_ENVELOPES)
        .collect();
    let mut envelopes = Vec::new();
    let mut bytes = 0;
    for position in due {
        let wanted = room
            .topics
            .get(&position.topic)
            .is_some_and(|topic| backlog::may_have(room, Who::Hub { node }, topic));
        let stored = ctx.txn.get(Table::Envelope, &position.key())?;
        let Some(envelope) = stored.filter(|_| wanted) else {
            room.hosting.settle(&mut ctx.txn, room.id, &position);
            continue;
        };
        if bytes + envelope.len() > BATCH_BYTES && !envelopes.is_empty() {
            break;
        }
        bytes += envelope.len();
        envelopes.push(envelope.into());
    }
    Ok(envelopes)
}

/// The hub has stored these, or had them.
pub fn stored(
    rooms: &mut Rooms,
    links: &mut Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    tag: ServerTag,
    positions: &[Position],
) -> Result<(), ViewError> {
    let Some(room) = rooms.values_mut().find(|room| room.tag == tag) else {
        return Ok(());
    };
    let Some(link) = links.get_mut(&conn) else {
        return Ok(());
    };
    let Some(session) = link.hubs.get_mut(&room.id) else {
        return Ok(());
    };
    session.bringing = None;
    if positions.is_empty() {
        session.hold_until = session.hold_until.max(Millis(ctx.now.0 + NOTHING_TAKEN_MS));
    }
    for position in positions {
        room.hosting.settle(&mut ctx.txn, room.id, position);
    }
    super::pump(room, link, ctx, conn)
}

/// The hub does not take these.
pub fn refused(
    rooms: &mut Rooms,
    links: &mut Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    tag: ServerTag,
    refusals: &[HubRefusal],
    retry_ms: u64,
) -> Result<(), ViewError> {
    let Some(room) = rooms.values_mut().find(|room| room.tag == tag) else {
        return Ok(());
    };
    let Some(session) = links
        .get_mut(&conn)
        .and_then(|link| link.hubs.get_mut(&room.id))
    else {
        return Ok(());
    };
    let mut hold = retry_ms.min(FULL_MS);
    for refusal in refusals {
        let why = HubWhy::from_number(refusal.why);
        if why.is_some_and(HubWhy::passes) {
            if retry_ms == 0 {
                hold = FULL_MS;
            }
            continue;
        }
        room.hosting
            .settle(&mut ctx.txn, room.id, &refusal.position);
        let Some(why) = why else { continue };
        if let Some(bytes) = ctx.txn.get(Table::Envelope, &refusal.position.key())?
            && let Ok(envelope) = stored_envelope(&bytes)
            && let Some(conclave_core::envelope::Topic::Channel(_, channel)) =
                room.topics.get(&refusal.position.topic).copied()
        {
            let message = envelope.envelope_id();
            room.hosting.refused.insert(message, why);
            ctx.out.notice(Notice::Delivery { channel, message });
        }
    }
    if hold > 0 {
        session.hold_until = Millis(ctx.now.0.saturating_add(hold));
    }
    Ok(())
}

/// Begins the next file whose message is on the hub already.
fn begin_blob(
    room: &mut Room,
    session: &mut Session,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
) -> Result<(), ViewError> {
    let due = room
        .hosting
        .blobs
        .iter()
        .find(|(_, position)| !room.hosting.waiting.contains_key(position))
        .map(|(hash, position)| (*hash, *position));
    let Some((hash, position)) = due else {
        return Ok(());
    };
    session.blob = Some(hash);
    put_part(room, session, ctx, conn, hash, position, None)
}

/// Sends the part of a file that begins at an offset; without one only asks how much is there.
fn put_part(
    room: &mut Room,
    session: &mut Session,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    hash: BlobHash,
    position: Position,
    offset: Option<u64>,
) -> Result<(), ViewError> {
    let Some((total, bytes)) = blobs::part(&ctx.txn, &hash, offset.unwrap_or(0))? else {
        session.blob = None;
        room.hosting.blob_done(&mut ctx.txn, room.id, &hash);
        return Ok(());
    };
    let put = HubBlobPut {
        server: room.tag,
        position,
        hash: Digest(hash.0),
        offset: offset.unwrap_or(0),
        total,
        bytes: offset.map(|_| bytes).unwrap_or_default().into(),
    };
    send(ctx, conn, &Frame::HubBlobPut(put));
    Ok(())
}

/// The hub says how much of a file it has.
pub fn blob_have(
    rooms: &mut Rooms,
    links: &mut Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    have: &HubBlobHave,
) -> Result<(), ViewError> {
    let Some(room) = rooms.values_mut().find(|room| room.tag == have.server) else {
        return Ok(());
    };
    let Some(link) = links.get_mut(&conn) else {
        return Ok(());
    };
    let Some(session) = link.hubs.get_mut(&room.id) else {
        return Ok(());
    };
    let hash = BlobHash(have.hash.0);
    let Some(position) = room.hosting.blobs.get(&hash).copied() else {
        session.blob = None;
        return super::pump(room, link, ctx, conn);
    };
    match have.why {
        None if !have.whole => {
            session.blob = Some(hash);
            return put_part(room, session, ctx, conn, hash, position, Some(have.have));
        }
        Some(why) if HubWhy::from_number(why).is_some_and(HubWhy::passes) => {
            session.hold_until = Millis(ctx.now.0 + NOTHING_TAKEN_MS);
            session.blob = None;
            return Ok(());
        }
        _ => room.hosting.blob_done(&mut ctx.txn, room.id, &hash),
    }
    session.blob = None;
    super::pump(room, link, ctx, conn)
}
