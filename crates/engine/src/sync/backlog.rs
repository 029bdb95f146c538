//! What one side lacks of what the other has: lists of cursors, answered batch by batch.

use std::collections::BTreeMap;

use conclave_core::envelope::Topic;
use conclave_core::id::{Pseudonym, ServerTag, TopicTag};
use conclave_core::policy::Durability;
use conclave_core::state::InviteKind;
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use super::{Link, Links, Rooms, Run, Sub, Who, empty_have, send};
use crate::ctx::Ctx;
use crate::effect::ConnId;
use crate::room::Room;
use crate::wire::{BATCH_BYTES, Frame, HAVE_POSITIONS_MAX, Have, HaveTopic, Position};

/// Most envelopes in one batch, whatever their size.
const BATCH_ENVELOPES: usize = 2_000;

/// Most positions that the other side may list per server before its list is complete.
const PARTIAL_MAX: usize = 1_000_000;

/// Tells the other side how far we have come, so that it sends what we lack.
pub(super) fn offer(room: &Room, link: &Link, ctx: &mut Ctx<'_>, conn: ConnId) {
    let Some(sub) = link.subs.get(&room.id) else {
        return;
    };
    let mut have = empty_have(room.tag);
    let mut count = 0;
    for topic in room
        .cursors
        .topics()
        .filter(|topic| state_or_known(room, sub.who, topic))
    {
        let authors: Vec<(Pseudonym, u64)> = room
            .cursors
            .authors(&topic)
            .map(|(author, settled, _)| (author, settled))
            .collect();
        for part in authors.chunks(HAVE_POSITIONS_MAX) {
            if count + part.len() > HAVE_POSITIONS_MAX {
                have.more = true;
                send(ctx, conn, &Frame::Have(have));
                have = empty_have(room.tag);
                count = 0;
            }
            count += part.len();
            have.topics.push(HaveTopic {
                topic,
                authors: part.to_vec(),
            });
        }
    }
    send(ctx, conn, &Frame::Have(have));
}

/// To those who are no members yet we say nothing of channels.
fn state_or_known(room: &Room, who: Who, topic: &TopicTag) -> bool {
    let channel = matches!(room.topics.get(topic), Some(Topic::Channel(..)) | None);
    !channel || matches!(who, Who::Member { .. })
}

/// Takes the other side's list and begins to send what it lacks.
pub(super) fn have(
    rooms: &mut Rooms,
    links: &mut Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    have: Have,
) -> Result<(), ViewError> {
    let Some(room) = rooms.values_mut().find(|room| room.tag == have.server) else {
        return Ok(());
    };
    let Some(sub) = links
        .get_mut(&conn)
        .and_then(|link| link.subs.get_mut(&room.id))
    else {
        return Ok(());
    };
    sub.partial.extend(have.topics);
    if sub
        .partial
        .iter()
        .map(|topic| topic.authors.len())
        .sum::<usize>()
        > PARTIAL_MAX
    {
        sub.partial.clear();
        ctx.out
            .hangups
            .push((conn, "a list of positions without end"));
        return Ok(());
    }
    if have.more {
        return Ok(());
    }
    let listed = core::mem::take(&mut sub.partial);
    let mut theirs: BTreeMap<(TopicTag, Pseudonym), u64> = BTreeMap::new();
    for topic in listed {
        for (author, settled) in topic.authors {
            theirs.insert((topic.topic, author), settled);
        }
    }
    let lacking = theirs
        .iter()
        .any(|((topic, author), settled)| room.cursors.settled(topic, author) < *settled);
    room.caught_up |= !lacking && !theirs.is_empty();
    sub.backlog = runs(room, sub.who, &theirs).into();
    // A fresh list says what has arrived; an acknowledgement that was lost is not waited for.
    sub.in_flight = false;
    let tag = room.tag;
    pump(rooms, links, ctx, conn, tag, false)
}

/// What we have and they lack, in the order of use: keys, members, authority, then channels.
fn runs(room: &Room, who: Who, theirs: &BTreeMap<(TopicTag, Pseudonym), u64>) -> Vec<Run> {
    let mut topics: Vec<(Topic, TopicTag)> = room
        .cursors
        .topics()
        .filter_map(|tag| Some((*room.topics.get(&tag)?, tag)))
        .filter(|(topic, _)| may_have(room, who, topic))
        .collect();
    topics.sort_by_key(|(topic, _)| match topic {
        Topic::Keys(_) => 0,
        Topic::Members(_) => 1,
        Topic::Authority(_) => 2,
        Topic::Channel(..) | Topic::Account(_) => 3,
    });
    let mut runs = Vec::new();
    for (_, topic) in topics {
        for (pseudonym, _, last) in room.cursors.authors(&topic) {
            let next = theirs
                .get(&(topic, pseudonym))
                .map_or(1, |settled| settled + 1);
            if next <= last {
                runs.push(Run {
                    topic,
                    pseudonym,
                    next,
                    last,
                });
            }
        }
    }
    runs
}

