//! Key records: from an envelope of the topic `keys` into the key book.

mod complaint;
mod nodes;

use conclave_core::envelope::Envelope;
use conclave_core::id::EpochId;
use conclave_core::keys::rules::{EpochFacts, Grounds, Invalid};
use conclave_core::keys::{
    DirectSlot, EpochKeys, EpochRecord, KeyRecord, OpenedEpoch, Reason, Share, SlotPart, audience,
    open_direct,
};
use conclave_core::signed::Verified;
use conclave_core::view::{Direction, KeyRange, Table, View};

use super::{Fault, Verdict, settle_waiting};
use crate::ctx::Ctx;
use crate::effect::Notice;
use crate::room::{Entry, Room, Stage, Wait, stored_envelope};
use crate::rotation;
use crate::timeline;
use crate::wire::Position;

pub use nodes::keep_node;

/// Reads a key record and acts on it.
pub(super) fn process(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    position: &Position,
    envelope: &Verified<Envelope>,
) -> Result<Verdict, Fault> {
    match KeyRecord::decode(&envelope.sealed) {
        Ok(KeyRecord::Epoch(record)) => accept_epoch(room, ctx, position, record),
        Ok(KeyRecord::Direct(direct)) => accept_direct(room, ctx, &direct),
        Ok(KeyRecord::Node(record)) => nodes::accept(room, ctx, position, record),
        Ok(KeyRecord::Complaint(complaint)) => complaint::accept(room, ctx, &complaint),
        Ok(KeyRecord::Slots(_)) => Ok(Verdict::Refuse("slots in the topic of records".to_owned())),
        Err(error) => Ok(Verdict::Refuse(error.to_string())),
    }
}

/// Reads slots that came apart from their epoch: the own one is opened, the others are kept for whoever asks.
pub(super) fn process_slots(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    envelope: &Verified<Envelope>,
) -> Result<Verdict, Fault> {
    let part = match KeyRecord::decode(&envelope.sealed) {
        Ok(KeyRecord::Slots(part)) => part,
        Ok(_) => return Ok(Verdict::Refuse("a record in the topic of slots".to_owned())),
        Err(error) => return Ok(Verdict::Refuse(error.to_string())),
    };
    nodes::hold_own(room, ctx);
    let Some(entry) = room.epochs.get(&part.epoch) else {
        return Ok(Verdict::Wait(Wait::Epoch(part.epoch)));
    };
    if entry.share.is_none()
        && let Some(share) = open_in_part(room, &part)
    {
        open_with_share(room, ctx, part.epoch, share)?;
    }
    Ok(Verdict::Done)
}

/// Opens an epoch with one of its slots that came apart.
fn open_in_part(room: &Room, part: &SlotPart) -> Option<Share> {
    let record = &room.epochs.get(&part.epoch)?.record;
    let opened = room.nodes.held().find_map(|(leaf, secret)| {
        let slot = record.slot_in(part, leaf)?;
        record.open_slot(slot, secret, *leaf).ok()
    })?;
    Some(share_of(opened))
}

fn accept_epoch(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    position: &Position,
    record: EpochRecord,
) -> Result<Verdict, Fault> {
    let id = record.id();
    if room.epochs.get(&id).is_some() {
        return Ok(Verdict::Done);
    }
    let entry = Entry {
        record,
        position: *position,
        stage: Stage::Sealed,
        keys: None,
        share: None,
        header: None,
        since: ctx.now,
        bad_slot: false,
    };
    room.epochs.put(&mut ctx.txn, room.id, id, entry);
    if let Some(share) = open_by_slot(room, ctx, &id) {
        open_with_share(room, ctx, id, share)?;
    } else {
        complaint::complain(room, ctx, &id);
    }
    if room.epochs.keys(&id).is_none()
        && let Some(keys) = open_by_link(room, &id)
    {
        open_with_keys(room, ctx, id, keys, None)?;
    }
    // A direct slot may have come before the epoch that it opens.
    settle_waiting(room, ctx, Wait::Epoch(id))?;
    Ok(Verdict::Done)
}

/// Tries the device's own leaf, those of the links that it holds, and those of the nodes that it stands beneath.
fn open_by_slot(room: &mut Room, ctx: &Ctx<'_>, id: &EpochId) -> Option<Share> {
    nodes::hold_own(room, ctx);
    let entry = room.epochs.get(id)?;
    let opened = room
        .nodes
        .held()
        .find_map(|(leaf, secret)| entry.record.open(secret, *leaf).ok())?;
    Some(share_of(opened))
}

/// What a slot has brought.
fn share_of(opened: OpenedEpoch) -> Share {
    match opened.secret {
        Some(secret) => Share::Full(secret),
        None => Share::State(opened.keys.state),
    }
}

