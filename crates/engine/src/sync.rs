//! Who lacks what, and what to send: proofs, cursors, backlogs, live envelopes (chapter `sync`).

mod backlog;
mod link;
mod live;
mod proof;

use std::collections::BTreeMap;

use conclave_core::id::{NodeId, Pseudonym, ServerId, ServerTag};
use conclave_core::view::ViewError;
pub use link::{Link, Run, Sub, Who};
pub use live::{PRESENCE_MS, TYPING_MS, broadcast, ephemeral, presence_number};

use proof::{Why, subscribed};
pub use proof::{introduce, prove_again, reconsider};

use crate::ctx::Ctx;
use crate::effect::{ConnId, Notice};
use crate::inbox::{self, Taken};
use crate::notary;
use crate::room::{Room, Standing};
use crate::rotation;
use crate::timeline;
use crate::wire::{Frame, Have, NONCE_LEN, Position};

/// All rooms of a node, by server.
pub type Rooms = BTreeMap<ServerId, Room>;

/// All connections of a node.
pub type Links = BTreeMap<ConnId, Link>;

/// Greets a new connection.
pub fn connected(links: &mut Links, ctx: &mut Ctx<'_>, conn: ConnId, node: NodeId) {
    let mut nonce = [0; NONCE_LEN];
    ctx.rng.fill_bytes(&mut nonce);
    links.insert(conn, Link::new(node, nonce));
    send(
        ctx,
        conn,
        &Frame::Greet {
            nonce: nonce.to_vec().into(),
        },
    );
    ctx.out.notice(Notice::Network);
}

/// Forgets a connection.
pub fn disconnected(rooms: &Rooms, links: &mut Links, ctx: &mut Ctx<'_>, conn: ConnId) {
    let Some(link) = links.remove(&conn) else {
        return;
    };
    for server in link.subs.keys().filter(|server| rooms.contains_key(server)) {
        ctx.out.notice(Notice::ServerState(*server));
    }
    ctx.out.notice(Notice::Network);
}

/// Acts on one frame.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn frame(
    rooms: &mut Rooms,
    links: &mut Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    bytes: &[u8],
) -> Result<(), ViewError> {
    let Ok(frame) = Frame::decode(bytes) else {
        ctx.out
            .hangups
            .push((conn, "a frame that is not canonical"));
        return Ok(());
    };
    match frame {
        Frame::Greet { nonce } => {
            if let Some(link) = links.get_mut(&conn)
                && nonce.len() == NONCE_LEN
            {
                link.their_nonce = Some(nonce.to_vec());
            }
            introduce(rooms, links, ctx, conn);
            Ok(())
        }
        Frame::Subscribe(subscribe) => subscribed(rooms, links, ctx, conn, subscribe),
        Frame::Have(have) => backlog::have(rooms, links, ctx, conn, have),
        Frame::Envelopes {
            server,
            envelopes,
            remaining,
        } => {
            let envelopes: Vec<Vec<u8>> = envelopes.into_iter().map(Vec::from).collect();
            received(rooms, links, ctx, conn, server, &envelopes, remaining)
        }
        Frame::Stored { server, positions } => {
            stored(rooms, links, ctx, conn, server, &positions)?;
            backlog::pump(rooms, links, ctx, conn, server, true)
        }
        Frame::Ephemeral { server, envelope } => {
            live::received(rooms, links, ctx, conn, server, &envelope)
        }
        Frame::KeyWant { server, epoch } => {
            let Some((room, who)) = subscriber(rooms, links, conn, server) else {
                return Ok(());
            };
            if let Who::Member {
                pseudonym,
                identity,
            } = who
            {
                // A member who cannot be served now asks again or asks another.
                let _ = rotation::answer_want(room, ctx, epoch, pseudonym, identity);
            }
            Ok(())
        }
        Frame::BlobWant {
            server,
            hash,
            offset,
        } => {
            let Some((_, who)) = subscriber(rooms, links, conn, server) else {
                return Ok(());
            };
            if matches!(who, Who::Member { .. } | Who::Invite(_)) {
                crate::blobs::serve(ctx, conn, server, hash, offset)?;
            }
            Ok(())
        }
        Frame::BlobPart {
            server,
            hash,
            offset,
            total,
            bytes,
        } => {
            let part = crate::blobs::Part {
                server,
                hash,
                offset,
                total,
                bytes: bytes.into(),
            };
            crate::blobs::receive(ctx, conn, part)
        }
        Frame::Cosign { server, cosigned } => {
            let Some((_, Who::Member { .. })) = subscriber(rooms, links, conn, server) else {
                return Ok(());
            };
            if let Some(room) = rooms.values_mut().find(|room| room.tag == server) {
                notary::received(room, links, ctx, conn, &cosigned);
            }
            Ok(())
        }
        Frame::Refused { server, why } => {
            refused(rooms, links, ctx, conn, server, why);
            Ok(())
        }
    }
}