/// Whether the other side may have a topic's envelopes from us.
pub(super) fn may_have(room: &Room, who: Who, topic: &Topic) -> bool {
    match (who, topic) {
        (_, Topic::Account(_)) => false,
        (Who::Unknown, _) => false,
        (Who::Former { event, .. }, Topic::Authority(_) | Topic::Keys(_)) => event.is_some(),
        (Who::Former { .. }, _) => false,
        (Who::Invite(_), Topic::Keys(_) | Topic::Members(_) | Topic::Authority(_)) => true,
        (Who::Invite(invite), Topic::Channel(_, channel)) => {
            let community = room.community.as_ref();
            let open = community
                .and_then(|community| community.invite(&invite))
                .is_some_and(|invite| invite.kind == InviteKind::Open);
            open && !is_strict(room, *channel)
        }
        (Who::Member { .. }, Topic::Keys(_) | Topic::Members(_) | Topic::Authority(_)) => true,
        (Who::Member { identity, .. }, Topic::Channel(_, channel)) => {
            !is_strict(room, *channel) || room.can_view(&identity, *channel)
        }
    }
}

fn is_strict(room: &Room, channel: conclave_core::id::ChannelId) -> bool {
    let community = room.community.as_ref();
    community
        .and_then(|community| community.channel(&channel))
        .is_none_or(|channel| channel.durability == Durability::Strict.number())
}

/// Sends the next batch, unless one is under way; `acknowledged` says that it has arrived.
pub(super) fn pump(
    rooms: &Rooms,
    links: &mut Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    tag: ServerTag,
    acknowledged: bool,
) -> Result<(), ViewError> {
    let Some(room) = rooms.values().find(|room| room.tag == tag) else {
        return Ok(());
    };
    let Some(sub) = links
        .get_mut(&conn)
        .and_then(|link| link.subs.get_mut(&room.id))
    else {
        return Ok(());
    };
    if acknowledged {
        sub.in_flight = false;
    }
    if sub.in_flight || sub.backlog.is_empty() {
        return Ok(());
    }
    let allowed = match sub.who {
        Who::Former {
            event: Some(event),
            pseudonym,
            ..
        } => Some((room.places_up_to(&event), pseudonym)),
        _ => None,
    };
    let may_have = |position: &Position, envelope: &[u8]| match &allowed {
        Some((past, former)) => past.contains(position) || room.is_epoch_for(former, envelope),
        None => true,
    };
    let envelopes = next_batch(sub, ctx, &may_have)?;
    if envelopes.is_empty() {
        return Ok(());
    }
    sub.in_flight = true;
    let remaining = sub.remaining();
    let envelopes = envelopes.into_iter().map(Into::into).collect();
    send(
        ctx,
        conn,
        &Frame::Envelopes {
            server: tag,
            envelopes,
            remaining,
        },
    );
    Ok(())
}

/// Collects the next batch of a backlog; of what the other side may have.
fn next_batch(
    sub: &mut Sub,
    ctx: &Ctx<'_>,
    may_have: &dyn Fn(&Position, &[u8]) -> bool,
) -> Result<Vec<Vec<u8>>, ViewError> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    while let Some(run) = sub.backlog.front_mut() {
        let at = |seq| Position {
            topic: run.topic,
            pseudonym: run.pseudonym,
            seq,
        };
        let range = KeyRange {
            from: at(run.next).key(),
            to: Some(at(run.last.saturating_add(1)).key()),
        };
        let rows = ctx
            .txn
            .range(Table::Envelope, &range, Direction::Forward, 256)?;
        let exhausted = rows.len() < 256;
        let mut full = false;
        for (key, envelope) in rows {
            let Some(position) = Position::from_key(&key) else {
                continue;
            };
            if !may_have(&position, &envelope) {
                run.next = position.seq + 1;
                continue;
            }
            if !batch.is_empty()
                && (bytes + envelope.len() > BATCH_BYTES || batch.len() >= BATCH_ENVELOPES)
            {
                full = true;
                break;
            }
            bytes += envelope.len();
            run.next = position.seq + 1;
            batch.push(envelope);
        }
        if full {
            break;
        }
        if exhausted || run.next > run.last {
            sub.backlog.pop_front();
        }
    }
    Ok(batch)
}