/// Looks for an open epoch that links back to this one.
fn open_by_link(room: &Room, id: &EpochId) -> Option<EpochKeys> {
    room.epochs.children(id).into_iter().find_map(|child| {
        let child = room.epochs.get(&child)?;
        let links = child.record.unlink(child.keys.as_ref()?);
        links
            .into_iter()
            .find(|(parent, _)| parent == id)
            .map(|(_, keys)| keys)
    })
}

fn accept_direct(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    direct: &DirectSlot,
) -> Result<Verdict, Fault> {
    nodes::hold_own(room, ctx);
    let held = room.nodes.held();
    let share = held
        .filter(|(leaf, _)| direct.is_for(leaf))
        .find_map(|(leaf, secret)| open_direct(direct, secret, *leaf).ok());
    let Some(share) = share else {
        return Ok(Verdict::Done);
    };
    match room.epochs.get(&direct.epoch) {
        None => Ok(Verdict::Wait(Wait::Epoch(direct.epoch))),
        Some(entry) if matches!(entry.share, Some(Share::Full(_))) => Ok(Verdict::Done),
        Some(_) => {
            open_with_share(room, ctx, direct.epoch, share)?;
            Ok(Verdict::Done)
        }
    }
}

/// Opens an epoch whose share came by slot.
///
/// # Errors
/// [`conclave_core::view::ViewError`] if the store cannot be read.
pub fn open_with_share(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    id: EpochId,
    share: Share,
) -> Result<(), Fault> {
    open_with_keys(room, ctx, id, share.keys(), Some(share))
}

fn open_with_keys(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    id: EpochId,
    keys: EpochKeys,
    share: Option<Share>,
) -> Result<(), Fault> {
    let mut queue = vec![(id, keys, share)];
    while let Some((id, keys, share)) = queue.pop() {
        let Some(mut entry) = room.epochs.take(&id) else {
            continue;
        };
        let widens = entry
            .keys
            .as_ref()
            .is_none_or(|held| held.content.is_none() && keys.content.is_some());
        let shares = matches!(
            (&share, &entry.share),
            (Some(_), None) | (Some(Share::Full(_)), Some(Share::State(_)))
        );
        if entry.record.check_keys(&keys).is_err() || !(widens || shares) {
            room.epochs.put(&mut ctx.txn, room.id, id, entry);
            continue;
        }
        if entry.stage == Stage::Sealed {
            entry.stage = Stage::Opened;
        }
        let parents = entry.record.unlink(&keys);
        entry.record = entry.record.without_slots();
        if widens {
            entry.keys = Some(keys);
        }
        if shares {
            entry.share = share;
        }
        room.epochs.put(&mut ctx.txn, room.id, id, entry);
        queue.extend(
            parents
                .into_iter()
                .map(|(parent, keys)| (parent, keys, None)),
        );
        adopt(room, ctx, id)?;
        settle_waiting(room, ctx, Wait::Epoch(id))?;
    }
    Ok(())
}

/// Verifies the author's word on an open epoch and, if the rules agree, adopts it.
///
/// # Errors
/// [`conclave_core::view::ViewError`] if the store cannot be read.
pub fn adopt(room: &mut Room, ctx: &mut Ctx<'_>, id: EpochId) -> Result<(), Fault> {
    let Some(entry) = room.epochs.get(&id) else {
        return Ok(());
    };
    let Some(keys) = entry.keys.as_ref().filter(|_| entry.stage == Stage::Opened) else {
        return Ok(());
    };
    let Ok(unverified) = entry.record.open_header(keys) else {
        return set_stage(room, ctx, id, Stage::Void);
    };
    let hint = unverified.hint();
    let known = room
        .identities
        .get(&hint.author)
        .and_then(|log| log.device_key_at(&hint.identity_head, &hint.device));
    // Without the author's log it stays open and is looked at again when registers or events come.
    let Some(key) = known else { return Ok(()) };
    let Ok(header) = unverified.verify(&key) else {
        return set_stage(room, ctx, id, Stage::Void);
    };
    if !header.heads.iter().all(|head| room.log.contains(head)) {
        return Ok(());
    }
    let facts = EpochFacts::new(&entry.record, &header);
    match judge(room, &facts) {
        Ok(()) => {}
        // A parent, or the complaint that it answers, may come later.
        Err(Invalid::MissingParent(_) | Invalid::NoGrounds(Reason::BadSlot)) => return Ok(()),
        Err(_) => return set_stage(room, ctx, id, Stage::Void),
    }
    if let Some(mut entry) = room.epochs.take(&id) {
        entry.header = Some(header);
        entry.stage = Stage::Adopted;
        room.epochs.put(&mut ctx.txn, room.id, id, entry);
    }
    room.version += 1;
    close_out(room, ctx, &facts)?;
    // Children may have waited for this parent to be known.
    for child in room.epochs.children(&id) {
        adopt(room, ctx, child)?;
    }
    settle_waiting(room, ctx, Wait::Epoch(id))
}

