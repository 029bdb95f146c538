//! What has just happened, to everybody who is connected.

use std::collections::BTreeMap;

use conclave_core::content::{Act, Content};
use conclave_core::envelope::{Envelope, Form, Topic};
use conclave_core::id::{Millis, ServerTag, VerifyKey};
use conclave_core::message;
use conclave_core::signed::Unverified;
use conclave_core::view::ViewError;

use super::{Links, Rooms, backlog, send, subscriber};
use crate::command::Presence;
use crate::ctx::{Ctx, Outgoing};
use crate::effect::{ConnId, Notice};
use crate::room::Room;
use crate::wire::{BATCH_BYTES, Frame};

/// How long a typing notice counts.
pub const TYPING_MS: u64 = 10_000;

/// How long a presence notice counts; it is renewed well before.
pub const PRESENCE_MS: u64 = 150_000;

/// How far an ephemeral's clock may be ahead of ours and still count.
const AHEAD_MS: u64 = 120_000;

/// Sends this call's new envelopes to every connection that may have them, in order, as few frames as fit.
pub fn broadcast(rooms: &Rooms, links: &Links, ctx: &mut Ctx<'_>) {
    let outgoing = core::mem::take(&mut ctx.out.outgoing);
    for (conn, link) in links {
        let mut batches: BTreeMap<ServerTag, (usize, Vec<minicbor::bytes::ByteVec>)> =
            BTreeMap::new();
        for item in &outgoing {
            let Some(room) = rooms.get(&item.server) else {
                continue;
            };
            let Some(sub) = link.subs.get(&item.server) else {
                continue;
            };
            let Some(topic) = room.topics.get(&item.position.topic) else {
                continue;
            };
            if item.except == Some(*conn) || !may_pass(room, sub.who, topic, item) {
                continue;
            }
            if item.ephemeral {
                let envelope = item.bytes.clone().into();
                send(
                    ctx,
                    *conn,
                    &Frame::Ephemeral {
                        server: room.tag,
                        envelope,
                    },
                );
                continue;
            }
            let (bytes, batch) = batches.entry(room.tag).or_default();
            if *bytes + item.bytes.len() > BATCH_BYTES && !batch.is_empty() {
                let envelopes = core::mem::take(batch);
                let remaining = sub.remaining();
                send(
                    ctx,
                    *conn,
                    &Frame::Envelopes {
                        server: room.tag,
                        envelopes,
                        remaining,
                    },
                );
                *bytes = 0;
            }
            *bytes += item.bytes.len();
            batch.push(item.bytes.clone().into());
        }
        for (server, (_, envelopes)) in batches
            .into_iter()
            .filter(|(_, (_, batch))| !batch.is_empty())
        {
            let remaining = rooms
                .values()
                .find(|room| room.tag == server)
                .and_then(|room| link.subs.get(&room.id))
                .map_or(0, super::Sub::remaining);
            send(
                ctx,
                *conn,
                &Frame::Envelopes {
                    server,
                    envelopes,
                    remaining,
                },
            );
        }
    }
}

/// A removed member still gets the very event that removed them, and the epoch that opens it; nothing else.
fn may_pass(room: &Room, who: super::Who, topic: &Topic, item: &Outgoing) -> bool {
    match who {
        super::Who::Former {
            event: Some(event),
            pseudonym,
            ..
        } => match topic {
            Topic::Keys(_) => room.is_epoch_for(&pseudonym, &item.bytes),
            _ => room.event_places.get(&event) == Some(&item.position),
        },
        super::Who::Unknown => false,
        _ => backlog::may_have(room, who, topic),
    }
}

/// Takes an ephemeral envelope from the network.
///
/// # Errors
/// [`ViewError`], never today.
pub(super) fn received(
    rooms: &mut Rooms,
    links: &Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    tag: ServerTag,
    bytes: &[u8],
) -> Result<(), ViewError> {
    let Some((room, super::Who::Member { .. })) = subscriber(rooms, links, conn, tag) else {
        return Ok(());
    };
    ephemeral(room, ctx, bytes, Some(conn));
    Ok(())
}

/// Judges an ephemeral envelope, tells watchers, and passes it on once.
pub fn ephemeral(room: &mut Room, ctx: &mut Ctx<'_>, bytes: &[u8], from: Option<ConnId>) {
    let Ok(unverified) = Unverified::<Envelope>::decode(bytes) else {
        return;
    };
    let hint = unverified.hint();
    let newest = room
        .ephemeral_seen
        .get(&(hint.pseudonym, hint.topic))
        .copied()
        .unwrap_or(0);
    if hint.server != room.tag
        || hint.form != Form::Ephemeral
        || hint.seq <= newest
        || hint.seq > ctx.now.0.saturating_add(AHEAD_MS)
    {
        return;
    }
    let Some(identity) = room
        .identity_of(&hint.pseudonym)
        .filter(|identity| room.is_member(identity))
    else {
        return;
    };
    let Ok(envelope) = unverified.verify(&VerifyKey(hint.pseudonym.0)) else {
        return;
    };
    let Some(topic) = room.topics.get(&hint.topic).copied() else {
        return;
    };
    room.ephemeral_seen
        .insert((hint.pseudonym, hint.topic), hint.seq);
    let position = crate::wire::Position {
        topic: hint.topic,
        pseudonym: hint.pseudonym,
        seq: hint.seq,
    };
    let bytes = bytes.to_vec();
    ctx.out.outgoing.push(Outgoing {
        server: room.id,
        position,
        bytes,
        ephemeral: true,
        except: from,
    });
    let Some(keys) = room.epochs.keys(&envelope.epoch) else {
        return;
    };
    let key = match (&topic, &keys.content) {
        (Topic::Channel(_, channel), Some(content)) => *content.channel(channel).as_bytes(),
        (Topic::Members(_), _) => *keys.state.as_bytes(),
        _ => return,
    };
    let Ok(opened) = message::open(&envelope, &key) else {
        return;
    };
    let Ok(content) = Content::decode(&opened, envelope.form) else {
        return;
    };
    if content.author != identity {
        return;
    }
    match (content.act, topic) {
        (Act::Typing(until), Topic::Channel(server, channel)) => {
            let until = Millis(until.0.min(ctx.now.0 + TYPING_MS));
            ctx.out.notice(Notice::Typing {
                server,
                channel,
                member: identity,
                until,
            });
        }
        (Act::Presence(number), Topic::Members(server)) => {
            let presence = presence_of(number);
            room.presence
                .insert(identity, (presence, Millis(ctx.now.0 + PRESENCE_MS)));
            ctx.out.notice(Notice::Presence {
                server,
                member: identity,
                presence,
            });
        }
        _ => {}
    }
}

/// The presence of a number on the wire; unknown ones look online.
#[must_use]
pub const fn presence_of(number: u8) -> Presence {
    match number {
        2 => Presence::Idle,
        3 => Presence::DoNotDisturb,
        4 => Presence::Offline,
        _ => Presence::Online,
    }
}

/// The number of a presence on the wire.
#[must_use]
pub const fn presence_number(presence: Presence) -> u8 {
    match presence {
        Presence::Online => 1,
        Presence::Idle => 2,
        Presence::DoNotDisturb => 3,
        Presence::Offline => 4,
    }
}
