//! Key records: from an envelope of the topic `keys` into the key book.

use conclave_core::envelope::Envelope;
use conclave_core::id::EpochId;
use conclave_core::keys::rules::{EpochFacts, Grounds, Invalid};
use conclave_core::keys::{
    DirectSlot, EpochKeys, EpochRecord, KeyRecord, LeafSecret, Share, audience, open_direct,
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
        // Inner nodes are not run yet, and complaints need no answer at depth 1: both are kept for whoever does.
        Ok(KeyRecord::Node(_) | KeyRecord::Complaint(_)) => Ok(Verdict::Done),
        Err(error) => Ok(Verdict::Refuse(error.to_string())),
    }
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
    };
    room.epochs.put(&mut ctx.txn, room.id, id, entry);
    if let Some(share) = open_by_slot(room, ctx, &id) {
        open_with_share(room, ctx, id, share)?;
    } else if let Some(keys) = open_by_link(room, &id) {
        open_with_keys(room, ctx, id, keys, None)?;
    }
    // A direct slot may have come before the epoch that it opens.
    settle_waiting(room, ctx, Wait::Epoch(id))?;
    Ok(Verdict::Done)
}

/// Tries the device's own leaf, then those of the links that it holds.
fn open_by_slot(room: &Room, ctx: &Ctx<'_>, id: &EpochId) -> Option<Share> {
    let entry = room.epochs.get(id)?;
    leaves(room, ctx).into_iter().find_map(|secret| {
        let leaf = secret.public(room.suite()).id();
        let opened = entry.record.open(&secret, leaf).ok()?;
        Some(match opened.secret {
            Some(secret) => Share::Full(secret),
            None => Share::State(opened.keys.state),
        })
    })
}

/// The leaves that this node can open slots of.
fn leaves(room: &Room, ctx: &Ctx<'_>) -> Vec<LeafSecret> {
    let links = room.local.secrets.iter().filter_map(|secret| {
        let secret: [u8; 32] = secret.as_slice().try_into().ok()?;
        let secret = conclave_core::invite::Secret::from_bytes(secret);
        Some(LeafSecret::from_seed(&secret.leaf_seed()))
    });
    core::iter::once(ctx.me.leaf(room.id))
        .chain(links)
        .collect()
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
    let share = leaves(room, ctx).into_iter().find_map(|secret| {
        let leaf = secret.public(room.suite()).id();
        open_direct(direct, &secret, leaf).ok()
    });
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
        Err(Invalid::MissingParent(_)) => return Ok(()),
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
        bad_slot: false,
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
            Some(KeyRecord::Epoch(record)) => {
                let id = record.id();
                if let Some(share) = open_by_slot(room, ctx, &id) {
                    open_with_share(room, ctx, id, share)?;
                }
            }
            Some(KeyRecord::Direct(direct)) => {
                accept_direct(room, ctx, &direct)?;
            }
            Some(KeyRecord::Node(_) | KeyRecord::Complaint(_)) | None => {}
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