/// Rule R3 at the heads that the epoch cites.
fn judge(room: &mut Room, facts: &EpochFacts) -> Result<(), Invalid> {
    let Ok(community) = room.log.resolve(&facts.heads) else {
        return Err(Invalid::Author(facts.author));
    };
    let rule = rotation::rule_of(room, &community, &facts.audience);
    let author_present = rule.is_some_and(|rule| {
        audience::readers(&community, &room.roster, &rule).contains(&facts.author)
    });
    let removals = rotation::removals(room);
    let grounds = Grounds {
        author_present,
        removals: &removals,
        bad_slot: facts.parents.iter().any(|parent| {
            room.epochs
                .get(parent)
                .is_some_and(|parent| parent.bad_slot)
        }),
        cutoff: true,
        refresh: true,
    };
    let log = &room.log;
    room.epochs.graph().valid(
        facts,
        &grounds,
        &|event: &conclave_core::id::EventId, heads: &[conclave_core::id::EventId]| {
            log.is_ancestor(event, heads)
        },
    )
}

fn set_stage(room: &mut Room, ctx: &mut Ctx<'_>, id: EpochId, stage: Stage) -> Result<(), Fault> {
    if let Some(mut entry) = room.epochs.take(&id) {
        entry.stage = stage;
        room.epochs.put(&mut ctx.txn, room.id, id, entry);
    }
    Ok(())
}

/// Takes back what the closing list of a new epoch does not honour.
fn close_out(room: &mut Room, ctx: &mut Ctx<'_>, facts: &EpochFacts) -> Result<(), Fault> {
    for ((pseudonym, topic), last) in &facts.closing {
        let Some(conclave_core::envelope::Topic::Channel(_, channel)) =
            room.topics.get(topic).copied()
        else {
            continue;
        };
        let beyond = room
            .epochs
            .refused_after(&ctx.txn, pseudonym, topic, *last)?;
        for position in beyond {
            let notices =
                timeline::forget_at(&mut ctx.txn, room.id, channel, *pseudonym, position.seq)?;
            ctx.out.notices(notices);
            ctx.txn.delete(Table::Envelope, position.key());
        }
    }
    ctx.out.notice(Notice::Server(room.id));
    Ok(())
}

/// Looks again at every key record that is here, with a leaf that was not there when it came.
///
/// # Errors
/// [`conclave_core::view::ViewError`] if the store cannot be read.
pub fn reopen(room: &mut Room, ctx: &mut Ctx<'_>) -> Result<(), Fault> {
    let new = nodes::hold_own(room, ctx);
    nodes::open_more(room, ctx, new)?;
    let topic = conclave_core::envelope::Topic::Keys(room.id).tag();
    let range = KeyRange::prefix(topic.as_bytes());
    let rows = ctx
        .txn
        .range(Table::Envelope, &range, Direction::Forward, usize::MAX)?;
    for (_, bytes) in rows {
        let record = stored_envelope(&bytes)
            .ok()
            .and_then(|envelope| KeyRecord::decode(&envelope.sealed).ok());
        match record {
            // Epochs that are open by a link have left their slots behind, and a slot brings more.
            Some(KeyRecord::Epoch(record)) => {
                let held = room.nodes.held();
                let opened = held
                    .filter_map(|(leaf, secret)| record.open(secret, *leaf).ok())
                    .next();
                if let Some(opened) = opened {
                    open_with_share(room, ctx, record.id(), share_of(opened))?;
                }
            }
            Some(KeyRecord::Direct(direct)) => {
                accept_direct(room, ctx, &direct)?;
            }
            Some(KeyRecord::Node(_) | KeyRecord::Complaint(_) | KeyRecord::Slots(_)) | None => {}
        }
    }
    open_apart(room, ctx)
}

/// Looks again at slots that came apart.
fn open_apart(room: &mut Room, ctx: &mut Ctx<'_>) -> Result<(), Fault> {
    let topic = conclave_core::envelope::Topic::Slots(room.id).tag();
    let range = KeyRange::prefix(topic.as_bytes());
    let rows = ctx
        .txn
        .range(Table::Envelope, &range, Direction::Forward, usize::MAX)?;
    for (_, bytes) in rows {
        let record = stored_envelope(&bytes)
            .ok()
            .and_then(|envelope| KeyRecord::decode(&envelope.sealed).ok());
        if let Some(KeyRecord::Slots(part)) = record
            && let Some(share) = open_in_part(room, &part)
        {
            open_with_share(room, ctx, part.epoch, share)?;
        }
    }
    Ok(())
}

/// Looks again at every epoch that is open and not judged yet.
///
/// # Errors
/// [`conclave_core::view::ViewError`] if the store cannot be read.
pub fn adopt_all(room: &mut Room, ctx: &mut Ctx<'_>) -> Result<(), Fault> {
    for id in room.epochs.opened() {
        adopt(room, ctx, id)?;
    }
    Ok(())
}
