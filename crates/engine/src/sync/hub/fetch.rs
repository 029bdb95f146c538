//! Fetching from a hub: keys, members and authority first, then of every channel the newest page, then the rest.

use std::collections::BTreeSet;

use conclave_core::id::{NodeId, TopicTag};
use conclave_core::view::ViewError;

use super::{Session, pump, take_receipt};
use crate::ctx::Ctx;
use crate::effect::{ConnId, Notice};
use crate::inbox::{self, Refusal, Taken};
use crate::room::{Room, Standing, rank};
use crate::sync::{Link, Links, Rooms, send};
use crate::timeline;
use crate::wire::{Frame, HubEnvelopes, HubRun, HubWant};

/// Envelopes of a channel's newest page: what a screen shows, and some.
const NEWEST_PAGE: u64 = 100;

/// Takes a page, or what has just happened.
pub fn envelopes(
    rooms: &mut Rooms,
    links: &mut Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    page: &HubEnvelopes,
) -> Result<(), ViewError> {
    let Some(room) = rooms.values_mut().find(|room| room.tag == page.server) else {
        return Ok(());
    };
    let Some(link) = links.get_mut(&conn) else {
        return Ok(());
    };
    let node = link.node;
    let Some(session) = link.hubs.get_mut(&room.id) else {
        return Ok(());
    };
    if page.incarnation != session.incarnation || !room.hosting.is_hub(&node) {
        return Ok(());
    }
    let fetched = page.answer.is_some();
    ctx.catching_up = fetched || room.fresh;
    ctx.from_hub = true;
    let mut touched = BTreeSet::new();
    for run in &page.runs {
        touched.insert(run.topic);
        take_run(room, session, ctx, conn, node, run)?;
    }
    ctx.from_hub = false;
    if let Some(answer) = page.answer {
        let asked = session.asking.take();
        let right = asked.is_some_and(|asked| asked.topic == answer.topic);
        let first = page
            .runs
            .first()
            .map_or(answer.upto.saturating_add(1), |run| run.first);
        if right {
            // What lies between is not there any more.
            let seen = room.hosting.seen.entry((node, answer.topic)).or_default();
            seen.incarnation = session.incarnation;
            seen.add(answer.after.saturating_add(1), first.saturating_sub(1));
            if page.runs.is_empty()
                && asked.is_some_and(|asked| answer.upto < asked.before.saturating_sub(1))
            {
                // The hub has less than it said.
                session.stuck.insert(answer.topic);
            }
            touched.insert(answer.topic);
        }
    }
    for topic in touched {
        room.hosting.save_seen(&mut ctx.txn, room.id, node, topic);
    }
    progress(room, session, ctx, node)?;
    pump(room, link, ctx, conn)
}

fn take_run(
    room: &mut Room,
    session: &mut Session,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    node: NodeId,
    run: &HubRun,
) -> Result<(), ViewError> {
    let log = session.logs.entry(run.topic).or_insert((1, 0));
    let last = run
        .first
        .saturating_add(run.envelopes.len() as u64)
        .saturating_sub(1);
    log.1 = log.1.max(last);
    for (index, bytes) in run.envelopes.iter().enumerate() {
        let at = run.first.saturating_add(index as u64);
        if let Some(receipt) = run
            .receipts
            .get(index)
            .filter(|receipt| !receipt.is_empty())
        {
            take_receipt(room, ctx, node, receipt)?;
        }
        let done = bytes.is_empty()
            || match inbox::take(room, ctx, bytes, Some(conn))? {
                Taken::Settled(position) => {
                    room.hosting.settle(&mut ctx.txn, room.id, &position);
                    true
                }
                Taken::Held => false,
                Taken::Refused(Refusal::Full | Refusal::TooFarAhead(_)) => false,
                Taken::Refused(_) => true,
            };
        if done {
            let seen = room.hosting.seen.entry((node, run.topic)).or_default();
            if seen.incarnation != session.incarnation {
                *seen = crate::room::Seen {
                    incarnation: session.incarnation,
                    ..Default::default()
                };
            }
            seen.add(at, at);
        } else {
            session.stuck.insert(run.topic);
        }
    }
    Ok(())
}

/// Asks for the next page, if none is under way.
pub(super) fn ask(room: &Room, link: &mut Link, ctx: &mut Ctx<'_>, conn: ConnId) {
    let node = link.node;
    let Some(session) = link.hubs.get_mut(&room.id).filter(|session| session.listed) else {
        return;
    };
    if session.asking.is_some() {
        return;
    }
    if let Some(want) = next(room, session, node) {
        session.asking = Some(want);
        send(ctx, conn, &Frame::HubWant(want));
    }
}

/// The next page that is worth asking for.
fn next(room: &Room, session: &Session, node: NodeId) -> Option<HubWant> {
    let mut logs: Vec<(u8, TopicTag, u64)> = session
        .logs
        .iter()
        .filter(|(tag, _)| !session.stuck.contains(tag))
        .filter_map(|(tag, (_, last))| Some((rank(room.topics.get(tag)?), *tag, *last)))
        .collect();
    logs.sort_unstable();
    let seen = |topic: &TopicTag| {
        let known = room.hosting.seen.get(&(node, *topic));
        known
            .filter(|seen| seen.incarnation == session.incarnation)
            .cloned()
            .unwrap_or_default()
    };
    let want = |topic, (after, before)| HubWant {
        server: room.tag,
        topic,
        after,
        before,
    };
    for (rank, topic, last) in &logs {
        let Some(gap) = seen(topic).gap(*last) else {
            continue;
        };
        if *rank < 3 {
            return Some(want(*topic, gap));
        }
    }
    // Channels: first the newest page of each.
    for (_, topic, last) in &logs {
        let seen = seen(topic);
        if seen.gap(*last).is_some() && !seen.has(*last) {
            let after = seen.upto.max(last.saturating_sub(NEWEST_PAGE));
            return Some(want(*topic, (after, last + 1)));
        }
    }
    let mut gaps = logs
        .iter()
        .filter_map(|(_, topic, last)| Some((*topic, seen(topic).gap(*last)?)));
    gaps.next().map(|(topic, gap)| want(topic, gap))
}

/// Counts what is still to come, and notices when everything has.
fn progress(
    room: &mut Room,
    session: &Session,
    ctx: &mut Ctx<'_>,
    node: NodeId,
) -> Result<(), ViewError> {
    let left: u64 = session
        .logs
        .iter()
        .map(|(topic, (_, last))| {
            let seen = room.hosting.seen.get(&(node, *topic));
            let got = seen.map_or(0, |seen| {
                let islands = seen.islands.iter().map(|(first, last)| last - first + 1);
                seen.upto + islands.sum::<u64>()
            });
            last.saturating_sub(got)
        })
        .sum();
    let total = match left {
        0 => 0,
        left => room.catch_up_total.max(left),
    };
    if total != room.catch_up_total || left != room.hosting.left {
        room.catch_up_total = total;
        room.hosting.left = left;
        ctx.out.notice(Notice::ServerState(room.id));
    }
    if next(room, session, node).is_some() {
        return Ok(());
    }
    room.caught_up = true;
    if room.fresh && room.local.standing == Standing::Active {
        // What was said before one came is history, not news.
        room.fresh = false;
        let channels: Vec<_> = room.channels_ever().collect();
        let notices = timeline::mark_server_read(&mut ctx.txn, room.id, &channels)?;
        ctx.out.notices(notices);
    }
    Ok(())
}