fn received(
    rooms: &mut Rooms,
    links: &mut Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    tag: ServerTag,
    envelopes: &[Vec<u8>],
    remaining: u64,
) -> Result<(), ViewError> {
    let Some(room) = rooms.values_mut().find(|room| room.tag == tag) else {
        return Ok(());
    };
    let Some(sub) = links
        .get_mut(&conn)
        .and_then(|link| link.subs.get_mut(&room.id))
    else {
        return Ok(());
    };
    room.catch_up_total = match remaining {
        0 => 0,
        left => room.catch_up_total.max(left + envelopes.len() as u64),
    };
    if sub.incoming_left != remaining {
        sub.incoming_left = remaining;
        ctx.out.notice(Notice::ServerState(room.id));
    }
    ctx.catching_up = remaining > 0 || room.fresh || sub.fetching;
    sub.fetching = remaining > 0;
    room.caught_up |= remaining == 0;
    let mut settled = Vec::with_capacity(envelopes.len());
    for bytes in envelopes {
        if let Taken::Settled(position) = inbox::take(room, ctx, bytes, Some(conn))? {
            settled.push(position);
        }
    }
    if room.fresh && remaining == 0 && room.local.standing == Standing::Active {
        // What was said before one came is history, not news.
        room.fresh = false;
        let channels: Vec<_> = room.channels_ever().collect();
        let notices = timeline::mark_server_read(&mut ctx.txn, room.id, &channels)?;
        ctx.out.notices(notices);
    }
    // Always answered, also with nothing: the other side waits for it before it sends the next batch.
    send(
        ctx,
        conn,
        &Frame::Stored {
            server: tag,
            positions: settled,
        },
    );
    Ok(())
}

fn stored(
    rooms: &mut Rooms,
    links: &Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    tag: ServerTag,
    positions: &[Position],
) -> Result<(), ViewError> {
    let Some((room, Who::Member { pseudonym: by, .. })) = subscriber(rooms, links, conn, tag)
    else {
        return Ok(());
    };
    let me = Pseudonym(ctx.me.pseudonym(room.id).public().0);
    for position in positions.iter().filter(|position| position.pseudonym == me) {
        if let Some(conclave_core::envelope::Topic::Channel(_, channel)) =
            room.topics.get(&position.topic)
        {
            let now = ctx.now;
            let notice = timeline::note_copy(&mut ctx.txn, *channel, me, position.seq, by, now)?;
            ctx.out.notices(notice);
        }
    }
    Ok(())
}

fn refused(
    rooms: &Rooms,
    links: &mut Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    tag: ServerTag,
    why: u8,
) {
    let Some(room) = rooms.values().find(|room| room.tag == tag) else {
        return;
    };
    let Some(link) = links.get_mut(&conn) else {
        return;
    };
    if why == Why::Unknown as u8 || why == Why::NotAMember as u8 {
        // The other side knows less, or more, than we do: exchange what we have.
        let sub = link
            .subs
            .entry(room.id)
            .or_insert_with(|| Sub::new(Who::Unknown));
        let _ = sub;
        backlog::offer(room, link, ctx, conn);
    }
}

/// The room and the standing of a connection that has shown to take part in it.
fn subscriber<'r>(
    rooms: &'r mut Rooms,
    links: &Links,
    conn: ConnId,
    tag: ServerTag,
) -> Option<(&'r mut Room, Who)> {
    let room = rooms.values_mut().find(|room| room.tag == tag)?;
    let who = links.get(&conn)?.subs.get(&room.id)?.who;
    Some((room, who))
}

/// Asks connected members for keys that something waits for.
pub fn ask_for_keys(room: &Room, links: &mut Links, ctx: &mut Ctx<'_>) {
    let wanted: Vec<_> = room
        .waiting
        .epochs()
        .chain(room.sealed_epochs_wanted())
        .collect();
    for (conn, link) in links.iter_mut() {
        let Some(sub) = link.subs.get_mut(&room.id) else {
            continue;
        };
        if !matches!(sub.who, Who::Member { .. }) {
            continue;
        }
        for epoch in &wanted {
            if sub.wanted.insert(*epoch) {
                send(
                    ctx,
                    *conn,
                    &Frame::KeyWant {
                        server: room.tag,
                        epoch: *epoch,
                    },
                );
            }
        }
    }
}

/// Compares with every member again and asks anew for keys: what we may have has grown, and what was refused may be given now.
pub fn fetch_again(room: &Room, links: &mut Links, ctx: &mut Ctx<'_>) {
    for (conn, link) in links.iter_mut() {
        let Some(sub) = link.subs.get_mut(&room.id) else {
            continue;
        };
        if matches!(sub.who, Who::Member { .. }) {
            sub.wanted.clear();
            backlog::offer(room, link, ctx, *conn);
        }
    }
}

/// Goes through the introductions and compares with every connection again, so that whatever was lost on the way comes after
/// all: a greeting, a proof, a list, a batch.
pub fn compare_again(rooms: &Rooms, links: &mut Links, ctx: &mut Ctx<'_>) {
    let conns: Vec<ConnId> = links.keys().copied().collect();
    for conn in conns {
        if let Some(link) = links.get_mut(&conn) {
            let nonce = link.our_nonce.to_vec().into();
            send(ctx, conn, &Frame::Greet { nonce });
            link.proven.clear();
            for sub in link.subs.values_mut() {
                sub.wanted.clear();
            }
        }
        // Every proof brings our list with it.
        introduce(rooms, links, ctx, conn);
    }
}

/// Queues a frame.
pub(crate) fn send(ctx: &mut Ctx<'_>, conn: ConnId, frame: &Frame) {
    ctx.out.sends.push((conn, frame.encode()));
}

/// The empty list of a topic-less `Have`.
pub(crate) fn empty_have(server: ServerTag) -> Have {
    Have {
        server,
        topics: Vec::new(),
        more: false,
    }
}
